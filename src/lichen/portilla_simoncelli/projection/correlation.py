"""Give maps wanted covariances, among themselves and with other maps.

Appendix of Portilla and Simoncelli (IJCV 40:49, 2000). With maps x of covariance B that are to
have C, x' = M x with M = C^1/2 B^-1/2; the roots are symmetric. Where other maps y, the parents,
stay as they are and the covariance of x and y is to become C_xy, x' = M x + N y, where M does
the same for what y does not tell of x, B - B_xy B_y^-1 B_yx, and N = (C_xy - M B_xy) B_y^-1.
Nothing changes where nothing has to.

Departure: maps are brought to unit variance first, so that no unit of measure counts and faint
maps next to strong ones are changed no more than these.
"""

from __future__ import annotations

import torch
from torch import Tensor

LEAST = 1e-7
"""Eigenvalue of a correlation matrix below which a direction is rounding; float32 maps."""


def adjust_covariance(maps: Tensor, covariance: Tensor) -> Tensor:
    """Mix maps so that their covariance becomes the one that is wanted.

    Parameters
    ----------
    maps
        (..., I, n), n samples each, of mean 0.
    covariance
        (..., I, I), positive semi-definite.

    Returns
    -------
    Tensor
        (..., I, n) in the dtype of the maps. Where maps depend on one another linearly, or a
        direction has no variance, there is nothing to make it from and it stays so.
    """
    given, now = _correlation(_products(maps, maps))
    wanted, deviation = _correlation(covariance.double())
    mix = _transport(given, wanted) * deviation / now.mT
    return mix.to(maps.dtype) @ maps


def adjust_cross_covariance(
    maps: Tensor, parents: Tensor, covariance: Tensor, correlation: Tensor
) -> Tensor:
    """Mix maps with each other and with their parents, so that both covariances are as wanted.

    Parameters
    ----------
    maps
        (..., I, n), of mean 0.
    parents
        (J, n), of mean 0; shared along leading axes of ``maps``.
    covariance
        (..., I, I) wanted.
    correlation
        (..., I, J) correlations of maps and parents wanted. Where they are more than the
        covariance leaves room for, the covariance gives way.

    Returns
    -------
    Tensor
        (..., I, n).
    """
    given, now = _correlation(_products(maps, maps))
    of_parents, scale = _correlation(_products(parents, parents))
    cross = _products(maps, parents) / now / scale.mT  # (..., I, J)
    wanted, deviation = _correlation(covariance.double())
    target = correlation.double()
    inverse = _power(of_parents, -1)  # (J, J)
    rest = given - cross @ inverse @ cross.mT
    mix = _transport(rest, wanted - target @ inverse @ target.mT)
    add = (target - mix @ cross) @ inverse
    mix, add = mix * deviation / now.mT, add * deviation / scale.mT
    return mix.to(maps.dtype) @ maps + add.to(maps.dtype) @ parents


def _correlation(covariance: Tensor) -> tuple[Tensor, Tensor]:
    """Correlations, and deviations (..., I, 1), 1 for maps that are 0."""
    variance = covariance.diagonal(0, -2, -1)[..., None]
    deviation = torch.where(variance > 0, variance, 1).sqrt()
    return covariance / deviation / deviation.mT, deviation


def _products(one: Tensor, other: Tensor) -> Tensor:
    """Mean products (..., I, J) in float64."""
    return (one @ other.mT).double() / one.shape[-1]


def _transport(current: Tensor, wanted: Tensor) -> Tensor:
    """M with M current M^T = wanted."""
    return _power(wanted, 0.5) @ _power(current, -0.5)


def _power(matrix: Tensor, exponent: float) -> Tensor:
    """Power of a symmetric matrix; directions that are nothing but rounding stay out of it."""
    values, vectors = torch.linalg.eigh(matrix)
    powers = torch.where(values > LEAST, values.clamp(min=LEAST) ** exponent, 0)
    return (vectors * powers[..., None, :]) @ vectors.mT
