"""Give samples a wanted mean, variance, skewness, kurtosis and range.

Appendix of Portilla and Simoncelli (IJCV 40:49, 2000): a step along the gradient of the
statistic, taken of what keeps the lower moments. With u of mean 0 and variance 1, of third and
fourth moments g and k,

    skewness  u + t (u^2 - 1 - g u)
    kurtosis  u + t (u^3 - k u - g)

The moments of both are polynomials in t, so that t is the root of one. The statistic rises with t
up to the next stationary point on either side: where the wanted value lies beyond, that is where
it ends.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.polynomial.polynomial import polyder, polymul, polyroots, polysub
from scipy.optimize import brentq
from torch import Tensor

SHORT_OF = 0.98
"""Share of the way to a stationary point that may be gone: at it many values fall together."""

FARTHEST = 1e3
"""Longest step, where there is no stationary point: by then u has no part in the result."""

Coefficients = tuple[float, ...]
"""Of a polynomial, that of the lowest power first."""


def adjust_variance(samples: Tensor, mean: float, variance: float) -> Tensor:
    """Shift and scale to a mean and variance; flat samples stay flat.

    Parameters
    ----------
    samples
        Any shape.
    mean, variance
        Wanted; the variance is the mean square deviation (no n - 1).
    """
    centred = samples - samples.mean()
    now = float(centred.square().mean())
    return centred * (variance / now) ** 0.5 + mean if now > 0 else centred + mean


def adjust_skewness(samples: Tensor, skewness: float) -> Tensor:
    """Bring the skewness to, or as near as can be to, a value; mean and variance stay."""
    unit, mean, deviation = _standardise(samples)
    if not deviation > 0:
        return samples
    square = unit * unit
    third = _product(square, unit)
    step = square - 1 - third * unit
    step2 = step * step
    second = (1.0, 0.0, _product(step, step))
    moment = (
        third,
        3 * _product(square, step),
        3 * _product(unit, step2),
        _product(step2, step),
    )
    t = _root(moment, second, 1.5, skewness)
    return _restore(unit, step, t, mean, deviation / _value(second, t) ** 0.5, samples)


def adjust_kurtosis(samples: Tensor, kurtosis: float) -> Tensor:
    """Bring the kurtosis (3 is a Gaussian's) to, or near, a value; mean and variance stay."""
    unit, mean, deviation = _standardise(samples)
    if not deviation > 0:
        return samples
    square = unit * unit
    cube = square * unit
    third, fourth = _product(square, unit), _product(square, square)
    step = cube - fourth * unit - third
    step2 = step * step
    second = (1.0, 0.0, _product(step, step))
    moment = (
        fourth,
        4 * _product(cube, step),
        6 * _product(square, step2),
        4 * _product(unit * step, step2),
        _product(step2, step2),
    )
    t = _root(moment, second, 2, kurtosis)
    return _restore(unit, step, t, mean, deviation / _value(second, t) ** 0.5, samples)


def _standardise(samples: Tensor) -> tuple[Tensor, float, float]:
    """Flat samples of mean 0 and variance 1, and the mean and deviation that they had."""
    mean = samples.mean()
    centred = (samples - mean).flatten()
    deviation = _product(centred, centred) ** 0.5
    return centred / (deviation or 1.0), float(mean), deviation


def _restore(
    unit: Tensor, step: Tensor, t: float, mean: float, scale: float, like: Tensor
) -> Tensor:
    return unit.add(step, alpha=t).mul_(scale).add_(mean).view(like.shape)


def _product(one: Tensor, other: Tensor) -> float:
    """Mean product of flat samples."""
    return float(torch.dot(one, other)) / one.numel()


def _value(polynomial: Coefficients, t: float) -> float:
    value = 0.0
    for coefficient in reversed(polynomial):
        value = value * t + coefficient
    return value


def _root(moment: Coefficients, second: Coefficients, exponent: float, wanted: float) -> float:
    """Least t at which moment(t) / second(t)^exponent is ``wanted``, or where it ends."""

    def miss(t: float) -> float:
        return _value(moment, t) / _value(second, t) ** exponent - wanted

    here = miss(0.0)
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
    end = float(side) * min([SHORT_OF * t for t in ahead] + [FARTHEST])
    return float(brentq(miss, 0.0, end, xtol=1e-12)) if here * miss(end) < 0 else end
