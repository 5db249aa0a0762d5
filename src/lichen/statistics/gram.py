"""The Gram matrix of feature maps (Gatys, Ecker and Bethge 2015), its reduction by PCA, whitening.

With F the features (M positions, N channels), G = F^T F / M and

    E = 1 / (4 N^2) * sum_ij (G_ij - G*_ij)^2

which is the paper's 1 / (4 N^2 M^2) * sum (F^T F - ...)^2, independent of the image's size.

A few directions, the mean among them, hold nearly all of the energy of G*, and dominate E. The
whitened loss is

    E = 1 / (4 N^2) * ||A (G - G*) A||^2,   A = (G* / g + e I)^(-p/2),   g = trace(G*) / N

With p = 0 it is the paper's. With p = 1 and e = 0 each moment is weighted by the precision with
which a sample of Gaussian features determines it, the efficient weights of L. P. Hansen, "Large
Sample Properties of Generalized Method of Moments Estimators", 1982. In between, structure counts
that the paper's loss neglects, and directions of little energy do not yet dominate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lichen.errors import ParameterError
from lichen.statistics.means import channel_means
from lichen.statistics.statistic import (
    Statistic,
    flat_weights,
    positions,
    statistics_dtype,
    symmetric_eigen,
    weighted_sum,
)

POWER = 0.5
"""p of the whitened loss. By eye smoke breaks up at 1, and objects such as peppers at 0."""
FLOOR = 1e-3
"""e of the whitened loss: directions with less than this fraction of the mean energy are noise."""


def gram(maps: Tensor, weights: Tensor | None = None) -> Tensor:
    """Compute G = F^T F / M.

    Parameters
    ----------
    maps
        (1, C, H, W).
    weights
        (1, 1, H, W) weights of the positions; equal when None.

    Returns
    -------
    Tensor
        (C, C), float32 (float64 for float64 maps).
    """
    features = positions(maps).to(statistics_dtype(maps))  # (M, C)
    flat = flat_weights(weights, (maps.shape[2], maps.shape[3]))
    if flat is None:
        return features.T @ features / features.shape[0]
    return features.T @ (features * flat.to(features.dtype)[:, None])


def covariance(maps: Tensor, weights: Tensor | None = None) -> Tensor:
    """Compute the Gram matrix of the centred features, (C, C)."""
    mean = channel_means(maps, weights)
    return gram(maps, weights) - torch.outer(mean, mean)


def mix_moments(matrices: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Mix matrices of second moments, (C, C) each.

    With negative weights their sum may be the second moments of no features. The nearest positive
    semidefinite matrix in the Frobenius norm has the negative eigenvalues set to 0.
    """
    mixed = weighted_sum(matrices, weights)
    if min(weights) >= 0:
        return mixed
    values, vectors = symmetric_eigen(mixed)
    return ((vectors * values.clamp_min(0)) @ vectors.T).to(mixed)


