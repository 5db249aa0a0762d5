"""Keep colours within what an exemplar has: its range along axes, and between the axes.

The range of each plane alone is a box, whose corners may hold colours that the exemplar has none
of: blue shadows on rust. A polytope of more faces leaves less room for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product

import torch
from torch import Tensor

MOST_AXES = 3
"""Directions between more axes than this are left out: there are too many."""


@dataclass(frozen=True)
class Gamut:
    """A polytope around an exemplar's colours.

    Attributes
    ----------
    directions
        (D, P) of unit length: the axes, and the diagonals between two and three of them.
    low, high
        (D,) the exemplar's range along each.
    """

    directions: Tensor
    low: Tensor
    high: Tensor

    @classmethod
    def of(cls, planes: Tensor) -> Gamut:
        """Take the ranges of an exemplar (P, H, W)."""
        directions = _directions(len(planes)).to(planes)
        along = directions @ planes.flatten(1)
        return cls(directions, along.amin(1), along.amax(1))

    def nearest(self, planes: Tensor) -> Tensor:
        """Move colours (P, H, W) that lie outside to the faces, one after another.

        Colours inside stay. Near an edge a later face may lead a colour out of an earlier one
        again, by a little: the axes come last.
        """
        colours = planes.flatten(1)
        for direction, low, high in zip(self.directions, self.low, self.high, strict=True):
            along = direction @ colours
            excess = along - along.clamp(low, high)
            colours = colours - torch.outer(direction, excess)
        return colours.view(planes.shape)


def _directions(n_planes: int) -> Tensor:
    """(D, P), those of most axes first."""
    rows = []
    for count in range(min(MOST_AXES, n_planes), 0, -1):
        for axes in combinations(range(n_planes), count):
            for signs in product((1.0, -1.0), repeat=count - 1):
                row = torch.zeros(n_planes)
                row[list(axes)] = torch.tensor([1.0, *signs]) / count**0.5
                rows.append(row)
    return torch.stack(rows)
