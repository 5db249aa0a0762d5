"""What is measured of a patch to tell its texture from another one, and distances of two patches.

Of most statistics the distance is the difference of the means over 4 x 4 blocks, channel by
channel in units of how much the blocks of one patch differ among themselves: a patch that varies
has a right to differ from another one of the same texture.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from lichen.errors import ImageError
from lichen.features.extractor import FeatureExtractor
from lichen.features.tensor import to_tensor
from lichen.image import check_image

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

_FLOORS = {"colour": (1e-4, 0.0), "contrast": (1e-4, 0.0)} | {
    f"encoder {layer}": (1e-5, 0.1) for layer in LAYERS
}
"""What is added to the variances of blocks so that no channel that hardly varies outweighs the
others: a constant, and a share of the mean over the channels."""


@dataclass(frozen=True, eq=False)
class Description:
    """What is kept of a patch.

    Attributes
    ----------
    blocks
        (16, K) for each statistic compared block by block.
    patterns
        (512,) frequencies for each statistic of patterns.
    spectrum
        (bands * orientations,) mean power of the windowed luminance; NaN where the patch is too
        small to have a frequency in the bin.
    size
        (height, width) that was looked at.
    """

    blocks: Mapping[str, Floats]
    patterns: Mapping[str, Floats]
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
    blocks = {
        "colour": block_means(opponent),
        "contrast": np.sqrt(block_means(squares)),
    }
    patterns = {
        "patterns": pattern_frequencies(luminance, 1),
        "coarse patterns": pattern_frequencies(ndimage.gaussian_filter(luminance, 0.8), 2),
    }
    with torch.no_grad():
        maps = encoder(to_tensor(rgb), LAYERS, ("reflect", "reflect"))
    for layer in LAYERS:
        activations = maps[layer][0].permute(1, 2, 0).numpy()  # (H', W', C)
        blocks[f"encoder {layer}"] = np.sqrt(block_means(activations))
    return Description(blocks, patterns, power_in_bins(luminance), luminance.shape)


def distances(a: Description, b: Description) -> dict[str, float]:
    """Give the distance of two patches in each of :data:`STATISTICS`."""
    found = {"spectrum": _spectral_distance(a.spectrum, b.spectrum)}
    for name, floors in _FLOORS.items():
        found[name] = between_over_within(a.blocks[name], b.blocks[name], *floors)
    for name, frequencies in a.patterns.items():  # Hellinger's distance, but for a factor
        found[name] = float(np.linalg.norm(np.sqrt(frequencies) - np.sqrt(b.patterns[name])))
    return {name: found[name] for name in STATISTICS}


def between_over_within(a: Floats, b: Floats, floor: float, share: float) -> float:
    """RMS over channels k of (mean a_k - mean b_k) / sqrt(var a_k + var b_k).

    Parameters
    ----------
    a, b
        (N, K) and (M, K): values of the blocks of two patches.
    floor, share
        Added to each variance: ``floor`` + ``share`` times the mean over the channels.
    """
    spreads = [blocks.var(0, ddof=1) for blocks in (a, b)]
    within = sum(spread + share * spread.mean() + floor for spread in spreads)
    return math.sqrt(float(np.mean((a.mean(0) - b.mean(0)) ** 2 / within)))


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
    """Frequencies of the 512 patterns of 3 x 3 pixels that are above their surround or not.

    The pixels are ``step`` apart; the surround is the mean of 5 ``step`` pixels a side.
    """
    above = luminance - ndimage.uniform_filter(luminance, 5 * step) > _ROUNDING
    rows, columns = (side - 2 * step for side in luminance.shape)
    code = np.zeros((rows, columns), np.int64)
    for bit, (row, column) in enumerate(np.ndindex(3, 3)):
        corner = above[row * step :, column * step :]
        code |= corner[:rows, :columns].astype(np.int64) << bit
    return np.bincount(code.ravel(), minlength=512) / code.size


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
