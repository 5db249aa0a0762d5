"""Anchors: what every figure says of pictures that are known to be good or bad."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from lichen.quality.fidelity import split
from lichen.statistics.random_phase import random_phase

Array = NDArray[np.float32]

BLUR = 1.5
"""Standard deviation of the blurred copy, in pixels."""
SQUARE = 8
"""Side of the shuffled squares, in pixels."""


def anchors(exemplar: Array, size: tuple[int, int]) -> dict[str, tuple[Array, Array]]:
    """Pairs of an example and a picture that is judged by it.

    Parameters
    ----------
    exemplar
        (H, W, C) in [0, 1].
    size
        Of the results that will be compared with these.

    Returns
    -------
    dict
        ``half``: one half judged by the other; ``random phase``: noise of the exemplar's spectrum;
        ``copy``; ``tiled copy``: of ``size``, with its seams in sight; ``blurred copy``;
        ``shuffled``: its squares of 8 px in random order, the right patches in wrong places.
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
    """Squares of 8 px in random order, of the whole ones that fit."""
    rows, columns = exemplar.shape[0] // SQUARE, exemplar.shape[1] // SQUARE
    whole = exemplar[: rows * SQUARE, : columns * SQUARE]
    squares = whole.reshape(rows, SQUARE, columns, SQUARE, -1).swapaxes(1, 2)
    order = np.random.default_rng(seed).permutation(rows * columns)
    mixed = squares.reshape(rows * columns, SQUARE, SQUARE, -1)[order]
    mixed = mixed.reshape(rows, columns, SQUARE, SQUARE, -1).swapaxes(1, 2)
    return mixed.reshape(rows * SQUARE, columns * SQUARE, -1)


def tiled(exemplar: Array, size: tuple[int, int]) -> Array:
    """Copies side by side, of ``size``, begun half a period early so that a seam is inside."""
    repeats = (2 - (-size[0] // exemplar.shape[0]), 2 - (-size[1] // exemplar.shape[1]), 1)
    wall = np.tile(exemplar, repeats)
    top, left = exemplar.shape[0] // 2, exemplar.shape[1] // 2
    return np.ascontiguousarray(wall[top : top + size[0], left : left + size[1]])
