"""The minimum-error boundary cut through an overlap, by dynamic programming.

Efros and Freeman, "Image Quilting for Texture Synthesis and Transfer", SIGGRAPH 2001.
"""

from __future__ import annotations

import numpy as np

from lichen.arrays import Array, IntArray, Mask
from lichen.kernels import kernel


@kernel()
def least_cut(errors: Array, cut: IntArray) -> float:
    """Write the cheapest path down ``errors`` (h, w) into ``cut`` (h,); return the path's error."""
    height, width = errors.shape
    sums = np.empty((height, width), np.float32)
    sums[0] = errors[0]
    for y in range(1, height):
        for x in range(width):
            least = sums[y - 1, x]
            if x > 0:
                least = min(least, sums[y - 1, x - 1])
            if x + 1 < width:
                least = min(least, sums[y - 1, x + 1])
            sums[y, x] = errors[y, x] + least
    cut[height - 1] = np.argmin(sums[height - 1])
    total = sums[height - 1, cut[height - 1]]
    for y in range(height - 2, -1, -1):
        below = cut[y + 1]
        best = below  # straight on where others are no better
        if below > 0 and sums[y, below - 1] < sums[y, best]:
            best = below - 1
        if below + 1 < width and sums[y, below + 1] < sums[y, best]:
            best = below + 1
        cut[y] = best
    return total


def vertical_cut(errors: Array) -> tuple[IntArray, float]:
    """Cheapest path from the top to the bottom of an overlap.

    Parameters
    ----------
    errors
        float32 (h, w), h and w at least 1: squared difference of the two pictures at each pixel;
        ``inf`` where the path may not pass.

    Returns
    -------
    tuple
        int32 (h,): the path's column in each row, at most one more or less than in the row
        before; and the sum of the errors on it.
    """
    cut = np.empty(errors.shape[0], np.int32)
    total = least_cut(np.ascontiguousarray(errors, np.float32), cut)
    return cut, float(total)


def horizontal_cut(errors: Array) -> tuple[IntArray, float]:
    """Cheapest path from the left to the right of an overlap: its row in each column, its sum."""
    return vertical_cut(errors.T)


def right_of(cut: IntArray, width: int) -> Mask:
    """Mask (h, width) of the pixels on a vertical cut and to the right of it."""
    mask: Mask = np.arange(width) >= cut[:, None]
    return mask


def below(cut: IntArray, height: int) -> Mask:
    """Mask (height, w) of the pixels on a horizontal cut and below it."""
    return right_of(cut, height).T