class Covariance(Statistic):
    """Covariances of channels: the Gram matrix without the contribution of the means.

    At low contrast features are nearly constant, and their Gram matrix is little more than the
    outer product of their means.
    """

    def target(self, maps: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the covariance of the exemplar, (C, C)."""
        return covariance(maps, weights)

    def loss(self, maps: Tensor, target: Tensor) -> Tensor:
        """``||C - C*||^2 / (4 N^2)``."""
        loss: Tensor = _GramLoss.apply(maps, target, True, None)  # type: ignore[no-untyped-call]
        return loss

    def energy(self, target: Tensor) -> float:
        """``||C*||^2 / (4 N^2)``."""
        return float(target.square().sum()) / (4 * target.shape[0] ** 2)

    def mix(self, targets: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
        """Return the weighted sum, made positive semidefinite where weights are negative."""
        return mix_moments(targets, weights)

    def count(self, channels: int) -> int:
        """Return the number of distinct entries of a symmetric matrix."""
        return channels * (channels + 1) // 2


class Gram(Statistic):
    """All inner products of channels: N (N + 1) / 2 distinct numbers per layer."""

    def target(self, maps: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return G* of the exemplar, (C, C)."""
        return gram(maps, weights)

    def loss(self, maps: Tensor, target: Tensor) -> Tensor:
        """``||G - G*||^2 / (4 N^2)``."""
        loss: Tensor = _GramLoss.apply(maps, target, False, None)  # type: ignore[no-untyped-call]
        return loss

    def energy(self, target: Tensor) -> float:
        """``||G*||^2 / (4 N^2)``."""
        return float(target.square().sum()) / (4 * target.shape[0] ** 2)

    def mix(self, targets: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
        """Return the weighted sum, made positive semidefinite where weights are negative."""
        return mix_moments(targets, weights)

    def count(self, channels: int) -> int:
        """Return the number of distinct entries of a symmetric matrix."""
        return channels * (channels + 1) // 2


@dataclass(frozen=True)
class WhitenedTarget:
    """Gram matrix (C, C) of the exemplar and its whitening matrix A (C, C), symmetric."""

    gram: Tensor
    scaling: Tensor


class WhitenedGram(Statistic):
    """The Gram matrix, partially whitened by the exemplar's.

    Parameters
    ----------
    power
        From 0, the plain loss, to 1, for equal weights of all directions above the floor.
    floor
        Fraction of the mean eigenvalue added to each eigenvalue: directions far below it are
        treated as noise.

    Raises
    ------
    ParameterError
        When the power is below 0 or above 1, or the floor not above 0.
    """

    def __init__(self, power: float = POWER, floor: float = FLOOR) -> None:
        if not (0 <= power <= 1 and floor > 0):
            raise ParameterError(
                f"power = {power}, floor = {floor} is not allowed",
                "use a power between 0 and 1, and a floor above 0",
            )
        self.power = power
        self.floor = floor

    def target(self, maps: Tensor, weights: Tensor | None = None) -> WhitenedTarget:
        """Return G* of the exemplar and its whitening matrix A."""
        return self._with_scaling(gram(maps, weights))

    def _with_scaling(self, matrix: Tensor) -> WhitenedTarget:
        values, vectors = symmetric_eigen(matrix)
        values = values.clamp_min(0)
        values = values / values.mean().clamp_min(1e-30) + self.floor
        scaling = (vectors * values ** (-self.power / 2)) @ vectors.T
        return WhitenedTarget(matrix, scaling.to(matrix))

    def loss(self, maps: Tensor, target: WhitenedTarget) -> Tensor:
        """``||A (G - G*) A||^2 / (4 N^2)``."""
        loss: Tensor = _GramLoss.apply(maps, target.gram, False, target.scaling)  # type: ignore[no-untyped-call]
        return loss

    def energy(self, target: WhitenedTarget) -> float:
        """``||A G* A||^2 / (4 N^2)``."""
        seen = target.scaling @ target.gram @ target.scaling
        return float(seen.square().sum()) / (4 * seen.shape[0] ** 2)

    def mix(self, targets: Sequence[WhitenedTarget], weights: Sequence[float]) -> WhitenedTarget:
        """Mix the Gram matrices as :class:`Gram` does; A is that of the mixture."""
        return self._with_scaling(mix_moments([one.gram for one in targets], weights))

    def count(self, channels: int) -> int:
        """Return the number of distinct entries of a symmetric matrix."""
        return channels * (channels + 1) // 2


class _GramLoss(torch.autograd.Function):
    """The loss with its closed-form gradient dE/dF = F (G - G*) / (N^2 M).

    Written out so that the product of the backward pass runs in the precision of the maps, and
    that neither a float32 copy of the maps nor the square is kept. For centred features the
    gradient is the same with the means subtracted from F, since the contributions of the means
    sum to zero. With a symmetric ``scaling`` A on both sides of G - G*, A^2 (G - G*) A^2 takes the
    place of G - G*.
    """

    @staticmethod
    def forward(
        ctx: Any, maps: Tensor, target: Tensor, centred: bool, scaling: Tensor | None
    ) -> Tensor:
        features = positions(maps).to(statistics_dtype(maps))  # (M, C)
        product = features.T @ features / features.shape[0]
        mean = features.mean(0) if centred else None
        if mean is not None:
            product -= torch.outer(mean, mean)
        difference = product - target
        slope = difference
        if scaling is not None:
            difference = scaling @ difference @ scaling
            slope = scaling @ difference @ scaling
        ctx.save_for_backward(maps, slope, mean)
        return difference.square().sum() / (4 * difference.shape[0] ** 2)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None, None, None]:
        maps, slope, mean = ctx.saved_tensors
        n_channels, n_positions = maps.shape[1], maps.shape[2] * maps.shape[3]
        slope = slope * (upstream[0] / (n_channels**2 * n_positions))
        gradient = positions(maps) @ slope.to(maps.dtype)  # (M, C)
        if mean is not None:
            gradient -= (mean @ slope).to(maps.dtype)
        shape = (maps.shape[0], maps.shape[2], maps.shape[3], n_channels)
        return gradient.reshape(shape).permute(0, 3, 1, 2), None, None, None


@dataclass(frozen=True)
class PrincipalTarget:
    """Principal components (C, K) of the exemplar's features and their Gram matrix (K, K)."""

    components: Tensor
    gram: Tensor


class PrincipalGram(Statistic):
    """The Gram matrix of the features' leading principal components.

    64 components of conv1_1 and of pool1 to pool4 are the 10,400 numbers of the 2015 paper. They
    are the leading eigenvectors of the exemplar's Gram matrix.

    Parameters
    ----------
    components
        Number of components; all of a layer that has fewer channels.
    """

    def __init__(self, components: int = 64) -> None:
        if components < 1:
            raise ParameterError(f"components = {components} is not allowed", "use at least 1")
        self.components = components

    def target(self, maps: Tensor, weights: Tensor | None = None) -> PrincipalTarget:
        """Return the leading eigenvectors of G*, and G* in their basis."""
        return self._principal(gram(maps, weights))

    def _principal(self, full: Tensor) -> PrincipalTarget:
        basis = symmetric_eigen(full)[1][:, -self.components :].to(full)
        return PrincipalTarget(basis, basis.T @ full @ basis)

    def loss(self, maps: Tensor, target: PrincipalTarget) -> Tensor:
        """Gram loss of the projected features."""
        features = positions(maps).to(statistics_dtype(maps)) @ target.components  # (M, K)
        difference = features.T @ features / features.shape[0] - target.gram
        return difference.square().sum() / (4 * difference.shape[0] ** 2)

    def energy(self, target: PrincipalTarget) -> float:
        """Loss of an all-zero matrix."""
        return float(target.gram.square().sum()) / (4 * target.gram.shape[0] ** 2)

    def mix(self, targets: Sequence[PrincipalTarget], weights: Sequence[float]) -> PrincipalTarget:
        """Mix the Gram matrices as far as they are kept; the basis is that of the mixture."""
        kept = [one.components @ one.gram @ one.components.T for one in targets]  # (C, C)
        return self._principal(mix_moments(kept, weights))

    def count(self, channels: int) -> int:
        """Return the number of distinct entries of the components' Gram matrix."""
        kept = min(channels, self.components)
        return kept * (kept + 1) // 2
