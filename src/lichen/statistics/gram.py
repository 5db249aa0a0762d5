"""The Gram matrix of feature maps (Gatys, Ecker and Bethge 2015) and its reduction by PCA.

With F the features (M positions, N channels), G = F^T F / M and

    E = 1 / (4 N^2) * sum_ij (G_ij - G*_ij)^2

which is the paper's 1 / (4 N^2 M^2) * sum (F^T F - ...)^2, free of the picture's size.
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
        loss: Tensor = _GramLoss.apply(maps, target, True)  # type: ignore[no-untyped-call]
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
        loss: Tensor = _GramLoss.apply(maps, target, False)  # type: ignore[no-untyped-call]
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


class _GramLoss(torch.autograd.Function):
    """The loss with its closed-form gradient dE/dF = F (G - G*) / (N^2 M).

    Written out because the product of the backward pass may then run in the maps' own
    precision, and because neither the float32 copy of the maps nor the square is kept. Of
    centred features the gradient is the same with F less its means: what the means contribute
    sums to zero.
    """

    @staticmethod
    def forward(ctx: Any, maps: Tensor, target: Tensor, centred: bool) -> Tensor:
        features = positions(maps).to(statistics_dtype(maps))  # (M, C)
        product = features.T @ features / features.shape[0]
        mean = features.mean(0) if centred else None
        if mean is not None:
            product -= torch.outer(mean, mean)
        difference = product - target
        ctx.save_for_backward(maps, difference, mean)
        return difference.square().sum() / (4 * difference.shape[0] ** 2)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None, None]:
        maps, difference, mean = ctx.saved_tensors
        n_channels, n_positions = maps.shape[1], maps.shape[2] * maps.shape[3]
        slope = difference * (upstream[0] / (n_channels**2 * n_positions))
        gradient = positions(maps) @ slope.to(maps.dtype)  # (M, C)
        if mean is not None:
            gradient -= (mean @ slope).to(maps.dtype)
        shape = (maps.shape[0], maps.shape[2], maps.shape[3], n_channels)
        return gradient.reshape(shape).permute(0, 3, 1, 2), None, None


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
