"""Descent on Portilla-Simoncelli statistics in the metric of their gradients.

Let r be the residuals of an image x and J their gradients, R rows. Many statistics are nearly
redundant, above all those of the coarsest scales, which have few samples: the eigenvalues of J J^T
span ten orders of magnitude, and descent on |r|^2 stalls along the small ones. The least change of
the image that removes all residuals to first order is -J^T (J J^T)^-1 r (Gauss and Newton); its
square, r^T (J J^T)^-1 r, is the loss that is minimized here, by L-BFGS, with J J^T held fixed for
some iterations and then recomputed: near the solution all its curvatures are equal.

Taken one by one through autograd the gradients of 710 statistics cost 710 backward passes, which
compute zeros nearly everywhere: a statistic is of one map or of two, and of the frequencies of its
scale. In :mod:`lichen.portilla_simoncelli.gradients` each takes one or two transforms of its
scale's size, and for 256 x 256 pixels J J^T costs as much as a dozen gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from functools import partial

import torch
from torch import Tensor

from lichen.features.steerable_pyramid import band_size, lowpass_filters, pyramid_filters
from lichen.portilla_simoncelli.gradients import (
    FREQUENCY_0,
    UNUSED,
    DoubledPhases,
    Filtered,
    Jacobian,
    Magnitudes,
    add_autocorrelations,
    add_correlations,
    add_covariances,
    add_means,
    add_shapes,
    add_variances,
)
from lichen.portilla_simoncelli.loss import (
    PortillaSimoncelliLoss,
    groups_without_range,
    normalized,
)
from lichen.portilla_simoncelli.maps import interpolated, pyramid_maps
from lichen.portilla_simoncelli.statistics import (
    ColourStatistics,
    PyramidStatistics,
    colour_statistics_of_maps,
)
from lichen.solve.lbfgs import Iterate, lbfgs

MIN_DAMPING = 1e-6
"""Added to J J^T, relative to its norm; required by float32.

