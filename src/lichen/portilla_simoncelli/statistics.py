"""The statistics of Portilla and Simoncelli (IJCV 40:49, 2000): 710 numbers per plane.

With S scales, K orientations and neighbourhoods of N pixels (4, 4 and 7 in the paper), of a
complex steerable pyramid of a grey image, in four groups:

1. marginals: mean, variance, skewness, kurtosis, minimum and maximum of the pixels; skewness and
   kurtosis of the S + 1 partial low-passes; variance of the high-pass: 2 (S + 1) + 7 = 17;
2. autocorrelation of the partial low-passes: (S + 1) (N^2 + 1) / 2 = 125;
3. magnitudes of the bands: autocorrelation S K (N^2 + 1) / 2, correlation of the orientations of
   a scale S K (K - 1) / 2, and with the parents, all orientations of the next coarser scale,
   (S - 1) K^2: 472;
4. phase: correlation of the real parts of a scale with the real and imaginary parts of parents
   whose phase was doubled, 2 (S - 1) K^2 = 96.

Colour, as in the authors' own later program and in Vacher and Briand (IPOL 2021), is analysed in
uncorrelated planes: the principal axes of the exemplar's colours
(:mod:`lichen.features.colour_axes`), at unit variance. The axes are the exemplar's for every image
that is compared with it. Three more groups join P planes:

5. colours: covariance of the pixels, P (P - 1) / 2 (0 on the exemplar's own axes); correlation of
   the planes' partial low-passes, (S + 1) P (P - 1) / 2, and of the real parts of their bands of
   one scale and orientation, S K P (P - 1) / 2. Planes that are uncorrelated as a whole need not be
   at one scale: this is the sign of an edge's hue;
6. colour magnitudes: correlation of the magnitudes of two planes in one scale, for all pairs of
   orientations, S K^2 P (P - 1) / 2; and with the parents of another plane, (S - 1) K^2 P (P - 1);
7. colour phase: real parts with parents of another plane, phase doubled, 2 (S - 1) K^2 P (P - 1).

For 4 scales, 4 orientations, 7 x 7 neighbours and 3 planes that is 3 x 710 + 66 + 480 + 576 = 3252.
Published programs differ in which of the cross-plane statistics they take; this set is Lichen's
choice. Omitted are autocorrelations across planes and the high-pass across planes, which the
covariance of the pixels and that of the finest low-pass determine between them.

Departures from the paper. Every second moment is a correlation, with the standard deviation in
place of the redundant correlation of a map with itself at zero shift: numbers of one order of
magnitude, so that groups can be compared. Parents are brought to the size of their children through
the spectrum. The means of the magnitudes, which the authors' code stores for its synthesis and the
paper does not count, are kept in a field but in no group; the correlations with a shifted low-pass,
which that code also computes for the coarsest scale, are omitted. Moments are means over pixels (no
n - 1). A map whose variance is below 1e-6 of the image's has skewness 0 and kurtosis 3, the
authors' rule, and its correlations fade to 0 so that rounding noise never counts.

Against plenoptic 2.1.1, which takes the same 710, on 17 grey images of 256 x 256 pixels in float64,
as the norm of the difference relative to the norm of its values: all correlations and kurtoses, the
deviations and the variance of the high-pass agree within 7e-6, the skewnesses within 8e-6 of their
norm or of 1 (that of a symmetric texture is 0). This is how well plenoptic's tabulated filters
follow the raised cosine. Two differences are of definition: its deviations of scale s are 4^s times
ours (its bands grow as they are subsampled), and its pixel variance divides by n - 1, so that
variance, skewness and kurtosis of the pixels differ by up to 3e-5 of themselves; put into its terms
they agree within 3e-10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from lichen.arrays import Size
from lichen.errors import ParameterError
from lichen.features.steerable_pyramid import column_multiplicity
from lichen.portilla_simoncelli.maps import PyramidMaps, pyramid_maps


@dataclass(frozen=True)
class PyramidStatistics:
    """Statistics of a grey image; S scales (finest first), K orientations, N x N neighbours.

    For several images at once, their leading axes precede each shape.

    Attributes
    ----------
    pixels
        (6,) mean, variance, skewness, kurtosis, minimum, maximum.
    lowpass_skewness, lowpass_kurtosis, lowpass_deviation
        (S + 1,) of the partial low-passes, finest first; a Gaussian has kurtosis 3.
    highpass_variance
        () in squared units of the pixels.
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
        """Return the paper's four groups as vectors, without entries that symmetry repeats."""
        n_orientations = self.magnitude_orientations.shape[-1]
        above = torch.triu_indices(n_orientations, n_orientations, 1)
        pairs = self.magnitude_orientations[..., above[0], above[1]]
        groups = {
            "marginals": (
                self.pixels,
                self.lowpass_skewness,
                self.lowpass_kurtosis,
                self.highpass_variance[..., None],
            ),
            "autocorrelation": (self.lowpass_deviation, _half(self.lowpass_autocorrelation)),
            "magnitudes": (
                self.magnitude_deviation,
                _half(self.magnitude_autocorrelation),
                pairs,
                self.magnitude_parents,
            ),
            "phase": (self.phase_parents,),
        }
        first = self.highpass_variance.dim()
        return {
            name: torch.cat([part.flatten(first) for part in parts], -1)
            for name, parts in groups.items()
        }

    def count(self) -> int:
        """Total length of the groups: 710 for 4 scales, 4 orientations and 7 x 7 neighbours."""
        return sum(group.shape[-1] for group in self.groups().values())


