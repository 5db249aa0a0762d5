"""Neighbourhoods: lists of terms, each one value of a picture at an offset from a pixel.

The distance of two neighbourhoods is the sum of their terms' weighted squared differences.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lichen.arrays import Array, IntArray
from lichen.kernels import kernel
from lichen.patches.pyramid import Level
from lichen.patches.windows import Indices

Part = tuple[int, range, Indices, NDArray[np.floating]]


class Neighbourhood(NamedTuple):
    """T terms.

    Attributes
    ----------
    coarse
        int64 (T,): 0 for the level itself, 1 for the next coarser one.
    plane, dy, dx
        int64 (T,): the feature that is compared, and the offset from the pixel.
    weight, root
        float32 (T,): the term's weight, and its root, by which values are multiplied.
    """

    coarse: Indices
    plane: Indices
    dy: Indices
    dx: Indices
    weight: Array
    root: Array

    @classmethod
    def of(cls, parts: list[Part], *, nearest_first: bool = False) -> Neighbourhood:
        """Join parts, in order or with the terms nearest to the pixel first.

        Each part is 0 or 1 for the level, the planes that it compares, and offsets (K, 2) with
        their weights (K,).
        """
        terms, weights, roots = [], [], []
        for coarse, planes, offsets, part_weights in parts:
            part_roots = np.sqrt(part_weights)
            for (dy, dx), weight, root in zip(offsets, part_weights, part_roots, strict=True):
                terms += [(coarse, plane, dy, dx) for plane in planes]
                weights += [weight] * len(planes)
                roots += [root] * len(planes)
        table = np.array(terms, np.int64).reshape(-1, 4)
        order = np.arange(len(table))
        if nearest_first:
            order = np.argsort((table[:, 2:] ** 2).sum(1), kind="stable")
        coarse_terms, plane, dy, dx = np.ascontiguousarray(table[order].T)
        weight, root = (np.array(v, np.float32)[order] for v in (weights, roots))
        return cls(coarse_terms, plane, dy, dx, weight, root)

    @property
    def n_terms(self) -> int:
        """Number of terms."""
        return len(self.plane)

    def flat_offsets(self, size: int, width: int) -> Indices:
        """Offsets into planes of ``size`` pixels and rows of ``width``, one after another, (T,)."""
        flat: Indices = self.plane * size + self.dy * width + self.dx
        return flat

    def vectors(
        self, image: Array, coarse: Array, pixels: IntArray, wraps: tuple[bool, bool]
    ) -> Array:
        """Vectors (N, T) of pixels (N,), flat indices into ``image`` (H, W, F)."""
        vectors = np.empty((len(pixels), self.n_terms), np.float32)
        gather_all(self, image, coarse, pixels, wraps, vectors)
        return vectors


@kernel(allocates=False)
def gather(
    neighbourhood: Neighbourhood,
    image: Array,
    coarse: Array,
    y: int,
    x: int,
    wraps: tuple[bool, bool],
    values: Array,
) -> None:
    """Write the vector of a pixel into ``values`` (T,); a border that does not wrap is repeated."""
    # Fields are read once: each access to an array of a tuple counts a reference.
    is_coarse, planes, root = neighbourhood.coarse, neighbourhood.plane, neighbourhood.root
    down, right = neighbourhood.dy, neighbourhood.dx
    for t in range(len(planes)):
        if is_coarse[t] == 0:
            value = _at(image, y + down[t], x + right[t], planes[t], wraps)
        else:
            value = _at(coarse, y // 2 + down[t], x // 2 + right[t], planes[t], wraps)
        values[t] = value * root[t]


@kernel(allocates=False)
def _at(image: Array, y: int, x: int, plane: int, wraps: tuple[bool, bool]) -> float:
    rows, columns = image.shape[:2]
    y = y % rows if wraps[0] else min(max(y, 0), rows - 1)
    x = x % columns if wraps[1] else min(max(x, 0), columns - 1)
    value: float = image[y, x, plane]
    return value


@kernel()
def gather_all(
    neighbourhood: Neighbourhood,
    image: Array,
    coarse: Array,
    pixels: IntArray,
    wraps: tuple[bool, bool],
    vectors: Array,
) -> None:
    """Write the vectors (N, T) of pixels (N,), flat indices."""
    width = image.shape[1]
    for n in range(len(pixels)):
        y, x = divmod(pixels[n], width)
        gather(neighbourhood, image, coarse, y, x, wraps, vectors[n])


@kernel(allocates=False)
def gather_filled(
    neighbourhood: Neighbourhood,
    level: Level,
    y: int,
    x: int,
    offsets: Indices,
    values: Array,
    roots: Array,
) -> int:
    """Write the terms of a pixel that are filled, and those of the guide; return their number.

    The weights of the filled terms of a plane sum to 1, those of the guide's as well. The
    neighbourhood has all planes at each offset, one after another. The offsets that are written are
    flat, into the planes of the example one after another.
    """
    planes, weights = neighbourhood.plane, neighbourhood.weight
    down, right = neighbourhood.dy, neighbourhood.dx
    image, filled, n_values = level.image, level.filled, level.n_values
    wrap_rows, wrap_columns = level.wrap_rows, level.wrap_columns
    height, columns = filled.shape
    size, width = level.usable.size, level.usable.shape[1]
    mass, guide_mass = np.float32(0), np.float32(0)
    channels = image.shape[2]
    for t in range(0, len(planes), channels):
        qy, qx = y + down[t], x + right[t]
        if wrap_rows:
            qy %= height
        if wrap_columns:
            qx %= columns
        if 0 <= qy < height and 0 <= qx < columns:
            guide_mass += weights[t]
            if filled[qy, qx]:
                mass += weights[t]
    n = 0
    for t in range(0, len(planes), channels):
        qy, qx = y + down[t], x + right[t]
        if wrap_rows:
            qy %= height
        if wrap_columns:
            qx %= columns
        if not (0 <= qy < height and 0 <= qx < columns):
            continue
        for c in range(0 if filled[qy, qx] else n_values, channels):
            root = np.float32(np.sqrt(weights[t] / (mass if c < n_values else guide_mass)))
            offsets[n] = c * size + down[t] * width + right[t]
            values[n] = root * image[qy, qx, c]
            roots[n] = root
            n += 1
    return n
