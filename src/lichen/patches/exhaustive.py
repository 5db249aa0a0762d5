"""All places of an atlas whose surroundings are nearest to a pixel's, by looking at every place.

A neighbourhood is a list of terms. Term t compares one value of the canvas with the plane of the
atlas at a fixed offset from each place, and the error of a place is

    sum over t of (roots[t] * planes[place + offsets[t]] - values[t])^2

Places are looked at in chunks of one plane's memory, whose sums over a few terms at a time are
contiguous and go into vectors. A chunk is left as soon as none of its sums can come under what the
best place so far allows; with the weightiest terms first that is mostly early, and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from lichen.kernels import kernel, uniform
from lichen.patches.neighbourhood import gather

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]

CHUNK = 128
"""Places whose errors are summed together."""

STAGE = 16
"""Terms between two looks at whether a chunk may be left; four are summed in one pass."""

FLOOR, CEILING = np.float32(1e-11), np.float32(1e38)
"""Errors below the floor are equal: an 8-bit step's thousandth, but more than rounding makes."""

SLACK = np.float32(1.00001)
"""Room for the rounding of sums in another order, wherever places are ruled out early."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Places that may be copied, and what is around them.

    Attributes
    ----------
    planes
        float32 (P * size,): one plane of the atlas after the other, flat.
    size, width
        Pixels of a plane and of its rows.
    barrier
        float32 (size,): 0 at places that may be copied, infinity elsewhere.
    spans
        int64 (S, 2): where chunks with such places begin and end.
    """

    planes: Array
    size: int
    width: int
    barrier: Array
    spans: Ints

    @classmethod
    def of(cls, planes: Array, centres: Mask) -> Candidates:
        """Take planes (h, w, P) and the places (h, w) with whole neighbourhoods."""
        flat = centres.ravel()
        places = np.flatnonzero(flat)
        chunk = (places - places[0]) // CHUNK
        firsts = np.flatnonzero(np.diff(chunk, prepend=-1))
        lasts = np.append(firsts[1:], len(places)) - 1
        return cls(
            planes=np.ascontiguousarray(planes.transpose(2, 0, 1)).ravel(),
            size=flat.size,
            width=centres.shape[1],
            barrier=np.where(flat, np.float32(0), np.float32(np.inf)),
            spans=np.stack([places[firsts], places[lasts] + 1], axis=1).astype(np.int64),
        )

    @property
    def count(self) -> int:
        """Number of places that may be copied."""
        return int((self.barrier == 0).sum())


@kernel()
def place_error(
    planes: Array, place: int, offsets: Ints, values: Array, roots: Array, n_terms: int
) -> Any:
    """Error of one place."""
    total = np.float32(0)
    for t in range(n_terms):
        difference = planes[place + offsets[t]] * roots[t] - values[t]
        total += difference * difference
    return total


@kernel()
def nearest_places(
    planes: Array,
    barrier: Array,
    spans: Ints,
    offsets: Ints,
    values: Array,
    roots: Array,
    n_terms: int,
    bound: float,
    tolerance: float,
    sums: Array,
    found: Places,
    errors: Array,
) -> int:
    """Find all places with errors up to ``1 + tolerance`` times the least, in raster order.

    Parameters
    ----------
    planes, barrier, spans
        Of :class:`Candidates`.
    offsets, values, roots
        The terms, at least ``n_terms + 3`` long, the weightiest first.
    bound
        The error of any one place, or infinity.
    sums
        float32 (CHUNK,), scratch.
    found, errors
        Filled with the places and their errors; as long as there are places.

    Returns
    -------
    int
        How many were found.
    """
    padded = (n_terms + 3) // 4 * 4
    for t in range(n_terms, padded):  # terms that add nothing
        offsets[t], values[t], roots[t] = 0, 0, 0
    share = np.float32(1 + tolerance)
    least = np.float32(np.inf)
    limit = min(max(np.float32(bound), FLOOR) * share * SLACK, CEILING)
    count = 0
    for s in range(len(spans)):
        start = spans[s, 0]
        n = spans[s, 1] - start
        out = sums[:n]
        out[:] = barrier[start : start + n]
        alive = 1
        t = 0
        while t < padded and alive > 0:
            stop = min(t + STAGE, padded)
            while t < stop:
                # Slices, whose indices are plainly not negative, are what LLVM makes vectors of.
                i0, i1 = start + offsets[t], start + offsets[t + 1]
                i2, i3 = start + offsets[t + 2], start + offsets[t + 3]
                a, b = planes[i0 : i0 + n], planes[i1 : i1 + n]
                c, d = planes[i2 : i2 + n], planes[i3 : i3 + n]
                ra, rb, rc, rd = roots[t], roots[t + 1], roots[t + 2], roots[t + 3]
                va, vb, vc, vd = values[t], values[t + 1], values[t + 2], values[t + 3]
                for i in range(n):
                    da, db = a[i] * ra - va, b[i] * rb - vb
                    dc, dd = c[i] * rc - vc, d[i] * rd - vd
                    out[i] += (da * da + db * db) + (dc * dc + dd * dd)
                t += 4
            alive = 0
            for i in range(n):
                alive += out[i] <= limit
        if alive == 0:
            continue
        for i in range(n):
            if out[i] <= limit:
                found[count], errors[count] = start + i, out[i]
                count += 1
                if out[i] < least:
                    least = out[i]
                    limit = min(limit, max(least, FLOOR) * share * SLACK)
    limit = max(least, FLOOR) * share
    kept = 0
    for k in range(count):
        if errors[k] <= limit:
            found[kept], errors[kept] = found[k], errors[k]
            kept += 1
    return kept


