"""Heeger and Bergen's synthesis of one grey plane, one band after another, in NumPy.

Bands are filtered at full size and then sampled; synthesis inserts zeros between the samples.
This is exact where 2^scales divides the size. Ranks by argsort, in double precision.
"""

from __future__ import annotations

import math

import numpy as np


def radius_and_angle(size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.meshgrid(2 * np.fft.fftfreq(size[0]), 2 * np.fft.fftfreq(size[1]), indexing="ij")
    return np.hypot(y, x), np.arctan2(y, x)


def low(radius: np.ndarray, scale: int) -> np.ndarray:
    out = np.ones_like(radius)
    falling = radius > 2.0 ** -(scale + 1)
    out[falling] = np.cos(math.pi / 2 * np.log2(2 ** (scale + 1) * radius[falling]))
    out[radius >= 2.0**-scale] = 0
    return out


def filters(size: tuple[int, int], scales: int, orientations: int) -> list[tuple[np.ndarray, int]]:
    """Transfer function (H, W) and stride of every band."""
    radius, angle = radius_and_angle(size)
    found = [(np.sqrt(1 - low(radius, 0) ** 2), 1)]
    lobes = [
        np.cos(angle - k * math.pi / orientations) ** (orientations - 1)
        for k in range(orientations)
    ]
    total = np.sqrt(sum(lobe**2 for lobe in lobes))
    for scale in range(scales):
        ring = low(radius, scale) * np.sqrt(1 - low(radius, scale + 1) ** 2)
        phase = (-1j) ** (orientations - 1)
        found += [(phase * ring * lobe / total, 2**scale) for lobe in lobes]
    found.append((low(radius, scales), 2**scales))
    return found


def analyse(image: np.ndarray, transfer: np.ndarray, stride: int) -> np.ndarray:
    return np.fft.ifft2(np.fft.fft2(image) * transfer).real[::stride, ::stride]


def synthesize(
    band: np.ndarray, transfer: np.ndarray, stride: int, size: tuple[int, int]
) -> np.ndarray:
    spread = np.zeros(size)
    spread[::stride, ::stride] = band * stride**2
    return np.fft.ifft2(np.fft.fft2(spread) * transfer.conj()).real


def match(values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Replace values by the quantiles of another image, by rank."""
    matched = np.empty(values.size)
    quantiles = (np.arange(values.size) + 0.5) / values.size
    known = (np.arange(wanted.size) + 0.5) / wanted.size
    matched[np.argsort(values, axis=None)] = np.interp(quantiles, known, np.sort(wanted, axis=None))
    return matched.reshape(values.shape)


def plain_heeger_bergen(
    exemplar: np.ndarray, start: np.ndarray, scales: int, orientations: int, iterations: int
) -> np.ndarray:
    """Synthesize from a periodic grey exemplar (h, w) and an initial image (H, W), not clipped."""
    theirs = filters(exemplar.shape, scales, orientations)
    ours = filters(start.shape, scales, orientations)
    image = match(start, exemplar)
    for _ in range(iterations):
        collapsed = np.zeros(start.shape)
        for (wanted_transfer, stride), (transfer, _) in zip(theirs, ours, strict=True):
            wanted = analyse(exemplar, wanted_transfer, stride)
            band = match(analyse(image, transfer, stride), wanted)
            collapsed += synthesize(band, transfer, stride, start.shape)
        image = match(collapsed, exemplar)
    return image
