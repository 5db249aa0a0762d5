"""Autocorrelation of each channel: the distances at which its features repeat.

The structure term of O. Sendik, D. Cohen-Or, "Deep Correlations for Texture Synthesis", ACM TOG
36:161, 2017. With H, W the sides of a map f and sums over the positions that both copies cover,

    R(y, x) = sum_p f(p) f(p + (y, x)) / ((H - |y|) (W - |x|)),

for lags up to half the side of the compared map, and E is the mean of (R - R*)^2 over channels and
lags.

Departures from the paper: half of the plane of lags, since the other half is its mirror image.
Where the compared maps wrap around, R is circular. For larger results the paper pads the exemplar;
here the same lags, in positions, are compared, up to half the side of the compared map or three
quarters of the exemplar's, whichever is less: R does not depend on the size of the map.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lichen.statistics.statistic import Statistic, statistics_dtype, weighted_sum

NO_WRAP = (False, False)
REACH = 0.5
"""Largest lag, as a fraction of the side of the compared map."""
KNOWN = 0.75
"""Largest lag at which an exemplar's correlation is measured, as a fraction of its side."""
LEAST_OVERLAP = 0.02
"""Least fraction of the positions that form pairs, for a lag to count where a mask is given."""


def autocorrelation(
    maps: Tensor,
    lags: tuple[int, int],
    wrap: tuple[bool, bool] = NO_WRAP,
    weights: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Compute R for lags of 0 to ``lags[0]`` rows and -``lags[1]`` to ``lags[1]`` columns.

    Parameters
    ----------
    maps
        (1, C, H, W).
    lags
        Largest lag of rows and of columns, less than H and W.
    wrap
        Whether rows and columns wrap around.
    weights
        (1, 1, H, W) weights of the positions; a pair has their product. Equal when None.

    Returns
    -------
    tuple
        R, (C, lags[0] + 1, 2 lags[1] + 1), and the weight of the pairs at each lag, (lags[0] + 1,
        2 lags[1] + 1). Both float32 (float64 for float64 maps).
    """
    features = maps[0].to(statistics_dtype(maps))  # (C, H, W)
    usable = features.new_ones(1, *features.shape[1:])
    if weights is not None:
        usable = weights[0].to(features.dtype)
        features = features * usable
    size = [
        side if wraps else side + lag
        for side, lag, wraps in zip(features.shape[1:], lags, wrap, strict=True)
    ]
    pairs = _products(usable, size, lags)[0]
    return _products(features, size, lags) / pairs.clamp_min(0.5), pairs


def _products(features: Tensor, size: list[int], lags: tuple[int, int]) -> Tensor:
    """Return sums of products at all lags, (C, lags[0] + 1, 2 lags[1] + 1), by FFTs of ``size``."""
    spectrum = torch.fft.rfft2(features, s=size)
    power = spectrum.real.square() + spectrum.imag.square()
    products = torch.fft.irfft2(power, s=size)[:, : lags[0] + 1]
    before, after = products[..., size[1] - lags[1] :], products[..., : lags[1] + 1]
    return torch.cat([before, after], dim=2)


@dataclass(frozen=True)
class AutocorrelationTarget:
    """R* of an exemplar, which of its lags count (bool), and its channels' squared means."""

    products: Tensor
    counts: Tensor
    squared_means: Tensor

    def within(self, lags: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Return R* and which lags count, of those up to ``lags`` only."""
        middle = self.products.shape[2] // 2
        columns = slice(middle - lags[1], middle + lags[1] + 1)
        return self.products[:, : lags[0] + 1, columns], self.counts[: lags[0] + 1, columns]


class Autocorrelation(Statistic):
    """Mean squared difference of the channels' autocorrelations.

    Parameters
    ----------
    wrap
        Whether rows and columns of the compared maps wrap around.
    """

    def __init__(self, wrap: tuple[bool, bool] = NO_WRAP) -> None:
        self.wrap = wrap

    def target(self, maps: Tensor, weights: Tensor | None = None) -> AutocorrelationTarget:
        """Return R* at all lags up to three quarters of the exemplar's sides."""
        height, width = maps.shape[2:]
        lags = (int(KNOWN * height), int(KNOWN * width))
        products, pairs = autocorrelation(maps, lags, weights=weights)
        values = maps[0].to(products.dtype).flatten(1)  # (C, M)
        if weights is None:
            return AutocorrelationTarget(products, pairs > 0.5, values.mean(1).square())
        usable = weights.reshape(-1).to(products.dtype)
        return AutocorrelationTarget(
            products,
            pairs > max(0.5, LEAST_OVERLAP * float(usable.sum())),
            (values @ usable / usable.sum()).square(),
        )

    def loss(self, maps: Tensor, target: AutocorrelationTarget) -> Tensor:
        """Return the mean of (R - R*)^2 over channels and lags."""
        known = (target.products.shape[1] - 1, target.products.shape[2] // 2)
        lags = (
            min(known[0], int(REACH * maps.shape[2])),
            min(known[1], int(REACH * maps.shape[3])),
        )
        wanted, counts = target.within(lags)
        ours, _ = autocorrelation(maps, lags, self.wrap)
        return (ours - wanted)[:, counts].square().mean()

    def energy(self, target: AutocorrelationTarget) -> float:
        """Return the loss of maps that equal their means: what structure contributes to R*."""
        structure = target.products - target.squared_means[:, None, None]
        # Flat maps have no structure, only rounding errors.
        floor = 1e-6 * float(target.products.square().mean())
        return max(float(structure[:, target.counts].square().mean()), floor)

    def mix(
        self, targets: Sequence[AutocorrelationTarget], weights: Sequence[float]
    ) -> AutocorrelationTarget:
        """Return the weighted sum, at the lags that all targets have.

        With negative weights no variance is below 0, and no covariance exceeds it.
        """
        known = [(one.products.shape[1] - 1, one.products.shape[2] // 2) for one in targets]
        lags = (min(rows for rows, _ in known), min(columns for _, columns in known))
        products, counts = zip(*(one.within(lags) for one in targets), strict=True)
        mixed = weighted_sum(products, weights)
        squared_means = weighted_sum([one.squared_means for one in targets], weights)
        if min(weights) < 0:
            squared_means = squared_means.clamp_min(0)
            level = squared_means[:, None, None]
            variance = (mixed[:, :1, lags[1] : lags[1] + 1] - level).clamp_min(0)
            mixed = level + (mixed - level).clamp(-variance, variance)
        return AutocorrelationTarget(mixed, torch.stack(counts).all(0), squared_means)

    def count(self, channels: int) -> int:
        """Return one per channel, at each lag; the number of lags depends on the maps."""
        return channels
