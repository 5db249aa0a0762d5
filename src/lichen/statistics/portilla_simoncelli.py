"""The statistics of Portilla and Simoncelli (IJCV 40:49, 2000): 710 numbers for a texture.

With S scales, K orientations and neighbourhoods of N pixels (4, 4 and 7 in the paper), of a
complex steerable pyramid of a grey picture, in four groups:

1. marginals: mean, variance, skewness, kurtosis, minimum and maximum of the pixels; skewness and
   kurtosis of the S + 1 partial low-passes; variance of the high-pass: 2 (S + 1) + 7 = 17;
2. autocorrelation of the partial low-passes: (S + 1) (N^2 + 1) / 2 = 125;
3. magnitudes of the bands: autocorrelation S K (N^2 + 1) / 2, correlation of the orientations of
   a scale S K (K - 1) / 2, and with the parents, all orientations of the next coarser scale,
   (S - 1) K^2: 472;
4. phase: correlation of the real parts of a scale with the real and imaginary parts of parents
   whose phase was doubled, 2 (S - 1) K^2 = 96.

Departures from the paper. Every second moment is a correlation, with the standard deviation in
place of the redundant correlation of a map with itself at no distance: numbers of one magnitude,
so that groups can be compared. Parents are brought to the size of their children through the
spectrum. The means of the magnitudes, which the authors' code stores for its synthesis and the
paper does not count, are kept in a field but in no group; the correlations with a shifted
low-pass, which that code also computes for the coarsest scale, are left out. Moments are means
over pixels (no n - 1). A map of a variance below 1e-6 of the picture's has skewness 0 and
kurtosis 3, the authors' rule, and its correlations fade to 0 so that noise of rounding never
counts.

Against plenoptic 2.1.1, which takes the same 710, on three grey textures of 256 x 256 pixels in
float64: all correlations, skewnesses and kurtoses agree within 8e-6, deviations and the variance
of the high-pass within 7e-6 of the largest, which is how well plenoptic's tabulated filters follow
the raised cosine. Two differences are of definition: its deviations of scale s are 4^s times ours
(its bands grow as they are sub-sampled), and its pixel variance divides by n - 1, so that variance,
skewness and kurtosis of the pixels differ by up to 3e-5 of themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import torch
from torch import Tensor

from lichen.errors import ParameterError

FAINT = 1e-6
"""Variance, relative to the picture's, below which a map says nothing."""


class ComplexPyramid(Protocol):
    """Bands of a picture: what :func:`portilla_simoncelli` reads of a steerable pyramid."""

    @property
    def highpass(self) -> Tensor:
        """(..., H, W), real."""

    @property
    def bands(self) -> Sequence[Tensor]:
        """Complex (..., K, h, w), finest first."""


@dataclass(frozen=True)
class PortillaSimoncelli:
    """Statistics of one picture; S scales (finest first), K orientations, N x N neighbours.

    Attributes
    ----------
    pixels
        (6,) mean, variance, skewness, kurtosis, minimum, maximum.
    lowpass_skewness, lowpass_kurtosis, lowpass_deviation
        (S + 1,) of the partial low-passes, finest first; kurtosis 3 is a Gaussian's.
    highpass_variance
        () in squared grey levels.
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
    """

    pixels: Tensor
    lowpass_skewness: Tensor
    lowpass_kurtosis: Tensor
    highpass_variance: Tensor
    lowpass_deviation: Tensor
    lowpass_autocorrelation: Tensor
    magnitude_mean: Tensor
    magnitude_deviation: Tensor
    magnitude_autocorrelation: Tensor
    magnitude_orientations: Tensor
    magnitude_parents: Tensor
    phase_parents: Tensor

    def groups(self) -> dict[str, Tensor]:
        """The four groups of the paper as vectors, without entries that symmetry repeats."""
        n_orientations = self.magnitude_orientations.shape[-1]
        above = torch.triu_indices(n_orientations, n_orientations, 1)
        pairs = self.magnitude_orientations[:, above[0], above[1]]
        marginals = (
            self.pixels,
            self.lowpass_skewness,
            self.lowpass_kurtosis,
            self.highpass_variance.reshape(1),
        )
        lowpasses = (self.lowpass_deviation, _half(self.lowpass_autocorrelation))
        magnitudes = (
            self.magnitude_deviation,
            _half(self.magnitude_autocorrelation),
            pairs,
            self.magnitude_parents,
        )
        return {
            "marginals": torch.cat(marginals),
            "autocorrelation": torch.cat([part.flatten() for part in lowpasses]),
            "magnitudes": torch.cat([part.flatten() for part in magnitudes]),
            "phase": self.phase_parents.flatten(),
        }

    def count(self) -> int:
        """How many numbers the groups hold together: 710 for 4 scales, 4 orientations, 7 x 7."""
        return sum(group.numel() for group in self.groups().values())


