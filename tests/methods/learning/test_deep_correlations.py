"""Deep correlations keep a lattice that plain Gram matrices lose."""

from __future__ import annotations

import numpy as np
import pytest

from lichen.arrays import Array
from lichen.errors import UnknownNameError
from lichen.faces.python import synthesize
from lichen.quality.structure import autocorrelation_distance


def squares(size: int = 96) -> Array:
    """Dark squares of 10 pixels, every 16 pixels, in grey noise."""
    rows, columns = np.mgrid[:size, :size]
    dark = (rows % 16 < 10) & (columns % 16 < 10)
    noise = np.random.default_rng(0).normal(0, 0.05, (size, size))
    grey = np.where(dark, 0.25, 0.7) + noise
    return np.repeat(grey[..., None], 3, axis=2).clip(0, 1).astype(np.float32)


def test_a_lattice_is_kept_where_plain_gram_matrices_lose_it() -> None:
    """By the autocorrelation of the luminance; what is optimized is that of features."""
    exemplar = squares()
    how = {"method": "deep_correlations", "iterations": 60, "seed": 1}
    distances = [
        autocorrelation_distance(exemplar, synthesize(exemplar, **how, **weights).image, 32)
        for weights in ({"structure_weight": 0.0}, {"structure_weight": 1.0})
    ]
    assert distances[1] < 0.6 * distances[0]


def test_a_layer_that_is_not_there() -> None:
    with pytest.raises(UnknownNameError, match="pool2"):
        synthesize(squares(), method="deep_correlations", structure_layers=["pol2"], iterations=1)
