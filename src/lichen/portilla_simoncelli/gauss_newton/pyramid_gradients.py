"""Inner products of the gradients of all Portilla-Simoncelli statistics of a picture.

Taken one by one through autograd the gradients of 710 statistics cost 710 backward passes. Nearly
all of these would compute zeros: a statistic is of one map or of two, and of the frequencies of its
scale. Here each is one or two transforms of its scale's size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import torch
from torch import Tensor

from lichen.features.steerable_pyramid import (
    band_size,
    lowpass_filters,
    partial_lowpasses,
    pyramid_filters,
    steerable_pyramid,
)
from lichen.portilla_simoncelli.colour_statistics import ColourStatistics, colour_statistics_of_maps
from lichen.portilla_simoncelli.gauss_newton.gradient_rows import GradientRows
from lichen.portilla_simoncelli.gauss_newton.maps import DoubledPhases, Filtered, Magnitudes
from lichen.portilla_simoncelli.gauss_newton.second_moments import (
    FREQUENCY_0,
    UNUSED,
    add_autocorrelations,
    add_correlations,
    add_covariances,
    add_means,
    add_shapes,
    add_variances,
)
from lichen.portilla_simoncelli.maps import interpolated, pyramid_maps
from lichen.portilla_simoncelli.residuals import scaled, without_limits
from lichen.portilla_simoncelli.statistics import PyramidStatistics

MOST_FREQUENCIES = 8_192
"""Of an octave: all up to 128 x 128 pixels; of more a sample, which hardly slows the descent."""


def gradient_products(planes: Tensor, target: ColourStatistics) -> Tensor:
    """Inner products of the gradients of a picture's statistics, scaled as residuals are.

    Parameters
    ----------
    planes
        (P, H, W), float32 or float64: the picture.
    target
        Statistics of the exemplar: which scales, orientations and neighbours are meant, and the
        magnitude of each number.

    Returns
    -------
    Tensor
        (R, R) float64, symmetric; in the order of the groups of
        :func:`lichen.portilla_simoncelli.residuals.scaled_groups`, one after another.
    """
    with torch.no_grad():
        picture = _Picture(planes, target)
        picture.add_pixels()
        for scale in range(picture.n_scales + 1):
            picture.add_lowpasses(scale)
        for scale in range(picture.n_scales):
            picture.add_bands(scale)
        products = picture.rows.products(picture.count)
    factors = _factors(picture.found, target)
    return products * factors[:, None] * factors


class _Picture:
    """What the gradients are made of, and those that are there."""

    def __init__(self, planes: Tensor, target: ColourStatistics) -> None:
        size = planes.shape[-2], planes.shape[-1]
        _, n_scales, n_orientations = target.planes.magnitude_mean.shape
        self.n_planes, self.n_scales, self.n_orientations = len(planes), n_scales, n_orientations
        self.bands = steerable_pyramid(planes, n_scales, n_orientations, is_complex=True)
        self.maps = pyramid_maps(planes, self.bands, partial_lowpasses(planes, n_scales))
        kind = planes.dtype, planes.device
        self.complex = pyramid_filters(size, n_scales, n_orientations, True, *kind)
        self.real = pyramid_filters(size, n_scales, n_orientations, False, *kind)
        self.lowpasses = lowpass_filters(size, n_scales, *kind)
        self.turn = (-1j) ** (n_orientations - 1)
        n_neighbours = target.planes.lowpass_autocorrelation.shape[-1]
        self.found = colour_statistics_of_maps(self.maps, n_neighbours)
        self.numbers, self.count = _numbered(self.found)
        sizes = [band_size(size, scale) for scale in range(n_scales + 1)]
        self.rows = GradientRows(planes, [*sizes, FREQUENCY_0], MOST_FREQUENCIES)

    def add_pixels(self) -> None:
        own = self.numbers.planes
        ones = torch.ones_like(self.real.highpass)
        pixels = self._filtered(self.maps.pixels, ones)
        add_means(self.rows, pixels, own.pixels[:, 0])
        add_variances(self.rows, pixels, own.pixels[:, 1])
        add_shapes(self.rows, pixels, own.pixels[:, 2], own.pixels[:, 3])
        add_covariances(self.rows, pixels, self.numbers.covariance)
        highpass = self._filtered(self.maps.highpass, self.real.highpass)
        add_variances(self.rows, highpass, own.highpass_variance)

    def add_lowpasses(self, scale: int) -> None:
        own = self.numbers.planes
        lowpass = self._filtered(self.maps.lowpasses[scale], self.lowpasses[scale])
        add_shapes(
            self.rows, lowpass, own.lowpass_skewness[:, scale], own.lowpass_kurtosis[:, scale]
        )
        add_autocorrelations(
            self.rows,
            lowpass,
            own.lowpass_autocorrelation[:, scale],
            own.lowpass_deviation[:, scale],
        )
        add_correlations(self.rows, lowpass, lowpass, self.numbers.lowpass_planes[scale])

    def add_bands(self, scale: int) -> None:
        own = self.numbers.planes
        magnitudes = self._magnitudes(scale, scale)
        add_autocorrelations(
            self.rows,
            magnitudes,
            own.magnitude_autocorrelation[:, scale].flatten(0, 1),
            own.magnitude_deviation[:, scale].flatten(),
        )
        joint = self.numbers.magnitude_orientations[scale]
        of_pairs = _with_own(joint, own.magnitude_orientations[:, scale])
        add_correlations(self.rows, magnitudes, magnitudes, of_pairs)
        real = self._real(scale)
        if self.n_planes > 1:
            add_correlations(
                self.rows, real, real, _same_orientation(self.numbers.band_planes[scale])
            )
        if scale == self.n_scales - 1:
            return
        parents = self._magnitudes(scale + 1, scale)
        of_parents = _with_own(
            self.numbers.magnitude_parents[scale], own.magnitude_parents[:, scale]
        )
        add_correlations(self.rows, magnitudes, parents, of_parents)
        of_phases = _with_own(self.numbers.phase_parents[scale], own.phase_parents[:, scale])
        add_correlations(self.rows, real, self._phases(scale), of_phases)

    def _filtered(self, values: Tensor, transfer: Tensor) -> Filtered:
        return Filtered(values, self.maps.floor, 1, transfer.expand(self.n_planes, *transfer.shape))

    def _real(self, scale: int) -> Filtered:
        transfer = self.real.bands[scale] * self.turn
        transfer = transfer.repeat(self.n_planes, 1, 1)
        values = self.maps.real[scale].flatten(0, 1)
        return Filtered(values, self.maps.floor, self.n_orientations, transfer)

    def _magnitudes(self, scale: int, at: int) -> Magnitudes:
        """Of a scale's bands, at the samples of that scale or of its children."""
        values = self.maps.magnitudes[scale] if at == scale else self.maps.parent_magnitudes[at]
        return Magnitudes(
            values.flatten(0, 1),
            self.maps.floor,
            self.n_orientations,
            self._directions(scale, at),
            self.complex.bands[scale],
            self.turn.conjugate(),
        )

    def _phases(self, at: int) -> DoubledPhases:
        return DoubledPhases(
            self.maps.parent_phases[at].flatten(0, 1),
            self.maps.floor,
            2 * self.n_orientations,
            self._directions(at + 1, at),
            self.complex.bands[at + 1],
            self.turn.conjugate(),
        )

    def _directions(self, scale: int, at: int) -> Tensor:
        bands = self.bands.bands[scale]
        if at != scale:
            bands = interpolated(bands, self.bands.bands[at].shape)
        return torch.sgn(bands).flatten(0, 1)


