"""Octaves let one scale of optimization see what is larger than a receptive field."""

from __future__ import annotations

import numpy as np

from lichen.arrays import Array
from lichen.faces.python import synthesize
from lichen.quality.structure import autocorrelation_distance


def stripes(size: int = 128) -> Array:
    """Broad stripes, 32 pixels a period, under fine noise."""
    rows = np.mgrid[:size, :size][0]
    noise = np.random.default_rng(0).normal(0, 0.08, (size, size))
    grey = 0.5 + 0.3 * np.sin(2 * np.pi * rows / 32) + noise
    return np.repeat(grey[..., None], 3, axis=2).clip(0, 1).astype(np.float32)


def test_octaves_see_farther_than_the_layers() -> None:
    """Layers that see 14 pixels: alone they make no stripes of 32 pixels, on 3 octaves they do."""
    exemplar = stripes()
    distances = [
        autocorrelation_distance(
            exemplar,
            synthesize(
                exemplar,
                method="multi_scale_gram",
                layers=["relu1_1", "relu2_2"],
                octaves=octaves,
                levels=1,
                iterations=40,
                seed=1,
            ).image,
            32,
        )
        for octaves in (1, 3)
    ]
    assert distances[1] < 0.6 * distances[0]
