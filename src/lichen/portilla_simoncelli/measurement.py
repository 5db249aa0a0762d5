"""The statistics of an image for their users: measured in float64, with a name for each number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import combinations, permutations
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lichen.errors import ImageError
from lichen.features.colour_axes import ColourAxes
from lichen.portilla_simoncelli.statistics import colour_statistics

Float64Array = NDArray[np.float64]

PIXELS = ("mean", "variance", "skewness", "kurtosis", "minimum", "maximum")


@dataclass(frozen=True)
class StatisticGroup:
    """A group of statistics: ``values`` (n,) and the names of its numbers, n ``labels``."""

    values: Float64Array
    labels: tuple[str, ...]


@dataclass(frozen=True)
class PortillaSimoncelliStatistics:
    """Statistics of an image; S scales (finest first), K orientations, N x N neighbours.

    For an image in colour the first twelve arrays have a leading axis of P planes, the principal
    axes of its colours; the last eight, None for a grey image, join the planes. Map p K + k is
    orientation k of plane p.

    Attributes
    ----------
    groups
        By name: ``marginals``, ``autocorrelation``, ``magnitudes``, ``phase`` as in the paper, and
        for colour ``colours``, ``colour magnitudes``, ``colour phase``. Without entries that
        symmetry repeats: 710 numbers for one plane, 4 scales, 4 orientations and 7 x 7.
    pixels
        (6,) mean, variance, skewness, kurtosis, minimum, maximum.
    lowpass_skewness, lowpass_kurtosis, lowpass_deviation
        (S + 1,) of the partial low-passes, finest first; a Gaussian has kurtosis 3.
    highpass_variance
        ().
    lowpass_autocorrelation
        (S + 1, N, N), 1 at the centre; entry [N // 2 + y, N // 2 + x] is for a shift of y samples
        down and x to the right.
    magnitude_mean, magnitude_deviation
        (S, K) of the bands' magnitudes. The mean belongs to no group.
    magnitude_autocorrelation
        (S, K, N, N).
    magnitude_orientations
        (S, K, K) correlations between orientations, 1 on the diagonal.
    magnitude_parents
        (S - 1, K, K); [s, i, j] is orientation i of scale s with j of scale s + 1.
    phase_parents
        (S - 1, K, 2 K); real part i of scale s with the real (j) and imaginary (K + j) part of
        orientation j of scale s + 1, phase doubled.
    colour_mean, colour_axes
        (C,) and (P, C): planes are ``colour_axes @ (colour - colour_mean)``, of unit variance.
    covariance
        (P, P) of the planes: the unit matrix.
    lowpass_planes, band_planes
        (S + 1, P, P) correlations of the partial low-passes and (S, K, P, P) of the real parts.
    joint_magnitude_orientations, joint_magnitude_parents, joint_phase_parents
        (S, P K, P K), (S - 1, P K, P K) and (S - 1, P K, P 2 K): as above, for the maps of all
        planes.
    """

    groups: Mapping[str, StatisticGroup]
    pixels: Float64Array
    lowpass_skewness: Float64Array
    lowpass_kurtosis: Float64Array
    highpass_variance: Float64Array
    lowpass_deviation: Float64Array
    lowpass_autocorrelation: Float64Array
    magnitude_mean: Float64Array
    magnitude_deviation: Float64Array
    magnitude_autocorrelation: Float64Array
    magnitude_orientations: Float64Array
    magnitude_parents: Float64Array
    phase_parents: Float64Array
    colour_mean: Float64Array | None = None
    colour_axes: Float64Array | None = None
    covariance: Float64Array | None = None
    lowpass_planes: Float64Array | None = None
    band_planes: Float64Array | None = None
    joint_magnitude_orientations: Float64Array | None = None
    joint_magnitude_parents: Float64Array | None = None
    joint_phase_parents: Float64Array | None = None


def portilla_simoncelli_statistics(
    image: NDArray[Any], *, n_scales: int = 4, n_orientations: int = 4, n_neighbours: int = 7
) -> PortillaSimoncelliStatistics:
    """Measure the Portilla-Simoncelli statistics of an image, in float64.

    Parameters
    ----------
    image
        (H, W) or (H, W, 1) for grey, (H, W, C) for colour; any size and range. Borders wrap
        around: for an image that does not tile, the jump there is measured too.
    n_scales
        S, at least 1. The coarsest low-pass, ceil(H / 2^S) samples high, must not be smaller than
        the neighbourhood.
    n_orientations
        K, at least 1.
    n_neighbours
        N, odd.

    Returns
    -------
    PortillaSimoncelliStatistics

    Raises
    ------
    ImageError
        When it is not an image or has values that are not finite.
    ParameterError
        When the image is too small for that many scales, or a count is not allowed.

    Examples
    --------
    >>> import lichen
    >>> found = lichen.portilla_simoncelli_statistics(lichen.textures.julesz("even", 128))
    >>> {name: len(group.values) for name, group in found.groups.items()}
    {'marginals': 17, 'autocorrelation': 125, 'magnitudes': 472, 'phase': 96}
    """
    pixels = torch.from_numpy(_checked(image))
    axes = ColourAxes.of(pixels) if len(pixels) > 1 else None
    with torch.no_grad():
        planes = pixels if axes is None else axes.planes(pixels)
        found = colour_statistics(planes, n_scales, n_orientations, n_neighbours)
    labels = _colour_labels(len(planes), n_scales, n_orientations, n_neighbours)
    groups = {
        name: StatisticGroup(values.numpy(), labels[name])
        for name, values in found.groups().items()
    }
    own = {field.name: getattr(found.planes, field.name).numpy() for field in fields(found.planes)}
    if axes is None:
        return PortillaSimoncelliStatistics(
            groups, **{name: values[0] for name, values in own.items()}
        )
    return PortillaSimoncelliStatistics(
        groups,
        **own,
        colour_mean=axes.mean.numpy(),
        colour_axes=(axes.directions / axes.deviations[:, None]).numpy(),
        covariance=found.covariance.numpy(),
        lowpass_planes=found.lowpass_planes.numpy(),
        band_planes=found.band_planes.numpy(),
        joint_magnitude_orientations=found.magnitude_orientations.numpy(),
        joint_magnitude_parents=found.magnitude_parents.numpy(),
        joint_phase_parents=found.phase_parents.numpy(),
    )


def _checked(image: NDArray[Any]) -> Float64Array:
    """Return the image as (C, H, W), float64."""
    pixels = np.asarray(image)
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.ndim != 3 or not pixels.size or pixels.dtype.kind not in "fiub":
        problem = f"an array of shape {np.shape(image)} and {pixels.dtype} is not an image"
        raise ImageError(problem, "use (height, width) or (height, width, channels), real")
    if not np.isfinite(pixels).all():
        raise ImageError("the image has values that are not finite", "replace them")
    return np.ascontiguousarray(pixels.transpose(2, 0, 1), dtype=np.float64)


def _pyramid_labels(
    n_scales: int, n_orientations: int, n_neighbours: int
) -> dict[str, tuple[str, ...]]:
    """Name the numbers of one plane's four groups, in the order of ``groups()``.

    Scale 0 is the finest; orientation k is at the angle k pi / K.
    """
    lowpasses, scales, shifts = range(n_scales + 1), range(n_scales), _shifts(n_neighbours)
    bands = [f"scale {s} orientation {k}" for s in scales for k in range(n_orientations)]
    children = bands[: (n_scales - 1) * n_orientations]
    parents = [f"parent {k}" for k in range(n_orientations)]
    doubled = [
        f"{part} parent {k}" for part in ("real", "imaginary") for k in range(n_orientations)
    ]
    return {
        "marginals": (
            *PIXELS,
            *(f"skewness low-pass {s}" for s in lowpasses),
            *(f"kurtosis low-pass {s}" for s in lowpasses),
            "variance high-pass",
        ),
        "autocorrelation": (
            *(f"deviation low-pass {s}" for s in lowpasses),
            *(f"low-pass {s} shift {shift}" for s in lowpasses for shift in shifts),
        ),
        "magnitudes": (
            *(f"deviation {band}" for band in bands),
            *(f"{band} shift {shift}" for band in bands for shift in shifts),
            *(
                f"scale {s} orientations {i} {j}"
                for s in scales
                for i, j in combinations(range(n_orientations), 2)
            ),
            *(f"{band} {parent}" for band in children for parent in parents),
        ),
        "phase": tuple(f"{band} {parent}" for band in children for parent in doubled),
    }


def _colour_labels(
    n_planes: int, n_scales: int, n_orientations: int, n_neighbours: int
) -> dict[str, tuple[str, ...]]:
    """Name the numbers of the groups of all planes, and of those that join planes."""
    own = _pyramid_labels(n_scales, n_orientations, n_neighbours)
    if n_planes == 1:
        return own
    labels = {
        group: tuple(f"plane {p} {name}" for p in range(n_planes) for name in names)
        for group, names in own.items()
    }
    orientations = range(n_orientations)
    pairs = [f"planes {p} {q}" for p, q in combinations(range(n_planes), 2)]
    ordered = list(permutations(range(n_planes), 2))
    labels["colours"] = (
        *(f"covariance {pair}" for pair in pairs),
        *(f"low-pass {s} {pair}" for s in range(n_scales + 1) for pair in pairs),
        *(
            f"scale {s} orientation {k} {pair}"
            for s in range(n_scales)
            for k in orientations
            for pair in pairs
        ),
    )
    labels["colour magnitudes"] = (
        *(
            f"scale {s} {pair} orientations {i} {j}"
            for s in range(n_scales)
            for pair in pairs
            for i in orientations
            for j in orientations
        ),
        *(
            f"scale {s} plane {p} orientation {i} plane {q} parent {j}"
            for s in range(n_scales - 1)
            for p, q in ordered
            for i in orientations
            for j in orientations
        ),
    )
    labels["colour phase"] = tuple(
        f"scale {s} plane {p} orientation {i} plane {q} {part} parent {j}"
        for s in range(n_scales - 1)
        for p, q in ordered
        for i in orientations
        for part in ("real", "imaginary")
        for j in orientations
    )
    return labels


def _shifts(n_neighbours: int) -> list[str]:
    """Shifts down and to the right, those before the centre in reading order."""
    reach = range(-(n_neighbours // 2), n_neighbours // 2 + 1)
    return [f"({y}, {x})" for y in reach for x in reach][: n_neighbours**2 // 2]