|r|^2 is added where that is more: far from the solution long steps do not help, and with a square
of r convergence stays quadratic (Yamashita and Fukushima, Computing Suppl. 15, 2001).
"""

REFRESH = 25
"""Iterations between one J J^T and the next."""

MAX_REDUCTION = 0.9
"""Factor of |r|^2 over these iterations above which the next J J^T is damped more."""

MAX_CAUTION = 1e6
"""Factor of damping at which descent in this metric is that on |r|^2, with nothing left to gain."""

LIMIT_WEIGHT = 0.1
"""Weight of a squared excess over the limit relative to a squared change."""

MAX_FREQUENCIES = 8_192
"""Of an octave: all up to 128 x 128 pixels; beyond, a sample, which hardly slows the descent."""


def descend(
    loss: PortillaSimoncelliLoss,
    start: Tensor,
    *,
    iterations: int,
    memory: int,
    limit: Callable[[Tensor], Tensor],
) -> Iterator[Iterate]:
    """Bring all statistics of an image to the exemplar's.

    Parameters
    ----------
    loss
        Of the exemplar.
    start
        (P, H, W), planes.
    iterations
        At most; fewer when there is no further gain.
    memory
        Pairs that L-BFGS keeps.
    limit
        Projection of planes onto those allowed; statistics are taken of the projected image.

    Yields
    ------
    Iterate
        After each iteration, the best point so far and its loss, without the group ``range``.
    """
    best = Iterate(start, float(loss.residuals(limit(start)).square().sum()), {}, 0)
    done, caution = 0, 1.0
    while done < iterations and caution < MAX_CAUTION:
        weights = loss.residual_weights.double()
        products = jacobian_products(limit(best.point), loss.target) * weights * weights[:, None]
        factor = _factor(products, max(caution * best.loss, MIN_DAMPING)).to(start)
        objective = partial(_value_and_gradient, loss, factor, limit)
        before = best.loss
        for iterate in lbfgs(
            objective, best.point, iterations=min(REFRESH, iterations - done), memory=memory
        ):
            if iterate.parts["squares"] < best.loss:
                best = replace(iterate, loss=iterate.parts["squares"])
            done += 1
            yield best
        if best.loss >= MAX_REDUCTION * before:
            caution *= 10


def _factor(products: Tensor, damping: float) -> Tensor:
    """Return the triangular factor of the products, damped relative to their norm."""
    norm = float(torch.linalg.matrix_norm(products)) or 1.0  # a flat image has no gradients
    unit = norm * torch.eye(len(products), dtype=products.dtype, device=products.device)
    while damping < 1:
        factor, failed = torch.linalg.cholesky_ex(products + damping * unit)
        if not failed:
            return factor
        damping *= 10  # rounding made an eigenvalue negative
    return torch.linalg.cholesky(products + damping * unit)


def _value_and_gradient(
    loss: PortillaSimoncelliLoss,
    factor: Tensor,
    limit: Callable[[Tensor], Tensor],
    planes: Tensor,
) -> tuple[float, Tensor, dict[str, float]]:
    planes = planes.detach().requires_grad_()
    inside = limit(planes)
    residuals = loss.residuals(inside)
    whitened = torch.linalg.solve_triangular(factor, residuals[:, None], upper=False)
    # The statistics do not see what is beyond the limit: the second term pulls it back.
    value = whitened.square().sum() + LIMIT_WEIGHT * (planes - inside).square().sum()
    (gradient,) = torch.autograd.grad(value, planes)
    return float(value.detach()), gradient, {"squares": float(residuals.detach().square().sum())}


def jacobian_products(planes: Tensor, target: ColourStatistics) -> Tensor:
    """Compute J J^T: inner products of the gradients of an image's residuals, without weights.

    Parameters
    ----------
    planes
        (P, H, W), float32 or float64: the image.
    target
        Statistics of the exemplar, for the numbers of scales, orientations and neighbours, and
        the magnitude of each statistic.

    Returns
    -------
    Tensor
        (R, R) float64, symmetric, in the order of
        :meth:`~lichen.portilla_simoncelli.loss.PortillaSimoncelliLoss.residuals`.
    """
    with torch.no_grad():
        gradients = _Gradients(planes, target)
        gradients.add_pixels()
        for scale in range(gradients.n_scales + 1):
            gradients.add_lowpasses(scale)
        for scale in range(gradients.n_scales):
            gradients.add_bands(scale)
        products = gradients.jacobian.products(gradients.count)
    factors = _normalization(gradients.statistics, target)
    return products * factors[:, None] * factors


class _Gradients:
    """Gradients of an image's statistics, and the maps and filters behind them."""

    def __init__(self, planes: Tensor, target: ColourStatistics) -> None:
        size = planes.shape[-2], planes.shape[-1]
        _, n_scales, n_orientations = target.planes.magnitude_mean.shape
        self.n_planes, self.n_scales, self.n_orientations = len(planes), n_scales, n_orientations
        self.maps = pyramid_maps(planes, n_scales, n_orientations)
        kind = planes.dtype, planes.device
        self.complex = pyramid_filters(size, n_scales, n_orientations, True, *kind)
        self.real = pyramid_filters(size, n_scales, n_orientations, False, *kind)
        self.lowpasses = lowpass_filters(size, n_scales, *kind)
        self.unit = (-1j) ** (n_orientations - 1)
        n_neighbours = target.planes.lowpass_autocorrelation.shape[-1]
        self.statistics = colour_statistics_of_maps(self.maps, n_neighbours)
        self.indices, self.count = _residual_indices(self.statistics)
        sizes = [band_size(size, scale) for scale in range(n_scales + 1)]
        self.jacobian = Jacobian(planes, [*sizes, FREQUENCY_0], MAX_FREQUENCIES)

    def add_pixels(self) -> None:
        own = self.indices.planes
        ones = torch.ones_like(self.real.highpass)
        pixels = self._filtered(self.maps.pixels, ones)
        add_means(self.jacobian, pixels, own.pixels[:, 0])
        add_variances(self.jacobian, pixels, own.pixels[:, 1])
        add_shapes(self.jacobian, pixels, own.pixels[:, 2], own.pixels[:, 3])
        add_covariances(self.jacobian, pixels, self.indices.covariance)
        highpass = self._filtered(self.maps.highpass, self.real.highpass)
        add_variances(self.jacobian, highpass, own.highpass_variance)

    def add_lowpasses(self, scale: int) -> None:
        own = self.indices.planes
        lowpass = self._filtered(self.maps.lowpasses[scale], self.lowpasses[scale])
        add_shapes(
            self.jacobian, lowpass, own.lowpass_skewness[:, scale], own.lowpass_kurtosis[:, scale]
        )
        add_autocorrelations(
            self.jacobian,
            lowpass,
            own.lowpass_autocorrelation[:, scale],
            own.lowpass_deviation[:, scale],
        )
        add_correlations(self.jacobian, lowpass, lowpass, self.indices.lowpass_planes[scale])

    def add_bands(self, scale: int) -> None:
        own = self.indices.planes
        magnitudes = self._magnitudes(scale, scale)
        add_autocorrelations(
            self.jacobian,
            magnitudes,
            own.magnitude_autocorrelation[:, scale].flatten(0, 1),
            own.magnitude_deviation[:, scale].flatten(),
        )
        joint = self.indices.magnitude_orientations[scale]
        of_pairs = _with_own(joint, own.magnitude_orientations[:, scale])
        add_correlations(self.jacobian, magnitudes, magnitudes, of_pairs)
        real = self._real(scale)
        if self.n_planes > 1:
            add_correlations(
                self.jacobian, real, real, _same_orientation(self.indices.band_planes[scale])
            )
        if scale == self.n_scales - 1:
            return
        parents = self._magnitudes(scale + 1, scale)
        of_parents = _with_own(
            self.indices.magnitude_parents[scale], own.magnitude_parents[:, scale]
        )
        add_correlations(self.jacobian, magnitudes, parents, of_parents)
        of_phases = _with_own(self.indices.phase_parents[scale], own.phase_parents[:, scale])
        add_correlations(self.jacobian, real, self._phases(scale), of_phases)

    def _filtered(self, values: Tensor, transfer: Tensor) -> Filtered:
        return Filtered(values, self.maps.floor, 1, transfer.expand(self.n_planes, *transfer.shape))

    def _real(self, scale: int) -> Filtered:
        transfer = self.real.bands[scale] * self.unit
        transfer = transfer.repeat(self.n_planes, 1, 1)
        values = self.maps.real[scale].flatten(0, 1)
        return Filtered(values, self.maps.floor, self.n_orientations, transfer)

    def _magnitudes(self, scale: int, at: int) -> Magnitudes:
        """Magnitudes of a scale's bands, at the samples of that scale or of its children's."""
        values = self.maps.magnitudes[scale] if at == scale else self.maps.parent_magnitudes[at]
        return Magnitudes(
            values.flatten(0, 1),
            self.maps.floor,
            self.n_orientations,
            self._directions(scale, at),
            self.complex.bands[scale],
            self.unit.conjugate(),
        )

    def _phases(self, at: int) -> DoubledPhases:
        return DoubledPhases(
            self.maps.parent_phases[at].flatten(0, 1),
            self.maps.floor,
            2 * self.n_orientations,
            self._directions(at + 1, at),
            self.complex.bands[at + 1],
            self.unit.conjugate(),
        )

    def _directions(self, scale: int, at: int) -> Tensor:
        bands = self.maps.bands[scale]
        if at != scale:
            bands = interpolated(bands, self.maps.bands[at].shape)
        return torch.sgn(bands).flatten(0, 1)


