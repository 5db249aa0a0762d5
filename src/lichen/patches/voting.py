"""A picture out of a field of patches: the mean of what overlapping patches say of each pixel."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from lichen.kernels import kernel

Array = NDArray[np.float32]


@kernel(parallel=True)
def vote(
    atlas: Array,
    field: NDArray[np.int32],
    weights: Array,
    known: NDArray[np.bool_],
    side: int,
    wraps: tuple[bool, bool],
    n_values: int,
    image: Array,
) -> None:
    """Set pixels of ``image`` (H, W, F) to the weighted mean of the patches over them.

    Parameters
    ----------
    atlas
        (h, w, F).
    field, weights
        (rows, columns): place and weight of the patch whose top left pixel lies on each query; on
        an axis that wraps as many as pixels, otherwise those of whole patches.
    known
        (H, W): pixels that keep their values.
    side
        Of a patch, in pixels.
    n_values
        The first so many features are set; the others are a guide.
    """
    height, width, channels = image.shape
    rows, columns = field.shape
    atlas_width = atlas.shape[1]
    flat = atlas.reshape(-1, channels)
    for y in numba.prange(height):
        sums = np.empty(n_values, np.float32)
        for x in range(width):
            if known[y, x]:
                continue
            sums[:] = 0
            total = np.float32(0)
            for i in range(side):
                qy = y - i
                if wraps[0]:
                    qy %= rows
                if qy < 0 or qy >= rows:
                    continue
                for j in range(side):
                    qx = x - j
                    if wraps[1]:
                        qx %= columns
                    if qx < 0 or qx >= columns:
                        continue
                    weight = weights[qy, qx]
                    place = field[qy, qx] + i * atlas_width + j
                    total += weight
                    for c in range(n_values):
                        sums[c] += weight * flat[place, c]
            for c in range(n_values):
                image[y, x, c] = sums[c] / total


@kernel(parallel=True)
def robust_weights(
    costs: Array, penalty: Array, field: NDArray[np.int32], least: float, power: float
) -> None:
    """Turn costs (rows, columns) of patches in place into weights, ``(distance + least)^power``.

    Iteratively reweighted least squares of sum |distance|^(power + 1) (Kwatra et al. 2005);
    ``penalty`` (h, w) of a place is taken off its cost first.
    """
    width = penalty.shape[1]
    for y in numba.prange(costs.shape[0]):
        for x in range(costs.shape[1]):
            ay, ax = divmod(field[y, x], width)
            distance = max(costs[y, x] - penalty[ay, ax], np.float32(0))
            costs[y, x] = (distance + np.float32(least)) ** np.float32(power)


@kernel()
def add_patches(
    values: Array,
    places: NDArray[np.int64],
    queries: NDArray[np.int64],
    weights: Array,
    window: Array,
    sums: Array,
    totals: Array,
) -> None:
    """Add weighted patches to an image in place; those that stand out at its end wrap around.

    Parameters
    ----------
    values
        (h, w, C).
    places, queries
        (N, 2): top left pixels of the patches in ``values`` and in the image.
    weights, window
        (N,) of the patches, and (side, side) of the pixels in a patch.
    sums, totals
        (H, W, C) weighted values and (H, W) weights; changed.
    """
    side = len(window)
    height, width, channels = sums.shape
    for n in range(len(queries)):
        for i in range(side):
            y = (queries[n, 0] + i) % height
            for j in range(side):
                x = (queries[n, 1] + j) % width
                weight = weights[n] * window[i, j]
                totals[y, x] += weight
                for c in range(channels):
                    sums[y, x, c] += weight * values[places[n, 0] + i, places[n, 1] + j, c]
