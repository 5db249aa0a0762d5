"""Structure beyond the reach of patches: lattices, directions, scales and drift."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

from lichen.arrays import Array
from lichen.image.colour import luminance
from lichen.statistics.second_order import FLOOR, autocorrelation, welch_spectrum

N_PEAKS = 6
N_BLOCKS = 8
SECTORS = 8


def autocorrelation_distance(exemplar: Array, result: Array, lag: int) -> float:
    """Root mean square difference of the autocorrelations of luminance, at lags up to ``lag``."""
    ours, theirs = (autocorrelation(luminance(image), lag) for image in (exemplar, result))
    return float(np.sqrt(np.square(ours - theirs).mean()))


def spectrum_distance(exemplar: Array, result: Array, side: int) -> float:
    """Root mean square difference of log power in radial and angular bins, in decibels.

    Welch's method: Hann windows of ``side`` pixels that overlap by half, in each picture; bins
    are half an octave by 22.5 degrees, and have equal weights.
    """
    ours, theirs = (binned_spectrum(luminance(image), side) for image in (exemplar, result))
    return float(np.sqrt(np.square(ours - theirs).mean()))


def binned_spectrum(image: Array, side: int) -> Array:
    """Power of a picture (H, W) in decibels by radial and angular bin, (bins,)."""
    power = welch_spectrum(image, side)
    fy, fx = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :]
    radius, angle = np.hypot(fy, fx), np.mod(np.arctan2(fy, fx), np.pi)
    octave = np.floor(2 * np.log2(np.maximum(radius, 1e-9) * side)).astype(int)
    sector = np.floor(angle / np.pi * SECTORS).astype(int) % SECTORS
    used = (radius > 0) & (radius <= 0.5) & (octave >= 2)
    bins = (octave[used] * SECTORS + sector[used]).ravel()
    sums, counts = np.bincount(bins, power[used]), np.bincount(bins)
    means = sums[counts > 0] / counts[counts > 0]
    return (10 * np.log10(means + FLOOR)).astype(np.float32)


def lattice_errors(exemplar: Array, result: Array, lag: int) -> tuple[float, float]:
    """Displacement and loss of height of the exemplar's strongest autocorrelation peaks.

    Returns
    -------
    tuple
        Mean displacement in pixels and mean change of height of its six strongest peaks; 0 and 0
        for an exemplar without peaks.
    """
    ours, theirs = (autocorrelation(luminance(image), lag) for image in (exemplar, result))
    shifts, changes = [], []
    reach = 4
    for y, x in peaks(ours)[:N_PEAKS]:
        top, left = max(y - reach, 0), max(x - reach, 0)
        near = theirs[top : y + reach + 1, left : x + reach + 1]
        best = np.unravel_index(near.argmax(), near.shape)
        shifts.append(float(np.hypot(best[0] + top - y, best[1] + left - x)))
        changes.append(abs(float(ours[y, x] - near.max())))
    return (float(np.mean(shifts)), float(np.mean(changes))) if shifts else (0.0, 0.0)


def peaks(correlation: Array) -> list[tuple[int, int]]:
    """Peaks of an autocorrelation except the central one, one of each opposite pair, by height.

    A peak is the maximum of the 7x7 lags around it and at least 0.1 high.
    """
    centre = correlation.shape[0] // 2
    maxima = (maximum_filter(correlation, 7) == correlation) & (correlation >= 0.1)
    maxima[:centre] = False  # the upper half mirrors the lower one
    maxima[centre, : centre + 1] = False
    maxima[[0, -1]] = maxima[:, [0, -1]] = False  # slopes of a peak beyond the largest lag
    found = np.argwhere(maxima)
    order = np.argsort(-correlation[maxima], kind="stable")
    return [(int(y), int(x)) for y, x in found[order]]


def strongest_peak(correlation: Array) -> float:
    """Height of the strongest peak except the central one, 0 without any."""
    found = peaks(correlation)
    return float(correlation[found[0]]) if found else 0.0


def drift(exemplar: Array, result: Array) -> float:
    """How much more the result varies across the picture than the exemplar does, in octaves.

    Luminance and local contrast are averaged over squares of an eighth of the shortest side. Of the
    variance of these means in the result relative to the exemplar, the larger of the two base-2
    logarithms; 0 or less if the result drifts no more. Regions of garbage and slow changes of
    brightness raise it.
    """
    side = max(2, min(*exemplar.shape[:2], *result.shape[:2]) // N_BLOCKS)
    ours, theirs = _square_variances(exemplar, side), _square_variances(result, side)
    return float(np.log2((theirs + 1e-6) / (ours + 1e-6)).max())


def _square_variances(image: Array, side: int) -> NDArray[np.float64]:
    """Variance over squares of their mean luminance and of their mean contrast, (2,)."""
    grey = luminance(image)
    contrast = np.abs(np.diff(grey, axis=1))[:-1] + np.abs(np.diff(grey, axis=0))[:, :-1]
    return np.array([_square_means(plane, side).var() for plane in (grey, contrast)], np.float64)


def _square_means(plane: Array, side: int) -> Array:
    """Means of a plane (H, W) over complete squares; the remainder is left out."""
    rows, columns = max(1, plane.shape[0] // side), max(1, plane.shape[1] // side)
    whole = plane[: rows * side, : columns * side]
    return whole.reshape(rows, -1, columns, whole.shape[1] // columns).mean((1, 3))
