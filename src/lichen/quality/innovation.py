"""Innovation: how much of the result is copied from the exemplar, and in regions of what size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label
from scipy.spatial import cKDTree

from lichen.arrays import Array
from lichen.image.colour import principal_axes
from lichen.patches.windows import all_anchors, patch_vectors

SIDE = 7
NODES = 64
"""Patches of the result are examined on a grid of at most this many in each direction."""
TURNS = tuple((quarters, mirrored) for quarters in range(4) for mirrored in (False, True))
N_COMPONENTS = 8
N_CANDIDATES = 64
N_SOURCES = 16
"""Squares in each direction over which source positions are counted."""


@dataclass(frozen=True)
class Copies:
    """How much of a picture is copied from another.

    Attributes
    ----------
    fraction
        Fraction of positions whose 7 px patch is one of the other picture, possibly rotated by
        quarter turns or mirrored.
    largest
        Fraction of the picture in the largest connected region copied with one displacement.
    entropy
        Entropy of the source positions of all patches, copied or not, in [0, 1]; 1 when the
        exemplar is used evenly.
    copied
        bool (rows, columns), whether each position of the grid is copied.
    stride
        Pixels between positions of the grid.
    """

    fraction: float
    largest: float
    entropy: float
    copied: NDArray[np.bool_]
    stride: int


def copies(exemplar: Array, result: Array, flips: bool = True) -> Copies:
    """Find what ``result`` copies from ``exemplar``, exactly up to noise of two grey levels.

    Parameters
    ----------
    exemplar, result
        (H, W, C) in [0, 1], at least 7 px on each side, with the same C.
    flips
        Whether the eight rotated and mirrored versions count as copies.
    """
    stride = max(1, -(-(max(result.shape[:2]) - SIDE + 1) // NODES))
    anchors = all_anchors(result.shape, SIDE, stride)
    grid = (len(np.unique(anchors[:, 0])), len(np.unique(anchors[:, 1])))
    patches = patch_vectors(result, SIDE, anchors)
    limit = _limit(exemplar)
    sources = all_anchors(exemplar.shape, SIDE)
    axes = _principal_axes(exemplar)
    tree = cKDTree(_projected(exemplar, sources, axes))
    copied = np.zeros(len(anchors), bool)
    largest = 0
    for turn in TURNS if flips else TURNS[:1]:
        version = _turned(exemplar, turn)
        chosen = _nearest_anchor(tree, axes, patches, turn, exemplar.shape, limit)
        some = chosen >= 0
        where = all_anchors(version.shape, SIDE)[chosen[some]]
        near = np.zeros(len(anchors), bool)
        near[some] = _rms(patches[some], patch_vectors(version, SIDE, where)) <= limit
        copied |= near
        for displacement in _displacements((anchors[some] - where)[near[some]]):
            moved = _moved(version, patches, anchors, displacement, limit)
            copied |= moved
            regions, count = label(moved.reshape(grid))
            if count:
                largest = max(largest, int(np.bincount(regions.ravel())[1:].max()))
    return Copies(
        fraction=float(copied.mean()),
        largest=largest / len(anchors),
        entropy=_entropy(sources[tree.query(patches @ axes)[1]], exemplar.shape),
        copied=copied.reshape(grid),
        stride=stride,
    )


def _turned(image: NDArray[Any], turn: tuple[int, bool]) -> NDArray[Any]:
    """Rotate a picture by quarter turns, then mirror it."""
    turned = np.rot90(image, turn[0])
    return np.ascontiguousarray(turned[:, ::-1] if turn[1] else turned)


def _nearest_anchor(
    tree: cKDTree,
    axes: Array,
    patches: Array,
    turn: tuple[int, bool],
    shape: tuple[int, ...],
    limit: float,
) -> NDArray[np.int64]:
    """Index of the anchor in the rotated exemplar nearest to each patch, -1 beyond ``limit``.

    The patches are rotated back rather than the exemplar, so that one tree serves all rotations.
    """
    back = patches.reshape(len(patches), -1, SIDE, SIDE)
    back = np.rot90(back[..., ::-1] if turn[1] else back, -turn[0], axes=(2, 3))
    radius = limit * np.sqrt(patches.shape[1]) * 1.001
    distance, index = tree.query(back.reshape(len(patches), -1) @ axes, distance_upper_bound=radius)
    rows, columns = shape[0] - SIDE + 1, shape[1] - SIDE + 1
    numbers = _turned(np.arange(rows * columns).reshape(rows, columns), turn).ravel()
    rotated = np.empty(len(numbers), np.int64)
    rotated[numbers] = np.arange(len(numbers))  # index of the exemplar's window once rotated
    return np.where(np.isfinite(distance), rotated[np.minimum(index, len(rotated) - 1)], -1)


def _limit(exemplar: Array) -> float:
    """95th percentile of the distance of a patch from itself under noise of 2/255."""
    generator = np.random.default_rng(0)
    values = SIDE * SIDE * exemplar.shape[2]
    noise = generator.normal(0, 2 / 255, (2000, values))
    return float(np.quantile(np.sqrt((noise**2).mean(1)), 0.95))


def _principal_axes(exemplar: Array) -> Array:
    """Principal axes of the exemplar's patches, (D, components)."""
    stride = max(1, int(np.sqrt(exemplar.shape[0] * exemplar.shape[1] / 8000)))
    patches = patch_vectors(exemplar, SIDE, all_anchors(exemplar.shape, SIDE, stride))
    return principal_axes(patches, N_COMPONENTS)[1]


def _projected(image: Array, anchors: NDArray[np.int64], axes: Array) -> Array:
    """Project the patches at ``anchors`` on the axes, (N, K), in parts to bound the memory."""
    parts = np.array_split(anchors, 1 + len(anchors) // 100_000)
    return np.concatenate([patch_vectors(image, SIDE, part) @ axes for part in parts])


def _rms(a: Array, b: Array) -> Array:
    return np.sqrt(np.square(a - b).mean(1))


def _displacements(found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Displacements of copied patches, the most frequent first, (K, 2)."""
    values, counts = np.unique(found, axis=0, return_counts=True)
    return values[np.argsort(-counts, kind="stable")[:N_CANDIDATES]]


def _moved(
    exemplar: Array,
    patches: Array,
    anchors: NDArray[np.int64],
    displacement: NDArray[np.int64],
    limit: float,
) -> NDArray[np.bool_]:
    """Whether each patch is the exemplar's at this displacement, (N,)."""
    sources = anchors - displacement
    last = np.array(exemplar.shape[:2]) - SIDE
    inside = ((sources >= 0) & (sources <= last)).all(1)
    same = np.zeros(len(anchors), bool)
    same[inside] = _rms(patches[inside], patch_vectors(exemplar, SIDE, sources[inside])) <= limit
    return same


def _entropy(sources: NDArray[np.int64], shape: tuple[int, ...]) -> float:
    """Entropy of source positions on a 16 x 16 grid over the exemplar, over its maximum."""
    squares = sources * N_SOURCES // (np.array(shape[:2]) - SIDE + 1)
    counts = np.bincount(squares[:, 0] * N_SOURCES + squares[:, 1], minlength=N_SOURCES**2)
    fractions = counts[counts > 0] / len(sources)
    return float(-(fractions * np.log(fractions)).sum() / np.log(N_SOURCES**2))
