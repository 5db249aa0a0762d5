"""The colours that a search begins with and stays within, of one texture or of a mixture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from lichen.statistics.gram import mix_moments
from lichen.statistics.statistic import weighted_sum

IMAGENET_MEAN = (123.68 / 255, 116.779 / 255, 103.939 / 255)


def mixed_colours(found: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Colours (C, M) with the mixed mean and covariance: a texture's own where it is alone.

    Of a mixture two for each axis, one standard deviation times sqrt(C) to either side.
    """
    if len(found) == 1:
        return found[0]
    channels = found[0].shape[0]
    mean = weighted_sum([colours.mean(1) for colours in found], weights).clamp(0, 1)
    moments = [torch.cov(colours, correction=0).view(channels, channels) for colours in found]
    values, vectors = torch.linalg.eigh(mix_moments(moments, weights).double())
    steps = (vectors * (channels * values.clamp_min(0)).sqrt()).to(mean.dtype)  # (C, C)
    return mean[:, None] + torch.cat([steps, -steps], dim=1)


def colour_noise(colours: Tensor, noise: Tensor, correction: int) -> Tensor:
    """Turn white ``noise`` (1, C, H, W) into one of the mean and covariance of ``colours`` (C, M).

    ``correction`` is 1 where these are a sample, 0 where they have the covariance exactly.
    """
    channels = len(colours)
    spread = torch.linalg.cholesky(
        torch.cov(colours.double(), correction=correction).view(channels, channels)
        + 1e-8 * torch.eye(channels, dtype=torch.float64)
    ).float()
    mixed = torch.einsum("ij,bjhw->bihw", spread, noise)
    return (colours.mean(1).view(1, -1, 1, 1) + mixed).clamp(0, 1)


def faint_noise(noise: Tensor) -> Tensor:
    """White ``noise`` (1, C, H, W) of standard deviation 1/255 about the mean of ImageNet."""
    mean = torch.tensor(IMAGENET_MEAN) if noise.shape[1] == 3 else torch.tensor([0.45])
    return mean.view(1, -1, 1, 1) + noise / 255


def box(
    found: Sequence[Tensor],
    weights: Sequence[float],
    bounds: Literal["channel", "global", "none"],
) -> tuple[Tensor, Tensor]:
    """Lower and upper bounds of the pixels, (1, C, 1, 1).

    What the textures' colours (C, M) have, and where weights lead beyond them also what those
    make of it: by ``channel``, or over all (``global``) with the means of ImageNet taken off, as
    in the paper of 2015; or [0, 1].
    """
    lows, highs = [one.amin(1) for one in found], [one.amax(1) for one in found]
    low = torch.stack([*lows, weighted_sum(lows, weights)]).amin(0).clamp(0, 1).view(1, -1, 1, 1)
    high = torch.stack([*highs, weighted_sum(highs, weights)]).amax(0).clamp(0, 1).view(1, -1, 1, 1)
    if bounds == "none":
        return torch.zeros_like(low), torch.ones_like(high)
    if bounds == "global":
        shift = torch.zeros_like(low)
        if low.shape[1] == 3:
            shift = torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1)
        return (low - shift).min() + shift, (high - shift).max() + shift
    return low, high
