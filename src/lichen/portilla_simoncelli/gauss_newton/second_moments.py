"""Gradients of moments and correlations of maps, statistic by statistic."""

from __future__ import annotations

import torch
from torch import Tensor

from lichen.portilla_simoncelli.gauss_newton.gradient_rows import GradientRows
from lichen.portilla_simoncelli.gauss_newton.maps import Maps

FREQUENCY_0 = (1, 1)
"""Size of the crop that holds nothing else."""

UNUSED = -1
"""In the place of a number: this statistic is not wanted."""


def add_correlations(rows: GradientRows, one: Maps, other: Maps, numbers: Tensor) -> None:
    """Of all pairs, <a, b> / |a| |b|; ``numbers`` (I, J).

    The two derivatives are those of ``lichen.portilla_simoncelli.statistics.correlation``.
    """
    rows_of_one = _CorrelationsWith(one, other)
    rows_of_one.add(rows, numbers)
    _CorrelationsWith(other, one).add(rows, numbers.mT)


class _CorrelationsWith:
    """Their gradients with respect to the first of the two."""

    def __init__(self, one: Maps, other: Maps) -> None:
        self.one, self.other = one, other
        (down, self.faint), (across, _) = one.variances(), other.variances()
        self.count = one.values.shape[-2:].numel()
        self.down = down * self.count
        self.norms = (down[:, None] * across[None, :]).sqrt() * self.count
        self.found = one.values.flatten(1) @ other.values.flatten(1).mT / self.norms

    def add(self, rows: GradientRows, numbers: Tensor) -> None:
        for i, wanted in enumerate(numbers):
            used = (wanted != UNUSED).nonzero().flatten()
            if not len(used):
                continue
            gradients = self.other.values[used] / self.norms[i, used, None, None]
            if not self.faint[i]:
                share = (self.found[i, used] / self.down[i])[:, None, None]
                gradients = gradients - share * self.one.values[i]
            spectra = self.one.pull(i, gradients)
            rows.add(self.one.plane(i), wanted[used], spectra, self.one.spectrum_size)


def add_autocorrelations(
    rows: GradientRows, maps: Maps, numbers: Tensor, deviations: Tensor
) -> None:
    """Of each map at the shifts before the centre, ``numbers`` (M, N, N), and its deviation.

    The numbers of these are ``deviations`` (M,).
    """
    side = numbers.shape[-1]
    shifts = [divmod(place, side) for place in range(side**2 // 2)]
    steps = [(y - side // 2, x - side // 2) for y, x in shifts]
    variances, faint = maps.variances()
    count = maps.values.shape[-2:].numel()
    for i, values in enumerate(maps.values):
        both = torch.stack([_shifted_both_ways(values, step) for step in steps])
        gradients = both / (count * variances[i])
        if not faint[i]:
            found = (both * values).sum((-2, -1), keepdim=True) / 2 / (count * variances[i])
            gradients = gradients - found * (2 / (count * variances[i])) * values
        deviation = values.square().mean().sqrt().clamp(min=torch.finfo(values.dtype).tiny)
        gradients = torch.cat([values[None] / (count * deviation), gradients])
        wanted = torch.cat([deviations[i][None], numbers[i].flatten()[: len(steps)]])
        rows.add(maps.plane(i), wanted, maps.pull(i, gradients), maps.spectrum_size)


def _shifted_both_ways(values: Tensor, step: tuple[int, int]) -> Tensor:
    back = (-step[0], -step[1])
    return values.roll(step, (-2, -1)) + values.roll(back, (-2, -1))


def add_shapes(rows: GradientRows, maps: Maps, skewness: Tensor, kurtosis: Tensor) -> None:
    """Of each map but the faint; numbers (M,) each."""
    variances, faint = maps.variances()
    count = maps.values.shape[-2:].numel()
    for i, values in enumerate(maps.values):
        if faint[i]:
            continue
        variance = variances[i]
        unit = values / variance.sqrt()
        third, fourth = unit.pow(3).mean(), unit.pow(4).mean()
        by_skewness = 3 * (unit.square() - third * unit)
        by_kurtosis = 4 * (unit.pow(3) - fourth * unit)
        gradients = torch.stack([by_skewness, by_kurtosis]) / (count * variance.sqrt())
        wanted = torch.stack([skewness[i], kurtosis[i]])
        rows.add(maps.plane(i), wanted, maps.pull(i, gradients), maps.spectrum_size)


def add_variances(rows: GradientRows, maps: Maps, numbers: Tensor) -> None:
    """Mean squares of the maps; numbers (M,)."""
    count = maps.values.shape[-2:].numel()
    for i, values in enumerate(maps.values):
        spectra = maps.pull(i, values[None] * (2 / count))
        rows.add(maps.plane(i), numbers[i][None], spectra, maps.spectrum_size)


def add_covariances(rows: GradientRows, maps: Maps, numbers: Tensor) -> None:
    """<a, b> of all pairs; ``numbers`` (M, M), above the diagonal."""
    count = maps.values.shape[-2:].numel()
    for i, j in (numbers != UNUSED).nonzero().tolist():
        for one, other in ((i, j), (j, i)):
            spectra = maps.pull(one, maps.values[other][None] / count)
            rows.add(maps.plane(one), numbers[i, j][None], spectra, maps.spectrum_size)


def add_means(rows: GradientRows, maps: Maps, numbers: Tensor) -> None:
    """Of the pixels; numbers (P,). Nothing but the amplitude of frequency 0."""
    for plane, number in enumerate(numbers):
        rows.add(plane, number[None], maps.values.new_ones((1, 1, 1)) + 0j, FREQUENCY_0)
