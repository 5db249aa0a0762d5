"""Neighbourhoods of a fixed form: which values of a picture around a pixel make its vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lichen.kernels import kernel

Array = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """A list of T terms, each one plane of a picture at an offset from the pixel.

    Attributes
    ----------
    plane, dy, dx
        int64 (T,), the nearest to the pixel first.
    root
        float32 (T,): what values are multiplied by, the root of each term's weight.
    """

    plane: Ints
    dy: Ints
    dx: Ints
    root: Array

    @classmethod
    def of(cls, parts: list[tuple[range, Ints]], deviation: float = float("inf")) -> Neighbourhood:
        """Join parts, each the planes that it looks at and its offsets (K, 2).

        Terms are weighed by a Gaussian of ``deviation`` pixels.
        """
        terms = np.array(
            [(plane, dy, dx) for planes, offsets in parts for dy, dx in offsets for plane in planes]
        )
        squares = (terms[:, 1:] ** 2).sum(1)
        order = np.argsort(squares, kind="stable")
        plane, dy, dx = np.ascontiguousarray(terms[order].T)
        root = np.exp(-squares[order] / (4 * deviation**2)).astype(np.float32)
        return cls(plane, dy, dx, root)

    def offsets(self, size: int, width: int) -> Ints:
        """Flat offsets into planes of ``size`` pixels and rows of ``width``, (T,)."""
        flat: Ints = self.plane * size + self.dy * width + self.dx
        return flat

    def vectors(self, planes: Array, size: int, width: int, places: NDArray[Any]) -> Array:
        """Vectors of the pixels at ``places``, (N, T), out of flat ``planes``."""
        found = np.empty((len(places), len(self.plane)), np.float32)
        for term, offset in enumerate(self.offsets(size, width)):
            found[:, term] = planes[places + offset] * self.root[term]
        return found


def square(side: int) -> Ints:
    """Offsets of a square about its centre, (side^2, 2); ``side`` odd."""
    axis = np.arange(side) - side // 2
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)


def causal(side: int) -> Ints:
    """Offsets of a square that come before its centre in scan order, (side^2 // 2, 2)."""
    return square(side)[: side**2 // 2]


@kernel()
def gather(
    canvas: Array, y: int, x: int, plane: Ints, dy: Ints, dx: Ints, root: Array, values: Array
) -> None:
    """Write the vector of a pixel of a torus, planes (P, H, W), into ``values``."""
    height, width = canvas.shape[1:]
    for t in range(len(plane)):
        values[t] = canvas[plane[t], (y + dy[t]) % height, (x + dx[t]) % width] * root[t]
