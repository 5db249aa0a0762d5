"""What the procedural textures are drawn with: noise, palettes, blending."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rng = np.random.Generator

SIDE = 256
"""Height and width of a made picture; everything wraps around."""


def coloured_noise(
    rng: Rng, exponent: float | None = None, stretch: float = 1.0, angle: float = 0.0
) -> Array:
    """Gaussian noise of spectrum ``1 / f**exponent``, mean 0 and variance 1, (SIDE, SIDE)."""
    if exponent is None:
        exponent = rng.uniform(0.3, 2.2)
    fy, fx = np.meshgrid(np.fft.fftfreq(SIDE), np.fft.fftfreq(SIDE), indexing="ij")
    along = np.cos(angle) * fx + np.sin(angle) * fy
    across = -np.sin(angle) * fx + np.cos(angle) * fy
    frequency = np.hypot(along * stretch, across / stretch)
    frequency[0, 0] = 1
    gain = frequency**-exponent * (frequency < 0.5)
    noise = np.fft.ifft2(np.fft.fft2(rng.standard_normal((SIDE, SIDE))) * gain).real
    return np.asarray((noise - noise.mean()) / noise.std())


def palette(rng: Rng, n: int) -> Array:
    """Draw ``n`` related colours, a third of the time near-grey, (n, 3)."""
    base = rng.uniform(0.1, 0.9, 3)
    if rng.random() < 0.35:
        base[:] = base.mean()
    lightness = rng.normal(0, rng.uniform(0.08, 0.35), (n, 1))
    tint = rng.normal(0, rng.uniform(0, 0.15), (n, 3))
    return np.clip(base + lightness + tint, 0.02, 0.98)


def mix(opacity: Array, first: Array, second: Array) -> Array:
    """Blend two colours by the (SIDE, SIDE) opacity of the second, clipped to [0, 1]."""
    return np.asarray(first + (second - first) * np.clip(opacity, 0, 1)[..., None])


def grid() -> tuple[Array, Array]:
    """Row and column of every pixel."""
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float64)
    return rows, columns


def rotated(rng: Rng, angle: float, wobble: float) -> tuple[Array, Array]:
    """Coordinates along and across ``angle``, bent by smooth noise of ``wobble`` pixels."""
    rows, columns = grid()
    along = np.cos(angle) * columns + np.sin(angle) * rows
    across = -np.sin(angle) * columns + np.cos(angle) * rows
    bend = [coloured_noise(rng, 1.7) * rng.uniform(0, wobble) for _ in range(2)]
    return along + bend[0], across + bend[1]
