"""Pictures as Fourier coefficients, in real and orthonormal coordinates.

C. Olah, A. Mordvintsev, L. Schubert, "Feature Visualization" (Distill 2017): gradient descent in
a basis of frequencies of equal energy and of decorrelated colours avoids the high-frequency noise
of descent in pixels.

Departures: the coordinates are those of the Hartley transform, cas = cos + sin, rather than real
and imaginary parts of half a spectrum. There are as many as pixels, none is redundant, and the
transform is an isometry and its own inverse. The correlation of colours is measured on the natural
images that come with scikit-image, not on ImageNet.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from lichen.arrays import Size
from lichen.features.colour_axes import principal_axes
from lichen.features.natural_images import natural_images

GAIN = 0.25
"""Factor on all planes, as in Olah et al.: the logistic function is not saturated at the start."""


def hartley(maps: Tensor) -> Tensor:
    """Transform (..., H, W) orthonormally: lengths are preserved, and it is its own inverse."""
    spectrum = torch.fft.fft2(maps, norm="ortho")
    return spectrum.real - spectrum.imag


def amplitudes(size: Size) -> Tensor:
    """Amplitude of each frequency in natural images, ``1 / f`` in cycles per pixel, (H, W).

    The mean, whose frequency is 0, gets that of the lowest frequency.
    """
    rows, columns = (torch.fft.fftfreq(length) for length in size)
    frequency = torch.hypot(rows[:, None], columns[None, :])
    return 1 / frequency.clamp(min=1 / max(size))


@lru_cache(maxsize=1)
def colour_root() -> Tensor:
    """Square root of the covariance of natural colours over its largest column norm, (3, 3)."""
    colours = torch.cat([image[0].flatten(1) for image in natural_images(128)], 1)
    _, variances, axes = principal_axes(colours)
    root = axes * variances.clamp(min=0).sqrt() @ axes.T
    return (root / root.norm(dim=0).max()).float()


def draw(coordinates: Tensor) -> Tensor:
    """Return the pictures in (0, 1) that coordinates stand for, both (B, 3, H, W)."""
    height, width = coordinates.shape[2:]
    planes = GAIN * hartley(coordinates * amplitudes((height, width)).to(coordinates.device))
    return torch.sigmoid(torch.einsum("kc,bchw->bkhw", colour_root().to(planes), planes))
