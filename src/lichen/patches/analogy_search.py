"""Best matches in scan order, by an approximate search and by coherence (Hertzmann et al. 2001).

A neighbourhood is a list of terms: a value of the level's picture or of the coarser one's, at an
offset, times a root of its weight. The features of picture and atlas are lists of equal terms;
their squared distance compares a pixel with a place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from lichen.kernels import kernel
from lichen.patches.coherence import Projection, project
from lichen.patches.neighbourhood import causal, square

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]

RADIUS, COARSE_RADIUS = 2, 1
"""Of the windows at a level, and at the coarser one, in pixels."""
WORTH_THREADS = 64
"""Queries; with fewer, starting threads takes longer than they save."""
CHUNK = 16_384
"""Vectors that are in memory at a time."""


@dataclass(frozen=True, eq=False)
class Terms:
    """What is compared.

    Attributes
    ----------
    terms
        int64 (T, 4): 0 for the level or 1 for the coarser one, row, column and channel.
    roots
        float32 (T,): roots of the weights.
    """

    terms: Ints
    roots: Array

    @classmethod
    def of(cls, n_values: int, n_guide: int, *, coarse: bool, whole: bool = False) -> Terms:
        """List the causal half of the values, or all of it, and all of the guide.

        With ``coarse`` there is a whole window of both at the coarser level, too.

        Weights are Gaussian, and those of each window of values and of each of the guide add up
        to 1, whatever its level and size.
        """
        values, guide = np.arange(n_values), np.arange(n_values, n_values + n_guide)
        side, coarse_side = 2 * RADIUS + 1, 2 * COARSE_RADIUS + 1
        windows = [
            (0, square(side) if whole else causal(side), side, values),
            (0, square(side), side, guide),
        ]
        if coarse:
            around = square(coarse_side)
            windows += [(1, around, coarse_side, values), (1, around, coarse_side, guide)]
        terms, roots = [], []
        for level, offsets, width, channels in windows:
            falloff = gaussian_falloff(offsets, width)
            for (dy, dx), weight in zip(offsets, falloff, strict=True):
                terms += [(level, dy, dx, channel) for channel in channels]
                roots += [np.sqrt(weight)] * len(channels)
        return cls(np.array(terms, np.int64).reshape(-1, 4), np.array(roots, np.float32))


def gaussian_falloff(offsets: Ints, side: int) -> Array:
    """Weights (K,) of offsets (K, 2) in a square that fall off from its centre and add up to 1."""
    weights = np.exp(-0.5 * np.square(offsets).sum(1) / (side / 5) ** 2)
    return np.asarray(weights / weights.sum(), np.float32)


def analogous_places(
    atlas: tuple[Array, Array],
    centres: Mask,
    picture: tuple[Array, Array],
    places: Places,
    free: Mask,
    made: Mask,
    terms: Terms,
    *,
    n_values: int,
    kappa: float,
    wraps: tuple[bool, bool],
    n_dims: int,
    slack: float,
    workers: int,
    n_yields: int,
) -> Iterator[float]:
    """Choose each free pixel of a level, in scan order; change ``places`` and the picture.

    Parameters
    ----------
    atlas, picture
        Features (h, w, F) and (H, W, F), each of the level and of the coarser one.
    centres
        (h, w): places with whole windows at both.
    places
        (H, W): what pixels copy, of the upsampled coarser level before they are chosen.
    free, made
        (H, W): pixels to choose, and those from whose places others go on; the latter is changed.
    n_values
        Features beyond these are the guide.
    kappa
        The coherent place is taken with a squared distance up to ``1 + kappa`` times that of the
        place found by the search.
    n_dims, slack
        Principal components that the search compares, and the share by which the distance of
        what it finds may be greater than that of the nearest.
    n_yields
        Times that the share done is given.
    """
    fine, coarse = atlas
    image, coarse_image = picture
    width = centres.shape[1]
    candidates = np.flatnonzero(centres).astype(np.int32)

    def vectors_of(chosen: Places) -> Array:
        found = np.empty((len(chosen), len(terms.roots)), np.float32)
        gather(fine, coarse, chosen, width, terms.terms, terms.roots, (False, False), found)
        return found

    projection = Projection.of(
        vectors_of, candidates, n_dims if n_dims < len(terms.roots) else None
    )
    vectors = np.empty((len(candidates), projection.axes.shape[1]), np.float32)
    for first in range(0, len(candidates), CHUNK):
        part = slice(first, first + CHUNK)
        project(vectors_of(candidates[part]), projection.mean, projection.axes, vectors[part])
    tree = cKDTree(vectors, balanced_tree=False)
    order, starts = waves(free, RADIUS)
    every = max(1, -(-len(starts) // n_yields))
    for wave in range(len(starts) - 1):
        pixels = order[starts[wave] : starts[wave + 1]]
        queries = np.empty((len(pixels), len(terms.roots)), np.float32)
        gather(image, coarse_image, pixels, free.shape[1], terms.terms, terms.roots, wraps, queries)
        projected = np.empty((len(pixels), vectors.shape[1]), np.float32)
        project(queries, projection.mean, projection.axes, projected)
        threads = workers if len(pixels) >= WORTH_THREADS else 1
        nearest = tree.query(projected, eps=slack, workers=threads)[1]
        choose(
            fine, coarse, centres, image, made, places, pixels, queries, candidates[nearest],
            terms.terms, terms.roots, n_values, kappa, wraps,
        )  # fmt: skip
        if (wave + 1) % every == 0 and wave + 2 < len(starts):
            yield (wave + 1) / (len(starts) - 1)
    yield 1.0


def waves(free: Mask, radius: int) -> tuple[Places, Ints]:
    """Free pixels in groups that scan order allows to be chosen at the same time.

    A group sees, in causal windows of this radius, only pixels of earlier ones.

    Returns
    -------
    tuple
        int32 (N,) flat indices; int64 (G + 1,): where groups begin.
    """
    rows, columns = np.nonzero(free)
    wave = columns + (radius + 1) * rows
    order = np.argsort(wave, kind="stable")
    starts = np.flatnonzero(np.diff(wave[order], prepend=-1))
    pixels = (rows * free.shape[1] + columns)[order]
    return pixels.astype(np.int32), np.append(starts, len(pixels))


@kernel()
def gather(
    fine: Array,
    coarse: Array,
    pixels: Places,
    width: int,
    terms: Ints,
    roots: Array,
    wraps: tuple[bool, bool],
    found: Array,
) -> None:
    """Fill ``found`` (N, T) with the terms of pixels, flat indices; borders are repeated."""
    for n in range(len(pixels)):
        y, x = pixels[n] // width, pixels[n] % width
        for t in range(len(roots)):
            qy, qx = (y, x) if terms[t, 0] == 0 else (y // 2, x // 2)
            rows, columns = fine.shape[:2] if terms[t, 0] == 0 else coarse.shape[:2]
            qy, qx = qy + terms[t, 1], qx + terms[t, 2]
            qy = qy % rows if wraps[0] else min(max(qy, 0), rows - 1)
            qx = qx % columns if wraps[1] else min(max(qx, 0), columns - 1)
            value = fine[qy, qx, terms[t, 3]] if terms[t, 0] == 0 else coarse[qy, qx, terms[t, 3]]
            found[n, t] = roots[t] * value


@kernel()
def choose(
    fine: Array,
    coarse: Array,
    centres: Mask,
    image: Array,
    made: Mask,
    places: Places,
    pixels: Places,
    queries: Array,
    nearest: Places,
    terms: Ints,
    roots: Array,
    n_values: int,
    kappa: float,
    wraps: tuple[bool, bool],
) -> None:
    """Take for each pixel the coherent place, or ``nearest`` if that is so much nearer."""
    height, columns = made.shape
    atlas_height, atlas_width = centres.shape
    for n in range(len(pixels)):
        y, x = pixels[n] // columns, pixels[n] % columns
        tried = np.empty(25, np.int64)
        n_tried = 0
        best = np.int64(-1)
        least = np.float32(np.inf)
        for number in range(26):  # the place of the search last
            place = np.int64(nearest[n])
            if number < 25:
                dy, dx = number // 5 - 2, number % 5 - 2
                qy, qx = y + dy, x + dx
                if wraps[0]:
                    qy %= height
                if wraps[1]:
                    qx %= columns
                if qy < 0 or qy >= height or qx < 0 or qx >= columns:
                    continue
                if not made[qy, qx] or places[qy, qx] < 0:
                    continue
                ay = places[qy, qx] // atlas_width - dy
                ax = places[qy, qx] % atlas_width - dx
                if ay < 0 or ay >= atlas_height or ax < 0 or ax >= atlas_width:
                    continue
                place = ay * atlas_width + ax
                if not centres[ay, ax]:
                    continue
                known = False
                for k in range(n_tried):
                    known = known or tried[k] == place
                if known:
                    continue
                tried[n_tried] = place
                n_tried += 1
            ay, ax = place // atlas_width, place % atlas_width
            total = np.float32(0)
            for t in range(len(roots)):
                if terms[t, 0] == 0:
                    value = fine[ay + terms[t, 1], ax + terms[t, 2], terms[t, 3]]
                else:
                    value = coarse[ay // 2 + terms[t, 1], ax // 2 + terms[t, 2], terms[t, 3]]
                difference = roots[t] * value - queries[n, t]
                total += difference * difference
                if total > least:
                    break
            if number == 25:
                if best < 0 or total * np.float32(1 + kappa) < least:
                    best = place
            elif total < least:
                best, least = place, total
        nearest[n] = best
    for n in range(len(pixels)):
        y, x = pixels[n] // columns, pixels[n] % columns
        ay, ax = nearest[n] // atlas_width, nearest[n] % atlas_width
        places[y, x] = nearest[n]
        made[y, x] = True
        for c in range(n_values):
            image[y, x, c] = fine[ay, ax, c]
