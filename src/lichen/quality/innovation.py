"""Innovation: how much of the result is copied from the exemplar, in how large pieces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label
from scipy.spatial import cKDTree

from lichen.patches.windows import all_anchors, patch_vectors
from lichen.image.colour import principal_axes

Array = NDArray[np.float32]

SIDE = 7
NODES = 64
"""The result is asked on a grid of at most this many places in each direction."""
TURNS = tuple((quarters, mirrored) for quarters in range(4) for mirrored in (False, True))
N_COMPONENTS = 8
N_CANDIDATES = 64
N_SOURCES = 16
"""Squares in each direction over which source positions are counted."""


@dataclass(frozen=True)
class Copies:
    """What of a picture is copied from another.

    Attributes
    ----------
    share
        Share of places whose patch of 7 px is the other picture's, turned or mirrored or not.
    largest
        Share of the picture that the largest connected region copied with one displacement fills.
    entropy
        Of the source positions of all places, copied or not, in [0, 1]; 1 when all of the
        exemplar is used alike.
    copied
        bool (rows, columns), the places that are copied, on the grid.
    stride
        Pixels between places.
    """

    share: float
    largest: float
    entropy: float
    copied: NDArray[np.bool_]
    stride: int


def copies(exemplar: Array, result: Array, flips: bool = True) -> Copies:
    """Find what ``result`` copies from ``exemplar``: exact up to noise of two grey levels.

    Parameters
    ----------
    exemplar, result
        (H, W, C) in [0, 1], at least 7 px, the same C.
    flips
        Whether the eight turned and mirrored versions count as copies.
    """
    stride = max(1, -(-(max(result.shape[:2]) - SIDE + 1) // NODES))
    places = all_anchors(result.shape, SIDE, stride)
    grid = (len(np.unique(places[:, 0])), len(np.unique(places[:, 1])))
    patches = patch_vectors(result, SIDE, places)
    limit = _limit(exemplar)
    sources = all_anchors(exemplar.shape, SIDE)
    axes = _principal_axes(exemplar)
    tree = cKDTree(_projected(exemplar, sources, axes))
    copied = np.zeros(len(places), bool)
    largest = 0
    for turn in TURNS if flips else TURNS[:1]:
        version = _turned(exemplar, turn)
        chosen = _nearest_place(tree, axes, patches, turn, exemplar.shape, limit)
        some = chosen >= 0
        where = all_anchors(version.shape, SIDE)[chosen[some]]
        near = np.zeros(len(places), bool)
        near[some] = _rms(patches[some], patch_vectors(version, SIDE, where)) <= limit
        copied |= near
        for displacement in _displacements((places[some] - where)[near[some]]):
            moved = _moved(version, patches, places, displacement, limit)
            copied |= moved
            regions, count = label(moved.reshape(grid))
            if count:
                largest = max(largest, int(np.bincount(regions.ravel())[1:].max()))
    return Copies(
        share=float(copied.mean()),
        largest=largest / len(places),
        entropy=_entropy(sources[tree.query(patches @ axes)[1]], exemplar.shape),
        copied=copied.reshape(grid),
        stride=stride,
    )


def _turned(image: NDArray[Any], turn: tuple[int, bool]) -> NDArray[Any]:
    """Turn a picture by quarters, then mirror it."""
    turned = np.rot90(image, turn[0])
    return np.ascontiguousarray(turned[:, ::-1] if turn[1] else turned)


def _nearest_place(
    tree: cKDTree,
    axes: Array,
    patches: Array,
    turn: tuple[int, bool],
    shape: tuple[int, ...],
    limit: float,
) -> NDArray[np.int64]:
    """Number of the place in the turned exemplar that is nearest each patch, -1 beyond ``limit``.

    The patches are turned back instead of the exemplar, so that one tree serves all turns.
    """
    back = patches.reshape(len(patches), -1, SIDE, SIDE)
    back = np.rot90(back[..., ::-1] if turn[1] else back, -turn[0], axes=(2, 3))
    radius = limit * np.sqrt(patches.shape[1]) * 1.001
    distance, index = tree.query(back.reshape(len(patches), -1) @ axes, distance_upper_bound=radius)
    rows, columns = shape[0] - SIDE + 1, shape[1] - SIDE + 1
    numbers = _turned(np.arange(rows * columns).reshape(rows, columns), turn).ravel()
    place = np.empty(len(numbers), np.int64)
    place[numbers] = np.arange(len(numbers))  # of the exemplar's window in the turned one
    return np.where(np.isfinite(distance), place[np.minimum(index, len(place) - 1)], -1)


def _limit(exemplar: Array) -> float:
    """95th percentile of the distance of patches from themselves after noise of 2/255."""
    generator = np.random.default_rng(0)
    values = SIDE * SIDE * exemplar.shape[2]
    noise = generator.normal(0, 2 / 255, (2000, values))
    return float(np.quantile(np.sqrt((noise**2).mean(1)), 0.95))


def _principal_axes(exemplar: Array) -> Array:
    """Leading directions of the exemplar's patches, (D, components)."""
    stride = max(1, int(np.sqrt(exemplar.shape[0] * exemplar.shape[1] / 8000)))
    patches = patch_vectors(exemplar, SIDE, all_anchors(exemplar.shape, SIDE, stride))
    return principal_axes(patches, N_COMPONENTS)[1]


def _projected(image: Array, places: NDArray[np.int64], axes: Array) -> Array:
    """Patches at ``places`` along the axes, (N, K); a part at a time, all would fill the memory."""
    parts = np.array_split(places, 1 + len(places) // 100_000)
    return np.concatenate([patch_vectors(image, SIDE, part) @ axes for part in parts])


def _rms(a: Array, b: Array) -> Array:
    return np.sqrt(np.square(a - b).mean(1))


def _displacements(found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Displacements of copied places, the most frequent first, (K, 2)."""
    values, counts = np.unique(found, axis=0, return_counts=True)
    return values[np.argsort(-counts, kind="stable")[:N_CANDIDATES]]


def _moved(
    exemplar: Array,
    patches: Array,
    places: NDArray[np.int64],
    displacement: NDArray[np.int64],
    limit: float,
) -> NDArray[np.bool_]:
    """Which places show the exemplar's patch at this displacement, (N,)."""
    sources = places - displacement
    last = np.array(exemplar.shape[:2]) - SIDE
    inside = ((sources >= 0) & (sources <= last)).all(1)
    same = np.zeros(len(places), bool)
    same[inside] = _rms(patches[inside], patch_vectors(exemplar, SIDE, sources[inside])) <= limit
    return same


def _entropy(sources: NDArray[np.int64], shape: tuple[int, ...]) -> float:
    """Entropy of source positions on a 16 x 16 grid over the exemplar, over its maximum."""
    squares = sources * N_SOURCES // (np.array(shape[:2]) - SIDE + 1)
    counts = np.bincount(squares[:, 0] * N_SOURCES + squares[:, 1], minlength=N_SOURCES**2)
    shares = counts[counts > 0] / len(sources)
    return float(-(shares * np.log(shares)).sum() / np.log(N_SOURCES**2))
