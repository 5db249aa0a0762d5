"""Channel means: global average pooling, the smallest summary that Gatys et al. (2015) compare."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from lichen.statistics.statistic import (
    Statistic,
    flat_weights,
    positions,
    statistics_dtype,
    weighted_sum,
)


def channel_means(maps: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the mean of each channel over the positions: (1, C, H, W) -> (C,)."""
    features = positions(maps).to(statistics_dtype(maps))
    flat = flat_weights(weights, (maps.shape[2], maps.shape[3]))
    return features.mean(0) if flat is None else flat.to(features.dtype) @ features


class Means(Statistic):
    """``E = 1 / N * sum_i (mean_i - mean*_i)^2``: N numbers per layer."""

    def target(self, maps: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the channel means of the exemplar, (C,)."""
        return channel_means(maps, weights)

    def loss(self, maps: Tensor, target: Tensor) -> Tensor:
        """Return the mean squared difference of the means."""
        return (channel_means(maps) - target).square().mean()

    def energy(self, target: Tensor) -> float:
        """Return the mean square of the target."""
        return float(target.square().mean())

    def mix(self, targets: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
        """Return the weighted sum."""
        return weighted_sum(targets, weights)

    def count(self, channels: int) -> int:
        """Return one per channel."""
        return channels
