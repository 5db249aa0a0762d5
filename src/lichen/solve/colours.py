"""Colours to start from and to stay within: initial noise and box constraints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from lichen.solve.objective import Example
from lichen.statistics.gram import mix_moments
from lichen.statistics.statistic import symmetric_eigen, weighted_sum

IMAGENET_MEAN = (123.68 / 255, 116.779 / 255, 103.939 / 255)

Bounds = Literal["channel", "global", "none"]


def mixed_colours(examples: Sequence[Example]) -> Tensor:
    """Return colours (C, M) with the mean and covariance of a mixture.

    Those of a single exemplar are its own. Of a mixture there are two for each principal axis,
    sqrt(C) standard deviations to either side of the mean.
    """
    found = [example.colours() for example in examples]
    if len(found) == 1:
        return found[0]
    weights = [example.weight for example in examples]
    channels = found[0].shape[0]
    mean = weighted_sum([colours.mean(1) for colours in found], weights).clamp(0, 1)
    moments = [torch.cov(colours, correction=0).view(channels, channels) for colours in found]
    values, vectors = symmetric_eigen(mix_moments(moments, weights))
    steps = (vectors * (channels * values.clamp_min(0)).sqrt()).to(mean)  # (C, C)
    return mean[:, None] + torch.cat([steps, -steps], dim=1)


def colour_noise(colours: Tensor, noise: Tensor, correction: int) -> Tensor:
    """Return Gaussian noise (1, C, H, W) in [0, 1] with the mean and covariance of colours.

    Parameters
    ----------
    colours
        (C, M).
    noise
        White noise of unit variance, (1, C, H, W), on the device of ``colours``.
    correction
        1 where the colours are a sample, 0 where their covariance is that wanted.
    """
    channels = len(colours)
    exact = colours.cpu().double()  # so that noise does not depend on the device
    root = torch.linalg.cholesky(
        torch.cov(exact, correction=correction).view(channels, channels)
        + 1e-8 * torch.eye(channels, dtype=torch.float64)
    )
    correlated = torch.einsum("ij,bjhw->bihw", root.to(noise), noise)
    return (colours.mean(1).view(1, -1, 1, 1) + correlated).clamp(0, 1)


def faint_noise(noise: Tensor) -> Tensor:
    """Return noise of standard deviation 1/255 about the mean of ImageNet.

    ``noise`` is white, of unit variance, (1, C, H, W).
    """
    mean = IMAGENET_MEAN if noise.shape[1] == 3 else (0.45,)
    return torch.tensor(mean, device=noise.device).view(1, -1, 1, 1) + noise / 255


def box(examples: Sequence[Example], bounds: Bounds) -> tuple[Tensor, Tensor]:
    """Return the least and the greatest value of the pixels, (1, C, 1, 1) each.

    Parameters
    ----------
    examples
        Whose colours the range is of. Where weights are negative it includes the weighted sums of
        their extremes.
    bounds
        ``channel`` for the range of each channel; ``global`` for the range over all of them, the
        means of ImageNet subtracted, as in Gatys, Ecker and Bethge (2015); ``none`` for [0, 1].
    """
    found = [example.colours() for example in examples]
    weights = [example.weight for example in examples]
    lows, highs = [one.amin(1) for one in found], [one.amax(1) for one in found]
    low = torch.stack([*lows, weighted_sum(lows, weights)]).amin(0).clamp(0, 1).view(1, -1, 1, 1)
    high = torch.stack([*highs, weighted_sum(highs, weights)]).amax(0).clamp(0, 1).view(1, -1, 1, 1)
    if bounds == "none":
        return torch.zeros_like(low), torch.ones_like(high)
    if bounds == "global":
        shift = torch.zeros_like(low)
        if low.shape[1] == 3:
            shift = torch.tensor(IMAGENET_MEAN, device=low.device).view(1, 3, 1, 1)
        return (low - shift).min() + shift, (high - shift).max() + shift
    return low, high