def portilla_simoncelli(
    image: Tensor, pyramid: ComplexPyramid, lowpasses: Sequence[Tensor], n_neighbours: int = 7
) -> PortillaSimoncelli:
    """Compute the statistics of a grey picture from its complex steerable pyramid.

    Differentiable wherever the statistics are.

    Parameters
    ----------
    image
        (H, W) or (1, 1, H, W), float32 or float64; any range.
    pyramid
        High-pass and complex bands of that picture, e.g. of
        ``lichen.features.steerable_pyramid.steerable_pyramid(image, is_complex=True)``.
    lowpasses
        What the pyramid reconstructs from scale s and coarser, s = 0 to S, e.g. of
        ``lichen.features.steerable_pyramid.partial_lowpasses(image)``.
    n_neighbours
        N, odd; shifts of up to N // 2 samples each way. The coarsest low-pass must be at least
        N samples a side (:func:`largest_n_scales`).

    Returns
    -------
    PortillaSimoncelli
        In the dtype of the image.

    Raises
    ------
    ParameterError
        When N is even or too large for the coarsest low-pass, or there is more than one picture.
    """
    _check(image, pyramid.bands, lowpasses, n_neighbours)
    bands = [_planes(band, 3) for band in pyramid.bands]  # each (K, h, w)
    low = [_centre(_planes(lowpass, 2)) for lowpass in lowpasses]
    pixels, floor = _pixels(_planes(image, 2))

    low_variances = torch.stack([lowpass.square().mean() for lowpass in low])
    skewness, kurtosis = zip(*(_moments(lowpass, floor) for lowpass in low), strict=True)
    low_correlations = torch.stack([_autocorrelation(x, n_neighbours, floor) for x in low])

    parts = [_parts(band) for band in bands]
    magnitudes = [_magnitude(*part) for part in parts]
    means = torch.stack([magnitude.mean((-2, -1)) for magnitude in magnitudes])  # (S, K)
    n_orientations = means.shape[1]
    centred = [_centre(magnitude) for magnitude in magnitudes]
    variances = torch.stack([magnitude.square().mean((-2, -1)) for magnitude in centred])

    by_magnitude, by_phase = [], []
    for s in range(len(bands) - 1):
        magnitude, real, imaginary = _parents(bands[s + 1], bands[s])
        by_magnitude.append(_correlation(centred[s], magnitude, floor))
        halves = [_correlation(parts[s][0], part, floor) for part in (real, imaginary)]
        by_phase.append(torch.cat(halves, 1))
    return PortillaSimoncelli(
        pixels=pixels,
        lowpass_skewness=torch.stack(skewness),
        lowpass_kurtosis=torch.stack(kurtosis),
        highpass_variance=_planes(pyramid.highpass, 2).square().mean(),
        lowpass_deviation=_deviation(low_variances),
        lowpass_autocorrelation=low_correlations,
        magnitude_mean=means,
        magnitude_deviation=_deviation(variances),
        magnitude_autocorrelation=torch.stack(
            [_autocorrelation(magnitude, n_neighbours, floor) for magnitude in centred]
        ),
        magnitude_orientations=torch.stack([_correlation(x, x, floor) for x in centred]),
        magnitude_parents=_stack(by_magnitude, n_orientations, means),
        phase_parents=_stack(by_phase, 2 * n_orientations, means),
    )