@kernel()
def window_terms(
    image: Array,
    filled: Mask,
    y: int,
    x: int,
    window: Ints,
    weights: Array,
    wraps: tuple[bool, bool],
    n_guide: int,
    width: int,
    size: int,
    offsets: Ints,
    values: Array,
    roots: Array,
) -> int:
    """List the terms of the window about a pixel: what is filled, and the guide all over it.

    The filled part's weights add up to 1, the guide's likewise.
    """
    height, columns, channels = image.shape
    n_values = channels - n_guide
    mass, guide_mass = np.float32(0), np.float32(0)
    for k in range(len(window)):
        qy, qx = y + window[k, 0], x + window[k, 1]
        if wraps[0]:
            qy %= height
        if wraps[1]:
            qx %= columns
        if 0 <= qy < height and 0 <= qx < columns:
            guide_mass += weights[k]
            if filled[qy, qx]:
                mass += weights[k]
    n = 0
    for k in range(len(window)):
        qy, qx = y + window[k, 0], x + window[k, 1]
        if wraps[0]:
            qy %= height
        if wraps[1]:
            qx %= columns
        if not (0 <= qy < height and 0 <= qx < columns):
            continue
        for c in range(0 if filled[qy, qx] else n_values, channels):
            root = np.float32(np.sqrt(weights[k] / (mass if c < n_values else guide_mass)))
            offsets[n] = c * size + window[k, 0] * width + window[k, 1]
            values[n] = root * image[qy, qx, c]
            roots[n] = root
            n += 1
    return n


@kernel()
def _fill(
    pixel: int,
    planes: Array,
    width: int,
    barrier: Array,
    spans: Ints,
    image: Array,
    filled: Mask,
    places: Places,
    window: Ints,
    weights: Array,
    wraps: tuple[bool, bool],
    n_guide: int,
    tolerance: float,
    most: float,
    share: float,
    offsets: Ints,
    values: Array,
    roots: Array,
    sums: Array,
    found: Places,
    errors: Array,
) -> None:
    """Fill one pixel with the place that ``share``, 0 to 1, draws, if its error is below ``most``.

    Parameters
    ----------
    pixel
        Flat index. The others are those of :func:`grow`, the scratch of one thread.
    """
    size = len(barrier)
    y, x = divmod(pixel, image.shape[1])
    n_terms = window_terms(
        image,
        filled,
        y,
        x,
        window,
        weights,
        wraps,
        n_guide,
        width,
        size,
        offsets,
        values,
        roots,
    )
    bound = coherent_error(
        planes, width, barrier, places, y, x, wraps, offsets, values, roots, n_terms
    )
    count = nearest_places(
        planes,
        barrier,
        spans,
        offsets,
        values,
        roots,
        n_terms,
        bound,
        tolerance,
        sums,
        found,
        errors,
    )
    drawn = int(share * count)
    if errors[drawn] < most:
        place = found[drawn]
        places[y, x] = place
        for c in range(image.shape[2] - n_guide):
            image[y, x, c] = planes[c * size + place]
        filled[y, x] = True


@kernel(parallel=True)
def grow(
    order: Ints,
    starts: Ints,
    seed: int,
    attempt: int,
    planes: Array,
    width: int,
    barrier: Array,
    spans: Ints,
    image: Array,
    filled: Mask,
    places: Places,
    window: Ints,
    weights: Array,
    wraps: tuple[bool, bool],
    n_guide: int,
    tolerance: float,
    most: float,
    offsets: Ints,
    values: Array,
    roots: Array,
    sums: Array,
    found: Places,
    errors: Array,
) -> None:
    """Fill pixels with places drawn from those that fit their windows (Efros and Leung 1999).

    Parameters
    ----------
    order, starts
        Flat indices of the pixels to be filled, in groups of pixels that do not see each other;
        each group from ``starts[g]`` up to ``starts[g + 1]`` is done at once.
    seed, attempt
        The draw of a pixel is ``uniform(seed, pixel, attempt)``.
    planes, width, barrier, spans
        Of :class:`Candidates`.
    image, filled, places
        (H, W, F), (H, W), (H, W): changed.
    window, weights
        (K, 2) offsets of the window, the weightiest first, and (K,).
    n_guide
        How many of the last features are a guide, known everywhere.
    tolerance, most
        Places with errors up to ``1 + tolerance`` times the least are drawn from; what is drawn
        is left out again if its error is not below ``most``.
    offsets, values, roots, sums, found, errors
        Scratch, a row for each thread.
    """
    slots = len(sums)
    for group in range(len(starts) - 1):
        for slot in numba.prange(slots):
            for k in range(starts[group] + slot, starts[group + 1], slots):
                _fill(
                    order[k],
                    planes,
                    width,
                    barrier,
                    spans,
                    image,
                    filled,
                    places,
                    window,
                    weights,
                    wraps,
                    n_guide,
                    tolerance,
                    most,
                    uniform(seed, order[k], attempt),
                    offsets[slot],
                    values[slot],
                    roots[slot],
                    sums[slot],
                    found[slot],
                    errors[slot],
                )


