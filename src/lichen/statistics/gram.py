"""The Gram matrix of feature maps (Gatys, Ecker and Bethge 2015), its reduction by PCA, whitening.

With F the features (M positions, N channels), G = F^T F / M and

    E = 1 / (4 N^2) * sum_ij (G_ij - G*_ij)^2

which is the paper's 1 / (4 N^2 M^2) * sum (F^T F - ...)^2, free of the picture's size.

A few directions, the mean among them, hold nearly all of the energy of G*, and E sees little else.
The whitened loss is

    E = 1 / (4 N^2) * ||A (G - G*) A||^2,   A = (G* / g + e I)^(-p/2),   g = trace(G*) / N

With p = 0 it is the paper's. With p = 1 and e = 0 it weighs each moment by how exactly a sample
of Gaussian features tells it, the efficient weights of L. P. Hansen, "Large Sample Properties of
Generalized Method of Moments Estimators", 1982. Half-way, structure counts that the paper's loss
drowns, and directions that the exemplar hardly uses do not yet lead.
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
    check_weights,
    positions,
    statistics_dtype,
    weighted_sum,
)

POWER = 0.5
"""p of the whitened loss. With 1, smoke falls apart; with 0, so do the bodies of peppers."""
FLOOR = 1e-3
"""e of the whitened loss: directions that hold less than this of the mean are taken for noise."""


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
    flat = check_weights(weights, (maps.shape[2], maps.shape[3]))
    if flat is None:
        return features.T @ features / features.shape[0]
    return features.T @ (features * flat.to(features.dtype)[:, None])


def covariance(maps: Tensor, weights: Tensor | None = None) -> Tensor:
    """Compute the Gram matrix of the features less their means, (C, C)."""
    mean = channel_means(maps, weights)
    return gram(maps, weights) - torch.outer(mean, mean)


def mix_moments(matrices: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Mix matrices of second moments, (C, C) each.

    Beyond them, where a weight is negative, the sum may belong to no features at all. The positive
    semidefinite matrix nearest to it, in the Frobenius norm, has its negative eigenvalues at 0.
    """
    mixed = weighted_sum(matrices, weights)
    if min(weights) >= 0:
        return mixed
    values, vectors = torch.linalg.eigh(mixed.double())
    return ((vectors * values.clamp_min(0)) @ vectors.T).to(mixed.dtype)


