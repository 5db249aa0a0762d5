"""The nearest patch of an atlas for each patch of an image, by PatchMatch (Barnes et al. 2009).

A field holds for each query, the top left pixel of a patch of the image, the place of a patch in
the atlas. Images are padded beforehand by what wraps, so that patches are whole.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from lichen.kernels import kernel, mix, uniform

Array = NDArray[np.float32]
Field = NDArray[np.int32]

STRIPE = 16
"""Rows that one thread sweeps in order; neighbours in other stripes are those before the sweep."""

THIRTY_TWO, LOW = np.uint64(32), np.uint64(0xFFFFFFFF)


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
        # Slices, whose indices are plainly not negative, are what LLVM makes vectors of.
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


@kernel()
def _within(low: int, high: int, bits: Any) -> Any:
    """Scale 32 random bits to ``low`` .. ``high``."""
    span = numba.uint64(high - low + 1)
    return low + numba.int64((numba.uint64(bits) * span) >> THIRTY_TWO)


@kernel(parallel=True)
def distances(atlas: Array, image: Array, field: Field, side: int, penalty: Array) -> Array:
    """Cost of each query's patch: its distance and the penalty of its place, (rows, columns)."""
    rows, columns = field.shape
    width = atlas.shape[1]
    costs = np.empty(field.shape, np.float32)
    for y in numba.prange(rows):
        for x in range(columns):
            ay, ax = divmod(field[y, x], width)
            costs[y, x] = _distance(atlas, image, ay, ax, y, x, side, np.inf) + penalty[ay, ax]
    return costs


@kernel(parallel=True)
def sweep(
    atlas: Array,
    anchors: NDArray[np.bool_],
    penalty: Array,
    image: Array,
    active: NDArray[np.bool_],
    before: Field,
    field: Field,
    costs: Array,
    side: int,
    n_draws: int,
    radius: int,
    seed: int,
    backwards: bool,
) -> None:
    """Better ``field`` and ``costs`` in place: neighbours' places shifted, and random ones.

    Parameters
    ----------
    atlas, anchors, penalty
        (h, w, F), (h, w), (h, w): features, where patches may stand, what is added to a distance.
    image
        (H, W, F), padded.
    active
        (rows, columns): which queries to better.
    before
        The field before the sweep, a copy: what neighbours in other stripes are.
    side
        Of a patch, in pixels.
    n_draws, radius
        Random places around the best so far, within ``radius`` and halving.
    """
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
                    place = field[ny, nx] if first <= ny < last else before[ny, nx]
                    ay, ax = divmod(place, width)
                    ay, ax = (ay + step, ax) if axis == 0 else (ay, ax + step)
                    if ay < 0 or ay >= height or ax < 0 or ax >= width or not anchors[ay, ax]:
                        continue
                    place = ay * width + ax
                    if place == best:
                        continue
                    extra = penalty[ay, ax]
                    found = extra + _distance(atlas, image, ay, ax, y, x, side, cost - extra)
                    if found < cost:
                        best, cost = place, found
                reach = radius
                key = mix(seed, y * columns + x)
                for draw in range(n_draws):
                    by, bx = divmod(best, width)
                    word = mix(key, draw)
                    ay = _within(
                        max(by - reach, 0), min(by + reach, height - 1), word >> THIRTY_TWO
                    )
                    ax = _within(max(bx - reach, 0), min(bx + reach, width - 1), word & LOW)
                    reach = max(reach // 2, 1)
                    if not anchors[ay, ax]:
                        continue
                    extra = penalty[ay, ax]
                    found = extra + _distance(atlas, image, ay, ax, y, x, side, cost - extra)
                    if found < cost:
                        best, cost = ay * width + ax, found
                field[y, x], costs[y, x] = best, cost


@kernel()
def occurrences(field: Field, active: NDArray[np.bool_], shape: tuple[int, int]) -> Array:
    """How often each place of an atlas of ``shape`` is in the field, float32 (h, w)."""
    counts = np.zeros(shape[0] * shape[1], np.float32)
    for y in range(field.shape[0]):
        for x in range(field.shape[1]):
            if active[y, x]:
                counts[field[y, x]] += 1
    return counts.reshape(shape)


@kernel(parallel=True)
def refine(
    coarse: Field,
    coarse_width: int,
    shape: tuple[int, int],
    anchors: NDArray[np.bool_],
    spare: Field,
    square: int,
    share: float,
    seed: int,
) -> Field:
    """Bring a field to the next finer level: each query's place doubled.

    Parameters
    ----------
    coarse, coarse_width
        Field, and width of the atlas, of the level of half the size.
    shape
        (rows, columns) of queries at the finer level.
    anchors
        (h, w) of the finer level.
    square, share, seed
        Of the squares of so many queries this share is displaced by up to a pixel.
    spare
        Places to draw from, by hash, where a doubled one is no anchor.
    """
    rows, columns = shape
    height, width = anchors.shape
    field = np.empty(shape, np.int32)
    for y in numba.prange(rows):
        qy = min(y // 2, coarse.shape[0] - 1)
        for x in range(columns):
            qx = min(x // 2, coarse.shape[1] - 1)
            ay, ax = divmod(coarse[qy, qx], coarse_width)
            word = mix(mix(seed, y // square), x // square)
            dy = dx = 0
            if uniform(word, 0, 0) < share:
                dy, dx = _within(-1, 1, word >> THIRTY_TWO), _within(-1, 1, word & LOW)
            ay = min(max(2 * ay + y - 2 * qy + dy, 0), height - 1)
            ax = min(max(2 * ax + x - 2 * qx + dx, 0), width - 1)
            if anchors[ay, ax]:
                field[y, x] = ay * width + ax
            else:
                field[y, x] = spare[mix(y, x) % np.uint64(len(spare))]
    return field


@kernel(parallel=True)
def centre_places(
    field: Field, size: tuple[int, int], side: int, wraps: tuple[bool, bool], atlas_width: int
) -> Field:
    """Place that each pixel has in the patch about it, or in the nearest whole one, (H, W)."""
    height, width = size
    rows, columns = field.shape
    places = np.empty(size, np.int32)
    for y in numba.prange(height):
        qy = y - side // 2
        qy = (qy + rows) % rows if wraps[0] else min(max(qy, 0), rows - 1)
        dy = side // 2 if wraps[0] else y - qy
        for x in range(width):
            qx = x - side // 2
            qx = (qx + columns) % columns if wraps[1] else min(max(qx, 0), columns - 1)
            dx = side // 2 if wraps[1] else x - qx
            places[y, x] = field[qy, qx] + dy * atlas_width + dx
    return places


@kernel(parallel=True)
def enlarge(
    places: Field, size: tuple[int, int], scale: int, atlas_width: int, full_width: int
) -> Field:
    """Places at full ``size`` of places of a level ``scale`` times coarser."""
    enlarged = np.empty(size, np.int32)
    for y in numba.prange(size[0]):
        for x in range(size[1]):
            ay, ax = divmod(places[y // scale, x // scale], atlas_width)
            enlarged[y, x] = (ay * scale + y % scale) * full_width + ax * scale + x % scale
    return enlarged
