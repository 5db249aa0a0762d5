"""The maps whose moments are statistics, and the way back from a map to the picture's spectrum.

Every kind of map has ``values`` (M, h, w), the plane that each is of, and ``pull``, which turns
gradients with respect to one of the maps into spectra for
:class:`~lichen.portilla_simoncelli.gauss_newton.gradient_rows.GradientRows`: the transposed
derivative.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from lichen.features.steerable_pyramid import crop_spectrum

Size = tuple[int, int]


@dataclass(frozen=True)
class Maps(ABC):
    """Maps of mean 0, all of one kind and size.

    Attributes
    ----------
    values
        (M, h, w).
    floor
        (P,) variance below which a map of a plane is noise.
    per_plane
        How many of the maps each plane has.
    """

    values: Tensor
    floor: Tensor
    per_plane: int

    @property
    @abstractmethod
    def spectrum_size(self) -> Size:
        """Of the crops that ``pull`` gives."""

    @abstractmethod
    def pull(self, number: int, gradients: Tensor) -> Tensor:
        """Gradients (B, h, w) with respect to map ``number``, as spectra (B, ., .)."""

    def plane(self, number: int) -> int:
        """The plane that a map is of."""
        return number // self.per_plane

    def variances(self) -> tuple[Tensor, Tensor]:
        """(M,), at least ``floor``, and which maps are fainter."""
        found = self.values.square().mean((-2, -1))
        floor = self.floor.repeat_interleave(self.per_plane)
        return found.clamp(min=floor), found <= floor


@dataclass(frozen=True)
class Filtered(Maps):
    """Real maps: the picture times a transfer function, (M, h, w // 2 + 1), less its mean."""

    filters: Tensor

    @property
    def spectrum_size(self) -> Size:
        """That of the maps."""
        return self.values.shape[-2], self.values.shape[-1]

    def pull(self, number: int, gradients: Tensor) -> Tensor:
        """Through the filter; the mean has no part in the maps."""
        spectra = torch.fft.rfft2(gradients) * self.filters[number].conj()
        spectra[..., 0, 0] = 0
        return spectra


@dataclass(frozen=True)
class _OfBands(Maps):
    """Made from complex bands: their directions (M, h, w), their masks and the crop of these.

    The maps of a parent are of its children's size, larger than the crop.
    """

    direction: Tensor
    masks: Tensor
    turn: complex

    @property
    def spectrum_size(self) -> Size:
        """That of the bands."""
        return self.masks.shape[-2], self.masks.shape[-1]

    def _through_band(self, band: int, outward: Tensor) -> Tensor:
        """From complex gradients with respect to a band: real part as that of the picture is."""
        spectra = crop_spectrum(torch.fft.fft2(outward), self.spectrum_size, half=False)
        spectra = spectra * (self.masks[band % len(self.masks)] * self.turn)
        half = spectra.shape[-1] // 2 + 1
        turned = spectra.flip((-2, -1)).roll((1, 1), (-2, -1))[..., :half]
        return (spectra[..., :half] + turned.conj()) / 2


@dataclass(frozen=True)
class Magnitudes(_OfBands):
    """Absolute values less their means."""

    def pull(self, number: int, gradients: Tensor) -> Tensor:
        """Outwards from 0, along the direction of the band."""
        centred = gradients - gradients.mean((-2, -1), keepdim=True)
        return self._through_band(number, centred * self.direction[number])


@dataclass(frozen=True)
class DoubledPhases(_OfBands):
    """Real parts, then imaginary parts, of bands whose phase was doubled, plane by plane."""

    def pull(self, number: int, gradients: Tensor) -> Tensor:
        """Outwards, and around 0 twice as fast as the band turns."""
        plane, part = divmod(number, self.per_plane)
        n_orientations = self.per_plane // 2
        is_imaginary, k = divmod(part, n_orientations)
        band = plane * n_orientations + k
        direction = self.direction[band]
        twice = direction.square()
        parts = (twice.imag, 2 * twice.real) if is_imaginary else (twice.real, -2 * twice.imag)
        return self._through_band(band, gradients * (torch.complex(*parts) * direction))
