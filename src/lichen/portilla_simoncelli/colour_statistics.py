"""Portilla-Simoncelli statistics of a picture in colour: each plane's, and what joins the planes.

Portilla and Simoncelli (IJCV 40:49, 2000) define them for grey pictures. Colour, as in their own
later program and in Vacher and Briand (IPOL 2021), is taken in planes that do not correlate: the
principal axes of the exemplar's colours (``lichen.features.colour_axes``), at unit variance.
The axes are the exemplar's for every picture that is held to it. With P planes, S scales and K
orientations:

- ``planes``: the statistics of :mod:`lichen.portilla_simoncelli.statistics` of each plane;
- ``colours``: what joins the planes themselves: the covariance of the pixels, P (P - 1) / 2 (on
  the exemplar's own axes that is 0); the correlation of the planes' partial low-passes, (S + 1)
  P (P - 1) / 2; that of the real parts of their bands of one scale and orientation, S K P (P - 1)
  / 2. Planes that do not correlate as a whole can at one scale: the sign of an edge's hue;
- ``colour magnitudes``: correlation of the magnitudes of two planes in one scale, for all pairs
  of orientations, S K^2 P (P - 1) / 2; and with the parents of another plane, (S - 1) K^2 P (P -
  1);
- ``colour phase``: real parts with parents of another plane, phase doubled, 2 (S - 1) K^2 P (P -
  1).

For 4 scales, 4 orientations, 7 x 7 neighbours and 3 planes that is 3 x 710 + 66 + 480 + 576 = 3252.

Structure for those who impose them one after another. All matrices are joint: the maps of a scale
are the K bands of plane 0, then those of plane 1, ...; map p K + k is orientation k of plane p.
``magnitude_orientations[s]`` is then one (P K, P K) correlation matrix, to be imposed as the
paper imposes its (K, K); its diagonal blocks are the planes' own. So are the joint parents.

The papers' programs differ in which of the cross-plane numbers they take; this set is Lichen's
choice. Left out: autocorrelations across planes and the high-pass across planes, which the
covariance of the pixels and that of the finest low-pass settle between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lichen.portilla_simoncelli.maps import ComplexPyramid, PyramidMaps, pyramid_maps
from lichen.portilla_simoncelli.statistics import (
    PyramidStatistics,
    check_neighbours,
    correlation,
    stacked,
    statistics_of_maps,
)


@dataclass(frozen=True)
class ColourStatistics:
    """Statistics of one picture of P planes; S scales (finest first), K orientations.

    Attributes
    ----------
    planes
        Those of each plane alone, with a leading axis of P.
    covariance
        (P, P) of the pixels.
    lowpass_planes
        (S + 1, P, P) correlations of the partial low-passes.
    band_planes
        (S, K, P, P) correlations of the real parts of the bands of one orientation.
    magnitude_orientations
        (S, P K, P K) correlations of the magnitudes, 1 on the diagonal; map p K + k is
        orientation k of plane p.
    magnitude_parents
        (S - 1, P K, P K); columns are maps of scale s + 1.
    phase_parents
        (S - 1, P K, P 2 K); column p 2 K + k is the real part of orientation k of plane p of
        scale s + 1, phase doubled, and p 2 K + K + k the imaginary part.
    """

    planes: PyramidStatistics
    covariance: Tensor
    lowpass_planes: Tensor
    band_planes: Tensor
    magnitude_orientations: Tensor
    magnitude_parents: Tensor
    phase_parents: Tensor

    def groups(self) -> dict[str, Tensor]:
        """The paper's four groups, all planes one after another, and the three across planes."""
        own = {name: group.flatten() for name, group in self.planes.groups().items()}
        n_planes = self.covariance.shape[0]
        if n_planes == 1:
            return own
        above = torch.triu_indices(n_planes, n_planes, 1)
        joined = (self.covariance, self.lowpass_planes, self.band_planes)
        pairs = _blocks(self.magnitude_orientations, n_planes)[:, above[0], above[1]]
        others = ~torch.eye(n_planes, dtype=torch.bool)
        parents, phases = (
            _blocks(matrices, n_planes)[:, others].flatten()
            for matrices in (self.magnitude_parents, self.phase_parents)
        )
        return own | {
            "colours": torch.cat([x[..., above[0], above[1]].flatten() for x in joined]),
            "colour magnitudes": torch.cat([pairs.flatten(), parents]),
            "colour phase": phases,
        }

    def count(self) -> int:
        """How many numbers the groups hold together."""
        return sum(group.numel() for group in self.groups().values())


