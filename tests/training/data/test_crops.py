"""Crops for the encoder."""

from __future__ import annotations

import numpy as np

from lichen.training.data.crops import Crops


def test_crops_are_of_their_picture() -> None:
    pictures = [np.full((60, 50, 3), value, np.uint8) for value in (0, 255)]
    images, labels = Crops(pictures, 24, np.random.default_rng(0)).batch(40)
    assert images.shape == (40, 3, 24, 24)
    assert set(labels.tolist()) == {0, 1}
    assert float(images.min()) >= 0
    assert float(images.max()) <= 1
    dark, light = images[labels == 0].mean(), images[labels == 1].mean()
    assert float(light - dark) > 0.6
