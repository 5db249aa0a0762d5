"""Shifted Gram matrices keep a lattice that plain ones lose."""

from __future__ import annotations

import numpy as np

from lichen.arrays import Array
from lichen.faces.python import synthesize
from lichen.quality.structure import autocorrelation_distance


def bricks(size: int = 96) -> Array:
    """Courses of 8 rows, bricks of 16 columns, every other course moved by half a brick."""
    rows, columns = np.mgrid[:size, :size]
    moved = columns + 8 * (rows // 8 % 2)
    mortar = (rows % 8 < 2) | (moved % 16 < 2)
    noise = np.random.default_rng(0).normal(0, 0.03, (size, size))
    grey = np.where(mortar, 0.8, 0.35) + noise
    return np.repeat(grey[..., None], 3, axis=2).clip(0, 1).astype(np.float32)


def test_a_lattice_is_kept_where_plain_gram_matrices_lose_it() -> None:
    """By the autocorrelation of the luminance, which neither optimizes."""
    exemplar = bricks()
    distances = [
        autocorrelation_distance(
            exemplar,
            synthesize(
                exemplar, method="shifted_gram", shift_weight=weight, iterations=40, seed=1
            ).image,
            32,
        )
        for weight in (0.0, 10.0)
    ]
    assert distances[1] < 0.65 * distances[0]