def colour_statistics(
    planes: Tensor, pyramid: ComplexPyramid, lowpasses: Sequence[Tensor], n_neighbours: int = 7
) -> ColourStatistics:
    """Compute the statistics of a picture's planes from their complex steerable pyramids.

    Differentiable wherever the statistics are.

    Parameters
    ----------
    planes
        (P, H, W), float32 or float64; best uncorrelated and of unit variance.
    pyramid, lowpasses
        As for :func:`~lichen.portilla_simoncelli.statistics.pyramid_statistics`, of the planes.
    n_neighbours
        N, odd.

    Raises
    ------
    ParameterError
        When N is even or too large for the coarsest low-pass.
    """
    check_neighbours((planes.shape[-2], planes.shape[-1]), len(pyramid.bands), n_neighbours)
    maps = pyramid_maps(planes, pyramid, lowpasses)
    return colour_statistics_of_maps(maps, n_neighbours)


def colour_statistics_of_maps(maps: PyramidMaps, n_neighbours: int) -> ColourStatistics:
    """The same from maps that are there already, with P leading each."""
    own = statistics_of_maps(maps, n_neighbours)
    n_planes = maps.mean.shape[0]
    n_scales, n_orientations = maps.magnitude_means.shape[-2:]
    if n_planes == 1:  # nothing to join
        ones = maps.pixels.new_ones
        return ColourStatistics(
            planes=own,
            covariance=own.pixels[:, 1:2],
            lowpass_planes=ones((n_scales + 1, 1, 1)),
            band_planes=ones((n_scales, n_orientations, 1, 1)),
            magnitude_orientations=own.magnitude_orientations[0],
            magnitude_parents=own.magnitude_parents[0],
            phase_parents=own.phase_parents[0],
        )
    n_maps = n_planes * n_orientations
    floor = maps.floor
    floors = floor.repeat_interleave(n_orientations)  # (P K,)
    phase_floors = floor.repeat_interleave(2 * n_orientations)

    magnitudes = [_joint(x) for x in maps.magnitudes]
    real = [_joint(x) for x in maps.real[:-1]]
    parents = [_joint(x) for x in maps.parent_magnitudes]
    phases = [_joint(x) for x in maps.parent_phases]
    by_magnitude = [
        correlation(x, y, floors) for x, y in zip(magnitudes[:-1], parents, strict=True)
    ]
    by_phase = [correlation(x, y, floors, phase_floors) for x, y in zip(real, phases, strict=True)]
    by_band = [correlation(x.transpose(0, 1), x.transpose(0, 1), floor) for x in maps.real]
    flat = maps.pixels.flatten(1)
    return ColourStatistics(
        planes=own,
        covariance=flat @ flat.T / flat.shape[1],
        lowpass_planes=torch.stack([correlation(x, x, floor) for x in maps.lowpasses]),
        band_planes=torch.stack(by_band),
        magnitude_orientations=torch.stack([correlation(x, x, floors) for x in magnitudes]),
        magnitude_parents=stacked(by_magnitude, n_maps, n_maps, maps.pixels[0]),
        phase_parents=stacked(by_phase, n_maps, 2 * n_maps, maps.pixels[0]),
    )


def _joint(maps: Tensor) -> Tensor:
    """(P, K, h, w) to (P K, h, w)."""
    return maps.flatten(0, 1)


def _blocks(matrices: Tensor, n_planes: int) -> Tensor:
    """(S, P a, P b) to (S, P, P, a, b)."""
    n, rows, columns = matrices.shape
    split = matrices.reshape(n, n_planes, rows // n_planes, n_planes, columns // n_planes)
    return split.transpose(2, 3)
