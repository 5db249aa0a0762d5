"""Sharp pictures out of a rough map: correction passes (Lefebvre and Hoppe 2005)."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from lichen.kernels import kernel

Array = NDArray[np.float32]
Places = NDArray[np.int32]

ORDER = ((0, 0), (-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
"""Neighbours whose shifted places are tried, the pixel's own first: it stays where others tie."""


def correct(
    atlas: Array,
    centres: NDArray[np.bool_],
    places: Places,
    image: Array,
    free: NDArray[np.bool_],
    wraps: tuple[bool, bool],
    radius: int,
    passes: int,
) -> None:
    """Let each pixel choose anew among its neighbours' places shifted, in place.

    A pixel takes the place whose surroundings in the atlas are most like its own in the picture
    as it is copied so far. Every fourth pixel is moved at a time; these see the picture as it was
    before.

    Parameters
    ----------
    atlas, centres
        (h, w, F), and (h, w): pixels that a whole usable window surrounds.
    places, image
        (H, W) and (H, W, F): changed.
    free
        (H, W): pixels that may be changed.
    radius
        Of the window, in pixels.
    """
    for _ in range(passes):
        for parity in ((0, 0), (1, 1), (0, 1), (1, 0)):
            padded = image
            for axis, wrap in enumerate(wraps):
                around = [(0, 0)] * 3
                around[axis] = (radius, radius)
                padded = np.pad(padded, around, mode="wrap" if wrap else "edge")
            padded = np.ascontiguousarray(padded)
            _correct_every_fourth(
                atlas, centres, places.copy(), padded, free, wraps, radius, parity,
                places, image,
            )  # fmt: skip


@kernel(parallel=True)
def _correct_every_fourth(
    atlas: Array,
    centres: NDArray[np.bool_],
    before: Places,
    padded: Array,
    free: NDArray[np.bool_],
    wraps: tuple[bool, bool],
    radius: int,
    parity: tuple[int, int],
    places: Places,
    image: Array,
) -> None:
    height, width, channels = image.shape
    atlas_height, atlas_width = centres.shape
    ours, theirs = atlas.reshape(-1), padded.reshape(-1)
    padded_width = padded.shape[1]
    for half in numba.prange((height - parity[0] + 1) // 2):
        y = 2 * half + parity[0]
        top = radius if wraps[0] else min(radius, y)
        bottom = radius if wraps[0] else min(radius, height - 1 - y)
        tried = np.empty(9, np.int64)
        for x in range(parity[1], width, 2):
            if not free[y, x]:
                continue
            left = radius if wraps[1] else min(radius, x)
            right = radius if wraps[1] else min(radius, width - 1 - x)
            length = (left + right + 1) * channels
            best, cost = before[y, x], np.float32(np.inf)
            n_tried = 0
            for number in range(9):
                dy, dx = ORDER[number]
                ny, nx = y + dy, x + dx
                if wraps[0]:
                    ny %= height
                if wraps[1]:
                    nx %= width
                if ny < 0 or ny >= height or nx < 0 or nx >= width or before[ny, nx] < 0:
                    continue
                place = before[ny, nx] - dy * atlas_width - dx
                if place < 0 or place >= atlas_height * atlas_width:
                    continue
                ay, ax = divmod(place, atlas_width)
                if not centres[ay, ax]:
                    continue
                known = False
                for t in range(n_tried):
                    known = known or tried[t] == place
                if known:
                    continue
                tried[n_tried] = place
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
                    best, cost = place, total
            places[y, x] = best
            start = best * channels
            for c in range(channels):
                image[y, x, c] = ours[start + c]
