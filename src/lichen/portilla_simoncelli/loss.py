"""From a picture to its Portilla-Simoncelli statistics: pyramid and statistics put together.

J. Portilla and E. P. Simoncelli, "A Parametric Texture Model Based on Joint Statistics of Complex
Wavelet Coefficients", IJCV 40:49, 2000. What the numbers are and where they depart from the paper:
:mod:`lichen.portilla_simoncelli.statistics`; in colour
:mod:`lichen.portilla_simoncelli.colour_statistics`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lichen.errors import ImageError, ParameterError, unknown_name
from lichen.features.colour_axes import ColourAxes
from lichen.features.steerable_pyramid import partial_lowpasses, steerable_pyramid
from lichen.portilla_simoncelli.colour_statistics import ColourStatistics, colour_statistics
from lichen.portilla_simoncelli.labels import colour_labels
from lichen.portilla_simoncelli.residuals import outside_range, scaled_groups
from lichen.portilla_simoncelli.statistics import check_neighbours, largest_n_scales

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Group:
    """One group of statistics: ``values`` (n,) and what each is, ``labels``, n of them."""

    values: Array
    labels: tuple[str, ...]


@dataclass(frozen=True)
class PortillaSimoncelli:
    """Statistics of a picture; S scales (finest first), K orientations, N x N neighbours.

    Of a picture in colour the first twelve have a leading axis of P planes, the principal axes of
    its colours, and the last eight, None for a grey one, join the planes. Map p K + k is
    orientation k of plane p.

    Attributes
    ----------
    groups
        By name: ``marginals``, ``autocorrelation``, ``magnitudes``, ``phase`` as in the paper, and
        in colour ``colours``, ``colour magnitudes``, ``colour phase``. Without entries that
        symmetry repeats: 710 numbers for one plane, 4 scales, 4 orientations and 7 x 7.
    pixels
        (6,) mean, variance, skewness, kurtosis, minimum, maximum.
    lowpass_skewness, lowpass_kurtosis, lowpass_deviation
        (S + 1,) of the partial low-passes; kurtosis 3 is a Gaussian's.
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
        (S - 1, K, K); [s, i, j] joins orientation i of scale s and j of scale s + 1.
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

    groups: Mapping[str, Group]
    pixels: Array
    lowpass_skewness: Array
    lowpass_kurtosis: Array
    highpass_variance: Array
    lowpass_deviation: Array
    lowpass_autocorrelation: Array
    magnitude_mean: Array
    magnitude_deviation: Array
    magnitude_autocorrelation: Array
    magnitude_orientations: Array
    magnitude_parents: Array
    phase_parents: Array
    colour_mean: Array | None = None
    colour_axes: Array | None = None
    covariance: Array | None = None
    lowpass_planes: Array | None = None
    band_planes: Array | None = None
    joint_magnitude_orientations: Array | None = None
    joint_magnitude_parents: Array | None = None
    joint_phase_parents: Array | None = None


