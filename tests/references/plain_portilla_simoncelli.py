"""Steerable pyramid and Portilla-Simoncelli statistics in NumPy, one sum at a time.

No band is cropped or interpolated in the spectrum: every map is the sum of waves
A(k) exp(2 pi i k.p / size) evaluated at its sample positions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

NEGLIGIBLE_VARIANCE = 1e-6


@dataclass
class PlainPyramid:
    """Spectra (H, W) of the filtered image, each with the wave amplitudes A(k)."""

    size: tuple[int, int]
    highpass: np.ndarray
    bands: list[list[np.ndarray]]  # of the complex pyramid
    partial: list[np.ndarray]  # reconstructed from scales s and coarser
    lowpass: np.ndarray

    def grid(self, scale: int) -> tuple[int, int]:
        return math.ceil(self.size[0] / 2**scale), math.ceil(self.size[1] / 2**scale)


def signed(n: int) -> list[int]:
    return [k if k < n / 2 else k - n for k in range(n)]


def low(r: float, scale: int) -> float:
    if r <= 2.0 ** -(scale + 1):
        return 1.0
    return math.cos(math.pi / 2 * math.log2(2 ** (scale + 1) * r)) if r < 2.0**-scale else 0.0


def high(r: float, scale: int) -> float:
    return math.sqrt(max(0.0, 1 - low(r, scale) ** 2))


def plain_pyramid(image: np.ndarray, n_scales: int, n_orientations: int) -> PlainPyramid:
    height, width = image.shape
    amplitude = np.fft.fft2(image) / image.size
    order = n_orientations - 1
    norm = math.sqrt(n_orientations * math.factorial(2 * order)) / (
        2**order * math.factorial(order)
    )

    def filtered(transfer: Callable[[float, float], complex]) -> np.ndarray:
        out = np.zeros((height, width), dtype=complex)
        for i, ky in enumerate(signed(height)):
            for j, kx in enumerate(signed(width)):
                y, x = 2 * ky / height, 2 * kx / width
                out[i, j] = transfer(math.hypot(y, x), math.atan2(y, x)) * amplitude[i, j]
        return out

    def band(scale: int, k: int) -> np.ndarray:
        def transfer(r: float, theta: float) -> complex:
            cosine = math.cos(theta - k * math.pi / n_orientations)
            if cosine <= 0:
                return 0
            return 2 * (-1j) ** order * low(r, scale) * high(r, scale + 1) * cosine**order / norm

        return filtered(transfer)

    bands = [[band(s, k) for k in range(n_orientations)] for s in range(n_scales)]
    partial = []
    for s in range(n_scales + 1):
        # filter again with the analysis filters, and sum
        total = filtered(lambda r, _: low(r, n_scales) ** 2)
        for t in range(s, n_scales):
            total = total + filtered(lambda r, _, t=t: (low(r, t) * high(r, t + 1)) ** 2)
        partial.append(total)
    return PlainPyramid(
        (height, width),
        filtered(lambda r, _: high(r, 0)),
        bands,
        partial,
        filtered(lambda r, _: low(r, n_scales)),
    )


def sample(spectrum: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """Evaluate the waves at ``grid`` points evenly spaced over the image; complex."""
    height, width = spectrum.shape
    wave_y = np.array(
        [[np.exp(2j * np.pi * k * i / grid[0]) for k in signed(height)] for i in range(grid[0])]
    )
    wave_x = np.array(
        [[np.exp(2j * np.pi * k * j / grid[1]) for k in signed(width)] for j in range(grid[1])]
    )
    return np.einsum("ik,kl,jl->ij", wave_y, spectrum, wave_x)


def moment_ratio(x: np.ndarray, power: int, total: float) -> float:
    deviation = x - x.mean()
    variance = (deviation**2).mean()
    if variance <= NEGLIGIBLE_VARIANCE * total:
        return {3: 0.0, 4: 3.0}[power]
    return (deviation**power).mean() / variance ** (power / 2)


def autocorrelation(x: np.ndarray, dy: int, dx: int) -> float:
    deviation = x - x.mean()
    shifted = np.roll(deviation, (-dy, -dx), (0, 1))
    return (deviation * shifted).mean() / (deviation**2).mean()


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    return (x * y).mean() / math.sqrt((x**2).mean() * (y**2).mean())


def half_plane(n: int) -> list[tuple[int, int]]:
    """Shifts in reading order before (0, 0)."""
    reach = n // 2
    shifts = [(y, x) for y in range(-reach, reach + 1) for x in range(-reach, reach + 1)]
    return shifts[: len(shifts) // 2]


def plain_portilla_simoncelli(
    image: np.ndarray, n_scales: int, n_orientations: int, n: int
) -> dict[str, np.ndarray]:
    """Compute the four groups, in the package's order."""
    pyramid = plain_pyramid(image, n_scales, n_orientations)
    orientations = range(n_orientations)
    total = image.var()
    lows = [sample(pyramid.partial[s], pyramid.grid(s)).real for s in range(n_scales + 1)]
    bands = [
        [sample(pyramid.bands[s][k], pyramid.grid(s)) for k in orientations]
        for s in range(n_scales)
    ]
    magnitudes = [[np.abs(z) - np.abs(z).mean() for z in scale] for scale in bands]

    marginals = [image.mean(), total, moment_ratio(image, 3, 0), moment_ratio(image, 4, 0)]
    marginals += [image.min(), image.max()]
    marginals += [moment_ratio(x, 3, total) for x in lows]
    marginals += [moment_ratio(x, 4, total) for x in lows]
    marginals += [(sample(pyramid.highpass, pyramid.grid(0)).real ** 2).mean()]

    raw = [x.std() for x in lows]
    raw += [autocorrelation(x, y, z) for x in lows for y, z in half_plane(n)]

    joint = [m.std() for scale in magnitudes for m in scale]
    joint += [autocorrelation(m, y, x) for s in magnitudes for m in s for y, x in half_plane(n)]
    for scale in magnitudes:
        for i in orientations:
            joint += [correlation(scale[i], scale[j]) for j in orientations if j > i]
    phase = []
    for s in range(n_scales - 1):
        parents = [sample(pyramid.bands[s + 1][k], pyramid.grid(s)) for k in orientations]
        doubled = [np.abs(z) * np.exp(2j * np.angle(z)) for z in parents]
        for i in orientations:
            for z in parents:
                joint.append(correlation(magnitudes[s][i], np.abs(z) - np.abs(z).mean()))
            phase += [correlation(bands[s][i].real, z.real) for z in doubled]
            phase += [correlation(bands[s][i].real, z.imag) for z in doubled]
    groups = {"marginals": marginals, "autocorrelation": raw, "magnitudes": joint, "phase": phase}
    return {name: np.array(values) for name, values in groups.items()}
