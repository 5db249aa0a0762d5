"""The maps whose moments and correlations the model takes, from a complex steerable pyramid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from lichen.features.steerable_pyramid import pad_spectrum, partial_lowpasses, steerable_pyramid

NEGLIGIBLE_VARIANCE = 1e-6
"""Variance, relative to the image's, below which a map carries no information."""


@dataclass(frozen=True)
class PyramidMaps:
    """The correlated maps by scale (finest first); all of mean 0 but the high-pass and the bands.

    Attributes
    ----------
    pixels, highpass
        (..., H, W).
    mean, floor
        (...) of the pixels, and the variance below which a map of that image is noise.
    lowpasses
        S + 1 of (..., h, w), the partial low-passes.
    bands
        S of (..., K, h, w), complex.
    real, magnitudes
        S of (..., K, h, w), the real parts of the bands and their absolute values.
    magnitude_means
        (..., S, K), the means that were subtracted from the magnitudes.
    parent_magnitudes, parent_phases
        S - 1 of (..., K, h, w) and (..., 2 K, h, w): the next coarser scale at the size of this
        one, its magnitudes, and real (k) and imaginary (K + k) parts of doubled phase.
    """

    pixels: Tensor
    mean: Tensor
    floor: Tensor
    highpass: Tensor
    lowpasses: tuple[Tensor, ...]
    bands: tuple[Tensor, ...]
    real: tuple[Tensor, ...]
    magnitudes: tuple[Tensor, ...]
    magnitude_means: Tensor
    parent_magnitudes: tuple[Tensor, ...]
    parent_phases: tuple[Tensor, ...]


def pyramid_maps(image: Tensor, n_scales: int, n_orientations: int) -> PyramidMaps:
    """Compute the maps of images (..., H, W), float32 or float64, any range. Differentiable.

    Raises
    ------
    ParameterError
        When the image is too small for the pyramid, or a count is below 1.
    """
    pyramid = steerable_pyramid(image, n_scales, n_orientations, is_complex=True)
    lowpasses = partial_lowpasses(image, n_scales)
    mean = image.mean((-2, -1))
    pixels = image - mean[..., None, None]
    parts = [_Parts.apply(band) for band in pyramid.bands]  # type: ignore[no-untyped-call]
    parents = [doubled_phase(pyramid.bands[s + 1], parts[s][0].shape) for s in range(n_scales - 1)]
    return PyramidMaps(
        pixels=pixels,
        mean=mean,
        floor=_floor(image, pixels),
        highpass=pyramid.highpass,
        lowpasses=tuple(centred(lowpass) for lowpass in lowpasses),
        bands=pyramid.bands,
        real=tuple(real for real, _, _ in parts),
        magnitudes=tuple(magnitude for _, magnitude, _ in parts),
        magnitude_means=torch.stack([mean[..., 0, 0] for _, _, mean in parts], -2),
        parent_magnitudes=tuple(magnitude for magnitude, _ in parents),
        parent_phases=tuple(phases for _, phases in parents),
    )


def doubled_phase(parent: Tensor, shape: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Interpolate complex bands (..., K, h', w') to the size that ``shape`` ends with.

    Returns centred magnitudes (..., K, h, w), and real and imaginary parts of the same
    magnitudes with doubled phase, (..., 2 K, h, w).
    """
    maps = interpolated(parent, shape)
    magnitude, doubled = _DoubledPhase.apply(maps)  # type: ignore[no-untyped-call]
    return magnitude, doubled


def interpolated(parent: Tensor, shape: Sequence[int]) -> Tensor:
    """Interpolate complex bands, through the spectrum, to the size that ``shape`` ends with.

    They vanish at the Nyquist frequency, where this would be ambiguous.
    """
    spectrum = torch.fft.fft2(parent, norm="forward")  # amplitudes, whatever the size
    return torch.fft.ifft2(pad_spectrum(spectrum, (shape[-2], shape[-1]), False), norm="forward")


def centred(maps: Tensor) -> Tensor:
    """Subtract from each map (..., h, w) its mean."""
    return maps - maps.mean((-2, -1), keepdim=True)


def _floor(image: Tensor, pixels: Tensor) -> Tensor:
    # Rounding leaves a flat image with a variance of about eps^2 of its mean square.
    limits = torch.finfo(image.dtype)
    least = image.detach().square().mean((-2, -1)) * (16 * limits.eps) ** 2 + limits.tiny**0.5
    return NEGLIGIBLE_VARIANCE * pixels.detach().square().mean((-2, -1)) + least


class _Parts(torch.autograd.Function):
    """Real part, magnitude about its mean, and the mean (..., 1, 1), of complex maps.

    Written out with its derivative, like :class:`_DoubledPhase`, because allocating the
    intermediate tensors takes most of the time, and this way there are far fewer of them.
    """

    @staticmethod
    def forward(ctx: Any, maps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        real, imaginary, magnitude = _polar(maps)
        ctx.save_for_backward(real, imaginary, magnitude)
        mean = magnitude.mean((-2, -1), keepdim=True)
        return real, magnitude - mean, mean

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_real: Tensor, by_magnitude: Tensor, by_mean: Tensor) -> Tensor:
        real, imaginary, magnitude = ctx.saved_tensors
        by_mean = by_mean / magnitude.shape[-2:].numel()
        radial = by_magnitude + (by_mean - by_magnitude.mean((-2, -1), keepdim=True))
        radial.div_(magnitude)
        return torch.complex(torch.addcmul(by_real, radial, real), radial.mul_(imaginary))


class _DoubledPhase(torch.autograd.Function):
    """Magnitude about its mean, (..., K, h, w), and doubled phase, (..., 2 K, h, w)."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor) -> tuple[Tensor, Tensor]:
        real, imaginary, magnitude = _polar(maps)
        cosine, sine = real.div_(magnitude), imaginary.div_(magnitude)
        ctx.save_for_backward(cosine, sine)
        doubled = torch.cat([cosine, sine], -3)
        first, second = doubled.chunk(2, -3)  # views of it
        first.mul_(cosine).mul_(2).sub_(1).mul_(magnitude)
        second.mul_(cosine).mul_(2).mul_(magnitude)
        return magnitude.sub_(magnitude.mean((-2, -1), keepdim=True)), doubled

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_magnitude: Tensor, by_doubled: Tensor) -> Tensor:
        cosine, sine = ctx.saved_tensors
        real, imaginary = by_doubled.chunk(2, -3)
        twice_cosine = (cosine * cosine).mul_(2).sub_(1)  # cos 2a
        twice_sine = (cosine * sine).mul_(2)
        radial = by_magnitude - by_magnitude.mean((-2, -1), keepdim=True)
        radial.addcmul_(twice_cosine, real).addcmul_(twice_sine, imaginary)
        angular = twice_cosine.mul_(imaginary).addcmul_(twice_sine, real, value=-1).mul_(2)
        across = (cosine * radial).addcmul_(sine, angular, value=-1)
        down = radial.mul_(sine).addcmul_(cosine, angular)
        return torch.complex(across, down)


def _polar(maps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Real and imaginary part, each contiguous, and the absolute value, above 0."""
    real, imaginary = maps.real.contiguous(), maps.imag.contiguous()
    square = (real * real).addcmul_(imaginary, imaginary)
    return real, imaginary, square.add_(torch.finfo(real.dtype).tiny).sqrt_()