def _residual_indices(statistics: ColourStatistics) -> tuple[ColourStatistics, int]:
    """Return each statistic's index among the residuals, and how many residuals there are."""
    first = 0

    def consecutive(values: Tensor) -> Tensor:
        nonlocal first
        first += values.numel()
        return torch.arange(first - values.numel(), first).view(values.shape)

    entries = _mapped(statistics, consecutive)
    order = torch.cat(list(groups_without_range(entries).values()))
    indices = torch.full((first,), UNUSED)
    indices[order] = torch.arange(len(order))
    return _mapped(entries, lambda values: indices[values]), len(order)


def _normalization(statistics: ColourStatistics, target: ColourStatistics) -> Tensor:
    """Return the derivative of each residual by its statistic, (R,) float64."""
    with torch.enable_grad():
        variables = _mapped(statistics, lambda values: values.detach().clone().requires_grad_())
        total = torch.cat(list(groups_without_range(normalized(variables, target)).values())).sum()
        total.backward()  # type: ignore[no-untyped-call]
    gradients = _mapped(
        variables, lambda values: torch.zeros_like(values) if values.grad is None else values.grad
    )
    return torch.cat(list(groups_without_range(gradients).values())).double()


def _mapped(statistics: ColourStatistics, function: Callable[[Tensor], Tensor]) -> ColourStatistics:
    planes = statistics.planes
    own = {field.name: function(getattr(planes, field.name)) for field in fields(planes)}
    joint = {
        field.name: function(getattr(statistics, field.name))
        for field in fields(statistics)
        if field.name != "planes"
    }
    return ColourStatistics(planes=PyramidStatistics(**own), **joint)


def _with_own(joint: Tensor, own: Tensor) -> Tensor:
    """Insert the indices of each plane's own statistics (P, a, b) into joint ones (P a, P b)."""
    _, rows, columns = own.shape
    joint = joint.clone()
    for plane, indices in enumerate(own):
        here = (
            slice(plane * rows, (plane + 1) * rows),
            slice(plane * columns, (plane + 1) * columns),
        )
        joint[here] = indices
    return joint


def _same_orientation(indices: Tensor) -> Tensor:
    """Spread (K, P, P) over a matrix (P K, P K) of all pairs of maps."""
    n_orientations, n_planes, _ = indices.shape
    pairs = torch.full((n_planes, n_orientations, n_planes, n_orientations), UNUSED)
    for k, matrix in enumerate(indices):
        pairs[:, k, :, k] = matrix
    return pairs.flatten(2).flatten(0, 1)
