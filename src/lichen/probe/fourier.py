"""Pictures by their Fourier coefficients, in real and orthonormal coordinates.

C. Olah, A. Mordvintsev, L. Schubert, "Feature Visualization" (Distill 2017): descending along
frequencies of equal energy, and along colours that do not correlate, keeps the high-frequency
noise away that descent along pixels brings.

Departures: the coordinates are those of Hartley's transform, cas = cos + sin, and not the real and
imaginary parts of half a spectrum. There are as many as pixels, none is redundant, and the
transform is an isometry and its own inverse. The correlation of colours is measured on the natural
images that every machine with scikit-image has, not on ImageNet.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from lichen.features.natural_images import natural_images

GAIN = 0.25
"""Of all coordinates, as in Olah et al.: the logistic function is far from its ends at first."""


def hartley(maps: Tensor) -> Tensor:
    """Transform (..., H, W) orthonormally; its own inverse, with the lengths of vectors kept."""
    spectrum = torch.fft.fft2(maps, norm="ortho")
    return spectrum.real - spectrum.imag


def amplitudes(size: tuple[int, int]) -> Tensor:
    """Amplitude of each frequency of natural pictures, ``1 / f`` in cycles per pixel, (H, W).

    The mean, whose frequency is 0, gets that of the lowest frequency.
    """
    rows, columns = (torch.fft.fftfreq(length) for length in size)
    frequency = torch.hypot(rows[:, None], columns[None, :])
    return 1 / frequency.clamp(min=1 / max(size))


@lru_cache(maxsize=1)
def colour_axes() -> Tensor:
    """Square root of the covariance of natural colours over its largest column norm, (3, 3)."""
    colours = torch.cat([image[0].flatten(1) for image in natural_images(128)], 1).double()
    values, axes = torch.linalg.eigh(torch.cov(colours))
    root = axes * values.clamp(min=0).sqrt() @ axes.T
    return (root / root.norm(dim=0).max()).float()


def draw(coordinates: Tensor) -> Tensor:
    """Make pictures in (0, 1) out of coordinates, both (B, 3, H, W)."""
    height, width = coordinates.shape[2:]
    planes = GAIN * hartley(coordinates * amplitudes((height, width)))
    return torch.sigmoid(torch.einsum("kc,bchw->bkhw", colour_axes().to(planes.dtype), planes))
