"""Anchors: pictures known to be good or bad, which every figure is computed for."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from lichen.arrays import Array
from lichen.quality.fidelity import split
from lichen.statistics.random_phase import random_phase

BLUR = 1.5
"""Standard deviation of the Gaussian of the blurred copy, in pixels."""
SQUARE = 8
"""Side of the shuffled squares, in pixels."""


def anchors(exemplar: Array, size: tuple[int, int]) -> dict[str, tuple[Array, Array]]:
    """Return pairs of an exemplar and a picture to be judged by it.

    Parameters
    ----------
    exemplar
        (H, W, C) in [0, 1].
    size
        (height, width) of the results that will be compared with these.

    Returns
    -------
    dict
        ``half``: one half judged by the other; ``random phase``: noise with the exemplar's
        spectrum; ``copy``; ``tiled copy``: of ``size``, with its seams in the interior;
        ``blurred copy``; ``shuffled``: its 8 px squares in random order, right patches in wrong
        positions.
    """
    return {
        "half": split(exemplar),
        "random phase": (exemplar, random_phase(exemplar)),
        "copy": (exemplar, exemplar),
        "tiled copy": (exemplar, tiled(exemplar, size)),
        "blurred copy": (exemplar, gaussian_filter(exemplar, (BLUR, BLUR, 0), mode="reflect")),
        "shuffled": (exemplar, shuffled(exemplar)),
    }


def shuffled(exemplar: Array, seed: int = 0) -> Array:
    """Return the 8 px squares of an exemplar in random order; incomplete ones are left out."""
    rows, columns = exemplar.shape[0] // SQUARE, exemplar.shape[1] // SQUARE
    whole = exemplar[: rows * SQUARE, : columns * SQUARE]
    squares = whole.reshape(rows, SQUARE, columns, SQUARE, -1).swapaxes(1, 2)
    order = np.random.default_rng(seed).permutation(rows * columns)
    mixed = squares.reshape(rows * columns, SQUARE, SQUARE, -1)[order]
    mixed = mixed.reshape(rows, columns, SQUARE, SQUARE, -1).swapaxes(1, 2)
    return mixed.reshape(rows * SQUARE, columns * SQUARE, -1)


def tiled(exemplar: Array, size: tuple[int, int]) -> Array:
    """Return copies side by side, of ``size``, shifted by half a period: a seam is inside."""
    repeats = (2 - (-size[0] // exemplar.shape[0]), 2 - (-size[1] // exemplar.shape[1]), 1)
    wall = np.tile(exemplar, repeats)
    top, left = exemplar.shape[0] // 2, exemplar.shape[1] // 2
    return np.ascontiguousarray(wall[top : top + size[0], left : left + size[1]])
