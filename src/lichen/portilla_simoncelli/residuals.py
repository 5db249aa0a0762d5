"""How far pyramid statistics are from others, in numbers of one magnitude that can be summed.

Correlations as they are. Deviations by their share of the wanted one, also those whose squares are
the variances of the pixels and of the high-pass: that holds little of a picture's variance, and an
absolute difference would leave it to chance (others give it a weight of 100). The mean in
deviations of the pixels; a kurtosis by its share of the wanted one, a skewness over its root.
Minimum and maximum have the gradient of one pixel: :func:`outside_range` is in their place.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from lichen.portilla_simoncelli.colour_statistics import ColourStatistics

FAINT = 0.01
"""Deviation, relative to the plane's, towards which a share becomes an absolute difference."""


def scaled_groups(given: ColourStatistics, wanted: ColourStatistics) -> dict[str, Tensor]:
    """Groups of ``given``, each number over the magnitude that it has in ``wanted``.

    Differences of two such are what is to be summed. Groups are those of
    :meth:`ColourStatistics.groups`, without minimum and maximum.
    """
    return without_limits(scaled(given, wanted))


def scaled(given: ColourStatistics, wanted: ColourStatistics) -> ColourStatistics:
    """Each number over the magnitude that it has in ``wanted``, variances as deviations."""
    own, target = given.planes, wanted.planes
    spread = _root(target.pixels[:, 1:2])  # (P, 1), deviation of the pixels
    pixels = (
        own.pixels[:, 0:1] / _positive(spread),
        _root(own.pixels[:, 1:2]) / _positive(spread),
        own.pixels[:, 2:3] / target.pixels[:, 3:4].sqrt(),
        own.pixels[:, 3:4] / target.pixels[:, 3:4],
        own.pixels[:, 4:],
    )
    high = _root(own.highpass_variance), _root(target.highpass_variance)
    planes = replace(
        own,
        pixels=torch.cat(pixels, 1),
        lowpass_skewness=own.lowpass_skewness / target.lowpass_kurtosis.sqrt(),
        lowpass_kurtosis=own.lowpass_kurtosis / target.lowpass_kurtosis,
        highpass_variance=_share(*high, spread[:, 0]),
        lowpass_deviation=_share(own.lowpass_deviation, target.lowpass_deviation, spread),
        magnitude_deviation=_share(
            own.magnitude_deviation, target.magnitude_deviation, spread[..., None]
        ),
    )
    return replace(given, planes=planes)


def without_limits(statistics: ColourStatistics) -> dict[str, Tensor]:
    """The groups without minimum and maximum, the last of the pixels' six."""
    groups = statistics.groups()
    marginals = groups["marginals"].view(len(statistics.planes.pixels), -1)
    kept = torch.cat([marginals[:, :4], marginals[:, 6:]], 1)
    return groups | {"marginals": kept.flatten()}


def outside_range(planes: Tensor, wanted: ColourStatistics) -> Tensor:
    """Squared excess over the wanted maximum and minimum, (P, H, W), in the pixels' variance."""
    target = wanted.planes.pixels[..., None]  # (P, 6, 1)
    low, high = target[:, 4:5], target[:, 5:6]
    excess = planes - torch.clamp(planes, min=low, max=high)
    return excess.square() / _positive(target[:, 1:2])


def _share(deviation: Tensor, wanted: Tensor, spread: Tensor) -> Tensor:
    return deviation / _positive(wanted + FAINT * spread)


def _root(variance: Tensor) -> Tensor:
    """Square root, of a gradient of 0 at 0."""
    return _positive(variance).sqrt()


def _positive(values: Tensor) -> Tensor:
    return values.clamp(min=torch.finfo(values.dtype).tiny ** 0.5)
