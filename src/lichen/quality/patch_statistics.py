"""The statistics of a patch that distinguish its texture from others, and distances of two patches.

For all statistics but the spectrum the distance is Hotelling's (The generalization of Student's
ratio, Annals of Mathematical Statistics 1931): the difference of the means relative to the
covariance of 4 x 4 blocks within each patch. A patch that varies from dark to blue may differ in
that direction from another one of the same texture.

Departures: the covariances are added as in Welch's t, not pooled; a multiple of the identity is
added to them, since there are fewer blocks than channels; and the number of blocks is left out,
since neighbouring blocks are not independent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from lichen.arrays import FloatArray
from lichen.errors import ImageError
from lichen.features.extractor import FeatureExtractor
from lichen.image import check_image
from lichen.nn.tensor import to_tensor

MINIMUM = 32
"""Smallest side of a patch, in pixels."""

LARGEST = 512
"""Side of the central crop that is used of a larger patch, in pixels."""

LAYERS = ("relu1_2", "relu2_2", "relu3_2", "relu4_2")
STATISTICS: Mapping[str, str] = {
    "colour": "first order: means of intensity and two opponent colours",
    "contrast": "first order: standard deviations of the same",
    "spectrum": "second order: fraction of the power by frequency and orientation",
    "patterns": "up to ninth order: which of 3 x 3 pixels exceed their surround",
    "coarse patterns": "the same for pixels two apart",
    **{f"encoder {layer}": "mean activations of the embedded encoder" for layer in LAYERS},
}
"""Every statistic, with its order and definition."""

N_BLOCKS = 4
N_ORIENTATIONS = 6
_BANDS = 2.0 ** -np.arange(5.5, 0.4, -0.5)
"""Edges of the radial bands, in cycles per pixel: half octaves from 1/45 to 0.7."""

_OPPONENT = np.array([[1 / 3, 1 / 3, 1 / 3], [1 / 2, -1 / 2, 0], [1 / 4, 1 / 4, -1 / 2]])
_ROUNDING = 1 / 512
"""Half a step of an 8-bit picture: pixels exceed their surround by more than this."""

_RIDGE = 0.1
_FLOORS = (
    {"colour": 1e-4, "contrast": 1e-4}
    | {"patterns": 1e-6, "coarse patterns": 1e-6}
    | {f"encoder {layer}": 1e-5 for layer in LAYERS}
)
"""Added to the variance in every direction, so that directions in which blocks hardly vary do not
dominate: a constant, and a fraction of the mean over all directions."""


class Sample(NamedTuple):
    """One statistic in the blocks of a patch.

    Attributes
    ----------
    mean
        (K,).
    deviations
        (16, K) of the blocks, over the square root of 15, so that their outer products sum to the
        covariance.
    """

    mean: FloatArray
    deviations: FloatArray


@dataclass(frozen=True, eq=False)
class Description:
    """The statistics of a patch.

    Attributes
    ----------
    samples
        By name, of the statistics that are measured in blocks.
    spectrum
        (bands * orientations,) mean power of the windowed intensity; NaN where the patch is too
        small for the bin to have a frequency.
    size
        (height, width) that was used.
    """

    samples: Mapping[str, Sample]
    spectrum: FloatArray
    size: tuple[int, int]


def describe(
    patch: NDArray[Any], encoder: FeatureExtractor, name: str = "patch", device: str = "cpu"
) -> Description:
    """Measure a patch, for :func:`distances` between two of them.

    Parameters
    ----------
    patch
        As for :func:`lichen.quality.discrimination.same`.
    encoder, device
        The encoder, and the device that it is on.
    name
        Its name in error messages.

    Raises
    ------
    ImageError
        If it is not a picture, or a side is shorter than 32 pixels.
    """
    pixels = check_image(patch, name)
    height, width = pixels.shape[:2]
    if min(height, width) < MINIMUM:
        raise ImageError(f"{name} is {width}x{height} pixels", f"use at least {MINIMUM}x{MINIMUM}")
    top, left = max(0, height - LARGEST) // 2, max(0, width - LARGEST) // 2
    pixels = pixels[top : top + LARGEST, left : left + LARGEST]
    rgb = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
    opponent = rgb @ _OPPONENT.T  # (H, W, 3): intensity, red - green, yellow - blue
    intensity = opponent[..., 0]
    squares = (opponent - opponent.mean((0, 1))) ** 2
    samples = {
        "colour": sample(block_means(opponent)),
        "contrast": sample(np.sqrt(block_means(squares))),
        "patterns": sample(pattern_frequencies(intensity, 1)),
        "coarse patterns": sample(pattern_frequencies(ndimage.gaussian_filter(intensity, 0.8), 2)),
    }
    with torch.no_grad():
        maps = encoder(to_tensor(rgb, device), LAYERS, ("reflect", "reflect"))
    for layer in LAYERS:
        activations = maps[layer][0].permute(1, 2, 0).cpu().double().numpy()  # (H', W', C)
        samples[f"encoder {layer}"] = sample(block_means(activations))
    return Description(samples, power_in_bins(intensity), intensity.shape)


def distances(a: Description, b: Description) -> dict[str, float]:
    """Return the distance of two patches in each of :data:`STATISTICS`."""
    found = {"spectrum": _spectral_distance(a.spectrum, b.spectrum)}
    for name, floor in _FLOORS.items():
        pair = a.samples[name], b.samples[name]
        pair = roots(*pair) if name.endswith("patterns") else pair
        found[name] = between_over_within(*pair, floor, _RIDGE)
    return {name: found[name] for name in STATISTICS}


def between_over_within(a: Sample, b: Sample, floor: float, ridge: float) -> float:
    """RMS over K directions of (mean a - mean b) / sqrt(var a + var b).

    The directions are those in which the blocks are uncorrelated: it is
    sqrt(d' (cov a + cov b + r I)^-1 d / K) for the difference d of the means.

    Parameters
    ----------
    floor, ridge
        r is ``floor`` plus ``ridge`` times the mean variance of a and b together.
    """
    difference = a.mean - b.mean
    n_channels = len(difference)
    deviations = np.vstack([a.deviations, b.deviations])
    r = ridge * float((deviations**2).sum()) / n_channels + floor
    # Woodbury identity: a system of the size of the blocks, of which there are fewer than channels.
    along = deviations @ difference
    kernel = deviations @ deviations.T + r * np.eye(len(deviations))
    squared = difference @ difference - along @ np.linalg.solve(kernel, along)
    return math.sqrt(max(float(squared), 0.0) / (r * n_channels))


def sample(blocks: FloatArray) -> Sample:
    """Mean and deviations of the values (N, K) of blocks."""
    mean = blocks.mean(0)
    return Sample(mean, (blocks - mean) / math.sqrt(len(blocks) - 1))


def roots(a: Sample, b: Sample) -> tuple[Sample, Sample]:
    """Scale two samples of frequencies so that their difference is that of the square roots.

    The variance of a frequency is proportional to it; after scaling that of all is equal.
    """
    total = np.sqrt(a.mean) + np.sqrt(b.mean)
    scale = np.divide(1, total, out=np.zeros_like(total), where=total > 0)
    first, second = (Sample(one.mean * scale, one.deviations * scale) for one in (a, b))
    return first, second


def block_means(maps: FloatArray) -> FloatArray:
    """Means of (H, W, K) over 4 x 4 blocks of nearly equal size, (16, K); H and W at least 4."""
    rows, columns = (np.arange(N_BLOCKS) * side // N_BLOCKS for side in maps.shape[:2])
    sums = np.add.reduceat(np.add.reduceat(maps, rows, axis=0), columns, axis=1)
    heights, widths = (
        np.diff(start, append=side)
        for start, side in zip((rows, columns), maps.shape[:2], strict=True)
    )
    means: FloatArray = sums / np.multiply.outer(heights, widths)[:, :, None]
    return means.reshape(N_BLOCKS**2, -1)


def pattern_frequencies(intensity: FloatArray, step: int) -> FloatArray:
    """Frequencies, in 4 x 4 blocks, of the 512 patterns of 3 x 3 pixels that exceed their surround.

    The pixels are ``step`` apart; the surround is the mean over a square of side 5 ``step``.
    (16, 512).
    """
    above = intensity - ndimage.uniform_filter(intensity, 5 * step) > _ROUNDING
    rows, columns = (side - 2 * step for side in intensity.shape)
    code = np.zeros((rows, columns), np.int64)
    for bit, (row, column) in enumerate(np.ndindex(3, 3)):
        corner = above[row * step :, column * step :]
        code |= corner[:rows, :columns].astype(np.int64) << bit
    down, across = (np.arange(side) * N_BLOCKS // side for side in (rows, columns))
    block = down[:, None] * N_BLOCKS + across
    counts = np.bincount((block * 512 + code).ravel(), minlength=N_BLOCKS**2 * 512)
    counts = counts.reshape(N_BLOCKS**2, 512)
    return counts / counts.sum(1, keepdims=True)


def power_in_bins(intensity: FloatArray) -> FloatArray:
    """Mean power in bins of frequency and orientation; NaN in bins without a frequency."""
    height, width = intensity.shape
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])
    centred = intensity - (intensity * window).sum() / window.sum()
    power = np.abs(np.fft.fft2(centred * window)) ** 2 / (window**2).sum()
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None]
    band = np.digitize(np.hypot(fy, fx), _BANDS) - 1
    turn = np.arctan2(fy, fx) / np.pi * N_ORIENTATIONS  # bins are centred on the axes
    orientation = np.floor(turn + 0.5).astype(np.int64) % N_ORIENTATIONS
    n_bands = len(_BANDS) - 1
    inside = (band >= 0) & (band < n_bands)
    index = (band * N_ORIENTATIONS + orientation)[inside]
    counts = np.bincount(index, minlength=n_bands * N_ORIENTATIONS)
    sums = np.bincount(index, power[inside], minlength=n_bands * N_ORIENTATIONS)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _spectral_distance(a: FloatArray, b: FloatArray) -> float:
    """RMS difference of the log fractions of the power, over the bins that both patches have."""
    common = np.isfinite(a) & np.isfinite(b)
    logs = [np.log(_fractions(power[common]) + 1e-3) for power in (a, b)]
    return float(np.sqrt(np.mean((logs[0] - logs[1]) ** 2)))


def _fractions(power: FloatArray) -> FloatArray:
    fractions: FloatArray = power / max(float(power.sum()), 1e-12)
    return fractions
