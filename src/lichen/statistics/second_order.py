"""Second-order statistics of a plane, in NumPy: autocorrelation and power spectrum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lichen.arrays import Array

FLOOR = (2 / 255) ** 2 / 12
"""Power of rounding to every second grey level; nothing below it is visible."""


def autocorrelation(image: Array, lag: int | None = None) -> Array:
    """Return the autocorrelation of a plane that does not wrap, each lag over its own overlap.

    Parameters
    ----------
    image
        (H, W).
    lag
        Largest lag in pixels; half the shorter side when not given.

    Returns
    -------
    Array
        (2 lag + 1, 2 lag + 1), 1 at the centre.
    """
    height, width = image.shape
    lag = min(height, width) // 2 if lag is None else lag
    centred = image - image.mean()
    shape = (height + lag, width + lag)
    power = np.abs(np.fft.rfft2(centred, shape)) ** 2
    sums = np.fft.irfft2(power, shape)
    offsets = np.arange(-lag, lag + 1)
    sums = sums[np.ix_(offsets, offsets)]
    overlap = np.outer(height - np.abs(offsets), width - np.abs(offsets))
    variance = max(float(centred.var()), 1e-8)
    return (sums / overlap / variance).astype(np.float32)


def radial_spectrum(image: Array, side: int) -> tuple[NDArray[np.float64], Array]:
    """Return frequencies, in cycles per pixel, and the rotational mean of power, in decibels."""
    power = welch_spectrum(image, side)
    fy, fx = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :]
    ring = np.rint(np.hypot(fy, fx) * side).astype(int)
    means = np.bincount(ring.ravel(), power.ravel()) / np.bincount(ring.ravel())
    used = slice(1, side // 2 + 1)
    decibels = 10 * np.log10(means[used] + FLOOR)
    return np.arange(len(means))[used] / side, decibels.astype(np.float32)


def welch_spectrum(image: Array, side: int) -> Array:
    """Return the power spectrum of a plane by Welch's method, (side, side // 2 + 1)."""
    window = np.outer(np.hanning(side), np.hanning(side))
    centred = image - image.mean()
    corners = [_spaced(length - side, side // 2) for length in image.shape]
    total = np.zeros((side, side // 2 + 1))
    for y in corners[0]:
        for x in corners[1]:
            total += np.abs(np.fft.rfft2(centred[y : y + side, x : x + side] * window)) ** 2
    return (total / (len(corners[0]) * len(corners[1]) * np.square(window).sum())).astype(
        np.float32
    )


def _spaced(last: int, step: int) -> list[int]:
    """Return evenly spaced positions from 0 to ``last``, at most ``step`` apart."""
    return [round(p) for p in np.linspace(0, last, 1 + -(-last // step))]