def _numbered(found: ColourStatistics) -> tuple[ColourStatistics, int]:
    """The place of each statistic among the residuals, and how many those are."""
    first = 0

    def numbers(values: Tensor) -> Tensor:
        nonlocal first
        first += values.numel()
        return torch.arange(first - values.numel(), first).view(values.shape)

    entries = _each(found, numbers)
    order = torch.cat(list(without_limits(entries).values()))
    places = torch.full((first,), UNUSED)
    places[order] = torch.arange(len(order))
    return _each(entries, lambda values: places[values]), len(order)


def _factors(found: ColourStatistics, target: ColourStatistics) -> Tensor:
    """Derivative of each residual by its statistic, (R,) float64; no other has a part in it."""
    with torch.enable_grad():
        variables = _each(found, lambda values: values.detach().clone().requires_grad_())
        total = torch.cat(list(without_limits(scaled(variables, target)).values())).sum()
        total.backward()  # type: ignore[no-untyped-call]
    gradients = _each(
        variables, lambda values: torch.zeros_like(values) if values.grad is None else values.grad
    )
    return torch.cat(list(without_limits(gradients).values())).double()


def _each(statistics: ColourStatistics, change: Callable[[Tensor], Tensor]) -> ColourStatistics:
    planes = statistics.planes
    own = {field.name: change(getattr(planes, field.name)) for field in fields(planes)}
    joint = {
        field.name: change(getattr(statistics, field.name))
        for field in fields(statistics)
        if field.name != "planes"
    }
    return ColourStatistics(planes=PyramidStatistics(**own), **joint)


def _with_own(joint: Tensor, own: Tensor) -> Tensor:
    """Matrix (P a, P b) for the maps of all planes, with each plane's own (P, a, b) put in."""
    _, rows, columns = own.shape
    joint = joint.clone()
    for plane, numbers in enumerate(own):
        here = (
            slice(plane * rows, (plane + 1) * rows),
            slice(plane * columns, (plane + 1) * columns),
        )
        joint[here] = numbers
    return joint


def _same_orientation(numbers: Tensor) -> Tensor:
    """(K, P, P) as a matrix (P K, P K)."""
    n_orientations, n_planes, _ = numbers.shape
    places = torch.full((n_planes, n_orientations, n_planes, n_orientations), UNUSED)
    for k, matrix in enumerate(numbers):
        places[:, k, :, k] = matrix
    return places.flatten(2).flatten(0, 1)
