"""Projections onto one statistic each, from the appendix of Portilla and Simoncelli (2000).

**Moments.** A step along the gradient of the statistic, projected so that it preserves the lower
moments. With u of mean 0 and variance 1, and third and fourth moments g and k,

    skewness  u + t (u^2 - 1 - g u)
    kurtosis  u + t (u^3 - k u - g)

The moments of both are polynomials in t, so that t is the root of one. The statistic rises with t
up to the next stationary point on either side: where the target lies beyond, the step ends there.

**Covariance.** Maps x of covariance B that are to have C become x' = M x with M = C^1/2 B^-1/2; the
roots are symmetric. Where other maps y, the parents, stay as they are and the covariance of x and y
is to become C_xy, x' = M x + N y, where M does the same for what y does not explain of x,
B - B_xy B_y^-1 B_yx, and N = (C_xy - M B_xy) B_y^-1. Maps that fit already do not change.
Departure: maps are first brought to unit variance, so that results do not depend on units and weak
maps next to strong ones are not changed more than these.

**Autocovariance.** A filter with the power transfer h(k) multiplies the power spectrum P; with h
the transform of an even kernel of the neighbourhood's size, the autocovariances are linear in the
kernel. The filter's amplitude is sqrt(|h|), its phase 0. Departure: where h would be negative at
some frequency, its modulus does not produce the target, and the step is repeated from there, a few
times at most. Spectra are amplitudes (``norm="forward"``), halved as by ``torch.fft.rfft2``: then
the autocovariance at shift d is the sum over k of P(k) cos(2 pi k.d).

**Range.** Lichen's own, for colour: the range of each plane alone is a box, whose corners may hold
colours that the exemplar does not have, such as blue shadows on rust. A polytope with more faces
(:class:`Gamut`) leaves less room for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product

import numpy as np
import torch
from numpy.polynomial.polynomial import polyder, polymul, polyroots, polysub
from scipy.optimize import brentq
from torch import Tensor

from lichen.arrays import Size
from lichen.features.steerable_pyramid import column_multiplicity

STEP_FRACTION = 0.98
"""Of the way to a stationary point at most: at the point itself many values coincide."""

MAX_STEP = 1e3
"""Where there is no stationary point: by then u no longer matters in the result."""

MIN_EIGENVALUE = 1e-7
"""Of a correlation matrix, below which a direction is rounding; for float32 maps."""

FILTER_ROUNDS = 4
"""Filters at most, one after another, for one autocovariance."""

FILTER_TOLERANCE = 1e-5
"""Residual, relative to the variance, below which no further filter is applied."""

RIDGE = 1e-5
"""Of the diagonal of the system for the kernel. Without it, frequencies that hardly occur in a map,
and so hardly affect its autocovariance, are amplified a hundredfold. It is not seen in results."""

MAX_JOINED_AXES = 3
"""Axes joined by one direction of a gamut at most: there are too many directions beyond."""

Coefficients = tuple[float, ...]
"""Of a polynomial, that of the lowest power first."""


def adjust_variance(samples: Tensor, mean: float, variance: float) -> Tensor:
    """Shift and scale samples to a mean and variance; flat samples stay flat.

    Parameters
    ----------
    samples
        Any shape.
    mean, variance
        Targets; the variance is the mean square deviation (no n - 1).
    """
    centred = samples - samples.mean()
    now = float(centred.square().mean())
    return centred * (variance / now) ** 0.5 + mean if now > 0 else centred + mean


def adjust_skewness(samples: Tensor, skewness: float) -> Tensor:
    """Bring the skewness to a value, or as near as possible, at the same mean and variance."""
    unit, mean, deviation = _standardize(samples)
    if not deviation > 0:
        return samples
    square = unit * unit
    third = _mean_product(square, unit)
    step = square - 1 - third * unit
    step2 = step * step
    second = (1.0, 0.0, _mean_product(step, step))
    moment = (
        third,
        3 * _mean_product(square, step),
        3 * _mean_product(unit, step2),
        _mean_product(step2, step),
    )
    t = _moment_root(moment, second, 1.5, skewness)
    return _restore(unit, step, t, mean, deviation / _polynomial(second, t) ** 0.5, samples)


def adjust_kurtosis(samples: Tensor, kurtosis: float) -> Tensor:
    """Bring the kurtosis (a Gaussian has 3) to or near a value, at the same mean and variance."""
    unit, mean, deviation = _standardize(samples)
    if not deviation > 0:
        return samples
    square = unit * unit
    cube = square * unit
    third, fourth = _mean_product(square, unit), _mean_product(square, square)
    step = cube - fourth * unit - third
    step2 = step * step
    second = (1.0, 0.0, _mean_product(step, step))
    moment = (
        fourth,
        4 * _mean_product(cube, step),
        6 * _mean_product(square, step2),
        4 * _mean_product(unit * step, step2),
        _mean_product(step2, step2),
    )
    t = _moment_root(moment, second, 2, kurtosis)
    return _restore(unit, step, t, mean, deviation / _polynomial(second, t) ** 0.5, samples)


def _standardize(samples: Tensor) -> tuple[Tensor, float, float]:
    """Return flat samples of mean 0 and variance 1, and their former mean and deviation."""
    mean = samples.mean()
    centred = (samples - mean).flatten()
    deviation = _mean_product(centred, centred) ** 0.5
    return centred / (deviation or 1.0), float(mean), deviation


def _restore(
    unit: Tensor, step: Tensor, t: float, mean: float, scale: float, like: Tensor
) -> Tensor:
    return unit.add(step, alpha=t).mul_(scale).add_(mean).view(like.shape)


def _mean_product(one: Tensor, other: Tensor) -> float:
    """Mean product of flat samples."""
    return float(torch.dot(one, other)) / one.numel()


def _polynomial(polynomial: Coefficients, t: float) -> float:
    value = 0.0
    for coefficient in reversed(polynomial):
        value = value * t + coefficient
    return value


def _moment_root(
    moment: Coefficients, second: Coefficients, exponent: float, wanted: float
) -> float:
    """Smallest t at which moment(t) / second(t)^exponent is ``wanted``, or where the step ends."""

    def residual(t: float) -> float:
        return _polynomial(moment, t) / _polynomial(second, t) ** exponent - wanted

    here = residual(0.0)
    if here == 0 or not np.isfinite(here):
        return 0.0
    side = -np.sign(here)  # the statistic rises with t at 0
    rise = polymul(polyder(moment), second)
    stationary = polysub(rise, exponent * polymul(moment, polyder(second)))
    ahead = [
        abs(root.real)
        for root in polyroots(stationary)
        if abs(root.imag) < 1e-9 and side * root.real > 0
    ]
    end = float(side) * min([STEP_FRACTION * t for t in ahead] + [MAX_STEP])
    return float(brentq(residual, 0.0, end, xtol=1e-12)) if here * residual(end) < 0 else end


def adjust_covariance(maps: Tensor, covariance: Tensor) -> Tensor:
    """Mix maps linearly so that they have a covariance.

    Parameters
    ----------
    maps
        (..., I, n), n samples each, of mean 0.
    covariance
        (..., I, I), positive semi-definite.

    Returns
    -------
    Tensor
        (..., I, n) in the dtype of the maps. Directions without variance, as of linearly
        dependent maps, stay without.
    """
    given, now = _correlation(_mean_products(maps, maps))
    wanted, deviation = _correlation(covariance.double())
    mix = _transport(given, wanted) * deviation / now.mT
    return mix.to(maps.dtype) @ maps


def adjust_cross_covariance(
    maps: Tensor, parents: Tensor, covariance: Tensor, correlation: Tensor
) -> Tensor:
    """Mix maps with each other and with their parents, so that they have both covariances.

    Parameters
    ----------
    maps
        (..., I, n), of mean 0.
    parents
        (J, n), of mean 0; common to the leading axes of ``maps``.
    covariance
        (..., I, I) target.
    correlation
        (..., I, J) target correlations of maps and parents. Where they contradict the covariance,
        the covariance yields.

    Returns
    -------
    Tensor
        (..., I, n).
    """
    given, now = _correlation(_mean_products(maps, maps))
    of_parents, scale = _correlation(_mean_products(parents, parents))
    cross = _mean_products(maps, parents) / now / scale.mT  # (..., I, J)
    wanted, deviation = _correlation(covariance.double())
    target = correlation.double()
    inverse = _matrix_power(of_parents, -1)  # (J, J)
    rest = given - cross @ inverse @ cross.mT
    mix = _transport(rest, wanted - target @ inverse @ target.mT)
    add = (target - mix @ cross) @ inverse
    mix, add = mix * deviation / now.mT, add * deviation / scale.mT
    return mix.to(maps.dtype) @ maps + add.to(maps.dtype) @ parents


def _correlation(covariance: Tensor) -> tuple[Tensor, Tensor]:
    """Return correlations, and deviations (..., I, 1), 1 for maps that are 0."""
    variance = covariance.diagonal(0, -2, -1)[..., None]
    deviation = torch.where(variance > 0, variance, 1).sqrt()
    return covariance / deviation / deviation.mT, deviation


def _mean_products(one: Tensor, other: Tensor) -> Tensor:
    """Mean products (..., I, J) in float64."""
    return (one @ other.mT).double() / one.shape[-1]


def _transport(current: Tensor, wanted: Tensor) -> Tensor:
    """Return M with M current M^T = wanted."""
    return _matrix_power(wanted, 0.5) @ _matrix_power(current, -0.5)


def _matrix_power(matrix: Tensor, exponent: float) -> Tensor:
    """Power of a symmetric matrix, without directions that are rounding."""
    values, vectors = torch.linalg.eigh(matrix)
    powers = torch.where(values > MIN_EIGENVALUE, values.clamp(min=MIN_EIGENVALUE) ** exponent, 0)
    return (vectors * powers[..., None, :]) @ vectors.mT


def adjust_autocovariance(spectrum: Tensor, wanted: Tensor, size: Size) -> Tensor:
    """Filter maps so that they have given autocovariances at shifts of a few samples.

    Parameters
    ----------
    spectrum
        Complex (B, h, w // 2 + 1), amplitudes, 0 at frequency 0.
    wanted
        (B, N, N), N odd, with the variance at the centre; entry [N // 2 + y, N // 2 + x] is for
        a shift of y samples down and x to the right.
    size
        h and w.

    Returns
    -------
    Tensor
        Complex (B, h, w // 2 + 1). A map without variance does not change.
    """
    waves = _waves(size, wanted.shape[-1] // 2, spectrum.real.dtype, spectrum.device)
    power = spectrum.real.square() + spectrum.imag.square()
    target = wanted.double().flatten(1)[:, waves.half]  # (B, M)
    gain = torch.ones_like(power)
    for _ in range(FILTER_ROUNDS):
        wide = waves.autocovariance(power)  # (B, 4 reach + 1, 4 reach + 1)
        variance = wide[:, wide.shape[1] // 2, wide.shape[2] // 2, None]
        residual = target - wide.flatten(1)[:, waves.narrow]
        residual = torch.where(variance > 0, residual, 0)
        if bool((residual.abs() <= FILTER_TOLERANCE * variance).all()):
            break
        factor = waves.transfer(waves.kernel(wide, residual))
        gain, power = gain * factor, power * factor
    return spectrum * gain.sqrt()


@dataclass(frozen=True)
class _Waves:
    """Cosines and sines of the shifts, and the indices of their entries in flat tables.

    Attributes
    ----------
    down_cosine, down_sine
        (4 reach + 1, h).
    across_cosine, across_sine
        (4 reach + 1, w // 2 + 1).
    multiplicity
        (w // 2 + 1), of the columns of a halved spectrum.
    half
        (M,) the centre of a flat N x N table and the shifts after it.
    narrow
        (M,) the same shifts in a flat (4 reach + 1)^2 table.
    differences, sums
        (M, M) the differences and sums of two such shifts in that table.
    """

    down_cosine: Tensor
    down_sine: Tensor
    across_cosine: Tensor
    across_sine: Tensor
    multiplicity: Tensor
    half: Tensor
    narrow: Tensor
    differences: Tensor
    sums: Tensor

    def autocovariance(self, power: Tensor) -> Tensor:
        """At all shifts up to N - 1, float64."""
        weighted = power * self.multiplicity
        cosine = self.down_cosine @ (weighted @ self.across_cosine.T)
        sine = self.down_sine @ (weighted @ self.across_sine.T)
        return (cosine - sine).double()

    def kernel(self, wide: Tensor, residual: Tensor) -> Tensor:
        """Kernels (B, M) that, added to the identity, change autocovariances by ``residual``."""
        flat = wide.flatten(1)
        system = flat[:, self.differences] + flat[:, self.sums]  # one equation and shift each
        system[:, 0] /= 2  # the centre is its own mirror image; symmetric in this form
        system[:, :, 0] /= 2
        right = residual.clone()
        right[:, 0] /= 2
        ridge = RIDGE * system.diagonal(0, 1, 2).mean(1).clamp(min=1e-300)
        identity = torch.eye(len(self.half), dtype=system.dtype, device=system.device)
        # x_0 counts once and all others twice, which the halved column expresses.
        solved: Tensor = torch.linalg.solve(system + ridge[:, None, None] * identity, right)
        return solved

    def transfer(self, kernel: Tensor) -> Tensor:
        """Power transfer |1 + h| of kernels (B, M), (B, h, w // 2 + 1)."""
        side = self.down_cosine.shape[0]
        reach = side // 4
        inner = slice(reach, side - reach)
        table = kernel.new_zeros((len(kernel), side * side))
        table[:, self.narrow] = kernel
        table[:, self.narrow[0]] /= 2
        table = (table + table.flip(1)).view(-1, side, side)[:, inner, inner]
        table = table.to(self.multiplicity.dtype)
        cosine = self.down_cosine[inner].T @ table @ self.across_cosine[inner]
        sine = self.down_sine[inner].T @ table @ self.across_sine[inner]
        return (1 + cosine - sine).abs()


@lru_cache(maxsize=32)
def _waves(size: Size, reach: int, dtype: torch.dtype, device: torch.device) -> _Waves:
    height, width = size
    with torch.inference_mode(False), torch.no_grad():
        shifts = torch.arange(-2 * reach, 2 * reach + 1)
        y = torch.outer(shifts, torch.arange(height)) % height
        x = torch.outer(shifts, torch.arange(width // 2 + 1)) % width
        y, x = 2 * torch.pi / height * y.double(), 2 * torch.pi / width * x.double()
        side = 2 * reach + 1
        half = torch.arange(side * side // 2, side * side, device=device)
        rows, columns = half // side - reach, half % side - reach

        def index(row: Tensor, column: Tensor) -> Tensor:
            return (row + 2 * reach) * (4 * reach + 1) + column + 2 * reach

        differences = index(rows[:, None] - rows, columns[:, None] - columns)
        sums = index(rows[:, None] + rows, columns[:, None] + columns)
        return _Waves(
            down_cosine=y.cos().to(device, dtype),
            down_sine=y.sin().to(device, dtype),
            across_cosine=x.cos().to(device, dtype),
            across_sine=x.sin().to(device, dtype),
            multiplicity=column_multiplicity(width).to(device, dtype),
            half=half,
            narrow=index(rows, columns),
            differences=differences,
            sums=sums,
        )


@dataclass(frozen=True)
class Gamut:
    """A polytope that encloses an exemplar's colours.

    Attributes
    ----------
    directions
        (D, P) unit vectors: the axes, and the diagonals between two and three of them.
    low, high
        (D,) the exemplar's range along each.
    """

    directions: Tensor
    low: Tensor
    high: Tensor

    @classmethod
    def of(cls, planes: Tensor) -> Gamut:
        """Measure the ranges of an exemplar (P, H, W)."""
        directions = _directions(len(planes)).to(planes)
        along = directions @ planes.flatten(1)
        return cls(directions, along.amin(1), along.amax(1))

    def nearest(self, planes: Tensor) -> Tensor:
        """Project colours (P, H, W) that lie outside onto the faces, one after another.

        Near an edge, projection onto one face may leave a colour slightly outside an earlier one:
        the axes come last.
        """
        colours = planes.flatten(1)
        for direction, low, high in zip(self.directions, self.low, self.high, strict=True):
            along = direction @ colours
            excess = along - along.clamp(low, high)
            colours = colours - torch.outer(direction, excess)
        return colours.view(planes.shape)


def _directions(n_planes: int) -> Tensor:
    """Directions (D, P), those of most axes first."""
    rows = []
    for count in range(min(MAX_JOINED_AXES, n_planes), 0, -1):
        for axes in combinations(range(n_planes), count):
            for signs in product((1.0, -1.0), repeat=count - 1):
                row = torch.zeros(n_planes)
                row[list(axes)] = torch.tensor([1.0, *signs]) / count**0.5
                rows.append(row)
    return torch.stack(rows)
