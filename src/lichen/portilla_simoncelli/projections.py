"""The paper's synthesis: sequential projections onto all statistics, round after round.

A round takes an image's complex steerable pyramid and goes from the coarsest scale to the finest.
The low-pass gets its autocovariance, skewness and kurtosis. In each scale the magnitudes of the
bands get their covariances with each other and with their parents', then each its autocovariance
and mean; the real parts get their correlations with parents of doubled phase. The bands are added
to the low-pass, which is then adjusted as the coarsest was. The high-pass is only ever attenuated.
Last the pixels get their mean, variance, skewness, kurtosis and range. Each round disturbs what
earlier ones adjusted, and the error falls slowly with their number; the next one starts from the
image plus 0.8 of its last change.

Images in colour are planes: the covariances of a scale are those of the bands of all planes
together; those of the low-passes, pixels and real parts join the planes too.

Departures from the paper: images of any size; the step that adjusts the real parts preserves their
variance, as there, but takes one orientation at a time with all planes; and those of
:mod:`~lichen.portilla_simoncelli.adjustments`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from lichen.arrays import Size
from lichen.features.steerable_pyramid import (
    band_size,
    column_multiplicity,
    crop_spectrum,
    half_planes,
    pad_spectrum,
    pyramid_filters,
)
from lichen.portilla_simoncelli.adjustments import (
    adjust_autocovariance,
    adjust_covariance,
    adjust_cross_covariance,
    adjust_kurtosis,
    adjust_skewness,
    adjust_variance,
)
from lichen.portilla_simoncelli.maps import centred, doubled_phase
from lichen.portilla_simoncelli.statistics import ColourStatistics

MOMENTUM = 0.8
MIN_SHAPED_VARIANCE = 1e-4
"""Variance, relative to the image's, below which a low-pass gets no skewness and kurtosis."""


def project(
    image: Tensor,
    target: ColourStatistics,
    momentum: float = MOMENTUM,
    limit: Callable[[Tensor], Tensor] | None = None,
) -> Iterator[Tensor]:
    """Bring an image nearer to statistics, round by round, endlessly.

    Parameters
    ----------
    image
        (P, H, W), float32 or float64, planes of any range; the coarsest of the target's S scales
        must leave at least N samples per side.
    target
        Statistics of P planes, of an image of any size.
    momentum
        Fraction of the last change that is added to the image before the next round.
    limit
        A projection of the planes onto further constraints, such as the displayable colours; the
        last adjustment of a round.

    Yields
    ------
    Tensor
        (P, H, W), after each round.
    """
    rounds = _Rounds(target, (image.shape[-2], image.shape[-1]), image.dtype, image.device)
    last = ahead = image
    while True:
        done = rounds.adjust(ahead)
        if limit is not None:
            done = limit(done)
        ahead = done + momentum * (done - last)
        last = done
        yield done