def portilla_simoncelli(
    image: NDArray[Any], *, n_scales: int = 4, n_orientations: int = 4, n_neighbours: int = 7
) -> PortillaSimoncelli:
    """Measure the Portilla-Simoncelli statistics of a picture, in float64.

    Parameters
    ----------
    image
        (H, W), (H, W, 1) for grey, or (H, W, C) for colour; of any size and range. Borders wrap
        around; for a picture that does not tile, the jump there is measured too.
    n_scales
        S, at least 1. The coarsest low-pass, ceil(H / 2^S) samples high, must be no smaller than
        the neighbourhood.
    n_orientations
        K, at least 1.
    n_neighbours
        N, odd.

    Returns
    -------
    PortillaSimoncelli

    Raises
    ------
    ImageError
        When it is no picture or has values that are not finite.
    ParameterError
        When the picture is too small for so many scales, or a count is not allowed.

    Examples
    --------
    >>> import lichen
    >>> found = lichen.statistics.portilla_simoncelli(lichen.textures.julesz("even", 128))
    >>> {name: len(group.values) for name, group in found.groups.items()}
    {'marginals': 17, 'autocorrelation': 125, 'magnitudes': 472, 'phase': 96}
    """
    pixels = torch.from_numpy(_checked(image))
    axes = ColourAxes.of(pixels) if len(pixels) > 1 else None
    with torch.no_grad():
        planes = pixels if axes is None else axes.planes(pixels)
        found = measure(planes, n_scales, n_orientations, n_neighbours)
    labels = colour_labels(len(planes), n_scales, n_orientations, n_neighbours)
    groups = {name: Group(values.numpy(), labels[name]) for name, values in found.groups().items()}
    own = {field.name: getattr(found.planes, field.name).numpy() for field in fields(found.planes)}
    if axes is None:
        return PortillaSimoncelli(groups, **{name: values[0] for name, values in own.items()})
    return PortillaSimoncelli(
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


def measure(
    planes: Tensor, n_scales: int = 4, n_orientations: int = 4, n_neighbours: int = 7
) -> ColourStatistics:
    """Compute the statistics of planes (P, H, W), float32 or float64. Differentiable.

    Parameters and errors are those of :func:`portilla_simoncelli`; of one plane the statistics
    that join planes are empty or repeat those of ``planes``.
    """
    # Before the pyramid, whose own limit is wider.
    check_neighbours((planes.shape[-2], planes.shape[-1]), n_scales, n_neighbours)
    pyramid = steerable_pyramid(planes, n_scales, n_orientations, is_complex=True)
    return colour_statistics(planes, pyramid, partial_lowpasses(planes, n_scales), n_neighbours)


class PortillaSimoncelliLoss:
    """Distance of a picture's statistics from an exemplar's, for descent by gradient.

    Sum over groups of a weight times the mean square of the group's residuals
    (:mod:`lichen.portilla_simoncelli.residuals`), so that groups of any length count alike. The
    groups are those of :class:`PortillaSimoncelli` and ``range``, the mean square of what lies
    beyond the exemplar's minimum and maximum. All statistics are means, so a picture need not be
    of the exemplar's size. Where sizes are no multiples of 2^S the samples of the coarser scales
    lie a little closer than 2^s pixels, and shifts and distances with them; 0 on the exemplar.

    Planes count alike however faint, so descend on the planes (:meth:`of_planes`) and turn the
    result back: after 60 steps of L-BFGS on a picture of leaves, whose planes have deviations of
    0.27, 0.03 and 0.008, the loss is a hundredth of what descent on the colours leaves.

    Parameters
    ----------
    exemplar
        (1, C, h, w), float32 or float64; statistics are in its dtype. Borders wrap around.
    n_scales, n_orientations, n_neighbours
        As for :func:`portilla_simoncelli`.
    size
        Height and width of the pictures that will be judged, where they are smaller than the
        exemplar. No more scales are used than both have room for: see ``n_scales``.
    weights
        Of groups by name, 1 where not given.

    Attributes
    ----------
    axes
        The exemplar's axes of colour, which turn pictures into planes and back.
    target
        Statistics of the exemplar's planes.
    n_scales
        What is used.

    Raises
    ------
    ParameterError
        When there is no room for one scale, a count is not allowed or a weight is negative.
    UnknownNameError
        When there is no group of that name.
    """

    def __init__(
        self,
        exemplar: Tensor,
        *,
        n_scales: int = 4,
        n_orientations: int = 4,
        n_neighbours: int = 7,
        size: tuple[int, int] | None = None,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        smallest = (exemplar.shape[2], exemplar.shape[3])
        if size is not None:
            smallest = min(smallest[0], size[0]), min(smallest[1], size[1])
        self.n_scales = min(n_scales, max(1, largest_n_scales(smallest, n_neighbours)))
        check_neighbours(smallest, self.n_scales, n_neighbours)
        self._counts = self.n_scales, n_orientations, n_neighbours
        self.axes = ColourAxes.of(exemplar)
        with torch.no_grad():
            self.target = measure(self.axes.planes(exemplar[0]), *self._counts)
            self._wanted = scaled_groups(self.target, self.target)
        self.weights = _weights(weights or {}, [*self._wanted, "range"])

    def __call__(self, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss of a picture (1, C, H, W), and each group's part of it by name."""
        return self.of_planes(self.axes.planes(image[0]))

    def of_planes(self, planes: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss of a picture as planes (P, H, W), and each group's part."""
        parts = {
            name: self.weights[name] * error for name, error in self._mean_squares(planes).items()
        }
        return torch.stack(list(parts.values())).sum(), parts

    def residuals(self, planes: Tensor) -> Tensor:
        """What planes (P, H, W) miss, in one row (R,) whose sum of squares is the loss.

        But for the group ``range``, which has no part in it.
        """
        given = scaled_groups(measure(planes, *self._counts), self.target)
        return self.residual_weights * torch.cat(
            [values - self._wanted[name] for name, values in given.items()]
        )

    @property
    def residual_weights(self) -> Tensor:
        """(R,) by which differences of statistics are multiplied in :meth:`residuals`."""
        roots = [
            torch.full_like(values, (self.weights[name] / max(1, values.numel())) ** 0.5)
            for name, values in self._wanted.items()
        ]
        return torch.cat(roots)

    def errors(self, image: Tensor) -> dict[str, float]:
        """Root mean square of the residuals of each group of a picture (1, C, H, W)."""
        with torch.no_grad():
            squares = self._mean_squares(self.axes.planes(image[0]))
        return {name: float(square) ** 0.5 for name, square in squares.items()}

    def _mean_squares(self, planes: Tensor) -> dict[str, Tensor]:
        given = scaled_groups(measure(planes, *self._counts), self.target)
        squares = {
            name: (values - self._wanted[name]).square().mean()
            for name, values in given.items()
            if values.numel()  # with one scale there are no parents
        }
        return squares | {"range": outside_range(planes, self.target).mean()}


def _weights(given: Mapping[str, float], groups: list[str]) -> dict[str, float]:
    for name, weight in given.items():
        if name not in groups:
            raise unknown_name("group of statistics", name, groups)
        if not weight >= 0:
            raise ParameterError(
                f"a weight of {weight} for {name} is not allowed", "give 0 or more"
            )
    return dict.fromkeys(groups, 1.0) | dict(given)


def _checked(image: NDArray[Any]) -> Array:
    """(C, H, W), float64."""
    pixels = np.asarray(image)
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.ndim != 3 or not pixels.size or pixels.dtype.kind not in "fiub":
        problem = f"an array of shape {np.shape(image)} and {pixels.dtype} is no picture"
        raise ImageError(problem, "give (height, width) or (height, width, channels), real")
    if not np.isfinite(pixels).all():
        raise ImageError("the picture has values that are not finite", "replace them")
    return np.ascontiguousarray(pixels.transpose(2, 0, 1), dtype=np.float64)
