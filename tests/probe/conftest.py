"""The picture and the network of the tests of probe."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage import data

from lichen.features.extractor import FeatureExtractor
from lichen.features.load import load_features
from lichen.image import resize_image


@pytest.fixture(scope="session")
def encoder() -> FeatureExtractor:
    """Return the embedded encoder; rescaling it takes seconds and changes no test."""
    return load_features("encoder", precision="float32", rescale=False)


@pytest.fixture(scope="session")
def cat() -> NDArray[np.float32]:
    """Return the eye of a cat, (64, 64, 3)."""
    pixels = data.chelsea()[50:178, 80:208].astype(np.float32) / 255
    return resize_image(pixels, (64, 64))


@pytest.fixture
def quick_rescaling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rescale networks by their activations on one small image of noise."""

    def one(longest_side: int = 0) -> Iterator[torch.Tensor]:
        yield torch.rand((1, 3, 32, 32), generator=torch.Generator().manual_seed(0))

    monkeypatch.setattr("lichen.features.activations.natural_images", one)
