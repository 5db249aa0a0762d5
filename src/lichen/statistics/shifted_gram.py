"""Gram matrices of features with their own shifted copies.

G. Berger, R. Memisevic, "Incorporating long-range consistency in CNN-based texture generation",
ICLR 2017 (arXiv 1606.01286). With T_d the shift by d positions along x or along y,

    G_d = F^T T_d(F) / M'    and    E = 1 / (4 N^2 S) * sum_d ||G_d - G_d*||^2

for N channels, M' pairs of positions and S shifts. A Gram matrix is blind to positions; these
matrices record which features occur d positions to the right of, or below, which.

Departures from the paper: its matrices for mirror symmetry are left out. Where the maps wrap
around, so do the pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lichen.errors import ParameterError
from lichen.statistics.statistic import Statistic, statistics_dtype, weighted_sum

Shift = tuple[int, int]
"""Axis (0 rows, 1 columns) and positions."""

NO_WRAP = (False, False)


def shifted_gram(
    maps: Tensor,
    shift: Shift,
    wrap: tuple[bool, bool] = NO_WRAP,
    weights: Tensor | None = None,
) -> Tensor:
    """Return the mean over positions p of F_i(p) F_j(p + d).

    Parameters
    ----------
    maps
        (1, C, H, W).
    shift
        Axis and positions.
    wrap
        Whether rows and columns wrap around; where they do not, only pairs within the maps count.
    weights
        (1, 1, H, W) weights of the positions; a pair has their product. Equal when None.

    Returns
    -------
    Tensor
        (C, C), float32 (float64 for float64 maps); NaN where no pair may be used.
    """
    features = maps[0].permute(1, 2, 0).to(statistics_dtype(maps))  # (H, W, C)
    here, there = _pairs(features, shift, wrap)
    if weights is None:
        return here.T @ there / len(here)
    ours, theirs = _pairs(weights[0].permute(1, 2, 0).to(features.dtype), shift, wrap)
    pairs = ours * theirs  # (M', 1)
    return here.T @ (pairs * there) / pairs.sum()


@dataclass(frozen=True)
class ShiftedTarget:
    """Shifts and their matrices, (S, C, C)."""

    shifts: tuple[Shift, ...]
    grams: Tensor


class ShiftedGram(Statistic):
    """Products of channels with channels 1, 2, 4, 8 ... positions away, along x and along y.

    Parameters
    ----------
    reach
        Largest shift, as a fraction of the side of the maps. For maps smaller than the exemplar's
        larger shifts are left out.
    wrap
        Whether rows and columns of the compared maps wrap around.

    Raises
    ------
    ParameterError
        Unless 0 < reach < 1.
    """

    def __init__(self, reach: float = 0.5, wrap: tuple[bool, bool] = NO_WRAP) -> None:
        if not 0 < reach < 1:
            raise ParameterError(
                f"reach = {reach} is not allowed", "use a fraction between 0 and 1"
            )
        self.reach = reach
        self.wrap = wrap

    def target(self, maps: Tensor, weights: Tensor | None = None) -> ShiftedTarget:
        """Return the matrices of the exemplar at all shifts with usable pairs."""
        shifts = self._shifts((maps.shape[2], maps.shape[3]))
        grams = [shifted_gram(maps, shift, weights=weights) for shift in shifts]
        usable = [number for number, matrix in enumerate(grams) if bool(matrix.isfinite().all())]
        n = maps.shape[1]
        empty = maps.new_zeros((0, n, n), dtype=statistics_dtype(maps))
        return ShiftedTarget(
            tuple(shifts[number] for number in usable),
            torch.stack([grams[number] for number in usable]) if usable else empty,
        )

    def loss(self, maps: Tensor, target: ShiftedTarget) -> Tensor:
        """``sum_d ||G_d - G_d*||^2 / (4 N^2 S)`` over the shifts that fit the maps."""
        fitting = set(self._shifts((maps.shape[2], maps.shape[3])))
        kept = [number for number, shift in enumerate(target.shifts) if shift in fitting]
        shifts = tuple(target.shifts[number] for number in kept)
        loss: Tensor = _ShiftedGramLoss.apply(  # type: ignore[no-untyped-call]
            maps, target.grams[kept], shifts, self.wrap
        )
        return loss

    def _shifts(self, size: tuple[int, int]) -> list[Shift]:
        """Return the powers of two up to the reach, along both axes."""
        found = []
        for axis, side in enumerate(size):
            shift = 1
            while shift <= self.reach * side:
                found.append((axis, shift))
                shift *= 2
        return found

    def energy(self, target: ShiftedTarget) -> float:
        """``sum_d ||G_d*||^2 / (4 N^2 S)``."""
        n_shifts, n_channels = target.grams.shape[:2]
        return float(target.grams.square().sum()) / (4 * n_channels**2 * max(n_shifts, 1))

    def mix(self, targets: Sequence[ShiftedTarget], weights: Sequence[float]) -> ShiftedTarget:
        """Return the weighted sum of the matrices, at the shifts that all targets have.

        It is not projected where weights are negative: one shift alone does not determine which
        matrices are possible.
        """
        common = [
            shift
            for shift in targets[0].shifts
            if all(shift in other.shifts for other in targets[1:])
        ]
        kept = [one.grams[[one.shifts.index(shift) for shift in common]] for one in targets]
        return ShiftedTarget(tuple(common), weighted_sum(kept, weights))

    def count(self, channels: int) -> int:
        """Return the number of entries of the matrix of one shift, which is not symmetric."""
        return channels**2


class _ShiftedGramLoss(torch.autograd.Function):
    """The loss with its closed-form gradient.

    With D = (G_d - G_d*) / (2 N^2 S M') a pair p, q = p + d adds D F(q) to dE/dF(p) and D^T F(p)
    to dE/dF(q).

    Written out because autograd would keep two float32 copies of the maps for every shift, and
    so that the products of the backward pass run in the precision of the maps.
    """

    @staticmethod
    def forward(
        ctx: Any,
        maps: Tensor,
        grams: Tensor,
        shifts: tuple[Shift, ...],
        wrap: tuple[bool, bool],
    ) -> Tensor:
        features = maps[0].permute(1, 2, 0).to(statistics_dtype(maps))  # (H, W, C)
        differences = torch.empty_like(grams)
        for shift, wanted, difference in zip(shifts, grams, differences, strict=True):
            here, there = _pairs(features, shift, wrap)
            torch.sub(here.T @ there / len(here), wanted, out=difference)
        ctx.save_for_backward(maps, differences)
        ctx.shifts, ctx.wrap = shifts, wrap
        return differences.square().sum() / (4 * grams.shape[1] ** 2 * max(len(shifts), 1))

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None, None, None]:
        maps, differences = ctx.saved_tensors
        features = maps[0].permute(1, 2, 0)  # (H, W, C)
        gradient = torch.zeros_like(features, memory_format=torch.contiguous_format)
        for shift, difference in zip(ctx.shifts, differences, strict=True):
            here, there = _pairs(features, shift, ctx.wrap)
            scale = upstream[0] / (2 * maps.shape[1] ** 2 * len(ctx.shifts) * len(here))
            slope = (difference * scale).to(maps.dtype)
            _add_pairs(gradient, there @ slope.T, here @ slope, shift, ctx.wrap)
        return gradient.permute(2, 0, 1)[None], None, None, None


def _pairs(features: Tensor, shift: Shift, wrap: tuple[bool, bool]) -> tuple[Tensor, Tensor]:
    """Return the features of (H, W, C) at p and at p + d, for all pairs, (M', C) each."""
    axis, by = shift
    if wrap[axis]:
        here, there = features, features.roll(-by, axis)
    else:
        length = features.shape[axis] - by
        here, there = features.narrow(axis, 0, length), features.narrow(axis, by, length)
    channels = features.shape[2]
    return here.reshape(-1, channels), there.reshape(-1, channels)


def _add_pairs(
    gradient: Tensor, here: Tensor, there: Tensor, shift: Shift, wrap: tuple[bool, bool]
) -> None:
    """Add the contributions at p and at p + d, (M', C) each, to a gradient (H, W, C)."""
    axis, by = shift
    if wrap[axis]:
        gradient += here.view_as(gradient)
        gradient += there.view_as(gradient).roll(by, axis)
    else:
        length = gradient.shape[axis] - by
        first, last = gradient.narrow(axis, 0, length), gradient.narrow(axis, by, length)
        first += here.view_as(first)
        last += there.view_as(last)
