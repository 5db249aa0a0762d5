"""What is measured of a patch to tell its texture from another one, and distances of two patches.

Of all statistics but the spectrum the distance is that of Hotelling (The generalization of
Student's ratio, Annals of Mathematical Statistics 1931): the difference of the means in units of
how much, and in which directions, 4 x 4 blocks of one patch differ among themselves. A patch that
varies from dark to blue has a right to differ in that from another one of the same texture.

Departures: both covariances are added as in Welch's t, not pooled; a multiple of the identity is
added to them, since there are fewer blocks than channels; and the number of blocks is left out,
since neighbours of one texture are not independent.
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

from lichen.errors import ImageError
from lichen.features.extractor import FeatureExtractor
from lichen.image import check_image
from lichen.nn.tensor import to_tensor

Floats = NDArray[np.floating[Any]]

MINIMUM = 32
"""Smallest side of a patch, pixels."""

LARGEST = 512
"""Of a longer side the middle this many pixels are looked at."""

LAYERS = ("relu1_2", "relu2_2", "relu3_2", "relu4_2")
STATISTICS: Mapping[str, str] = {
    "colour": "first order: means of luminance and two opponent colours",
    "contrast": "first order: standard deviations of the same",
    "spectrum": "second order: shares of the power by frequency and orientation",
    "patterns": "up to ninth order: which of 3 x 3 pixels are above their surround",
    "coarse patterns": "the same of pixels two apart",
    **{f"encoder {layer}": "mean activations of the embedded encoder" for layer in LAYERS},
}
"""Every statistic, with what it is and its order."""

N_BLOCKS = 4
N_ORIENTATIONS = 6
_BANDS = 2.0 ** -np.arange(5.5, 0.4, -0.5)
"""Edges of the radial bands, cycles a pixel: half octaves from 1/45 to 0.7."""

_OPPONENT = np.array([[1 / 3, 1 / 3, 1 / 3], [1 / 2, -1 / 2, 0], [1 / 4, 1 / 4, -1 / 2]])
_ROUNDING = 1 / 512
"""Half a step of an 8-bit picture: less than that above its surround is not above it."""

_SHARE = 0.1
_FLOORS = (
    {"colour": 1e-4, "contrast": 1e-4}
    | {"patterns": 1e-6, "coarse patterns": 1e-6}
    | {f"encoder {layer}": 1e-5 for layer in LAYERS}
)
"""Added to the variance in every direction, so that one in which blocks hardly vary does not
outweigh the others: a constant, and a share of the mean over all directions."""


class Sample(NamedTuple):
    """What the blocks of a patch have of one statistic.

    Attributes
    ----------
    mean
        (K,).
    deviations
        (16, K): those of the blocks, over the square root of 15, so that their products add up to
        the covariance.
    """

    mean: Floats
    deviations: Floats


@dataclass(frozen=True, eq=False)
class Description:
    """What is kept of a patch.

    Attributes
    ----------
    samples
        For each statistic compared block by block.
    spectrum
        (bands * orientations,) mean power of the windowed luminance; NaN where the patch is too
        small to have a frequency in the bin.
    size
        (height, width) that was looked at.
    """

    samples: Mapping[str, Sample]
    spectrum: Floats
    size: tuple[int, int]


def describe(patch: NDArray[Any], encoder: FeatureExtractor, name: str = "patch") -> Description:
    """Measure a patch once; :func:`distances` compares two of these.

    Raises
    ------
    ImageError
        If it is no picture or smaller than 32 pixels a side.
    """
    pixels = check_image(patch, name)
    height, width = pixels.shape[:2]
    if min(height, width) < MINIMUM:
        raise ImageError(f"{name} is {width}x{height} pixels", f"give at least {MINIMUM}x{MINIMUM}")
    top, left = max(0, height - LARGEST) // 2, max(0, width - LARGEST) // 2
    pixels = pixels[top : top + LARGEST, left : left + LARGEST]
    rgb = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
    opponent = rgb @ _OPPONENT.T  # (H, W, 3): luminance, red - green, yellow - blue
    luminance = opponent[..., 0]
    squares = (opponent - opponent.mean((0, 1))) ** 2
    samples = {
        "colour": sample(block_means(opponent)),
        "contrast": sample(np.sqrt(block_means(squares))),
        "patterns": sample(pattern_frequencies(luminance, 1)),
        "coarse patterns": sample(pattern_frequencies(ndimage.gaussian_filter(luminance, 0.8), 2)),
    }
    with torch.no_grad():
        maps = encoder(to_tensor(rgb), LAYERS, ("reflect", "reflect"))
    for layer in LAYERS:
        activations = maps[layer][0].permute(1, 2, 0).double().numpy()  # (H', W', C)
        samples[f"encoder {layer}"] = sample(block_means(activations))
    return Description(samples, power_in_bins(luminance), luminance.shape)


def distances(a: Description, b: Description) -> dict[str, float]:
    """Give the distance of two patches in each of :data:`STATISTICS`."""
    found = {"spectrum": _spectral_distance(a.spectrum, b.spectrum)}
    for name, floor in _FLOORS.items():
        pair = a.samples[name], b.samples[name]
        pair = roots(*pair) if name.endswith("patterns") else pair
        found[name] = between_over_within(*pair, floor, _SHARE)
    return {name: found[name] for name in STATISTICS}


def between_over_within(a: Sample, b: Sample, floor: float, share: float) -> float:
    """RMS over K directions of (mean a - mean b) / sqrt(var a + var b).

    The directions are those in which the blocks vary independently: it is
    sqrt(d' (cov a + cov b + r I)^-1 d / K) with the difference d of the means.

    Parameters
    ----------
    floor, share
        r is ``floor`` + ``share`` times the mean variance of a and b together.
    """
    difference = a.mean - b.mean
    n_channels = len(difference)
    deviations = np.vstack([a.deviations, b.deviations])
    ridge = share * float((deviations**2).sum()) / n_channels + floor
    # Woodbury's identity: as many unknowns as blocks, of which there are fewer than channels.
    along = deviations @ difference
    kernel = deviations @ deviations.T + ridge * np.eye(len(deviations))
    squared = difference @ difference - along @ np.linalg.solve(kernel, along)
    return math.sqrt(max(float(squared), 0.0) / (ridge * n_channels))


def sample(blocks: Floats) -> Sample:
    """Mean and deviations of values of blocks, (N, K)."""
    mean = blocks.mean(0)
    return Sample(mean, (blocks - mean) / math.sqrt(len(blocks) - 1))


def roots(a: Sample, b: Sample) -> tuple[Sample, Sample]:
    """Scale two samples of frequencies so that the difference is that of their square roots.

    By chance alone a frequency varies as its root: so scaled all vary alike, rare ones too.
    """
    total = np.sqrt(a.mean) + np.sqrt(b.mean)
    scale = np.divide(1, total, out=np.zeros_like(total), where=total > 0)
    first, second = (Sample(one.mean * scale, one.deviations * scale) for one in (a, b))
    return first, second


def block_means(maps: Floats) -> Floats:
    """Means of (H, W, K) over 4 x 4 blocks of about equal size, (16, K); H and W at least 4."""
    rows, columns = (np.arange(N_BLOCKS) * side // N_BLOCKS for side in maps.shape[:2])
    sums = np.add.reduceat(np.add.reduceat(maps, rows, axis=0), columns, axis=1)
    heights, widths = (
        np.diff(start, append=side)
        for start, side in zip((rows, columns), maps.shape[:2], strict=True)
    )
    means: Floats = sums / np.multiply.outer(heights, widths)[:, :, None]
    return means.reshape(N_BLOCKS**2, -1)


def pattern_frequencies(luminance: Floats, step: int) -> Floats:
    """Frequencies, in 4 x 4 blocks, of the 512 patterns of 3 x 3 pixels above their surround.

    The pixels are ``step`` apart; the surround is the mean of 5 ``step`` pixels a side. (16, 512).
    """
    above = luminance - ndimage.uniform_filter(luminance, 5 * step) > _ROUNDING
    rows, columns = (side - 2 * step for side in luminance.shape)
    code = np.zeros((rows, columns), np.int64)
    for bit, (row, column) in enumerate(np.ndindex(3, 3)):
        corner = above[row * step :, column * step :]
        code |= corner[:rows, :columns].astype(np.int64) << bit
    down, across = (np.arange(side) * N_BLOCKS // side for side in (rows, columns))
    block = down[:, None] * N_BLOCKS + across
    counts = np.bincount((block * 512 + code).ravel(), minlength=N_BLOCKS**2 * 512)
    counts = counts.reshape(N_BLOCKS**2, 512)
    return counts / counts.sum(1, keepdims=True)


def power_in_bins(luminance: Floats) -> Floats:
    """Mean power in bins of frequency and orientation; NaN in bins without a frequency."""
    height, width = luminance.shape
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])
    centred = luminance - (luminance * window).sum() / window.sum()
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


def _spectral_distance(a: Floats, b: Floats) -> float:
    """RMS difference of the logarithms of the bins' shares, over the bins that both have."""
    common = np.isfinite(a) & np.isfinite(b)
    logs = [np.log(_share(power[common]) + 1e-3) for power in (a, b)]
    return float(np.sqrt(np.mean((logs[0] - logs[1]) ** 2)))


def _share(power: Floats) -> Floats:
    share: Floats = power / max(float(power.sum()), 1e-12)
    return share
