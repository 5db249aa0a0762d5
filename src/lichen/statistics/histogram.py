"""Channel histograms, matched exactly by sorting (cf. Risser, Wilmot and Barnes 2017)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lichen.errors import ParameterError
from lichen.statistics.statistic import (
    Statistic,
    check_weights,
    positions,
    statistics_dtype,
    weighted_sum,
)


class Histogram(Statistic):
    """Mean squared distance of each channel's values to their histogram-matched selves.

    With both samples sorted that is the squared 2-Wasserstein distance of the marginals.

    Parameters
    ----------
    quantiles
        Resolution of the target: of a map of more positions its quantile function is kept at this
        many points. A smaller map is kept whole, so that its loss against itself is exactly 0. A
        larger one is better not: the steps of 8-bit colours, kept, hold up the descent (after 60
        iterations the losses of ``gatys`` on gravel were a tenth higher).
    """

    def __init__(self, quantiles: int = 4096) -> None:
        if quantiles < 2:
            raise ParameterError(f"quantiles = {quantiles} is not allowed", "keep at least 2")
        self.quantiles = quantiles

    def target(self, maps: Tensor, weights: Tensor | None = None) -> Tensor:
        """Quantile function of each channel at evenly spaced shares, (C, at most Q), ascending."""
        features = positions(maps).to(statistics_dtype(maps))
        flat = check_weights(weights, (maps.shape[2], maps.shape[3]))
        if flat is not None:
            features = features[flat > 0]
        values = features.T.sort(dim=1).values  # (C, M)
        return resample_quantiles(values, min(self.quantiles, values.shape[1]))

    def loss(self, maps: Tensor, target: Tensor) -> Tensor:
        """Mean squared difference of sorted values."""
        features = positions(maps).to(statistics_dtype(maps))
        values = features.T.sort(dim=1).values  # (C, M)
        return (values - resample_quantiles(target, values.shape[1])).square().mean()

    def energy(self, target: Tensor) -> float:
        """Mean variance of the channels: the scale against which a mismatch is judged."""
        return max(float(target.var(dim=1, unbiased=False).mean()), 1e-8)

    def mix(self, targets: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
        """Wasserstein barycentre of each channel's values: the mean of the quantile functions."""
        return mix_quantiles(targets, weights)

    def count(self, channels: int) -> int:
        """Quantiles kept of each channel, of a large map."""
        return channels * self.quantiles


def mix_quantiles(functions: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Mean of quantile functions, (C, Q) each of any Q, at the finest one's resolution.

    Negative weights may make it fall somewhere; its values in ascending order are the nearest
    function that does not.
    """
    finest = max(one.shape[1] for one in functions)
    mixed = weighted_sum([resample_quantiles(one, finest) for one in functions], weights)
    return mixed if min(weights) >= 0 else mixed.sort(dim=1).values


def resample_quantiles(quantile_function: Tensor, n: int) -> Tensor:
    """Evaluate (C, Q) quantile functions at the ``n`` shares (i + 1/2) / n, linear between."""
    if quantile_function.shape[1] == n:
        return quantile_function
    return torch.nn.functional.interpolate(
        quantile_function[None], size=n, mode="linear", align_corners=False
    )[0]
