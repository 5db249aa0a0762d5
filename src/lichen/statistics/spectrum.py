"""The power-spectrum constraint of Liu, Gousseau and Xia (2016, arXiv 1605.01141).

The images with the exemplar's spectrum are those whose Fourier transform is the exemplar's
times one phase field common to all channels. The one nearest to an image x is

    F(x~)_c = [ S / |S| ] F(E)_c    with    S = sum_c F(x)_c conj(F(E)_c)

and the loss is the squared distance, 1/2 ||x - x~||^2, whose gradient is x - x~.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lichen.statistics.statistic import Statistic, statistics_dtype, weighted_sum


def project_onto_spectrum(image: Tensor, spectrum: Tensor) -> Tensor:
    """Return the image nearest to another one that has a given spectrum.

    Parameters
    ----------
    image
        (1, C, H, W).
    spectrum
        (1, C, H, W // 2 + 1), the Fourier transform of an image of that size.

    Returns
    -------
    Tensor
        (1, C, H, W); its power and cross spectra are exactly those given.
    """
    alignment = (torch.fft.rfft2(image) * spectrum.conj()).sum(1, keepdim=True)
    length = alignment.abs()
    # Where the alignment is 0 all phases are equally near: keep those given.
    phase = torch.where(length > 0, alignment / length.clamp_min(1e-30), 1.0)
    return torch.fft.irfft2(phase * spectrum, s=image.shape[2:])


def carry_to_size(exemplar: Tensor, size: tuple[int, int]) -> Tensor:
    """Return an image of another size with the exemplar's spectrum at the new frequencies.

    For a larger size the exemplar, its mean subtracted, is padded with zeros and scaled to the
    same energy per pixel. Its Fourier transform is then the exemplar's, interpolated to the finer
    frequency grid (the texton of Galerne, Gousseau and Morel 2011): the peaks of a lattice keep
    their frequencies, and the width that the finite exemplar gives them. Both axes are tapered
    over a sixteenth of the exemplar, since a step at the border is a cross in the spectrum. For a
    smaller size a centred crop is tapered in the same way. The mean is added again afterwards.

    Parameters
    ----------
    exemplar
        (1, C, h, w).
    size
        New height and width.
    """
    if tuple(exemplar.shape[2:]) == tuple(size):
        return exemplar
    mean = exemplar.mean(dim=(2, 3), keepdim=True)
    piece = exemplar - mean
    energy = piece.square().mean()
    for axis, wanted in ((2, size[0]), (3, size[1])):
        have = piece.shape[axis]
        if have > wanted:
            piece = piece.narrow(axis, (have - wanted) // 2, wanted)
        if have != wanted:
            piece = piece * _taper(piece.shape[axis], piece, axis)
    field = exemplar.new_zeros(exemplar.shape[0], exemplar.shape[1], *size)
    field[:, :, : piece.shape[2], : piece.shape[3]] = piece
    field = field - field.mean(dim=(2, 3), keepdim=True)
    return mean + field * (energy / field.square().mean().clamp_min(1e-30)).sqrt()


def _taper(n: int, like: Tensor, axis: int) -> Tensor:
    """Return a Tukey window along one axis, flat but for raised-cosine ends of a sixteenth each."""
    ramp = max(n // 16, 1)
    position = torch.arange(n, dtype=like.dtype, device=like.device) + 0.5
    edge = torch.minimum(position, n - position).clamp(max=ramp) / ramp
    window = 0.5 - 0.5 * torch.cos(torch.pi * edge)
    return window.view(-1, 1) if axis == 2 else window.view(1, -1)


class Spectrum(Statistic):
    """Squared distance to the nearest image with the exemplar's power spectrum.

    Parameters
    ----------
    size
        Height and width of the compared maps.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size

    def target(self, maps: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the exemplar's Fourier transform at the compared size, (1, C, H, W // 2 + 1)."""
        maps = maps.to(statistics_dtype(maps))
        if weights is not None:  # unusable pixels carry no energy; rescale the rest
            mean = (maps * weights).sum(dim=(2, 3), keepdim=True) / weights.sum()
            maps = mean + (maps - mean) * weights / weights.mean().sqrt()
        return torch.fft.rfft2(carry_to_size(maps, self.size))

    def loss(self, maps: Tensor, target: Tensor) -> Tensor:
        """``1/2 ||x - x~||^2 / (H W)``."""
        maps = maps.to(statistics_dtype(maps))
        nearest = project_onto_spectrum(maps.detach(), target)
        return (maps - nearest).square().sum() / (2 * maps.shape[2] * maps.shape[3])

    def energy(self, target: Tensor) -> float:
        """Return half the energy per pixel, the mean excluded."""
        power = target.abs().square()
        power[..., 0, 0] = 0
        # Every column of the half plane but those of frequency 0 and of Nyquist counts twice.
        total = 2 * power.sum() - power[..., 0].sum()
        if self.size[1] % 2 == 0:
            total = total - power[..., -1].sum()
        return max(float(total) / (2 * (self.size[0] * self.size[1]) ** 2), 1e-8)

    def mix(self, targets: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
        """Return the weighted sum of the amplitudes of each channel, clipped at 0.

        The phases of the channels relative to each other are those of the sum of all spectra, each
        aligned with the first at every frequency; a phase common to all channels is no part of the
        statistic.
        """
        first, *others = targets
        aligned = [first]
        for other in others:
            alignment = (first * other.conj()).sum(1, keepdim=True)
            aligned.append(other * torch.polar(torch.ones_like(alignment.abs()), alignment.angle()))
        together = weighted_sum(aligned, weights)
        phases = torch.where(together.abs() > 0, together, first).angle()
        amplitudes = weighted_sum([one.abs() for one in targets], weights).clamp_min(0)
        return torch.polar(amplitudes, phases)

    def count(self, channels: int) -> int:
        """Return the number of moduli and relative phases of channels at half the frequencies."""
        half = self.size[0] * self.size[1] // 2 + 1
        return half * (2 * channels - 1)
