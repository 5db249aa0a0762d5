"""The steerable pyramid: octaves times orientations, and back again without loss.

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

Pictures of any size: lo_s is 0 from r = 2^-s on, so a scale is cropped in the spectrum to
ceil(size / 2^s) samples an axis and nothing is lost, be the size odd or not. When 2^s does not
divide the size, the samples lie size / ceil(size / 2^s) pixels apart, a little less than 2^s.

The crop keeps amplitudes: a band is the filtered picture, sampled. (Other implementations let
bands of scale s grow by 4^s, so that their squares, and not the means of their squares, add up.)
Borders wrap around.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from lichen.errors import ParameterError


@dataclass(frozen=True)
class SteerablePyramid:
    """Bands of a picture.

    Attributes
    ----------
    highpass
        (..., H, W), what lies above the bands, corners of the spectrum included.
    bands
        ``bands[s][..., k, :, :]`` is scale s (0 is the finest), orientation k; each tensor
        (..., K, ceil(H / 2^s), ceil(W / 2^s)), real or complex. Orientation k answers to waves
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
    """Split pictures into bands.

    Parameters
    ----------
    image
        (..., H, W), float32 or float64, any size of at least 2^n_scales pixels an axis.
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
        When the picture is too small or not real, or a count is below 1.
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
    """Put a picture together from its bands, the inverse of :func:`steerable_pyramid`.

    Of complex bands the real part alone is used: it holds everything.

    Parameters
    ----------
    pyramid
        With bands of the sizes that :func:`steerable_pyramid` gives.

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
        spectrum = here + grow_spectrum(spectrum, band_size(size, scale))
    spectrum = spectrum + _spectrum(pyramid.highpass) * filters.highpass
    return _sampled(spectrum, size)


def partial_lowpasses(image: Tensor, n_scales: int = 4) -> tuple[Tensor, ...]:
    """What the pyramid reconstructs of a picture from scale s and coarser, for s = 0 to S.

    Nothing but the picture filtered with lo_s^2, as the squares of all filters from scale s on
    sum to that; sampled as the bands of scale s are.

    Parameters
    ----------
    image
        (..., H, W), float32 or float64, at least 2^n_scales pixels an axis.
    n_scales
        S, at least 1.

    Returns
    -------
    tuple of Tensor
        S + 1 pictures, finest first, (..., ceil(H / 2^s), ceil(W / 2^s)).
    """
    size = _check(image, n_scales, 1)
    spectrum = _spectrum(image)
    images = []
    for scale, mask in enumerate(lowpass_filters(size, n_scales, image.dtype, image.device)):
        here = band_size(size, scale)
        spectrum = crop_spectrum(spectrum, here)
        images.append(_sampled(spectrum * mask, here))
    return tuple(images)


def band_size(size: tuple[int, int], scale: int) -> tuple[int, int]:
    """Height and width of the bands of a scale: ceil(size / 2^scale)."""
    return -(-size[0] // 2**scale), -(-size[1] // 2**scale)


@dataclass(frozen=True)
class Filters:
    """Transfer functions in the order of the FFT, but for the factor (-i)^(K-1) of the bands.

    Attributes
    ----------
    highpass
        (H, W // 2 + 1), hi_0.
    bands
        Of each scale, (K, h, w // 2 + 1), or (K, h, w) when complex.
    lowpass
        (h, w // 2 + 1), lo_S.
    """

    highpass: Tensor
    bands: tuple[Tensor, ...]
    lowpass: Tensor


@lru_cache(maxsize=8)
def pyramid_filters(
    size: tuple[int, int],
    n_scales: int,
    n_orientations: int,
    is_complex: bool,
    dtype: torch.dtype,
    device: torch.device,
) -> Filters:
    """Transfer functions for pictures of a size."""
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


def half_planes(size: tuple[int, int], scale: int, n_orientations: int) -> Tensor:
    """Masks that make bands analytic: 2 where a complex band has its waves, 0 on the other side.

    Parameters
    ----------
    size
        Of the picture.
    scale
        Of the bands.
    n_orientations
        K.

    Returns
    -------
    Tensor
        (K, h, w) float64 in the order of the FFT, 1 on the line between the sides and 0 at the
        frequency of Nyquist, which has no side.
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
    size: tuple[int, int], n_scales: int, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, ...]:
    """lo_s^2 for s = 0 to S, (h, w // 2 + 1): what :func:`partial_lowpasses` multiplies by."""
    with torch.inference_mode(False), torch.no_grad():
        masks = []
        for scale in range(n_scales + 1):
            here = band_size(size, scale)
            mask = _low(_polar(size, here)[0], scale).square()[:, : here[1] // 2 + 1]
            masks.append(mask.to(device, dtype).contiguous())
        return tuple(masks)


def _polar(size: tuple[int, int], here: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Radius (1 at Nyquist of the picture) and angle of the ``here`` lowest frequencies."""
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
    """Sign; 0 on the line where the cosine is 0 (it counts for one orientation only)."""
    return torch.sign(cosine.where(cosine.abs() > 1e-12, 0))


def crop_spectrum(spectrum: Tensor, size: tuple[int, int], half: bool = True) -> Tensor:
    """Keep the lowest frequencies, of an FFT or of one whose columns are halved (rfft2)."""
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


def grow_spectrum(spectrum: Tensor, size: tuple[int, int]) -> Tensor:
    """Undo :func:`crop_spectrum` of a halved spectrum, with zeros; ``size`` is the picture's."""
    rows = spectrum.shape[-2]
    if rows < size[0]:
        gap = spectrum.new_zeros((*spectrum.shape[:-2], size[0] - rows, spectrum.shape[-1]))
        first = (rows + 1) // 2
        spectrum = torch.cat([spectrum[..., :first, :], gap, spectrum[..., first:, :]], -2)
    return torch.nn.functional.pad(spectrum, (0, size[1] // 2 + 1 - spectrum.shape[-1]))


def _sampled(spectrum: Tensor, size: tuple[int, int]) -> Tensor:
    """The picture whose waves have these amplitudes, at the samples of its size."""
    return torch.fft.irfft2(spectrum, s=size, norm="forward")


def _spectrum(image: Tensor) -> Tensor:
    """Amplitudes of a picture's waves; a crop of them needs no scaling."""
    return torch.fft.rfft2(image, norm="forward")


def _check(image: Tensor, n_scales: int, n_orientations: int) -> tuple[int, int]:
    if n_scales < 1 or n_orientations < 1:
        problem = f"n_scales = {n_scales} and n_orientations = {n_orientations} are not allowed"
        raise ParameterError(problem, "give at least 1 of each")
    if image.dim() < 2 or image.dtype not in (torch.float32, torch.float64):
        problem = f"a picture of shape {tuple(image.shape)} and {image.dtype} has no pyramid"
        raise ParameterError(problem, "give (..., height, width) in float32 or float64")
    size = (image.shape[-2], image.shape[-1])
    if min(size) < 2**n_scales:
        problem = f"{size[0]}x{size[1]} pixels are too few for {n_scales} scales"
        most = min(size).bit_length() - 1
        fewer = f"n_scales = {most} or " if most >= 1 else ""
        raise ParameterError(problem, f"give {fewer}a picture of {2**n_scales} pixels a side")
    return size
