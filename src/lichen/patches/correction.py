"""Sharp pictures from rough sources: correction passes (Lefebvre and Hoppe 2005)."""

from __future__ import annotations

import numba
import numpy as np

from lichen.arrays import Array, IntArray, Mask
from lichen.kernels import kernel
from lichen.patches.pyramid import Level

ORDER = ((0, 0), (-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
"""Neighbours whose shifted sources are tried, the pixel's own first: it stays where others tie."""


def correct(level: Level, centres: Mask, radius: int, passes: int) -> None:
    """Let each unknown pixel choose anew among its neighbours' shifted sources, in place.

    A pixel takes the source whose surroundings in the example are most like its own in the picture
    as it has been copied so far. Every fourth pixel is changed at a time; these see the picture as
    it was before.

    Parameters
    ----------
    level
        Its ``image`` and ``sources`` are changed.
    centres
        bool (h, w): source pixels that a whole usable window surrounds.
    radius
        Of the window, in pixels.
    """
    for _ in range(passes):
        for parity in ((0, 0), (1, 1), (0, 1), (1, 0)):
            padded = level.image
            for axis, wrap in enumerate(level.wraps):
                around = [(0, 0)] * 3
                around[axis] = (radius, radius)
                padded = np.pad(padded, around, mode="wrap" if wrap else "edge")
            padded = np.ascontiguousarray(padded)
            _correct_every_fourth(level, centres, level.sources.copy(), padded, radius, parity)


@kernel(parallel=True)
def _correct_every_fourth(
    level: Level,
    centres: Mask,
    before: IntArray,
    padded: Array,
    radius: int,
    parity: tuple[int, int],
) -> None:
    known, wrap_rows, wrap_columns = level.known, level.wrap_rows, level.wrap_columns
    sources, image = level.sources, level.image
    height, width, channels = image.shape
    atlas_height, atlas_width = centres.shape
    ours, theirs = level.features.reshape(-1), padded.reshape(-1)
    padded_width = padded.shape[1]
    for half in numba.prange((height - parity[0] + 1) // 2):
        y = 2 * half + parity[0]
        top = radius if wrap_rows else min(radius, y)
        bottom = radius if wrap_rows else min(radius, height - 1 - y)
        tried = np.empty(9, np.int64)
        for x in range(parity[1], width, 2):
            if known[y, x]:
                continue
            left = radius if wrap_columns else min(radius, x)
            right = radius if wrap_columns else min(radius, width - 1 - x)
            length = (left + right + 1) * channels
            best, cost = before[y, x], np.float32(np.inf)
            n_tried = 0
            for number in range(9):
                dy, dx = ORDER[number]
                ny, nx = y + dy, x + dx
                if wrap_rows:
                    ny %= height
                if wrap_columns:
                    nx %= width
                if ny < 0 or ny >= height or nx < 0 or nx >= width or before[ny, nx] < 0:
                    continue
                candidate = before[ny, nx] - dy * atlas_width - dx
                if candidate < 0 or candidate >= atlas_height * atlas_width:
                    continue
                ay, ax = divmod(candidate, atlas_width)
                if not centres[ay, ax]:
                    continue
                repeated = False
                for t in range(n_tried):
                    repeated = repeated or tried[t] == candidate
                if repeated:
                    continue
                tried[n_tried] = candidate
                n_tried += 1
                total = np.float32(0)
                start = ((ay - top) * atlas_width + ax - left) * channels
                other = ((y + radius - top) * padded_width + x + radius - left) * channels
                for _ in range(top + bottom + 1):
                    a, b = ours[start : start + length], theirs[other : other + length]
                    part = np.float32(0)
                    for k in range(length):
                        difference = a[k] - b[k]
                        part += difference * difference
                    total += part
                    if total >= cost:
                        break
                    start += atlas_width * channels
                    other += padded_width * channels
                if total < cost:
                    best, cost = candidate, total
            sources[y, x] = best
            start = best * channels
            for c in range(channels):
                image[y, x, c] = ours[start + c]