@dataclass(frozen=True)
class ColourStatistics:
    """Statistics of one image of P planes; S scales (finest first), K orientations.

    All matrices are joint, in the form in which the paper's projections impose them: map p K + k
    is orientation k of plane p, and the diagonal blocks are the planes' own correlations.

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
        (S, P K, P K) correlations of the magnitudes, 1 on the diagonal.
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
        """Return the paper's four groups, plane after plane, and the three across planes."""
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
        """Total length of the groups: 3252 for 3 planes in the paper's setting."""
        return sum(group.numel() for group in self.groups().values())


def pyramid_statistics(
    image: Tensor, n_scales: int = 4, n_orientations: int = 4, n_neighbours: int = 7
) -> PyramidStatistics:
    """Compute the statistics of grey images. Differentiable wherever the statistics are.

    Parameters
    ----------
    image
        (..., H, W), float32 or float64; any range.
    n_scales
        S, at least 1.
    n_orientations
        K, at least 1.
    n_neighbours
        N, odd; shifts of up to N // 2 samples each way. The coarsest low-pass must be at least
        N samples per side (:func:`largest_n_scales`).

    Returns
    -------
    PyramidStatistics
        In the dtype of the image.

    Raises
    ------
    ParameterError
        When N is even, a count is below 1, or the image is too small.
    """
    check_neighbours((image.shape[-2], image.shape[-1]), n_scales, n_neighbours)
    return statistics_of_maps(pyramid_maps(image, n_scales, n_orientations), n_neighbours)


def colour_statistics(
    planes: Tensor, n_scales: int = 4, n_orientations: int = 4, n_neighbours: int = 7
) -> ColourStatistics:
    """Compute the statistics of an image's planes (P, H, W), best uncorrelated and of variance 1.

    Parameters and errors are those of :func:`pyramid_statistics`. For one plane the statistics
    that join planes are empty or repeat those of ``planes``.
    """
    check_neighbours((planes.shape[-2], planes.shape[-1]), n_scales, n_neighbours)
    return colour_statistics_of_maps(pyramid_maps(planes, n_scales, n_orientations), n_neighbours)


def statistics_of_maps(maps: PyramidMaps, n_neighbours: int) -> PyramidStatistics:
    """Compute :func:`pyramid_statistics` from the maps."""
    floor, n_orientations = maps.floor, maps.magnitude_means.shape[-1]
    by_lowpass = [_moments(lowpass, floor) for lowpass in maps.lowpasses]
    low = [_autocorrelation(x, n_neighbours, floor) for x in maps.lowpasses]
    across = floor[..., None]  # for all bands of an image
    magnitudes = [_autocorrelation(x, n_neighbours, across) for x in maps.magnitudes]
    by_magnitude = [
        correlation(x, y, across)
        for x, y in zip(maps.magnitudes[:-1], maps.parent_magnitudes, strict=True)
    ]
    by_phase = [
        correlation(x, y, across) for x, y in zip(maps.real[:-1], maps.parent_phases, strict=True)
    ]
    return PyramidStatistics(
        pixels=_pixels(maps),
        lowpass_skewness=torch.stack([skewness for skewness, _ in by_lowpass], -1),
        lowpass_kurtosis=torch.stack([kurtosis for _, kurtosis in by_lowpass], -1),
        highpass_variance=maps.highpass.square().mean((-2, -1)),
        lowpass_deviation=_deviation(torch.stack([variance for _, variance in low], -1)),
        lowpass_autocorrelation=torch.stack([matrix for matrix, _ in low], -3),
        magnitude_mean=maps.magnitude_means,
        magnitude_deviation=_deviation(torch.stack([variance for _, variance in magnitudes], -2)),
        magnitude_autocorrelation=torch.stack([matrix for matrix, _ in magnitudes], -4),
        magnitude_orientations=torch.stack(
            [correlation(x, x, across) for x in maps.magnitudes], -3
        ),
        magnitude_parents=stacked(by_magnitude, n_orientations, n_orientations, maps.pixels),
        phase_parents=stacked(by_phase, n_orientations, 2 * n_orientations, maps.pixels),
    )


