"""The statistics of Portilla and Simoncelli (2000) of an exemplar and of results, by group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lichen.errors import ParameterError
from lichen.image.colour import NTSC, luminance
from lichen.probe.inputs import pixels_of
from lichen.run.inputs import Picture


@dataclass(frozen=True, eq=False)
class StatisticGroups:
    """Statistics of N pictures by group: marginals, autocorrelation, magnitudes, phase.

    Attributes
    ----------
    n_scales
        Number of scales of the pyramid.
    labels
        Name of each statistic, by group.
    values
        float64 (N, statistics) by group.
    """

    n_scales: int
    labels: Mapping[str, tuple[str, ...]]
    values: Mapping[str, NDArray[np.float64]]


def portilla_simoncelli_groups(*images: Picture, n_scales: int | None = None) -> StatisticGroups:
    """Measure the statistics of the luminance of pictures.

    Parameters
    ----------
    *images
        Picture files, or arrays (H, W[, C]): uint8, uint16, or float in [0, 1]; of any sizes.
    n_scales
        Number of scales of the pyramid; when None 4, or fewer if the smallest picture requires.
    """
    from lichen.portilla_simoncelli.measurement import portilla_simoncelli_statistics
    from lichen.portilla_simoncelli.statistics import largest_n_scales

    if not images:
        raise ParameterError("no picture is given", "give an exemplar")
    planes = [luminance(pixels_of(image), NTSC) for image in images]
    if n_scales is None:
        sizes = [(plane.shape[0], plane.shape[1]) for plane in planes]
        n_scales = max(1, min(4, *(largest_n_scales(size) for size in sizes)))
    found = [portilla_simoncelli_statistics(plane, n_scales=n_scales).groups for plane in planes]
    return StatisticGroups(
        n_scales,
        {name: group.labels for name, group in found[0].items()},
        {name: np.stack([groups[name].values for groups in found]) for name in found[0]},
    )
