"""Channel means: global average pooling, the smallest of the 2015 paper's reductions."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from lichen.statistics.statistic import (
    Statistic,
    check_weights,
    positions,
    statistics_dtype,
    weighted_sum,
)


def channel_means(maps: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean of each channel over the positions: (1, C, H, W) -> (C,)."""
    features = positions(maps).to(statistics_dtype(maps))
    flat = check_weights(weights, (maps.shape[2], maps.shape[3]))
    return features.mean(0) if flat is None else flat.to(features.dtype) @ features


class Means(Statistic):
    """``E = 1 / N * sum_i (mean_i - mean*_i)^2``: N numbers a layer."""

    def target(self, maps: Tensor, weights: Tensor | None = None) -> Tensor:
        """Channel means of the exemplar, (C,)."""
        return channel_means(maps, weights)

    def loss(self, maps: Tensor, target: Tensor) -> Tensor:
        """Mean squared difference of the means."""
        return (channel_means(maps) - target).square().mean()

    def energy(self, target: Tensor) -> float:
        """Mean square of the target."""
        return float(target.square().mean())

    def mix(self, targets: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
        """Weighted sum."""
        return weighted_sum(targets, weights)

    def count(self, channels: int) -> int:
        """One number a channel."""
        return channels
