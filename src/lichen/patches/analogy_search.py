"""Best matches in scan order, by an approximate search and by coherence (Hertzmann et al. 2001)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from lichen.arrays import Array, IntArray, Mask
from lichen.kernels import kernel
from lichen.patches.neighbourhood import Neighbourhood, Part
from lichen.patches.pyramid import Level
from lichen.patches.scan_order import wavefronts
from lichen.patches.similarity import Projection
from lichen.patches.windows import causal, gaussian_weights, square

RADIUS, COARSE_RADIUS = 2, 1
"""Of the windows at a level, and at the coarser one, in pixels."""
WORTH_THREADS = 64
"""Queries; with fewer, starting threads takes longer than they save."""


def analogy_neighbourhood(
    n_values: int, n_guide: int, *, coarse: bool, whole: bool = False
) -> Neighbourhood:
    """Terms of the causal half of the values, or of all of it, and of the guide all around.

    With ``coarse`` there is a whole window of both at the coarser level, too. Weights are Gaussian,
    and those of each window of values and of the guide sum to 1, whatever its level and size.
    """
    values, guide = range(n_values), range(n_values, n_values + n_guide)
    side, coarse_side = 2 * RADIUS + 1, 2 * COARSE_RADIUS + 1
    windows = [
        (0, values, square(side) if whole else causal(side), side),
        (0, guide, square(side), side),
    ]
    if coarse:
        around = square(coarse_side)
        windows += [(1, values, around, coarse_side), (1, guide, around, coarse_side)]
    parts: list[Part] = []
    for level, planes, offsets, width in windows:
        weights = gaussian_weights(offsets, width / 5)
        parts.append((level, planes, offsets, (weights / weights.sum()).astype(np.float32)))
    return Neighbourhood.of(parts)


@dataclass(frozen=True)
class AnalogySearch:
    """How the match of a pixel is chosen.

    Attributes
    ----------
    kappa
        The coherent source pixel is taken with a squared distance up to ``1 + kappa`` times that
        of the one found by the search.
    components, tolerance
        Principal components that the search compares, and the fraction by which the distance of
        what it finds may exceed that of the nearest.
    workers
        Threads of the search.
    """

    kappa: float
    components: int
    tolerance: float
    workers: int = 1

    def scan(
        self,
        level: Level,
        coarser: Level,
        centres: Mask,
        neighbourhood: Neighbourhood,
        n_reports: int,
    ) -> Iterator[float]:
        """Choose each pixel that is not known, in scan order; change the level's picture.

        ``level.sources`` are those of the coarser level at first.

        Parameters
        ----------
        centres
            bool (h, w): source pixels with whole windows at both levels.
        n_reports
            How often the fraction done is yielded.
        """
        candidates = np.flatnonzero(centres).astype(np.int32)

        def vectors_of(sources: IntArray) -> Array:
            return neighbourhood.vectors(level.features, coarser.features, sources, (False, False))

        projection = Projection.of(
            vectors_of,
            candidates,
            self.components if self.components < neighbourhood.n_terms else None,
        )
        tree = cKDTree(projection.of_all(vectors_of, candidates), balanced_tree=False)
        # Over a wrap of columns, windows see the end of the row before as it was at first.
        schedule = wavefronts(~level.known, RADIUS)
        n_groups = len(schedule.groups) - 1
        every = max(1, -(-n_groups // n_reports))
        for group in range(n_groups):
            first, last = schedule.groups[group], schedule.groups[group + 1]
            pixels = schedule.order[first:last].astype(np.int32)
            queries = neighbourhood.vectors(level.image, coarser.image, pixels, level.wraps)
            everyone = np.arange(len(pixels), dtype=np.int32)
            projected = projection.of_all(queries.__getitem__, everyone)
            threads = self.workers if len(pixels) >= WORTH_THREADS else 1
            nearest = tree.query(projected, eps=self.tolerance, workers=threads)[1]
            _choose(
                level,
                coarser.features,
                centres,
                neighbourhood,
                pixels,
                queries,
                candidates[nearest],
                self.kappa,
            )
            if (group + 1) % every == 0 and group + 1 < n_groups:
                yield (group + 1) / n_groups
        yield 1.0


@kernel()
def _choose(
    level: Level,
    coarse: Array,
    centres: Mask,
    neighbourhood: Neighbourhood,
    pixels: IntArray,
    queries: Array,
    nearest: IntArray,
    kappa: float,
) -> None:
    """Take for each pixel the coherent source pixel, or ``nearest`` if that is so much nearer."""
    # Fields are read once: each access to an array of a tuple counts a reference.
    fine, image, n_values = level.features, level.image, level.n_values
    filled, sources = level.filled, level.sources
    wrap_rows, wrap_columns = level.wrap_rows, level.wrap_columns
    is_coarse, planes, roots = neighbourhood.coarse, neighbourhood.plane, neighbourhood.root
    down, right = neighbourhood.dy, neighbourhood.dx
    height, columns = filled.shape
    atlas_height, atlas_width = centres.shape
    for n in range(len(pixels)):
        y, x = pixels[n] // columns, pixels[n] % columns
        tried = np.empty(25, np.int64)
        n_tried = 0
        best = np.int64(-1)
        least = np.float32(np.inf)
        for number in range(26):  # the search's own comes last
            source = np.int64(nearest[n])
            if number < 25:
                dy, dx = number // 5 - 2, number % 5 - 2
                qy, qx = y + dy, x + dx
                if wrap_rows:
                    qy %= height
                if wrap_columns:
                    qx %= columns
                if qy < 0 or qy >= height or qx < 0 or qx >= columns:
                    continue
                if not filled[qy, qx] or sources[qy, qx] < 0:
                    continue
                ay = sources[qy, qx] // atlas_width - dy
                ax = sources[qy, qx] % atlas_width - dx
                if ay < 0 or ay >= atlas_height or ax < 0 or ax >= atlas_width:
                    continue
                source = ay * atlas_width + ax
                if not centres[ay, ax]:
                    continue
                repeated = False
                for k in range(n_tried):
                    repeated = repeated or tried[k] == source
                if repeated:
                    continue
                tried[n_tried] = source
                n_tried += 1
            ay, ax = source // atlas_width, source % atlas_width
            total = np.float32(0)
            for t in range(len(roots)):
                if is_coarse[t] == 0:
                    value = fine[ay + down[t], ax + right[t], planes[t]]
                else:
                    value = coarse[ay // 2 + down[t], ax // 2 + right[t], planes[t]]
                difference = roots[t] * value - queries[n, t]
                total += difference * difference
                if total > least:
                    break
            if number == 25:
                if best < 0 or total * np.float32(1 + kappa) < least:
                    best = source
            elif total < least:
                best, least = source, total
        nearest[n] = best
    for n in range(len(pixels)):
        y, x = pixels[n] // columns, pixels[n] % columns
        ay, ax = nearest[n] // atlas_width, nearest[n] % atlas_width
        sources[y, x] = nearest[n]
        filled[y, x] = True
        for c in range(n_values):
            image[y, x, c] = fine[ay, ax, c]
