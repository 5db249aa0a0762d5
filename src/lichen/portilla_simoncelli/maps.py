"""The maps whose moments and correlations Portilla and Simoncelli take, from a complex pyramid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from lichen.errors import ParameterError

FAINT = 1e-6
"""Variance, relative to the picture's, below which a map says nothing."""


class ComplexPyramid(Protocol):
    """Bands of pictures: what :func:`pyramid_maps` reads of a steerable pyramid."""

    @property
    def highpass(self) -> Tensor:
        """(..., H, W), real."""

    @property
    def bands(self) -> Sequence[Tensor]:
        """Complex (..., K, h, w), finest first."""


@dataclass(frozen=True)
class PyramidMaps:
    """What is correlated, scale by scale (finest first); all of mean 0 but the high-pass.

    Attributes
    ----------
    pixels, highpass
        (..., H, W).
    mean, floor
        (...) of the pixels, and the variance below which a map of that picture is noise.
    lowpasses
        S + 1 of (..., h, w).
    real, magnitudes
        S of (..., K, h, w), parts of the bands and their absolute values.
    magnitude_means
        (..., S, K), what was taken from the magnitudes.
    parent_magnitudes, parent_phases
        S - 1 of (..., K, h, w) and (..., 2 K, h, w): the next coarser scale at the size of this
        one, its magnitudes, and real (k) and imaginary (K + k) parts of doubled phase.
    """

    pixels: Tensor
    mean: Tensor
    floor: Tensor
    highpass: Tensor
    lowpasses: tuple[Tensor, ...]
    real: tuple[Tensor, ...]
    magnitudes: tuple[Tensor, ...]
    magnitude_means: Tensor
    parent_magnitudes: tuple[Tensor, ...]
    parent_phases: tuple[Tensor, ...]


def pyramid_maps(
    image: Tensor, pyramid: ComplexPyramid, lowpasses: Sequence[Tensor]
) -> PyramidMaps:
    """Derive the maps of pictures from their complex steerable pyramids. Differentiable.

    Parameters
    ----------
    image
        (..., H, W), float32 or float64; any range.
    pyramid
        High-pass and complex bands of those pictures.
    lowpasses
        What the pyramid reconstructs from scale s and coarser, s = 0 to S.

    Raises
    ------
    ParameterError
        When the bands have no imaginary part or the counts do not agree.
    """
    n_scales = len(pyramid.bands)
    if not all(band.is_complex() for band in pyramid.bands):
        raise ParameterError("the bands have no imaginary part", "make a complex pyramid")
    if len(lowpasses) != n_scales + 1:
        problem = f"{len(lowpasses)} partial low-passes do not go with {n_scales} scales"
        raise ParameterError(problem, f"give {n_scales + 1}, finest first")
    mean = image.mean((-2, -1))
    pixels = image - mean[..., None, None]
    parts = [_Parts.apply(band) for band in pyramid.bands]  # type: ignore[no-untyped-call]
    parents = [doubled_phase(pyramid.bands[s + 1], parts[s][0].shape) for s in range(n_scales - 1)]
    return PyramidMaps(
        pixels=pixels,
        mean=mean,
        floor=_floor(image, pixels),
        highpass=pyramid.highpass,
        lowpasses=tuple(centre(lowpass) for lowpass in lowpasses),
        real=tuple(real for real, _, _ in parts),
        magnitudes=tuple(magnitude for _, magnitude, _ in parts),
        magnitude_means=torch.stack([mean[..., 0, 0] for _, _, mean in parts], -2),
        parent_magnitudes=tuple(magnitude for magnitude, _ in parents),
        parent_phases=tuple(phases for _, phases in parents),
    )


def doubled_phase(parent: Tensor, shape: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Bring complex bands (..., K, h', w') to the height and width that ``shape`` ends with.

    Returns centred magnitudes (..., K, h, w), and real and imaginary parts of the same
    magnitudes with doubled phase, (..., 2 K, h, w).
    """
    maps = interpolated(parent, shape)
    magnitude, doubled = _DoubledPhase.apply(maps)  # type: ignore[no-untyped-call]
    return magnitude, doubled


def interpolated(parent: Tensor, shape: Sequence[int]) -> Tensor:
    """Complex bands at the height and width that ``shape`` ends with, through the spectrum.

    They hold nothing at the frequency of Nyquist, where that would be ambiguous.
    """
    spectrum = torch.fft.fft2(parent, norm="forward")  # amplitudes, whatever the size
    for axis in (-2, -1):
        spectrum = _pad_spectrum(spectrum, shape[axis], axis)
    return torch.fft.ifft2(spectrum, norm="forward")


def centre(maps: Tensor) -> Tensor:
    """Take the mean from each map (..., h, w)."""
    return maps - maps.mean((-2, -1), keepdim=True)


def _floor(image: Tensor, pixels: Tensor) -> Tensor:
    # Rounding leaves a flat picture with a variance of about eps^2 of its mean square.
    limits = torch.finfo(image.dtype)
    least = image.detach().square().mean((-2, -1)) * (16 * limits.eps) ** 2 + limits.tiny**0.5
    return FAINT * pixels.detach().square().mean((-2, -1)) + least


class _Parts(torch.autograd.Function):
    """Real part, magnitude about its mean, and the mean (..., 1, 1), of complex maps.

    Written out with its derivative, as :class:`_DoubledPhase` is, because most of the time goes
    into fresh memory for what lies between, and there is a lot less of it this way.
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
        outward = by_magnitude + (by_mean - by_magnitude.mean((-2, -1), keepdim=True))
        outward.div_(magnitude)
        return torch.complex(torch.addcmul(by_real, outward, real), outward.mul_(imaginary))


class _DoubledPhase(torch.autograd.Function):
    """Magnitude about its mean, (..., K, h, w), and doubled phase, (..., 2 K, h, w)."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor) -> tuple[Tensor, Tensor]:
        real, imaginary, magnitude = _polar(maps)
        cosine, sine = real.div_(magnitude), imaginary.div_(magnitude)
        ctx.save_for_backward(cosine, sine)
        doubled = torch.cat([cosine, sine], -3)
        first, second = doubled.chunk(2, -3)  # of one memory with it
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
        outward = by_magnitude - by_magnitude.mean((-2, -1), keepdim=True)
        outward.addcmul_(twice_cosine, real).addcmul_(twice_sine, imaginary)
        around = twice_cosine.mul_(imaginary).addcmul_(twice_sine, real, value=-1).mul_(2)
        across = (cosine * outward).addcmul_(sine, around, value=-1)
        down = outward.mul_(sine).addcmul_(cosine, around)
        return torch.complex(across, down)


def _polar(maps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Real and imaginary part, each in its own memory, and the absolute value, above 0."""
    real, imaginary = maps.real.contiguous(), maps.imag.contiguous()
    square = (real * real).addcmul_(imaginary, imaginary)
    return real, imaginary, square.add_(torch.finfo(real.dtype).tiny).sqrt_()


def _pad_spectrum(spectrum: Tensor, count: int, axis: int) -> Tensor:
    have = spectrum.shape[axis]
    if have == count:
        return spectrum
    shape = list(spectrum.shape)
    shape[axis] = count - have
    first, last = (have + 1) // 2, have // 2
    low, high = spectrum.narrow(axis, 0, first), spectrum.narrow(axis, first, last)
    return torch.cat([low, spectrum.new_zeros(shape), high], axis)