def colour_statistics_of_maps(maps: PyramidMaps, n_neighbours: int) -> ColourStatistics:
    """Compute :func:`colour_statistics` from the maps, each with a leading axis of P."""
    own = statistics_of_maps(maps, n_neighbours)
    n_planes = maps.mean.shape[0]
    n_scales, n_orientations = maps.magnitude_means.shape[-2:]
    if n_planes == 1:
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


def largest_n_scales(size: Size, n_neighbours: int = 7) -> int:
    """Return the most scales whose coarsest low-pass holds a neighbourhood; 0 when none does.

    Parameters
    ----------
    size
        Height and width of the image in pixels.
    n_neighbours
        N, as for :func:`pyramid_statistics`.
    """
    n_scales = 0
    while -(-min(size) // 2 ** (n_scales + 1)) >= max(n_neighbours, 2):
        n_scales += 1
    return n_scales


def check_neighbours(size: Size, n_scales: int, n_neighbours: int) -> None:
    """Raise for a neighbourhood that is even or does not fit into the coarsest low-pass."""
    if n_neighbours < 1 or n_neighbours % 2 == 0:
        raise ParameterError(f"n_neighbours = {n_neighbours} is not allowed", "use an odd number")
    most = largest_n_scales(size, n_neighbours)
    if n_scales > most:
        fits = f"n_scales = {most}" if most else "a larger image or fewer neighbours"
        too_few = f"{size[0]}x{size[1]} pixels are too few for {n_scales} scales"
        problem = f"{too_few} and {n_neighbours}x{n_neighbours} neighbours"
        raise ParameterError(problem, f"use {fits}")


def correlation(one: Tensor, other: Tensor, floor: Tensor, columns: Tensor | None = None) -> Tensor:
    """Correlate, about 0, all pairs of maps (..., I, h, w) and (..., J, h, w): (..., I, J).

    ``floor`` is the variance (..., I) below which a map carries no information, ``columns`` that
    of the second maps, (..., J); None when one floor serves all maps of an image.
    """
    columns = floor if columns is None else columns
    rows = one.flatten(-2), other.flatten(-2)
    found: Tensor = _Correlation.apply(*rows, floor, columns)  # type: ignore[no-untyped-call]
    return found


def stacked(matrices: Sequence[Tensor], rows: int, columns: int, like: Tensor) -> Tensor:
    """Stack to (..., S - 1, rows, columns), empty for one scale, which has no parents."""
    if matrices:
        return torch.stack(list(matrices), -3)
    return like.new_zeros((*like.shape[:-2], 0, rows, columns))


class _Correlation(torch.autograd.Function):
    """Of rows (..., I, M) and (..., J, M); with its derivative written out, to allocate less."""

    @staticmethod
    def forward(ctx: Any, one: Tensor, other: Tensor, floor: Tensor, columns: Tensor) -> Tensor:
        n_positions = one.shape[-1]
        variances = [torch.linalg.vecdot(x, x) / n_positions for x in (one, other)]
        faint = [x <= least for x, least in zip(variances, (floor, columns), strict=True)]
        down, across = (x.clamp(min=y) for x, y in zip(variances, (floor, columns), strict=True))
        norms = (down[..., :, None] * across[..., None, :]).sqrt_() * n_positions
        found = one @ other.mT / norms
        ctx.save_for_backward(one, other, down * n_positions, across * n_positions, norms, found)
        ctx.faint = faint
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        one, other, down, across, norms, found = ctx.saved_tensors
        products, weighted = gradient / norms, gradient * found
        along = (weighted.sum(-1) / down).masked_fill(ctx.faint[0], 0)
        beside = (weighted.sum(-2) / across).masked_fill(ctx.faint[1], 0)
        by_one = (products @ other).addcmul_(one, along[..., None], value=-1)
        by_other = (products.mT @ one).addcmul_(other, beside[..., None], value=-1)
        return by_one, by_other, None, None


def _pixels(maps: PyramidMaps) -> Tensor:
    """Mean, variance, skewness, kurtosis, minimum and maximum, (..., 6)."""
    skewness, kurtosis = _moments(maps.pixels, maps.floor)
    variance = maps.pixels.square().mean((-2, -1))
    limits = [maps.pixels.amin((-2, -1)) + maps.mean, maps.pixels.amax((-2, -1)) + maps.mean]
    return torch.stack([maps.mean, variance, skewness, kurtosis, *limits], -1)


def _moments(centred: Tensor, floor: Tensor) -> tuple[Tensor, Tensor]:
    """Skewness and kurtosis; those of a Gaussian where the variance is below ``floor``."""
    square = centred.square()
    variance = square.mean((-2, -1))
    faint = variance <= floor
    divisor = variance.clamp(min=floor)
    # Divided twice: a power of a tiny deviation could underflow in float32.
    skewness = (square * centred).mean((-2, -1)) / divisor / divisor.sqrt()
    kurtosis = square.square().mean((-2, -1)) / divisor / divisor
    return torch.where(faint, 0, skewness), torch.where(faint, 3, kurtosis)


def _deviation(variance: Tensor) -> Tensor:
    """Square root, with a gradient of 0 at 0."""
    return variance.clamp(min=torch.finfo(variance.dtype).tiny).sqrt()


def _autocorrelation(maps: Tensor, n: int, floor: Tensor) -> tuple[Tensor, Tensor]:
    """Circular autocorrelation (..., n, n) of centred maps (..., h, w), and their variances (...).

    The Fourier transform of the power spectrum, only at shifts up to n // 2: two small matrix
    products instead of an inverse transform.
    """
    height, width = maps.shape[-2:]
    spectrum = torch.fft.rfft2(maps)  # (..., h, w // 2 + 1)
    power = spectrum.real.square() + spectrum.imag.square()
    across, down = _waves(height, width, n // 2, maps.dtype, maps.device)
    rows = torch.nn.functional.linear(power, across)  # (..., h, 2 (reach + 1)), cosine and sine
    right = down @ torch.cat(rows.chunk(2, -1), -2)  # (..., n, reach + 1), shifts to the right
    whole = torch.cat([right[..., 1:].flip(-2, -1), right], -1)
    variance = right[..., n // 2, 0]
    return whole / variance.clamp(min=floor)[..., None, None], variance


@lru_cache(maxsize=64)
def _waves(
    height: int, width: int, reach: int, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Cosines and sines (2 (reach + 1), w // 2 + 1) across, (2 reach + 1, 2 h) down."""
    with torch.inference_mode(False), torch.no_grad():
        y = torch.outer(torch.arange(-reach, reach + 1), torch.arange(height)) % height
        x = torch.outer(torch.arange(reach + 1), torch.arange(width // 2 + 1)) % width
        y, x = 2 * torch.pi / height * y.double(), 2 * torch.pi / width * x.double()
        across = torch.cat([x.cos(), x.sin()]) * column_multiplicity(width)
        down = torch.cat([y.cos(), -y.sin()], 1) / (height * width) ** 2
        return across.to(device, dtype), down.to(device, dtype)


def _half(correlations: Tensor) -> Tensor:
    """Return the N^2 // 2 entries before the centre of (..., N, N), which is symmetric about it."""
    flat = correlations.flatten(-2)
    return flat[..., : flat.shape[-1] // 2]


def _joint(maps: Tensor) -> Tensor:
    """Reshape (P, K, h, w) to (P K, h, w)."""
    return maps.flatten(0, 1)


def _blocks(matrices: Tensor, n_planes: int) -> Tensor:
    """Reshape (S, P a, P b) to (S, P, P, a, b)."""
    n, rows, columns = matrices.shape
    split = matrices.reshape(n, n_planes, rows // n_planes, n_planes, columns // n_planes)
    return split.transpose(2, 3)