def largest_n_scales(size: tuple[int, int], n_neighbours: int = 7) -> int:
    """Most scales whose coarsest low-pass still holds a neighbourhood; 0 when none does.

    Parameters
    ----------
    size
        Height and width of the picture in pixels.
    n_neighbours
        N, as for :func:`portilla_simoncelli`.
    """
    n_scales = 0
    while -(-min(size) // 2 ** (n_scales + 1)) >= max(n_neighbours, 2):
        n_scales += 1
    return n_scales


def _check(
    image: Tensor, bands: Sequence[Tensor], lowpasses: Sequence[Tensor], n_neighbours: int
) -> None:
    size, n_scales = (image.shape[-2], image.shape[-1]), len(bands)
    if n_neighbours < 1 or n_neighbours % 2 == 0:
        raise ParameterError(f"n_neighbours = {n_neighbours} is not allowed", "give an odd number")
    if image.numel() != size[0] * size[1]:
        problem = f"statistics of a tensor of shape {tuple(image.shape)} are not defined"
        raise ParameterError(problem, "give one grey picture, (height, width) or (1, 1, H, W)")
    if not all(band.is_complex() for band in bands):
        raise ParameterError("the bands have no imaginary part", "make a complex pyramid")
    if len(lowpasses) != n_scales + 1:
        problem = f"{len(lowpasses)} partial low-passes do not go with {n_scales} scales"
        raise ParameterError(problem, f"give {n_scales + 1}, finest first")
    if min(lowpasses[-1].shape[-2:]) < n_neighbours:
        most = largest_n_scales(size, n_neighbours)
        fits = f"n_scales = {most}" if most else "a larger picture or fewer neighbours"
        too_few = f"{size[0]}x{size[1]} pixels are too few for {n_scales} scales"
        problem = f"{too_few} and {n_neighbours}x{n_neighbours} neighbours"
        raise ParameterError(problem, f"use {fits}")


def _planes(maps: Tensor, n_axes: int) -> Tensor:
    """Drop leading axes of length 1."""
    return maps.reshape(maps.shape[-n_axes:])


def _pixels(image: Tensor) -> tuple[Tensor, Tensor]:
    """Marginals of the pixels, and the variance below which a map of the picture is noise."""
    # Rounding leaves a flat picture with a variance of about eps^2 of its mean square.
    limits = torch.finfo(image.dtype)
    least = image.square().mean() * (16 * limits.eps) ** 2 + limits.tiny**0.5
    mean = image.mean()
    variance = (image - mean).square().mean()
    skewness, kurtosis = _moments(image - mean, least.detach())
    pixels = torch.stack([mean, variance, skewness, kurtosis, image.min(), image.max()])
    return pixels, (FAINT * variance + least).detach()


def _moments(centred: Tensor, floor: Tensor) -> tuple[Tensor, Tensor]:
    """Skewness and kurtosis; those of a Gaussian for a map fainter than ``floor``."""
    variance = centred.square().mean()
    faint = variance <= floor
    unit = centred / variance.clamp(min=floor).sqrt()
    square = unit.square()
    skewness, kurtosis = (square * unit).mean(), square.square().mean()
    return torch.where(faint, 0, skewness), torch.where(faint, 3, kurtosis)


def _deviation(variance: Tensor) -> Tensor:
    """Square root, of a gradient of 0 at 0."""
    return variance.clamp(min=torch.finfo(variance.dtype).tiny).sqrt()


def _parts(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Real and imaginary parts, each in its own memory: all that follows is twice as fast."""
    return maps.real.contiguous(), maps.imag.contiguous()


def _magnitude(real: Tensor, imaginary: Tensor) -> Tensor:
    """Absolute value, of a gradient of 0 at 0."""
    return (real.square() + imaginary.square() + torch.finfo(real.dtype).tiny).sqrt()


def _centre(maps: Tensor) -> Tensor:
    return maps - maps.mean((-2, -1), keepdim=True)


def _autocorrelation(maps: Tensor, n: int, floor: Tensor) -> Tensor:
    """Circular autocorrelation of centred maps (..., h, w) at shifts up to n // 2, (..., n, n).

    The Fourier transform of the power spectrum, at the few shifts wanted only: two small
    products in place of an inverse transform.
    """
    height, width = maps.shape[-2:]
    spectrum = torch.fft.rfft2(maps)  # (..., h, w // 2 + 1)
    power = spectrum.real.square() + spectrum.imag.square()
    across, down = _waves(height, width, n // 2, maps.dtype, maps.device)
    rows = torch.nn.functional.linear(power, across)  # (..., h, 2 (reach + 1)), cosine and sine
    right = down @ torch.cat(rows.chunk(2, -1), -2)  # (..., n, reach + 1), shifts to the right
    whole = torch.cat([right[..., 1:].flip(-2, -1), right], -1)
    return whole / right[..., n // 2, 0, None, None].clamp(min=floor)


@lru_cache(maxsize=64)
def _waves(
    height: int, width: int, reach: int, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Cosines and sines (2 (reach + 1), w // 2 + 1) across, (2 reach + 1, 2 h) down."""
    with torch.inference_mode(False), torch.no_grad():
        y = torch.outer(torch.arange(-reach, reach + 1), torch.arange(height)) % height
        x = torch.outer(torch.arange(reach + 1), torch.arange(width // 2 + 1)) % width
        y, x = 2 * torch.pi / height * y.double(), 2 * torch.pi / width * x.double()
        # Columns of the halved spectrum stand for two, but for the first and that of Nyquist.
        twice = torch.full((width // 2 + 1,), 2.0, dtype=torch.float64)
        twice[0] = 1
        if width % 2 == 0:
            twice[-1] = 1
        across = torch.cat([x.cos(), x.sin()]) * twice
        down = torch.cat([y.cos(), -y.sin()], 1) / (height * width) ** 2
        return across.to(device, dtype), down.to(device, dtype)


def _correlation(one: Tensor, other: Tensor, floor: Tensor) -> Tensor:
    """Correlation (about 0) of all pairs of maps (I, h, w) and (J, h, w), (I, J)."""
    one, other = one.flatten(1), other.flatten(1)
    n_positions = one.shape[1]
    norms = [x.square().mean(1).clamp(min=floor).sqrt() for x in (one, other)]
    return one @ other.T / n_positions / torch.outer(*norms)


def _parents(parent: Tensor, child: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Centred magnitudes, real and imaginary parts of doubled phase; (K, h, w) each.

    Parents are interpolated to the size of their children first; they hold nothing at the
    frequency of Nyquist, where that would be ambiguous.
    """
    size = child.shape[-2:]
    gain = size.numel() / parent.shape[-2:].numel()
    spectrum = torch.fft.fft2(parent) * gain
    for axis in (-2, -1):
        spectrum = _pad_spectrum(spectrum, size[axis], axis)
    real, imaginary = _parts(torch.fft.ifft2(spectrum))
    magnitude = _magnitude(real, imaginary)
    cosine = real / magnitude
    return _centre(magnitude), 2 * real * cosine - magnitude, 2 * imaginary * cosine


def _pad_spectrum(spectrum: Tensor, count: int, axis: int) -> Tensor:
    have = spectrum.shape[axis]
    if have == count:
        return spectrum
    shape = list(spectrum.shape)
    shape[axis] = count - have
    first, last = (have + 1) // 2, have // 2
    low, high = spectrum.narrow(axis, 0, first), spectrum.narrow(axis, first, last)
    return torch.cat([low, spectrum.new_zeros(shape), high], axis)


def _stack(matrices: list[Tensor], columns: int, means: Tensor) -> Tensor:
    """(S - 1, K, columns); no rows when there is one scale and so no parent."""
    return torch.stack(matrices) if matrices else means.new_zeros((0, means.shape[1], columns))


def _half(correlations: Tensor) -> Tensor:
    """Of (..., N, N) symmetric about its centre, the N^2 // 2 entries before the centre."""
    flat = correlations.flatten(-2)
    return flat[..., : flat.shape[-1] // 2]
