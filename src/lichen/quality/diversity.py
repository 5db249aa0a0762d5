"""Diversity: whether several results of one method differ by more than a shift."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from lichen.arrays import Array
from lichen.errors import ImageError
from lichen.quality.innovation import copies


def diversity(exemplar: Array, results: list[Array], seed: int = 0) -> dict[str, float]:
    """Compare all pairs of results.

    Parameters
    ----------
    exemplar
        (H, W, C); the distance of two random crops of it is the unit.
    results
        Two or more, all of one size.

    Returns
    -------
    dict
        ``distance``: root mean square difference after the best cyclic shift, relative to that of
        two random crops of the exemplar, mean over pairs; ``minimum``: the smallest of any pair;
        ``shared``: fraction of a result that is copied from another, mean over pairs.

    Raises
    ------
    ImageError
        For fewer than two results, or different sizes.
    """
    if len(results) < 2:
        raise ImageError("diversity needs two or more results", "give more of them")
    if len({result.shape for result in results}) > 1:
        raise ImageError("the results differ in size", "give results of one size")
    unit = _distance_of_crops(exemplar, seed)
    pairs = list(combinations(results, 2))
    distances = [distance_after_shift(a, b) / unit for a, b in pairs]
    shared = [copies(a, b, flips=False).fraction for a, b in pairs]
    return {
        "distance": float(np.mean(distances)),
        "minimum": float(np.min(distances)),
        "shared": float(np.mean(shared)),
    }


def distance_after_shift(a: Array, b: Array) -> float:
    """Root mean square difference of two pictures (H, W, C) after the best cyclic shift."""
    axes = (0, 1)
    spectra = np.fft.rfft2(a, axes=axes), np.fft.rfft2(b, axes=axes)
    cross = np.fft.irfft2(spectra[0] * spectra[1].conj(), s=a.shape[:2], axes=axes).sum(2)
    energy = float(np.square(a, dtype=np.float64).sum() + np.square(b, dtype=np.float64).sum())
    return float(np.sqrt(max(energy - 2 * float(cross.max()), 0) / a.size))


def _distance_of_crops(exemplar: Array, seed: int) -> float:
    """Root mean square difference of two random crops of half the side, mean over 16 pairs."""
    generator = np.random.default_rng(seed)
    height, width = (max(1, side // 2) for side in exemplar.shape[:2])
    corners = generator.integers(
        0, (exemplar.shape[0] - height + 1, exemplar.shape[1] - width + 1), (32, 2)
    )
    crops = [exemplar[y : y + height, x : x + width] for y, x in corners]
    squares = [np.square(a - b).mean() for a, b in zip(crops[::2], crops[1::2], strict=True)]
    return max(float(np.sqrt(np.mean(squares))), 1e-6)