class Covariance(Statistic):
    """Covariances of channels: a Gram matrix in which the means no longer drown the rest.

    The features of a picture of low contrast are nearly constant; their Gram matrix then
    is little more than the product of their means.
    """

    def target(self, maps: Tensor, weights: Tensor | None = None) -> Tensor:
        """Covariance of the exemplar, (C, C)."""
        return covariance(maps, weights)

    def loss(self, maps: Tensor, target: Tensor) -> Tensor:
        """``||C - C*||^2 / (4 N^2)``."""
        loss: Tensor = _GramLoss.apply(maps, target, True, None)  # type: ignore[no-untyped-call]
        return loss

    def energy(self, target: Tensor) -> float:
        """``||C*||^2 / (4 N^2)``."""
        return float(target.square().sum()) / (4 * target.shape[0] ** 2)

    def mix(self, targets: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
        """Weighted sum; with negative weights the positive semidefinite matrix nearest to it."""
        return mix_moments(targets, weights)

    def count(self, channels: int) -> int:
        """Different entries of a symmetric matrix."""
        return channels * (channels + 1) // 2


class Gram(Statistic):
    """All inner products of channels: N (N + 1) / 2 different numbers a layer."""

    def target(self, maps: Tensor, weights: Tensor | None = None) -> Tensor:
        """G* of the exemplar, (C, C)."""
        return gram(maps, weights)

    def loss(self, maps: Tensor, target: Tensor) -> Tensor:
        """``||G - G*||^2 / (4 N^2)``."""
        loss: Tensor = _GramLoss.apply(maps, target, False, None)  # type: ignore[no-untyped-call]
        return loss

    def energy(self, target: Tensor) -> float:
        """``||G*||^2 / (4 N^2)``."""
        return float(target.square().sum()) / (4 * target.shape[0] ** 2)

    def mix(self, targets: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
        """Weighted sum; with negative weights the positive semidefinite matrix nearest to it."""
        return mix_moments(targets, weights)

    def count(self, channels: int) -> int:
        """Different entries of a symmetric matrix."""
        return channels * (channels + 1) // 2


@dataclass(frozen=True)
class WhitenedTarget:
    """Gram matrix (C, C) of the exemplar, and A (C, C), symmetric, which flattens its spectrum."""

    gram: Tensor
    scaling: Tensor


class WhitenedGram(Statistic):
    """The Gram matrix, its differences weighed by how little the exemplar varies along them.

    Parameters
    ----------
    power
        From 0, the plain loss, to 1, with which all directions above the floor count alike.
    floor
        Share of the mean eigenvalue that is added to all of them: what lies far below it is taken
        for noise.

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
        """G* of the exemplar, and the matrix A that goes with it."""
        return self._with_scaling(gram(maps, weights))

    def _with_scaling(self, matrix: Tensor) -> WhitenedTarget:
        values, vectors = torch.linalg.eigh(matrix.double())
        values = values.clamp_min(0)
        values = values / values.mean().clamp_min(1e-30) + self.floor
        scaling = (vectors * values ** (-self.power / 2)) @ vectors.T
        return WhitenedTarget(matrix, scaling.to(matrix.dtype))

    def loss(self, maps: Tensor, target: WhitenedTarget) -> Tensor:
        """``||A (G - G*) A||^2 / (4 N^2)``."""
        loss: Tensor = _GramLoss.apply(maps, target.gram, False, target.scaling)  # type: ignore[no-untyped-call]
        return loss

    def energy(self, target: WhitenedTarget) -> float:
        """``||A G* A||^2 / (4 N^2)``."""
        seen = target.scaling @ target.gram @ target.scaling
        return float(seen.square().sum()) / (4 * seen.shape[0] ** 2)

    def mix(self, targets: Sequence[WhitenedTarget], weights: Sequence[float]) -> WhitenedTarget:
        """Mix the Gram matrices, as those of :class:`Gram`; A is that of the mixture."""
        return self._with_scaling(mix_moments([one.gram for one in targets], weights))

    def count(self, channels: int) -> int:
        """Different entries of a symmetric matrix."""
        return channels * (channels + 1) // 2


class _GramLoss(torch.autograd.Function):
    """The loss with its closed-form gradient dE/dF = F (G - G*) / (N^2 M).

    Written out because the product of the backward pass may then run in the maps' own
    precision, and because neither the float32 copy of the maps nor the square is kept. Of
    centred features the gradient is the same with F less its means: what the means contribute
    sums to zero. With a symmetric ``scaling`` A on both sides of G - G* it is that of
    A^2 (G - G*) A^2.
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

    64 a layer of conv1_1 and pool1 to pool4 are the 10,400 numbers of the 2015 paper. The
    components are the leading eigenvectors of the exemplar's Gram matrix.

    Parameters
    ----------
    components
        How many are kept; a layer with fewer channels keeps all of its own.
    """

    def __init__(self, components: int = 64) -> None:
        if components < 1:
            raise ParameterError(f"components = {components} is not allowed", "keep at least 1")
        self.components = components

    def target(self, maps: Tensor, weights: Tensor | None = None) -> PrincipalTarget:
        """Leading eigenvectors of G*, and G* in their basis."""
        return self._principal(gram(maps, weights))

    def _principal(self, full: Tensor) -> PrincipalTarget:
        basis = torch.linalg.eigh(full.double()).eigenvectors[:, -self.components :]
        basis = basis.to(full.dtype)
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
        """Mix the Gram matrices, as far as they are kept, and take the leading eigenvectors."""
        kept = [one.components @ one.gram @ one.components.T for one in targets]  # (C, C)
        return self._principal(mix_moments(kept, weights))

    def count(self, channels: int) -> int:
        """Different entries of a symmetric matrix of the components kept."""
        kept = min(channels, self.components)
        return kept * (kept + 1) // 2
