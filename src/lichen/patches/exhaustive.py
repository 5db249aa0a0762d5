"""All source pixels whose surroundings are nearest to a pixel's, by comparing every one.

Term t of a neighbourhood compares one value of the picture with a plane of the example at a fixed
offset from each source pixel; the error of a source pixel is

    sum over t of (roots[t] * planes[source + offsets[t]] - values[t])^2

Source pixels are compared in chunks that are contiguous in a plane, a few terms at a time, so that
sums go into vector registers. A chunk is abandoned as soon as none of its sums can come under what
the best one so far allows; with the weightiest terms first that is mostly early, and changes
nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lichen.arrays import Array, IntArray, Mask
from lichen.kernels import kernel, uniform
from lichen.patches.neighbourhood import Neighbourhood, gather, gather_filled
from lichen.patches.pyramid import Level
from lichen.patches.scan_order import searches
from lichen.patches.windows import Indices

CHUNK = 128
"""Source pixels whose errors are summed together."""

STAGE = 16
"""Terms between two checks whether a chunk may be abandoned; four are summed in one pass."""

FLOOR, CEILING = np.float32(1e-11), np.float32(1e38)
"""Errors below the floor are equal: a thousandth of an 8-bit step, but above rounding errors."""

MARGIN = np.float32(1.00001)
"""Room for the rounding of sums in another order, wherever source pixels are ruled out early."""


class Candidates(NamedTuple):
    """Source pixels that may be copied, and what is around them.

    Attributes
    ----------
    planes
        float32 (F * size,): one plane of the example after another, flat.
    width
        Of a plane, in pixels.
    barrier
        float32 (size,): 0 for candidates, infinity elsewhere.
    spans
        int64 (S, 2): where chunks with candidates begin and end.
    """

    planes: Array
    width: int
    barrier: Array
    spans: Indices

    @classmethod
    def of(cls, features: Array, centres: Mask) -> Candidates:
        """Take features (h, w, F) and the source pixels (h, w) with whole neighbourhoods."""
        flat = centres.ravel()
        found = np.flatnonzero(flat)
        chunk = (found - found[0]) // CHUNK
        firsts = np.flatnonzero(np.diff(chunk, prepend=-1))
        lasts = np.append(firsts[1:], len(found)) - 1
        return cls(
            planes=np.ascontiguousarray(features.transpose(2, 0, 1)).ravel(),
            width=centres.shape[1],
            barrier=np.where(flat, np.float32(0), np.float32(np.inf)),
            spans=np.stack([found[firsts], found[lasts] + 1], axis=1).astype(np.int64),
        )

    @property
    def n_candidates(self) -> int:
        """Number of candidates."""
        return int((self.barrier == 0).sum())


class Terms(NamedTuple):
    """Scratch of :func:`nearest_sources`, with a row for each slot: a pixel's terms and findings.

    Attributes
    ----------
    offsets, values, roots
        (T + 3,): the terms, the weightiest first; room to pad their number to a multiple of four.
    sums
        float32 (CHUNK,).
    found, errors
        int32 and float32 (N,): source pixels that were found, and their errors.
    """

    offsets: Indices
    values: Array
    roots: Array
    sums: Array
    found: IntArray
    errors: Array

    @classmethod
    def room(cls, n_terms: int, n_candidates: int, n_slots: int = 1) -> Terms:
        """Allocate rows for so many terms and candidates."""
        return cls(
            np.zeros((n_slots, n_terms + 3), np.int64),
            np.zeros((n_slots, n_terms + 3), np.float32),
            np.zeros((n_slots, n_terms + 3), np.float32),
            np.empty((n_slots, CHUNK), np.float32),
            np.empty((n_slots, n_candidates), np.int32),
            np.empty((n_slots, n_candidates), np.float32),
        )


@kernel(allocates=False)
def row_of(terms: Terms, slot: int) -> Any:
    """Terms of one slot."""
    return Terms(
        terms.offsets[slot],
        terms.values[slot],
        terms.roots[slot],
        terms.sums[slot],
        terms.found[slot],
        terms.errors[slot],
    )


@kernel(allocates=False)
def error_of(
    planes: Array, source: int, offsets: Indices, values: Array, roots: Array, n_terms: int
) -> Any:
    """Error of one source pixel."""
    total = np.float32(0)
    for t in range(n_terms):
        difference = planes[source + offsets[t]] * roots[t] - values[t]
        total += difference * difference
    return total


@kernel(allocates=False)
def nearest_sources(
    candidates: Candidates, terms: Terms, n_terms: int, bound: float, tolerance: float
) -> int:
    """Find all candidates with errors up to ``1 + tolerance`` times the least, in raster order.

    Parameters
    ----------
    terms
        Of one slot; ``found`` and ``errors`` are filled.
    bound
        The error of any one candidate, or infinity.

    Returns
    -------
    int
        Number of candidates found.
    """
    planes, barrier, spans = candidates.planes, candidates.barrier, candidates.spans
    offsets, values, roots = terms.offsets, terms.values, terms.roots
    sums, found, errors = terms.sums, terms.found, terms.errors
    padded = (n_terms + 3) // 4 * 4
    for t in range(n_terms, padded):  # terms that add nothing
        offsets[t], values[t], roots[t] = 0, 0, 0
    factor = np.float32(1 + tolerance)
    least = np.float32(np.inf)
    limit = min(max(np.float32(bound), FLOOR) * factor * MARGIN, CEILING)
    count = 0
    for s in range(len(spans)):
        start = spans[s, 0]
        n = spans[s, 1] - start
        out = sums[:n]
        closed = barrier[start : start + n]
        for i in range(n):
            out[i] = closed[i]
        alive = 1
        t = 0
        while t < padded and alive > 0:
            stop = min(t + STAGE, padded)
            while t < stop:
                # Slices, whose indices are plainly not negative, are what LLVM vectorizes.
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
                    limit = min(limit, max(least, FLOOR) * factor * MARGIN)
    limit = max(least, FLOOR) * factor
    kept = 0
    for k in range(count):
        if errors[k] <= limit:
            found[kept], errors[kept] = found[k], errors[k]
            kept += 1
    return kept


@kernel(allocates=False)
def coherent_error(
    candidates: Candidates, level: Level, y: int, x: int, terms: Terms, n_terms: int
) -> Any:
    """Least error of the source pixels that continue those of the neighbours, or infinity."""
    sources, wrap_rows, wrap_columns = level.sources, level.wrap_rows, level.wrap_columns
    height, columns = sources.shape
    offsets, values, roots = terms.offsets, terms.values, terms.roots
    planes, barrier, width = candidates.planes, candidates.barrier, candidates.width
    least = np.float32(np.inf)
    last = -1
    for k in range(9):
        dy, dx = k // 3 - 1, k % 3 - 1
        qy, qx = y + dy, x + dx
        if wrap_rows:
            qy %= height
        if wrap_columns:
            qx %= columns
        if not (0 <= qy < height and 0 <= qx < columns) or sources[qy, qx] < 0:
            continue
        source = sources[qy, qx] - dy * width - dx
        if source == last or source < 0 or source >= len(barrier) or barrier[source] > 0:
            continue
        last = source
        least = min(least, error_of(planes, source, offsets, values, roots, n_terms))
    return least


class Sampling(NamedTuple):
    """Draw from the source pixels that fit the filled part of a window (Efros and Leung 1999).

    Attributes
    ----------
    tolerance, max_error
        Source pixels with errors up to ``1 + tolerance`` times the least are drawn from; the pixel
        is left as it is if the error of the one drawn is not below ``max_error``.
    seed, attempt
        The draw of a pixel is ``uniform(seed, pixel, attempt)``.
    """

    tolerance: float
    max_error: float
    seed: int
    attempt: int


@searches(Sampling)
@kernel(allocates=False)
def _sample(
    search: Sampling,
    index: Candidates,
    neighbourhood: Neighbourhood,
    level: Level,
    scratch: Terms,
    y: int,
    x: int,
    slot: int,
) -> Any:
    terms = row_of(scratch, slot)
    n_terms = gather_filled(neighbourhood, level, y, x, terms.offsets, terms.values, terms.roots)
    bound = coherent_error(index, level, y, x, terms, n_terms)
    count = nearest_sources(index, terms, n_terms, bound, search.tolerance)
    pixel = y * level.known.shape[1] + x
    drawn = int(uniform(search.seed, pixel, search.attempt) * count)
    return terms.found[drawn] if terms.errors[drawn] < search.max_error else np.int32(-1)


class ExhaustiveSearch(NamedTuple):
    """Take the first source pixel with the nearest neighbourhood.

    Attributes
    ----------
    offsets
        int64 (T,): the neighbourhood's, flat, into the candidates' planes.
    """

    offsets: Indices


@searches(ExhaustiveSearch)
@kernel(allocates=False)
def _nearest(
    search: ExhaustiveSearch,
    index: Candidates,
    neighbourhood: Neighbourhood,
    level: Level,
    scratch: Terms,
    y: int,
    x: int,
    slot: int,
) -> Any:
    terms = row_of(scratch, slot)
    n_terms = len(search.offsets)
    offsets, roots = terms.offsets, terms.roots
    search_offsets, search_roots = search.offsets, neighbourhood.root
    for t in range(n_terms):
        offsets[t], roots[t] = search_offsets[t], search_roots[t]
    wraps = (level.wrap_rows, level.wrap_columns)
    gather(neighbourhood, level.image, level.image, y, x, wraps, terms.values)
    bound = coherent_error(index, level, y, x, terms, n_terms)
    nearest_sources(index, terms, n_terms, bound, 0.0)
    return terms.found[0]