class _Rounds:
    """The target in the form that the adjustments take, and the filters for one size."""

    def __init__(
        self,
        target: ColourStatistics,
        size: Size,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        planes = target.planes
        _, n_scales, n_orientations = planes.magnitude_mean.shape
        self.target = target
        self.size = size
        self.sizes = [band_size(size, scale) for scale in range(n_scales + 1)]
        self.n_orientations = n_orientations
        self.complex = pyramid_filters(size, n_scales, n_orientations, True, dtype, device)
        self.real = pyramid_filters(size, n_scales, n_orientations, False, dtype, device)
        self.sides = [
            half_planes(size, scale, n_orientations).to(device, dtype) for scale in range(n_scales)
        ]
        self.lowpasses = [_Lowpass.of(target, scale, here) for scale, here in enumerate(self.sizes)]
        deviation = planes.magnitude_deviation.transpose(0, 1).flatten(1)  # (S, P K)
        self.magnitude_covariance = _scaled(target.magnitude_orientations, deviation)
        # (P, S, K, N, N) to (S, P K, N, N)
        correlation = planes.magnitude_autocorrelation.transpose(0, 1).flatten(1, 2)
        self.magnitude_autocovariance = correlation * deviation[..., None, None].square()
        self.magnitude_mean = planes.magnitude_mean.transpose(0, 1).flatten(1)

    def adjust(self, image: Tensor) -> Tensor:
        """Run one round."""
        spectrum = torch.fft.rfft2(image, norm="forward")
        bands = self._bands(image)
        n_scales = len(bands)
        low = crop_spectrum(spectrum, self.sizes[-1]) * self.real.lowpass.square()
        low = self.lowpasses[-1].adjust(low)
        parents = None
        for scale in reversed(range(n_scales)):
            real = self._adjust_bands(bands[scale], parents, scale)
            here = torch.fft.rfft2(real, norm="forward")
            joined = (here * self.real.bands[scale]).sum(-3) * 1j ** (self.n_orientations - 1)
            low = self.lowpasses[scale].adjust(joined + pad_spectrum(low, self.sizes[scale]))
            if scale:
                parents = torch.fft.ifft2(torch.fft.fft2(real) * self.sides[scale])
        high = self._highpass(spectrum)
        return self._adjust_pixels(torch.fft.irfft2(low + high, s=self.size, norm="forward"))

    def _bands(self, image: Tensor) -> list[Tensor]:
        """Return the complex bands (P, K, h, w) of all scales."""
        spectrum = torch.fft.fft2(image, norm="forward") * (-1j) ** (self.n_orientations - 1)
        bands = []
        for masks, size in zip(self.complex.bands, self.sizes, strict=False):
            spectrum = crop_spectrum(spectrum, size, half=False)
            bands.append(torch.fft.ifft2(spectrum[:, None] * masks, norm="forward"))
        return bands

    def _adjust_bands(self, bands: Tensor, parents: Tensor | None, scale: int) -> Tensor:
        """Return the real parts (P, K, h, w) of the adjusted bands."""
        real, imaginary = bands.real.contiguous(), bands.imag.contiguous()
        tiny = torch.finfo(real.dtype).tiny
        magnitude = (real.square() + imaginary.square() + tiny).sqrt()
        if parents is None:
            wanted = self._adjust_magnitudes(magnitude, None, scale)
            return self._adjust_real(real * (wanted / magnitude), None, scale)
        of_magnitude, of_phase = doubled_phase(parents, bands.shape)
        wanted = self._adjust_magnitudes(magnitude, _rows(of_magnitude), scale)
        return self._adjust_real(real * (wanted / magnitude), _rows(of_phase), scale)

    def _adjust_magnitudes(self, magnitude: Tensor, parents: Tensor | None, scale: int) -> Tensor:
        """Adjust magnitudes (P, K, h, w), given those of the parents, (P K, n)."""
        covariance = self.magnitude_covariance[scale]
        maps = _rows(centred(magnitude))
        if parents is None:
            maps = adjust_covariance(maps, covariance)
        else:
            correlation = self.target.magnitude_parents[scale]
            maps = adjust_cross_covariance(maps, parents, covariance, correlation)
        size = self.sizes[scale]
        spectrum = torch.fft.rfft2(maps.view(-1, *size), norm="forward")
        spectrum = adjust_autocovariance(spectrum, self.magnitude_autocovariance[scale], size)
        magnitude_maps = torch.fft.irfft2(spectrum, s=size, norm="forward")
        mean = self.magnitude_mean[scale, :, None, None]
        return (magnitude_maps + mean).clamp(min=0).view(magnitude.shape)

    def _adjust_real(self, real: Tensor, parents: Tensor | None, scale: int) -> Tensor:
        """Adjust real parts (P, K, h, w), given doubled phases of the parents, (P 2 K, n)."""
        n_planes, n_orientations = real.shape[:2]
        if parents is None and n_planes == 1:
            return real
        maps = real.transpose(0, 1).flatten(2)  # (K, P, n)
        covariance = _scaled(self.target.band_planes[scale], maps.square().mean(-1).sqrt())
        if parents is None:
            maps = adjust_covariance(maps, covariance)
        else:
            correlation = self.target.phase_parents[scale]  # (P K, P 2 K)
            correlation = correlation.view(n_planes, n_orientations, -1).transpose(0, 1)
            maps = adjust_cross_covariance(maps, parents, covariance, correlation)
        return maps.transpose(0, 1).reshape(real.shape)

    def _highpass(self, spectrum: Tensor) -> Tensor:
        """Filter out the high-pass, attenuated where it is stronger than the target's."""
        mask = self.real.highpass
        high = spectrum * mask
        power = high.real.square() + high.imag.square()
        variance = (power * column_multiplicity(self.size[1]).to(power)).sum((-2, -1))
        wanted = self.target.planes.highpass_variance.to(variance)
        gain = (wanted / variance.clamp(min=1e-30)).clamp(max=1).sqrt()
        return high * mask * gain[:, None, None]

    def _adjust_pixels(self, image: Tensor) -> Tensor:
        pixels = self.target.planes.pixels
        flat = adjust_covariance(centred(image).flatten(1), self.target.covariance)
        image = flat.view(image.shape)
        done = []
        for plane, wanted in zip(image, pixels.tolist(), strict=True):
            mean, variance, skewness, kurtosis, low, high = wanted
            plane = adjust_variance(plane, mean, variance)
            plane = adjust_kurtosis(adjust_skewness(plane, skewness), kurtosis)
            done.append(plane.clamp(low, high))
        return torch.stack(done)


@dataclass(frozen=True)
class _Lowpass:
    """Targets of the partial low-passes (P, h, w) of one scale.

    ``moments`` says which planes get skewness and kurtosis.
    """

    size: Size
    covariance: Tensor
    autocovariance: Tensor
    skewness: list[float]
    kurtosis: list[float]
    moments: list[bool]

    @classmethod
    def of(cls, target: ColourStatistics, scale: int, size: Size) -> _Lowpass:
        planes = target.planes
        deviation = planes.lowpass_deviation[:, scale].double()
        correlation = planes.lowpass_autocorrelation[:, scale].double()
        return cls(
            size,
            _scaled(target.lowpass_planes[scale], deviation),
            correlation * deviation[:, None, None].square(),
            planes.lowpass_skewness[:, scale].tolist(),
            planes.lowpass_kurtosis[:, scale].tolist(),
            (deviation.square() > MIN_SHAPED_VARIANCE * planes.pixels[:, 1]).tolist(),
        )

    def adjust(self, spectrum: Tensor) -> Tensor:
        """Adjust the low-passes of these spectra (P, h, w // 2 + 1); returns spectra."""
        spectrum = spectrum.clone()
        spectrum[:, 0, 0] = 0
        if len(spectrum) > 1:
            images = torch.fft.irfft2(spectrum, s=self.size, norm="forward")
            joined = adjust_covariance(images.flatten(1), self.covariance)
            spectrum = torch.fft.rfft2(joined.view(images.shape), norm="forward")
        spectrum = adjust_autocovariance(spectrum, self.autocovariance, self.size)
        images = torch.fft.irfft2(spectrum, s=self.size, norm="forward")
        done = []
        for number, image in enumerate(images):
            if self.moments[number]:
                image = adjust_skewness(image, self.skewness[number])
                image = adjust_kurtosis(image, self.kurtosis[number])
            done.append(image)
        return torch.fft.rfft2(torch.stack(done), norm="forward")


def _rows(maps: Tensor) -> Tensor:
    """Reshape (P, K, h, w) to (P K, n)."""
    return maps.flatten(0, 1).flatten(1)


def _scaled(correlation: Tensor, deviation: Tensor) -> Tensor:
    """Turn correlations and deviations (..., I) into covariances (..., I, I), float64."""
    deviation = deviation.double()
    return correlation.double() * deviation[..., :, None] * deviation[..., None, :]
