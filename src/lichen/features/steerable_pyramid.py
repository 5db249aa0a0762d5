"""The steerable pyramid: octaves by orientations, with perfect reconstruction.

Simoncelli and Freeman, "The steerable pyramid: a flexible architecture for multi-scale
derivative computation" (ICIP 1995), with the Fourier-domain filters of Portilla and Simoncelli
(IJCV 40:49, 2000). With r the radial frequency (1 at Nyquist of an axis), theta its angle and
K orientations,

    lo_s(r)    = cos(pi/2 log2(2^(s+1) r))   between r = 2^-(s+1) and 2^-s; 1 below, 0 above
    hi_s(r)    = sqrt(1 - lo_s^2)
    a_k(theta) = c cos(theta - k pi/K)^(K-1),  c such that sum_k a_k^2 = 1

    high-pass hi_0,  band (s, k)  (-i)^(K-1) lo_s hi_(s+1) a_k,  low-pass lo_S

The squares of all filters sum to 1: the pyramid is a tight frame and its own inverse. A complex
pyramid keeps, doubled, only the half plane cos(theta - k pi/K) > 0: the real part of a band is
the band of the real pyramid and the imaginary part its quadrature partner.

Images of any size: lo_s is 0 from r = 2^-s on, so a scale is cropped in the spectrum to
ceil(size / 2^s) samples per axis without loss, whether the size is odd or even. When 2^s does not
divide the size, the samples lie size / ceil(size / 2^s) pixels apart, a little less than 2^s.

The crop preserves amplitudes: a band is the filtered image, sampled. (Other implementations scale
the bands of scale s by 4^s, so that sums of squares add up instead of mean squares.) Borders wrap
around.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from lichen.arrays import Size
from lichen.errors import ParameterError


@dataclass(frozen=True)
class SteerablePyramid:
    """Bands of an image.

    Attributes
    ----------
    highpass
        (..., H, W), the frequencies above the bands, corners of the spectrum included.
    bands
        ``bands[s][..., k, :, :]`` is scale s (0 is the finest), orientation k; each tensor
        (..., K, ceil(H / 2^s), ceil(W / 2^s)), real or complex. Orientation k responds to waves
        whose phase advances along the angle k pi / K from the x axis (to the right) towards the
        y axis (down): k = 0 sees vertical stripes.
    lowpass
        (..., ceil(H / 2^S), ceil(W / 2^S)).
    """

    highpass: Tensor
    bands: tuple[Tensor, ...]
    lowpass: Tensor


def steerable_pyramid(
    image: Tensor, n_scales: int = 4, n_orientations: int = 4, is_complex: bool = False
) -> SteerablePyramid:
    """Decompose images into bands.

    Parameters
    ----------
    image
        (..., H, W), float32 or float64, any size of at least 2^n_scales pixels per axis.
    n_scales
        Octaves, at least 1.
    n_orientations
        Orientations, at least 1; derivatives of order n_orientations - 1.
    is_complex
        Also compute quadrature partners, as imaginary parts.

    Returns
    -------
    SteerablePyramid

    Raises
    ------
    ParameterError
        When the image is too small or not real, or a count is below 1.
    """
    size = _check(image, n_scales, n_orientations)
    filters = pyramid_filters(size, n_scales, n_orientations, is_complex, image.dtype, image.device)
    spectrum = _spectrum(image)
    highpass = _sampled(spectrum * filters.highpass, size)
    lowpass_size = band_size(size, n_scales)
    lowpass = _sampled(crop_spectrum(spectrum, lowpass_size) * filters.lowpass, lowpass_size)
    if is_complex:
        spectrum = torch.fft.fft2(image, norm="forward")
    spectrum = spectrum * (-1j) ** (n_orientations - 1)
    bands = []
    for scale, masks in enumerate(filters.bands):
        height, width = band_size(size, scale)
        spectrum = crop_spectrum(spectrum, (height, width), not is_complex)
        band = spectrum[..., None, :, :] * masks  # (..., K, h, w), w // 2 + 1 columns when real
        if is_complex:
            bands.append(torch.fft.ifft2(band, norm="forward"))
        else:
            bands.append(_sampled(band, (height, width)))
    return SteerablePyramid(highpass, tuple(bands), lowpass)


def reconstruct(pyramid: SteerablePyramid) -> Tensor:
    """Reconstruct an image from its bands, the inverse of :func:`steerable_pyramid`.

    Only the real part of complex bands is used: it is sufficient.

    Parameters
    ----------
    pyramid
        With bands of the sizes that :func:`steerable_pyramid` returns.

    Returns
    -------
    Tensor
        (..., H, W).
    """
    size = (pyramid.highpass.shape[-2], pyramid.highpass.shape[-1])
    n_scales, n_orientations = len(pyramid.bands), pyramid.bands[0].shape[-3]
    dtype, device = pyramid.highpass.dtype, pyramid.highpass.device
    filters = pyramid_filters(size, n_scales, n_orientations, False, dtype, device)
    spectrum = _spectrum(pyramid.lowpass) * filters.lowpass
    for scale in reversed(range(n_scales)):
        masked = _spectrum(pyramid.bands[scale].real) * filters.bands[scale]
        here = masked.sum(-3) * 1j ** (n_orientations - 1)  # the filters' conjugates
        spectrum = here + pad_spectrum(spectrum, band_size(size, scale))
    spectrum = spectrum + _spectrum(pyramid.highpass) * filters.highpass
    return _sampled(spectrum, size)


def partial_lowpasses(image: Tensor, n_scales: int = 4) -> tuple[Tensor, ...]:
    """Reconstruct an image from its scales s and coarser only, for s = 0 to S.

    This is the image filtered with lo_s^2, to which the squares of all filters from scale s on
    sum; sampled like the bands of scale s.

    Parameters
    ----------
    image
        (..., H, W), float32 or float64, at least 2^n_scales pixels per axis.
    n_scales
        S, at least 1.

    Returns
    -------
    tuple of Tensor
        S + 1 images, finest first, (..., ceil(H / 2^s), ceil(W / 2^s)).
    """
    size = _check(image, n_scales, 1)
    spectrum = _spectrum(image)
    images = []
    for scale, mask in enumerate(lowpass_filters(size, n_scales, image.dtype, image.device)):
        here = band_size(size, scale)
        spectrum = crop_spectrum(spectrum, here)
        images.append(_sampled(spectrum * mask, here))
    return tuple(images)


def band_size(size: Size, scale: int) -> Size:
    """Height and width of the bands of a scale: ceil(size / 2^scale)."""
    return -(-size[0] // 2**scale), -(-size[1] // 2**scale)


@dataclass(frozen=True)
class Filters:
    """Transfer functions in FFT order, without the factor (-i)^(K-1) of the bands.

    Attributes
    ----------
    highpass
        (H, W // 2 + 1), hi_0.
    bands
        Per scale (K, h, w // 2 + 1), or (K, h, w) when complex.
    lowpass
        (h, w // 2 + 1), lo_S.
    """

    highpass: Tensor
    bands: tuple[Tensor, ...]
    lowpass: Tensor


@lru_cache(maxsize=8)
def pyramid_filters(
    size: Size,
    n_scales: int,
    n_orientations: int,
    is_complex: bool,
    dtype: torch.dtype,
    device: torch.device,
) -> Filters:
    """Return the transfer functions for images of a size."""
    # Tensors made in inference mode could not take part in a later backward pass.
    with torch.inference_mode(False), torch.no_grad():
        radius, _ = _polar(size, size)
        highpass = _high(radius, 0)[:, : size[1] // 2 + 1]
        bands = []
        for scale in range(n_scales):
            radius, angle = _polar(size, band_size(size, scale))
            radial = _low(radius, scale) * _high(radius, scale + 1)
            band = radial * _angular(angle, n_orientations, is_complex)  # (K, h, w)
            bands.append(band if is_complex else band[..., : band.shape[-1] // 2 + 1])
        here = band_size(size, n_scales)
        lowpass = _low(_polar(size, here)[0], n_scales)[:, : here[1] // 2 + 1]
        parts = [part.to(device, dtype).contiguous() for part in (highpass, *bands, lowpass)]
        return Filters(parts[0], tuple(parts[1:-1]), parts[-1])


def half_planes(size: Size, scale: int, n_orientations: int) -> Tensor:
    """Return masks that make bands analytic: 2 on a complex band's half plane, 0 on the other.

    Parameters
    ----------
    size
        Of the image.
    scale
        Of the bands.
    n_orientations
        K.

    Returns
    -------
    Tensor
        (K, h, w) float64 in FFT order, 1 on the line between the half planes and 0 at the Nyquist
        frequency, which is on neither.
    """
    here = band_size(size, scale)
    _, angle = _polar(size, here)
    masks = 1 + _side(_cosines(angle, n_orientations))
    for axis, count in zip((-2, -1), here, strict=True):
        if count % 2 == 0:
            masks.select(axis, count // 2).zero_()
    return masks


@lru_cache(maxsize=8)
def lowpass_filters(
    size: Size, n_scales: int, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, ...]:
    """Return lo_s^2 for s = 0 to S, (h, w // 2 + 1): the filters of :func:`partial_lowpasses`."""
    with torch.inference_mode(False), torch.no_grad():
        masks = []
        for scale in range(n_scales + 1):
            here = band_size(size, scale)
            mask = _low(_polar(size, here)[0], scale).square()[:, : here[1] // 2 + 1]
            masks.append(mask.to(device, dtype).contiguous())
        return tuple(masks)


def _polar(size: Size, here: Size) -> tuple[Tensor, Tensor]:
    """Radius (1 at the image's Nyquist frequency) and angle of the ``here`` lowest frequencies."""
    y = torch.fft.fftfreq(here[0], dtype=torch.float64)[:, None] * (2 * here[0] / size[0])
    x = torch.fft.fftfreq(here[1], dtype=torch.float64)[None, :] * (2 * here[1] / size[1])
    return torch.hypot(y, x), torch.atan2(y, x)


def _low(radius: Tensor, scale: int) -> Tensor:
    """lo_s: falls from 1 to 0 over the octave that ends at r = 2^-s."""
    octaves = torch.log2(radius * 2 ** (scale + 1)).clamp(0, 1)
    return torch.where(octaves < 1, torch.cos(math.pi / 2 * octaves), 0)


def _high(radius: Tensor, scale: int) -> Tensor:
    """hi_s = sqrt(1 - lo_s^2)."""
    return torch.sin(math.pi / 2 * torch.log2(radius * 2 ** (scale + 1)).clamp(0, 1))


def _angular(angle: Tensor, n_orientations: int, is_complex: bool) -> Tensor:
    """a_k for all k, (K, h, w)."""
    order = n_orientations - 1
    scale = 2**order * math.factorial(order) / math.sqrt(math.factorial(2 * order) * (order + 1))
    cosine = _cosines(angle, n_orientations)
    lobes = scale * cosine**order
    return lobes * (1 + _side(cosine)) if is_complex else lobes


def _cosines(angle: Tensor, n_orientations: int) -> Tensor:
    """cos(theta - k pi/K) for all k, (K, h, w)."""
    direction = torch.arange(n_orientations, dtype=torch.float64)[:, None, None]
    return torch.cos(angle - direction * math.pi / n_orientations)


def _side(cosine: Tensor) -> Tensor:
    """Sign; 0 on the line where the cosine is 0, which is on neither side."""
    return torch.sign(cosine.where(cosine.abs() > 1e-12, 0))


def crop_spectrum(spectrum: Tensor, size: Size, half: bool = True) -> Tensor:
    """Keep the lowest frequencies of a spectrum, of ``rfft2`` or, with ``half=False``, ``fft2``."""
    rows = _lowest(spectrum, size[0], -2)
    if not half:
        return _lowest(rows, size[1], -1)
    return rows[..., : size[1] // 2 + 1]


def _lowest(spectrum: Tensor, count: int, axis: int) -> Tensor:
    have = spectrum.shape[axis]
    if have == count:
        return spectrum
    first, last = (count + 1) // 2, count // 2
    ends = spectrum.narrow(axis, 0, first), spectrum.narrow(axis, have - last, last)
    return torch.cat(ends, axis)


def pad_spectrum(spectrum: Tensor, size: Size, half: bool = True) -> Tensor:
    """Undo :func:`crop_spectrum` with zeros; ``size`` is that of the image."""
    rows = _zero_padded(spectrum, size[0], -2)
    if not half:
        return _zero_padded(rows, size[1], -1)
    return torch.nn.functional.pad(rows, (0, size[1] // 2 + 1 - rows.shape[-1]))


def _zero_padded(spectrum: Tensor, count: int, axis: int) -> Tensor:
    have = spectrum.shape[axis]
    if have == count:
        return spectrum
    shape = list(spectrum.shape)
    shape[axis] = count - have
    first, last = (have + 1) // 2, have // 2
    low, high = spectrum.narrow(axis, 0, first), spectrum.narrow(axis, first, last)
    return torch.cat([low, spectrum.new_zeros(shape), high], axis)


def column_multiplicity(width: int) -> Tensor:
    """How many columns of a full spectrum each column of ``rfft2`` represents, (w // 2 + 1,).

    Two, but one for frequency 0 and, at even widths, for the Nyquist frequency; float64.
    """
    multiplicity = torch.full((width // 2 + 1,), 2.0, dtype=torch.float64)
    multiplicity[0] = 1
    if width % 2 == 0:
        multiplicity[-1] = 1
    return multiplicity


def _sampled(spectrum: Tensor, size: Size) -> Tensor:
    """Return the image of these Fourier amplitudes at the samples of a size."""
    return torch.fft.irfft2(spectrum, s=size, norm="forward")


def _spectrum(image: Tensor) -> Tensor:
    """Return Fourier amplitudes, of which a crop needs no rescaling."""
    return torch.fft.rfft2(image, norm="forward")


def _check(image: Tensor, n_scales: int, n_orientations: int) -> Size:
    if n_scales < 1 or n_orientations < 1:
        problem = f"n_scales = {n_scales} and n_orientations = {n_orientations} are not allowed"
        raise ParameterError(problem, "use at least 1 of each")
    if image.dim() < 2 or image.dtype not in (torch.float32, torch.float64):
        problem = f"an image of shape {tuple(image.shape)} and {image.dtype} has no pyramid"
        raise ParameterError(problem, "use (..., height, width) in float32 or float64")
    size = (image.shape[-2], image.shape[-1])
    if min(size) < 2**n_scales:
        problem = f"{size[0]}x{size[1]} pixels are too few for {n_scales} scales"
        most = min(size).bit_length() - 1
        fewer = f"n_scales = {most} or " if most >= 1 else ""
        raise ParameterError(
            problem, f"use {fewer}an image of at least {2**n_scales} pixels per side"
        )
    return size