@kernel()
def coherent_error(
    planes: Array,
    width: int,
    barrier: Array,
    places: Places,
    y: int,
    x: int,
    wraps: tuple[bool, bool],
    offsets: Ints,
    values: Array,
    roots: Array,
    n_terms: int,
) -> Any:
    """Least error of the places that go on from where the neighbours come from, or infinity."""
    height, columns = places.shape
    least = np.float32(np.inf)
    last = -1
    for k in range(9):
        dy, dx = k // 3 - 1, k % 3 - 1
        qy, qx = y + dy, x + dx
        if wraps[0]:
            qy %= height
        if wraps[1]:
            qx %= columns
        if not (0 <= qy < height and 0 <= qx < columns) or places[qy, qx] < 0:
            continue
        place = places[qy, qx] - dy * width - dx
        if place == last or place < 0 or place >= len(barrier) or barrier[place] > 0:
            continue
        last = place
        least = min(least, place_error(planes, place, offsets, values, roots, n_terms))
    return least


@kernel()
def groups_in_order(
    order: Ints, radius: int, wraps: tuple[bool, bool], shape: tuple[int, int]
) -> Ints:
    """Number of the group in which each pixel of a sequence may be made, (N,).

    A pixel comes in a later group than all pixels before it in ``order`` that its window of this
    radius sees, so that groups one after the other give what the sequence gives.
    """
    height, width = shape
    latest = np.zeros(shape, np.int64)
    groups = np.empty(len(order), np.int64)
    # The window is no wider than the canvas: each pixel is seen once.
    low_y, low_x = -min(radius, height - 1), -min(radius, width - 1)
    for k in range(len(order)):
        y, x = divmod(order[k], width)
        group = 0
        for dy in range(low_y, 1 - low_y):
            qy = y + dy
            if wraps[0]:
                qy %= height
            elif qy < 0 or qy >= height:
                continue
            for dx in range(low_x, 1 - low_x):
                qx = x + dx
                if wraps[1]:
                    qx %= width
                if 0 <= qx < width:
                    group = max(group, latest[qy, qx])
        latest[y, x] = group + 1
        groups[k] = group
    return groups


@kernel()
def scan(
    planes: Array,
    width: int,
    barrier: Array,
    spans: Ints,
    offsets: Ints,
    plane: Ints,
    dy: Ints,
    dx: Ints,
    root: Array,
    canvas: Array,
    n_values: int,
    known: Mask,
    places: Places,
    first_row: int,
    last_row: int,
) -> None:
    """Set each pixel of some rows, in scan order, to the place with the nearest neighbourhood.

    Parameters
    ----------
    planes, width, barrier, spans
        Of :class:`Candidates`.
    offsets, plane, dy, dx, root
        Of the :class:`~lichen.patches.neighbourhood.Neighbourhood`; the first as in the planes.
    canvas, places
        (P, H, W) and (H, W): changed; a torus.
    n_values
        The first planes so many are copied.
    known
        (H, W): pixels that are left as they are.
    """
    n_terms = len(plane)
    terms = np.zeros(n_terms + 3, np.int64)
    terms[:n_terms] = offsets
    values, roots = np.zeros(n_terms + 3, np.float32), np.zeros(n_terms + 3, np.float32)
    roots[:n_terms] = root
    sums = np.empty(CHUNK, np.float32)
    found, errors = np.empty(len(barrier), np.int32), np.empty(len(barrier), np.float32)
    for y in range(first_row, last_row):
        for x in range(canvas.shape[2]):
            if known[y, x]:
                continue
            gather(canvas, y, x, plane, dy, dx, root, values)
            bound = coherent_error(
                planes, width, barrier, places, y, x, (True, True), terms, values, roots, n_terms
            )
            nearest_places(
                planes,
                barrier,
                spans,
                terms,
                values,
                roots,
                n_terms,
                bound,
                0.0,
                sums,
                found,
                errors,
            )
            places[y, x] = found[0]
            for c in range(n_values):
                canvas[c, y, x] = planes[c * len(barrier) + found[0]]
