"""Gradients of each kind of statistic with respect to an image, as spectra, and their products.

A statistic is a moment of one map or two; its gradient with respect to the map is another map, and
``pullback`` takes it back to the image's spectrum. A statistic of scale s depends only on the
image's lowest frequencies, so its gradient is stored as the spectrum of its scale's crop.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lichen.arrays import Size
from lichen.features.steerable_pyramid import column_multiplicity, crop_spectrum

FREQUENCY_0 = (1, 1)
"""Size of the crop that holds frequency 0 alone."""

UNUSED = -1
"""Index of statistics that are not among the residuals."""


class Jacobian:
    """Gradients of numbered statistics with respect to planes (P, H, W), summed up part by part.

    A part is the spectrum Q (h, w // 2 + 1), not normalized, for which the change of a statistic is
    Re sum_f conj(Q) dX over the whole crop, where X are the amplitudes of the plane (its transform
    divided by H W). A crop smaller than the image holds nothing at its Nyquist frequency.

    Parameters
    ----------
    planes
        (P, H, W), for their size, dtype and device.
    sizes
        Of the crops that will be added, largest first; the first is the image's.
    max_frequencies
        Frequencies that are kept at most of those that one crop has and the next lacks. Products
        are sums over frequencies, so a random sample bounds memory at the cost of noise.
    """

    def __init__(self, planes: Tensor, sizes: Sequence[Size], max_frequencies: int) -> None:
        kept, roots = _sampled_frequencies(sizes, max_frequencies)
        self._kept = {size: indices.to(planes.device) for size, indices in kept.items()}
        self._roots = roots.to(planes)
        # Per plane and size: indices and rows.
        self._parts: list[dict[Size, list[tuple[Tensor, Tensor]]]] = [
            {size: [] for size in sizes} for _ in planes
        ]

    def add(self, plane: int, indices: Tensor, spectra: Tensor, size: Size) -> None:
        """Add spectra (B, h, w // 2 + 1) of crops h x w to the gradients with indices (B,)."""
        kept = self._kept[size]
        rows = torch.view_as_real(spectra.flatten(1)[:, kept] * self._roots[: len(kept)])
        self._parts[plane][size].append((indices, rows.flatten(1)))

    def products(self, count: int) -> Tensor:
        """Return the inner products of the ``count`` gradients, (count, count) float64."""
        device = self._roots.device
        products = torch.zeros(count, count, dtype=torch.float64, device=device)
        for parts in self._parts:
            joined = [_joined(part, device) for part in parts.values() if part]
            for number, (indices, rows) in enumerate(joined):
                _accumulate(products, indices, indices, rows @ rows.mT)
                for others, coarser in joined[number + 1 :]:
                    block = rows[:, : coarser.shape[1]] @ coarser.mT
                    _accumulate(products, indices, others, block)
                    _accumulate(products, others, indices, block.mT)
        return products


def _sampled_frequencies(
    sizes: Sequence[Size], max_frequencies: int
) -> tuple[dict[Size, Tensor], Tensor]:
    """Return flat indices of the kept frequencies in each crop's halved spectrum, and root weights.

    Those of a smaller crop come first, so that a row of a larger one begins with them.
    """
    height, width = sizes[0]
    y, x = torch.meshgrid(
        torch.arange(height) - height // 2, torch.arange(width // 2 + 1), indexing="ij"
    )
    y, x = y.flatten(), x.flatten()
    weights = column_multiplicity(width)[x] / (height * width)
    chosen, roots, counts = [], [], {}
    left = torch.ones_like(x, dtype=torch.bool)
    generator = torch.Generator().manual_seed(0)
    for size in reversed(sizes):
        inside = left if size == sizes[0] else left & (2 * y.abs() < size[0]) & (2 * x < size[1])
        indices = inside.nonzero().flatten()
        left = left & ~inside
        ratio = 1.0  # of all frequencies to those in the sample
        if len(indices) > max_frequencies:
            ratio = len(indices) / max_frequencies
            indices = indices[torch.randperm(len(indices), generator=generator)[:max_frequencies]]
        chosen.append(indices)
        roots.append((weights[indices] * ratio).sqrt())
        counts[size] = sum(map(len, chosen))
    order = torch.cat(chosen)
    kept = {
        (rows, columns): (y[order[:count]] % rows) * (columns // 2 + 1) + x[order[:count]]
        for (rows, columns), count in counts.items()
    }
    return kept, torch.cat(roots)


def _joined(parts: Sequence[tuple[Tensor, Tensor]], device: torch.device) -> tuple[Tensor, Tensor]:
    indices, rows = zip(*parts, strict=True)
    return torch.cat(indices).to(device), torch.cat(rows)


def _accumulate(products: Tensor, rows: Tensor, columns: Tensor, block: Tensor) -> None:
    products.index_put_((rows[:, None], columns[None, :]), block.double(), accumulate=True)


@dataclass(frozen=True)
class Maps(ABC):
    """Maps of mean 0, of one kind and size.

    Attributes
    ----------
    values
        (M, h, w).
    floor
        (P,) variance below which a map of that plane is noise.
    per_plane
        Number of maps of each plane.
    """

    values: Tensor
    floor: Tensor
    per_plane: int

    @property
    @abstractmethod
    def spectrum_size(self) -> Size:
        """Size of the crops that :meth:`pullback` returns."""

    @abstractmethod
    def pullback(self, number: int, gradients: Tensor) -> Tensor:
        """Turn gradients (B, h, w) with respect to map ``number`` into spectra (B, ., .)."""

    def plane(self, number: int) -> int:
        """Return the plane of a map."""
        return number // self.per_plane

    def variances(self) -> tuple[Tensor, Tensor]:
        """Return variances (M,), at least ``floor``, and whether a map is below it."""
        variances = self.values.square().mean((-2, -1))
        floor = self.floor.repeat_interleave(self.per_plane)
        return variances.clamp(min=floor), variances <= floor


@dataclass(frozen=True)
class Filtered(Maps):
    """The image filtered by transfer functions (M, h, w // 2 + 1), without its mean."""

    filters: Tensor

    @property
    def spectrum_size(self) -> Size:
        """The maps' own size."""
        return self.values.shape[-2], self.values.shape[-1]

    def pullback(self, number: int, gradients: Tensor) -> Tensor:
        """Apply the adjoint filter; the maps do not depend on the mean."""
        spectra = torch.fft.rfft2(gradients) * self.filters[number].conj()
        spectra[..., 0, 0] = 0
        return spectra


@dataclass(frozen=True)
class _OfBands(Maps):
    """Functions of complex bands, given by their phase factors (M, h, w) and filters.

    The maps of a parent have its children's size, which is larger than the filters' crop.
    """

    direction: Tensor
    masks: Tensor
    unit: complex

    @property
    def spectrum_size(self) -> Size:
        """Size of the bands."""
        return self.masks.shape[-2], self.masks.shape[-1]

    def _through_band(self, band: int, gradients: Tensor) -> Tensor:
        """Apply the adjoint of a complex band's filter, and of taking it from a real image."""
        spectra = crop_spectrum(torch.fft.fft2(gradients), self.spectrum_size, half=False)
        spectra = spectra * (self.masks[band % len(self.masks)] * self.unit)
        half = spectra.shape[-1] // 2 + 1
        mirrored = spectra.flip((-2, -1)).roll((1, 1), (-2, -1))[..., :half]
        return (spectra[..., :half] + mirrored.conj()) / 2


@dataclass(frozen=True)
class Magnitudes(_OfBands):
    """Absolute values without their means."""

    def pullback(self, number: int, gradients: Tensor) -> Tensor:
        """Radial, along the phase of the band."""
        centred = gradients - gradients.mean((-2, -1), keepdim=True)
        return self._through_band(number, centred * self.direction[number])


@dataclass(frozen=True)
class DoubledPhases(_OfBands):
    """Real parts, then imaginary parts, of bands with doubled phase, plane by plane."""

    def pullback(self, number: int, gradients: Tensor) -> Tensor:
        """Radial, and tangential at twice the rate of the band's phase."""
        plane, part = divmod(number, self.per_plane)
        n_orientations = self.per_plane // 2
        is_imaginary, k = divmod(part, n_orientations)
        band = plane * n_orientations + k
        direction = self.direction[band]
        twice = direction.square()
        parts = (twice.imag, 2 * twice.real) if is_imaginary else (twice.real, -2 * twice.imag)
        return self._through_band(band, gradients * (torch.complex(*parts) * direction))


def add_correlations(jacobian: Jacobian, one: Maps, other: Maps, indices: Tensor) -> None:
    """Add the gradients of all correlations <a, b> / |a| |b| of two kinds of maps.

    ``indices`` are (I, J). The derivatives are those of
    :func:`lichen.portilla_simoncelli.statistics.correlation`.
    """
    _add_correlations_by_first(jacobian, one, other, indices)
    _add_correlations_by_first(jacobian, other, one, indices.mT)


def _add_correlations_by_first(jacobian: Jacobian, one: Maps, other: Maps, indices: Tensor) -> None:
    """Add the gradients of correlations with respect to the first maps."""
    (variances, negligible), (others, _) = one.variances(), other.variances()
    count = one.values.shape[-2:].numel()
    squares = variances * count
    norms = (variances[:, None] * others[None, :]).sqrt() * count
    correlations = one.values.flatten(1) @ other.values.flatten(1).mT / norms
    for i, wanted in enumerate(indices):
        used = (wanted != UNUSED).nonzero().flatten()
        if not len(used):
            continue
        gradients = other.values[used] / norms[i, used, None, None]
        if not negligible[i]:
            along = (correlations[i, used] / squares[i])[:, None, None]
            gradients = gradients - along * one.values[i]
        spectra = one.pullback(i, gradients)
        jacobian.add(one.plane(i), wanted[used], spectra, one.spectrum_size)


def add_autocorrelations(
    jacobian: Jacobian, maps: Maps, indices: Tensor, deviations: Tensor
) -> None:
    """Add the gradients of autocorrelations at the shifts before the centre, and of deviations.

    ``indices`` are (M, N, N), those of the maps' standard deviations ``deviations`` (M,).
    """
    side = indices.shape[-1]
    shifts = [divmod(number, side) for number in range(side**2 // 2)]
    steps = [(y - side // 2, x - side // 2) for y, x in shifts]
    variances, negligible = maps.variances()
    count = maps.values.shape[-2:].numel()
    for i, values in enumerate(maps.values):
        both = torch.stack([_shifted_both_ways(values, step) for step in steps])
        gradients = both / (count * variances[i])
        if not negligible[i]:
            correlations = (both * values).sum((-2, -1), keepdim=True) / 2 / (count * variances[i])
            gradients = gradients - correlations * (2 / (count * variances[i])) * values
        deviation = values.square().mean().sqrt().clamp(min=torch.finfo(values.dtype).tiny)
        gradients = torch.cat([values[None] / (count * deviation), gradients])
        wanted = torch.cat([deviations[i][None], indices[i].flatten()[: len(steps)]])
        jacobian.add(maps.plane(i), wanted, maps.pullback(i, gradients), maps.spectrum_size)


def _shifted_both_ways(values: Tensor, step: tuple[int, int]) -> Tensor:
    back = (-step[0], -step[1])
    return values.roll(step, (-2, -1)) + values.roll(back, (-2, -1))


def add_shapes(jacobian: Jacobian, maps: Maps, skewness: Tensor, kurtosis: Tensor) -> None:
    """Add the gradients of skewness and kurtosis, with indices (M,) each."""
    variances, negligible = maps.variances()
    count = maps.values.shape[-2:].numel()
    for i, values in enumerate(maps.values):
        if negligible[i]:
            continue
        variance = variances[i]
        unit = values / variance.sqrt()
        third, fourth = unit.pow(3).mean(), unit.pow(4).mean()
        by_skewness = 3 * (unit.square() - third * unit)
        by_kurtosis = 4 * (unit.pow(3) - fourth * unit)
        gradients = torch.stack([by_skewness, by_kurtosis]) / (count * variance.sqrt())
        wanted = torch.stack([skewness[i], kurtosis[i]])
        jacobian.add(maps.plane(i), wanted, maps.pullback(i, gradients), maps.spectrum_size)


def add_variances(jacobian: Jacobian, maps: Maps, indices: Tensor) -> None:
    """Add the gradients of mean squares, with indices (M,)."""
    count = maps.values.shape[-2:].numel()
    for i, values in enumerate(maps.values):
        spectra = maps.pullback(i, values[None] * (2 / count))
        jacobian.add(maps.plane(i), indices[i][None], spectra, maps.spectrum_size)


def add_covariances(jacobian: Jacobian, maps: Maps, indices: Tensor) -> None:
    """Add the gradients of the covariances of all pairs, with indices (M, M)."""
    count = maps.values.shape[-2:].numel()
    for i, j in (indices != UNUSED).nonzero().tolist():
        for one, other in ((i, j), (j, i)):
            spectra = maps.pullback(one, maps.values[other][None] / count)
            jacobian.add(maps.plane(one), indices[i, j][None], spectra, maps.spectrum_size)


def add_means(jacobian: Jacobian, maps: Maps, indices: Tensor) -> None:
    """Add the gradients of the planes' means, with indices (P,): frequency 0 alone."""
    for plane, index in enumerate(indices):
        jacobian.add(plane, index[None], maps.values.new_ones((1, 1, 1)) + 0j, FREQUENCY_0)
