"""Choosing pixels one after the other among the places that their neighbours suggest.

Each pixel takes the candidate whose surroundings in the atlas are most like its own in the
picture so far. Candidates go on from where neighbours come from (Ashikhmin 2001), or from places
that look like those (Tong et al. 2002).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from lichen.kernels import kernel, mix, uniform

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]
Places = NDArray[np.int32]

TILE = 32
"""Side of the tiles that threads take, in pixels."""


def scan(
    atlas: Array,
    centres: Mask,
    similar: Places,
    image: Array,
    made: Mask,
    places: Places,
    free: Mask,
    *,
    n_values: int,
    radius: int,
    wraps: tuple[bool, bool],
    noise: bool,
    started: bool,
    seed: int,
) -> None:
    """Choose each free pixel once, in raster order; change ``image``, ``made`` and ``places``.

    What is made of a pixel's window counts: the causal L at first, all of it in later passes.
    Pixels that do not see each other are made at the same time, with the same result.

    Parameters
    ----------
    atlas, centres
        (h, w, F) and (h, w): places whose whole windows are usable.
    similar
        (h * w, k): places like each, itself first, -1 for none.
    image, made, places
        (H, W, F), (H, W), (H, W): features, whether the pixel has its values, where they come
        from or -1.
    free
        (H, W): pixels to choose.
    n_values
        Features beyond these are a guide, which counts in all of the window.
    radius
        Of the window, in pixels.
    noise
        Whether what the causal L sees that is not made, or beyond the border, is noise: random
        places, for variety.
    started
        Whether pixels that are not made count, as an initial image.
    """
    side, channels = 2 * radius + 1, image.shape[2]
    height, width = free.shape
    # Over a wrap the order of tiles would show: there all is one tile.
    tile = width + (radius + 1) * height if any(wraps) else TILE
    slots = (height + tile - 1) // tile
    _scan(
        atlas,
        centres,
        np.flatnonzero(centres).astype(np.int32),
        similar,
        image,
        made,
        places,
        free,
        n_values,
        radius,
        wraps,
        noise,
        started,
        seed,
        tile,
        np.zeros((slots, side * side * channels), np.float32),
        np.zeros((slots, side * side * channels), np.float32),
        np.zeros((slots, side * side), np.int32),
        np.zeros((numba.get_num_threads(), centres.size), np.int32),
    )


@kernel(parallel=True)
def _scan(
    atlas: Array,
    centres: Mask,
    spare: Places,
    similar: Places,
    image: Array,
    made: Mask,
    places: Places,
    free: Mask,
    n_values: int,
    radius: int,
    wraps: tuple[bool, bool],
    noise: bool,
    started: bool,
    seed: int,
    tile: int,
    values: Array,
    weights: Array,
    sources: Places,
    tried: Places,
) -> None:
    height, width = free.shape
    channels = image.shape[2]
    flat = atlas.reshape(-1)
    # In (y, u = x + slope * y) a window sees nothing of what comes before it but at smaller u, so
    # that square tiles can be made diagonal by diagonal, and each in raster order.
    slope = radius + 1
    n_across = (width + slope * (height - 1) + tile - 1) // tile
    n_down = (height + tile - 1) // tile
    for diagonal in range(n_across + n_down - 1):
        first, last = max(0, diagonal - n_across + 1), min(n_down - 1, diagonal)
        # Tiles beside the canvas are left out, for threads take equal numbers of them.
        while first < last and (
            (diagonal - first) * tile >= width + slope * min(height - 1, (first + 1) * tile - 1)
        ):
            first += 1
        while first < last and diagonal - last + 1 <= slope * last:
            last -= 1
        for slot in numba.prange(last - first + 1):
            down = first + slot
            left = (diagonal - down) * tile
            for y in range(down * tile, min(height, (down + 1) * tile)):
                begin, end = max(0, left - slope * y), min(width, left + tile - slope * y)
                for x in range(begin, end):
                    if not free[y, x]:
                        continue
                    _look_around(
                        flat, spare, image, made, places, y, x, n_values, radius, wraps, noise,
                        started, seed, values[slot], weights[slot], sources[slot],
                    )  # fmt: skip
                    place = _best(
                        flat, atlas.shape[1], channels, centres, spare, similar, sources[slot],
                        radius, values[slot], weights[slot], tried[numba.get_thread_id()],  # type: ignore[attr-defined]
                        y * width + x, seed,
                    )  # fmt: skip
                    places[y, x] = place
                    made[y, x] = True
                    for c in range(n_values):
                        image[y, x, c] = flat[place * channels + c]


@kernel()
def _look_around(
    flat: Array,
    spare: Places,
    image: Array,
    made: Mask,
    places: Places,
    y: int,
    x: int,
    n_values: int,
    radius: int,
    wraps: tuple[bool, bool],
    noise: bool,
    started: bool,
    seed: int,
    values: Array,
    weights: Array,
    sources: Places,
) -> None:
    """Fill ``values`` and ``weights`` (side * side * F), ``sources`` (side * side) of a window."""
    height, width, channels = image.shape
    side = 2 * radius + 1
    weights[:] = 0
    for cell in range(side * side):
        qy, qx = y + cell // side - radius, x + cell % side - radius
        start = cell * channels
        if wraps[0]:
            qy %= height
        if wraps[1]:
            qx %= width
        inside = 0 <= qy < height and 0 <= qx < width
        source = -1
        seen = False
        if inside:
            seen = made[qy, qx] or started
            source = places[qy, qx] if made[qy, qx] else -1
            for c in range(channels):
                values[start + c] = image[qy, qx, c]
            for c in range(n_values, channels):
                weights[start + c] = 1
        if noise and not seen and cell < side * side // 2:
            key = mix(qy + radius, qx + radius)
            source = spare[int(uniform(seed, key, 0) * len(spare))]
            for c in range(n_values):
                values[start + c] = flat[source * channels + c]
            seen = True
        if seen:
            for c in range(n_values):
                weights[start + c] = 1
        sources[cell] = source


@kernel()
def _best(
    flat: Array,
    atlas_width: int,
    channels: int,
    centres: Mask,
    spare: Places,
    similar: Places,
    sources: Places,
    radius: int,
    values: Array,
    weights: Array,
    tried: Places,
    pixel: int,
    seed: int,
) -> Any:
    """Candidate with the least weighted squared difference; a random place if there is none."""
    side = 2 * radius + 1
    length = side * channels
    allowed = centres.reshape(-1)
    rows = 0  # up to the last that counts
    for k in range(len(weights)):
        if weights[k] > 0:
            rows = k // length + 1
    # A pixel's own number marks what it has tried; no pixel is chosen twice in one scan.
    mark = pixel + 1
    best, least = -1, np.float32(np.inf)
    middle = side * side // 2
    for number in range(side * side + 1):
        last = number == side * side
        if last and best >= 0:
            break
        # The pixel's own place comes first: it stays where others tie, and rules most of them out.
        cell = middle if number == 0 else number - 1 if number <= middle else number
        source = -1 if last else sources[cell]
        if source < 0 and not last:
            continue
        shift = (cell // side - radius) * atlas_width + cell % side - radius
        for k in range(1 if last else similar.shape[1]):
            place = -1
            if not last and similar[source, k] >= 0:
                place = similar[source, k] - shift
                if place < 0 or place >= len(allowed) or not allowed[place]:
                    place = -1
            if place < 0:
                if k > 0:
                    continue
                place = spare[int(uniform(seed, pixel, cell + 1) * len(spare))]
            if tried[place] == mark:
                continue
            tried[place] = mark
            total = np.float32(0)
            for row in range(rows):
                start = (place - radius * atlas_width - radius + row * atlas_width) * channels
                ours = flat[start : start + length]
                theirs = values[row * length : (row + 1) * length]
                count = weights[row * length : (row + 1) * length]
                part = np.float32(0)
                for c in range(length):
                    difference = ours[c] - theirs[c]
                    part += count[c] * difference * difference
                total += part
                if total >= least:
                    break
            if total < least:
                best, least = place, total
    return best


def near_free(known: Mask, radius: int, wraps: tuple[bool, bool]) -> Mask:
    """Known pixels (H, W) in the windows of pixels that are not."""
    from scipy.ndimage import maximum_filter1d

    seen = (~known).astype(np.uint8)
    for axis, wrap in enumerate(wraps):
        seen = maximum_filter1d(seen, 2 * radius + 1, axis, mode="wrap" if wrap else "constant")
    return known & seen.astype(bool)
