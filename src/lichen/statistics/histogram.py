"""Channel histograms, matched exactly by sorting (cf. Risser, Wilmot and Barnes 2017)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lichen.errors import ParameterError
from lichen.statistics.statistic import (
    Statistic,
    flat_weights,
    positions,
    statistics_dtype,
    weighted_sum,
)


class Histogram(Statistic):
    """Mean squared distance of the values of each channel from their histogram-matched values.

    With both samples sorted that is the squared 2-Wasserstein distance of the marginals.

    Parameters
    ----------
    quantiles
        Resolution of the target: the quantile function of a map of more positions is kept at this
        many points. A smaller map is kept whole, so that its loss against itself is exactly 0. A
        larger one is not, since the steps of 8-bit colours slow the descent down (after 60
        iterations the losses of ``gatys`` on gravel were a tenth higher).
    """

    def __init__(self, quantiles: int = 4096) -> None:
        if quantiles < 2:
            raise ParameterError(f"quantiles = {quantiles} is not allowed", "use at least 2")
        self.quantiles = quantiles

    def target(self, maps: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the quantile function of each channel, (C, at most Q), ascending."""
        features = positions(maps).to(statistics_dtype(maps))
        flat = flat_weights(weights, (maps.shape[2], maps.shape[3]))
        if flat is not None:
            features = features[flat > 0]
        values = features.T.sort(dim=1).values  # (C, M)
        return resample_quantiles(values, min(self.quantiles, values.shape[1]))

    def loss(self, maps: Tensor, target: Tensor) -> Tensor:
        """Return the mean squared difference of sorted values."""
        features = positions(maps).to(statistics_dtype(maps))
        values = features.T.sort(dim=1).values  # (C, M)
        return (values - resample_quantiles(target, values.shape[1])).square().mean()

    def energy(self, target: Tensor) -> float:
        """Return the mean variance of the channels, the scale of a mismatch."""
        return max(float(target.var(dim=1, unbiased=False).mean()), 1e-8)

    def mix(self, targets: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
        """Return the Wasserstein barycentre of each channel: the mean of the quantile functions."""
        return mix_quantiles(targets, weights)

    def count(self, channels: int) -> int:
        """Return the number of quantiles kept of all channels of a large map."""
        return channels * self.quantiles


def mix_quantiles(functions: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Return the weighted mean of quantile functions (C, Q), at the largest Q of them.

    With negative weights it may decrease somewhere; its values in ascending order are the nearest
    function that does not.
    """
    finest = max(one.shape[1] for one in functions)
    mixed = weighted_sum([resample_quantiles(one, finest) for one in functions], weights)
    return mixed if min(weights) >= 0 else mixed.sort(dim=1).values


def resample_quantiles(quantile_function: Tensor, n: int) -> Tensor:
    """Interpolate (C, Q) quantile functions linearly at the ``n`` levels (i + 1/2) / n."""
    if quantile_function.shape[1] == n:
        return quantile_function
    return torch.nn.functional.interpolate(
        quantile_function[None], size=n, mode="linear", align_corners=False
    )[0]
