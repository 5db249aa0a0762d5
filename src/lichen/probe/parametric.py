"""The groups of Portilla and Simoncelli (2000) of an exemplar and of a result, to be plotted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lichen.errors import ImageError
from lichen.patches.luminance import luminance
from lichen.probe.subject import Picture, pixels_of

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class StatisticGroups:
    """Statistics of N pictures by group: marginals, autocorrelation, magnitudes, phase.

    Attributes
    ----------
    n_scales
        Of the pyramid.
    labels
        What each number of a group is.
    values
        float64 (N, numbers) by group.
    """

    n_scales: int
    labels: Mapping[str, tuple[str, ...]]
    values: Mapping[str, NDArray[np.float64]]


def portilla_simoncelli_groups(*images: Picture, n_scales: int | None = None) -> StatisticGroups:
    """Measure the statistics of pictures' luminance.

    Parameters
    ----------
    *images
        Picture files, or arrays (H, W[, C]): uint8, uint16, or float in [0, 1]; of any sizes.
    n_scales
        Of the pyramid; 4, or as many as the smallest picture allows, when None.
    """
    from lichen.portilla_simoncelli.measurement import portilla_simoncelli_statistics
    from lichen.portilla_simoncelli.statistics import largest_n_scales

    if not images:
        raise ImageError("there is no picture to measure", "give an exemplar")
    planes = [luminance(pixels_of(image))[..., 0] for image in images]
    if n_scales is None:
        sizes = [(plane.shape[0], plane.shape[1]) for plane in planes]
        n_scales = max(1, min(4, *(largest_n_scales(size) for size in sizes)))
    found = [portilla_simoncelli_statistics(plane, n_scales=n_scales).groups for plane in planes]
    return StatisticGroups(
        n_scales,
        {name: group.labels for name, group in found[0].items()},
        {name: np.stack([groups[name].values for groups in found]) for name in found[0]},
    )
