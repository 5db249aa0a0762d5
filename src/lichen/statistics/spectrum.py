"""The power-spectrum constraint of Liu, Gousseau and Xia (2016, arXiv 1605.01141).

The images with the exemplar's spectrum are those whose Fourier transform is the exemplar's
times one phase field common to all channels. The nearest of them to an image x is

    F(x~)_c = [ S / |S| ] F(E)_c    with    S = sum_c F(x)_c conj(F(E)_c)

and the loss is the squared distance, 1/2 ||x - x~||^2, whose gradient is x - x~.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lichen.statistics.statistic import Statistic, statistics_dtype, weighted_sum


def project_onto_spectrum(image: Tensor, spectrum: Tensor) -> Tensor:
    """Return the image nearest to ``image`` with a power spectrum and cross spectra.

    Parameters
    ----------
    image
        (1, C, H, W).
    spectrum
        Of an image of that shape, by ``torch.fft.rfft2``.

    Returns
    -------
    Tensor
        (1, C, H, W).
    """
    alignment = (torch.fft.rfft2(image) * spectrum.conj()).sum(1, keepdim=True)
    length = alignment.abs()
    # Without alignment all phases are equally near: keep the reference's.
    phase = torch.where(length > 0, alignment / length.clamp_min(1e-30), 1.0)
    return torch.fft.irfft2(phase * spectrum, s=image.shape[2:])


def carry_to_size(exemplar: Tensor, size: tuple[int, int]) -> Tensor:
    """Make a picture of another size whose spectrum is the exemplar's at the new frequencies.

    Larger: the exemplar, less its mean, is set into a field of zeros and scaled so that energy
    per pixel stays. Its Fourier transform is the exemplar's own, interpolated to the finer
    frequency grid (the texton of Galerne, Gousseau and Morel 2011): a lattice's peaks keep their
    place and get the width that an exemplar of finite size leaves them. Both axes are tapered
    over a sixteenth of the exemplar, since a step at the border is a cross in the spectrum.
    Smaller: a centred crop, tapered alike. The mean is put back afterwards.

    Parameters
    ----------
    exemplar
        (1, C, h, w).
    size
        Height and width wanted.
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
    """Flat window with raised-cosine ends of a sixteenth each, along one axis."""
    ramp = max(n // 16, 1)
    position = torch.arange(n, dtype=like.dtype, device=like.device) + 0.5
    edge = torch.minimum(position, n - position).clamp(max=ramp) / ramp
    window = 0.5 - 0.5 * torch.cos(torch.pi * edge)
    return window.view(-1, 1) if axis == 2 else window.view(1, -1)


class Spectrum(Statistic):
    """Squared distance to the nearest picture with the exemplar's power spectrum.

    Parameters
    ----------
    size
        Height and width of the maps that will be judged.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size

    def target(self, maps: Tensor, weights: Tensor | None = None) -> Tensor:
        """Half-plane Fourier transform of the exemplar at the canvas's size, (1, C, H, W/2+1)."""
        maps = maps.to(statistics_dtype(maps))
        if weights is not None:  # unusable pixels carry no energy; what is left makes up for it
            mean = (maps * weights).sum(dim=(2, 3), keepdim=True) / weights.sum()
            maps = mean + (maps - mean) * weights / weights.mean().sqrt()
        return torch.fft.rfft2(carry_to_size(maps, self.size))

    def loss(self, maps: Tensor, target: Tensor) -> Tensor:
        """``1/2 ||x - x~||^2 / (H W)``."""
        maps = maps.to(statistics_dtype(maps))
        nearest = project_onto_spectrum(maps.detach(), target)
        return (maps - nearest).square().sum() / (2 * maps.shape[2] * maps.shape[3])

    def energy(self, target: Tensor) -> float:
        """Half the energy per pixel that is not the mean."""
        power = target.abs().square()
        power[..., 0, 0] = 0
        # The half plane holds every column once but those of 0 and of Nyquist twice too few.
        total = 2 * power.sum() - power[..., 0].sum()
        if self.size[1] % 2 == 0:
            total = total - power[..., -1].sum()
        return max(float(total) / (2 * (self.size[0] * self.size[1]) ** 2), 1e-8)

    def mix(self, targets: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
        """Weighted sum of the amplitudes of each channel, not below 0.

        The phases of the channels relative to each other are those of the sum of all spectra, each
        turned at every frequency to where it is most like the first; a turn of all channels
        together is no part of the statistic.
        """
        first, *others = targets
        turned = [first]
        for other in others:
            alignment = (first * other.conj()).sum(1, keepdim=True)
            turned.append(other * torch.polar(torch.ones_like(alignment.abs()), alignment.angle()))
        together = weighted_sum(turned, weights)
        phases = torch.where(together.abs() > 0, together, first).angle()
        amplitudes = weighted_sum([one.abs() for one in targets], weights).clamp_min(0)
        return torch.polar(amplitudes, phases)

    def count(self, channels: int) -> int:
        """Moduli of half the frequencies, and the relative phases of the channels."""
        half = self.size[0] * self.size[1] // 2 + 1
        return half * (2 * channels - 1)
