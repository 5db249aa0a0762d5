"""Coherent search: candidates of a pixel continue the source pixels of its neighbours.

Shifted by the offset to a neighbour, its source pixel continues the piece that it was copied from
(Ashikhmin 2001), and source pixels that look like that one are candidates as well (Tong et al.
2002). The candidate whose surroundings are most like the pixel's own is taken.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from lichen.arrays import Array, IntArray, Mask
from lichen.kernels import kernel, mix, uniform
from lichen.patches.pyramid import Level
from lichen.patches.scan_order import raster, scan, searches


class CandidateSets(NamedTuple):
    """Source pixels, and which look like which.

    Attributes
    ----------
    features
        float32 (h * w * F,): of the example, flat.
    centres
        bool (h * w,): source pixels whose whole windows are usable.
    fallback
        int32 (M,): the same as a list, to draw from.
    similar
        int32 (h * w, k): source pixels like each, itself first, -1 for none.
    """

    features: Array
    centres: Mask
    fallback: IntArray
    similar: IntArray

    @classmethod
    def of(cls, features: Array, centres: Mask, similar: IntArray | None = None) -> CandidateSets:
        """Take features (h, w, F), centres (h, w), and sets from a search.

        Without sets each source pixel is like itself only.
        """
        if similar is None:
            similar = np.arange(centres.size, dtype=np.int32)[:, None]
        candidates = np.flatnonzero(centres).astype(np.int32)
        return cls(features.reshape(-1), centres.ravel(), candidates, similar)


class Window(NamedTuple):
    """A square window, compared as far as it is filled, and the guide in all of it."""

    radius: int


class CoherentSearch(NamedTuple):
    """How unfilled pixels of a window count.

    Attributes
    ----------
    noise
        Whether what the causal half of a window sees that is not filled, or beyond the border, is
        noise: random source pixels, for variety.
    initialized
        Whether pixels that are not filled count, as an initial image.
    seed
        Of all draws.
    """

    noise: bool
    initialized: bool
    seed: int


class WindowScratch(NamedTuple):
    """Scratch with a row for each slot.

    Attributes
    ----------
    values, weights
        float32 (side * side * F,): the window, and 1 where it counts.
    sources
        int32 (side * side,): source pixels of the window.
    tried
        int32 (h * w,): which pixel last tried each source pixel.
    """

    values: Array
    weights: Array
    sources: IntArray
    tried: IntArray


def coherent_scan(level: Level, sets: CandidateSets, radius: int, search: CoherentSearch) -> None:
    """Choose each pixel that is not known once, in raster order.

    What is filled of a window counts: its causal half at first, all of it in later scans.
    """
    n_slots = numba.get_num_threads()
    side, channels = 2 * radius + 1, level.image.shape[2]
    scratch = WindowScratch(
        np.zeros((n_slots, side * side * channels), np.float32),
        np.zeros((n_slots, side * side * channels), np.float32),
        np.zeros((n_slots, side * side), np.int32),
        np.zeros((n_slots, sets.centres.size), np.int32),
    )
    schedule = raster(~level.known, radius, level.wraps)
    scan(schedule, search, sets, Window(radius), level, scratch, n_slots)


@searches(CoherentSearch)
@kernel(allocates=False)
def _coherent_source(
    search: CoherentSearch,
    index: CandidateSets,
    neighbourhood: Window,
    level: Level,
    scratch: WindowScratch,
    y: int,
    x: int,
    slot: int,
) -> Any:
    radius = neighbourhood.radius
    values, weights = scratch.values[slot], scratch.weights[slot]
    sources, tried = scratch.sources[slot], scratch.tried[slot]
    _read_window(search, index, level, radius, y, x, values, weights, sources)
    pixel = y * level.known.shape[1] + x
    channels, atlas_width = level.features.shape[2], level.features.shape[1]
    flat, centres = index.features, index.centres
    fallback, similar = index.fallback, index.similar
    side = 2 * radius + 1
    length = side * channels
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
        # The pixel's own source comes first: it stays where others tie, and rules most of them out.
        cell = middle if number == 0 else number - 1 if number <= middle else number
        source = -1 if last else sources[cell]
        if source < 0 and not last:
            continue
        shift = (cell // side - radius) * atlas_width + cell % side - radius
        for k in range(1 if last else similar.shape[1]):
            candidate = -1
            if not last and similar[source, k] >= 0:
                candidate = similar[source, k] - shift
                if candidate < 0 or candidate >= len(centres) or not centres[candidate]:
                    candidate = -1
            if candidate < 0:
                if k > 0:
                    continue
                drawn = uniform(search.seed, pixel, cell + 1)
                candidate = fallback[int(drawn * len(fallback))]
            if tried[candidate] == mark:
                continue
            tried[candidate] = mark
            total = np.float32(0)
            for row in range(rows):
                start = (candidate - radius * atlas_width - radius + row * atlas_width) * channels
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
                best, least = candidate, total
    return best


@kernel(allocates=False)
def _read_window(
    search: CoherentSearch,
    index: CandidateSets,
    level: Level,
    radius: int,
    y: int,
    x: int,
    values: Array,
    weights: Array,
    sources: IntArray,
) -> None:
    """Write what a pixel sees: values, whether they count, and where they were copied from."""
    # Fields are read once: each access to an array of a tuple counts a reference.
    image, filled, copied, n_values = level.image, level.filled, level.sources, level.n_values
    wrap_rows, wrap_columns = level.wrap_rows, level.wrap_columns
    height, width, channels = image.shape
    flat, fallback = index.features, index.fallback
    side = 2 * radius + 1
    weights[:] = 0
    for cell in range(side * side):
        qy, qx = y + cell // side - radius, x + cell % side - radius
        start = cell * channels
        if wrap_rows:
            qy %= height
        if wrap_columns:
            qx %= width
        inside = 0 <= qy < height and 0 <= qx < width
        source = -1
        seen = False
        if inside:
            seen = filled[qy, qx] or search.initialized
            source = copied[qy, qx] if filled[qy, qx] else -1
            for c in range(channels):
                values[start + c] = image[qy, qx, c]
            for c in range(n_values, channels):
                weights[start + c] = 1
        if search.noise and not seen and cell < side * side // 2:
            key = mix(qy + radius, qx + radius)
            source = fallback[int(uniform(search.seed, key, 0) * len(fallback))]
            for c in range(n_values):
                values[start + c] = flat[source * channels + c]
            seen = True
        if seen:
            for c in range(n_values):
                weights[start + c] = 1
        sources[cell] = source
