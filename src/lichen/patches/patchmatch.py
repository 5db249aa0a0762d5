"""Nearest-neighbour fields: the search of PatchMatch (Barnes et al. 2009), and the vote.

A field holds for each query, the top left pixel of a patch of the picture, the anchor of a patch of
the example: the flat index of its top left pixel. On an axis that wraps there are as many queries
as pixels, otherwise those of whole patches.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from lichen.arrays import Array, IntArray, Mask, Size
from lichen.kernels import integer_between, kernel, mix
from lichen.patches.pyramid import Level, Wraps, pad_wraps
from lichen.patches.windows import anchors_of

STRIPE = 16
"""Rows that one thread sweeps in order; neighbours in other stripes are those before the sweep."""


class Patches(NamedTuple):
    """Patches of the example, as the search compares them.

    Attributes
    ----------
    features
        float32 (h, w, F).
    anchors
        bool (h, w): top left pixels of patches that may be copied.
    penalty
        float32 (h, w): what is added to the distance of the patch at each anchor.
    side
        Of a patch, in pixels.
    """

    features: Array
    anchors: Mask
    penalty: Array
    side: int


class RandomSearch(NamedTuple):
    """Random anchors around the best one so far: within ``radius``, which halves each time."""

    candidates: int
    radius: int
    seed: int


def active_queries(known: Mask, side: int, wraps: Wraps) -> Mask:
    """Queries whose patches see an unknown pixel, (rows, columns)."""
    rows, columns = (
        length if wrap else length - side + 1
        for length, wrap in zip(known.shape, wraps, strict=True)
    )
    if not known.any():
        return np.ones((rows, columns), bool)
    whole = anchors_of(pad_wraps(known, side - 1, wraps), side)
    return np.ascontiguousarray(~whole[:rows, :columns])


@kernel()
def _distance(
    atlas: Array, image: Array, ay: int, ax: int, y: int, x: int, side: int, limit: float
) -> Any:
    """Sum of squared differences of two patches; too small if that exceeds ``limit``."""
    channels = atlas.shape[2]
    length = side * channels
    ours, theirs = atlas.reshape(-1), image.reshape(-1)
    start, other = (ay * atlas.shape[1] + ax) * channels, (y * image.shape[1] + x) * channels
    total = np.float32(0)
    for _ in range(side):
        # Slices, whose indices are plainly not negative, are what LLVM vectorizes.
        a, b = ours[start : start + length], theirs[other : other + length]
        part = np.float32(0)
        for k in range(length):
            difference = a[k] - b[k]
            part += difference * difference
        total += part
        if total > limit:
            break
        start += atlas.shape[1] * channels
        other += image.shape[1] * channels
    return total


@kernel(parallel=True)
def costs_of(patches: Patches, image: Array, field: IntArray) -> Array:
    """Cost of each query's patch: its distance and the penalty of its anchor, (rows, columns).

    ``image`` (H, W, F) is padded by what wraps, so that patches are whole.
    """
    rows, columns = field.shape
    features, penalty, side = patches.features, patches.penalty, patches.side
    width = features.shape[1]
    costs = np.empty(field.shape, np.float32)
    for y in numba.prange(rows):
        for x in range(columns):
            ay, ax = divmod(field[y, x], width)
            costs[y, x] = _distance(features, image, ay, ax, y, x, side, np.inf) + penalty[ay, ax]
    return costs


def sweep(
    patches: Patches,
    image: Array,
    active: Mask,
    field: IntArray,
    costs: Array,
    random: RandomSearch,
    *,
    backwards: bool,
) -> None:
    """Improve ``field`` and ``costs`` in place: neighbours' anchors shifted, then random ones.

    Parameters
    ----------
    image
        float32 (H, W, F), padded.
    active
        bool (rows, columns): which queries to improve.
    backwards
        Whether to go up and to the left.
    """
    _sweep(patches, image, active, field.copy(), field, costs, random, backwards)


@kernel(parallel=True)
def _sweep(
    patches: Patches,
    image: Array,
    active: Mask,
    before: IntArray,
    field: IntArray,
    costs: Array,
    random: RandomSearch,
    backwards: bool,
) -> None:
    atlas, anchors, penalty, side = patches.features, patches.anchors, patches.penalty, patches.side
    n_random, radius, seed = random.candidates, random.radius, random.seed
    rows, columns = field.shape
    height, width = anchors.shape
    stripes = (rows + STRIPE - 1) // STRIPE
    step = -1 if backwards else 1
    for stripe in numba.prange(stripes):
        first = stripe * STRIPE
        last = min(first + STRIPE, rows)
        for i in range(last - first):
            y = last - 1 - i if backwards else first + i
            for j in range(columns):
                x = columns - 1 - j if backwards else j
                if not active[y, x]:
                    continue
                best, cost = field[y, x], costs[y, x]
                for axis in range(2):
                    ny, nx = (y - step, x) if axis == 0 else (y, x - step)
                    if ny < 0 or ny >= rows or nx < 0 or nx >= columns:
                        continue
                    anchor = field[ny, nx] if first <= ny < last else before[ny, nx]
                    ay, ax = divmod(anchor, width)
                    ay, ax = (ay + step, ax) if axis == 0 else (ay, ax + step)
                    if ay < 0 or ay >= height or ax < 0 or ax >= width or not anchors[ay, ax]:
                        continue
                    anchor = ay * width + ax
                    if anchor == best:
                        continue
                    extra = penalty[ay, ax]
                    found = extra + _distance(atlas, image, ay, ax, y, x, side, cost - extra)
                    if found < cost:
                        best, cost = anchor, found
                reach = radius
                key = mix(seed, y * columns + x)
                for draw in range(n_random):
                    by, bx = divmod(best, width)
                    word = mix(key, draw)
                    high, low = word >> np.uint64(32), word & np.uint64(0xFFFFFFFF)
                    ay = integer_between(max(by - reach, 0), min(by + reach, height - 1), high)
                    ax = integer_between(max(bx - reach, 0), min(bx + reach, width - 1), low)
                    reach = max(reach // 2, 1)
                    if not anchors[ay, ax]:
                        continue
                    extra = penalty[ay, ax]
                    found = extra + _distance(atlas, image, ay, ax, y, x, side, cost - extra)
                    if found < cost:
                        best, cost = ay * width + ax, found
                field[y, x], costs[y, x] = best, cost


@kernel()
def occurrences(field: IntArray, active: Mask, shape: Size) -> Array:
    """Count the active queries that have each anchor of an example of ``shape``, float32 (h, w)."""
    counts = np.zeros(shape[0] * shape[1], np.float32)
    for y in range(field.shape[0]):
        for x in range(field.shape[1]):
            if active[y, x]:
                counts[field[y, x]] += 1
    return counts.reshape(shape)


@kernel(parallel=True)
def vote(level: Level, field: IntArray, weights: Array, side: int) -> None:
    """Set unknown pixels to the weighted mean of what the patches over them have there.

    Parameters
    ----------
    level
        Its ``image`` is changed; of its features those of the guide are left as they are.
    field, weights
        (rows, columns): anchor and weight of each query's patch.
    side
        Of a patch, in pixels.
    """
    image, known, n_values = level.image, level.known, level.n_values
    wrap_rows, wrap_columns = level.wrap_rows, level.wrap_columns
    height, width, channels = image.shape
    rows, columns = field.shape
    atlas_width = level.features.shape[1]
    flat = level.features.reshape(-1, channels)
    for y in numba.prange(height):
        sums = np.empty(n_values, np.float32)
        for x in range(width):
            if known[y, x]:
                continue
            sums[:] = 0
            total = np.float32(0)
            for i in range(side):
                qy = y - i
                if wrap_rows:
                    qy %= rows
                if qy < 0 or qy >= rows:
                    continue
                for j in range(side):
                    qx = x - j
                    if wrap_columns:
                        qx %= columns
                    if qx < 0 or qx >= columns:
                        continue
                    weight = weights[qy, qx]
                    source = field[qy, qx] + i * atlas_width + j
                    total += weight
                    for c in range(n_values):
                        sums[c] += weight * flat[source, c]
            for c in range(n_values):
                image[y, x, c] = sums[c] / total


@kernel(parallel=True)
def robust_weights(
    costs: Array, penalty: Array, field: IntArray, least: float, power: float
) -> None:
    """Turn costs (rows, columns) of patches in place into weights, ``(distance + least)^power``.

    Iteratively reweighted least squares of sum |distance|^(power + 1) (Kwatra et al. 2005);
    ``penalty`` (h, w) of an anchor is subtracted from its cost first.
    """
    width = penalty.shape[1]
    for y in numba.prange(costs.shape[0]):
        for x in range(costs.shape[1]):
            ay, ax = divmod(field[y, x], width)
            distance = max(costs[y, x] - penalty[ay, ax], np.float32(0))
            costs[y, x] = (distance + np.float32(least)) ** np.float32(power)


@kernel(parallel=True)
def central_sources(
    field: IntArray, size: Size, side: int, wraps: Wraps, atlas_width: int
) -> IntArray:
    """Source of each pixel in the patch centred on it, or in the nearest whole one, (H, W)."""
    height, width = size
    rows, columns = field.shape
    sources = np.empty(size, np.int32)
    for y in numba.prange(height):
        qy = y - side // 2
        qy = (qy + rows) % rows if wraps[0] else min(max(qy, 0), rows - 1)
        dy = side // 2 if wraps[0] else y - qy
        for x in range(width):
            qx = x - side // 2
            qx = (qx + columns) % columns if wraps[1] else min(max(qx, 0), columns - 1)
            dx = side // 2 if wraps[1] else x - qx
            sources[y, x] = field[qy, qx] + dy * atlas_width + dx
    return sources
