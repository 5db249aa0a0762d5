"""What is probed: a picture as a network sees it, and the network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lichen.errors import ImageError
from lichen.exemplar import Exemplar, as_exemplar

if TYPE_CHECKING:
    from torch import Tensor

    from lichen.features.extractor import FeatureExtractor

Array = NDArray[np.float32]
Picture = str | Path | NDArray[Any] | Exemplar


def pixels_of(picture: Picture) -> Array:
    """Take a picture as float32 (H, W, C) in [0, 1], C 1 or 3.

    Raises
    ------
    ImageError
        For a picture with several maps, or with pixels that may not be used.
    """
    exemplar = as_exemplar(picture)
    if exemplar.channels not in (1, 3):
        raise ImageError(
            f"{exemplar.name} has {exemplar.channels} channels", "probe one of its maps"
        )
    if exemplar.mask is not None:
        raise ImageError(
            f"{exemplar.name} has pixels that may not be used", "crop it to where all may"
        )
    return exemplar.pixels


def shown(picture: Picture) -> Tensor:
    """Take a picture as networks are shown it, (1, 3, H, W); a grey one has equal channels."""
    from lichen.nn.tensor import to_tensor

    return to_tensor(pixels_of(picture)).expand(-1, 3, -1, -1)


def as_features(network: str | FeatureExtractor, weights: Path | None = None) -> FeatureExtractor:
    """Load a network by its name, in float32 and rescaled to mean activation 1.

    ``weights`` is the file of its weights, instead of looking it up.
    """
    from lichen.features.load import load_features

    if not isinstance(network, str):
        return network
    return load_features(network, weights=weights, precision="float32")


def chosen_layers(features: FeatureExtractor, layers: Sequence[str] | None) -> tuple[str, ...]:
    """Give the layers asked for, or the network's own.

    Raises
    ------
    UnknownNameError
        For a layer that the network lacks, with the nearest names.
    """
    names = tuple(layers) if layers is not None else features.default_layers
    features.check_layers(names)
    return names


def compute_maps(
    features: FeatureExtractor, picture: Picture, layers: Sequence[str]
) -> dict[str, Tensor]:
    """Compute the maps of a picture, (1, C, H', W') by layer, mirrored beyond its borders."""
    import torch

    with torch.no_grad():
        return features(shown(picture), layers, ("reflect", "reflect"))
