"""Tileability: whether the result can be laid side by side, and whether it repeats itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from lichen.patches.windows import patch_vectors, random_anchors
from lichen.quality.fidelity import PatchDescriptor
from lichen.quality.pyramid import gaussian_pyramid, luminance
from lichen.quality.structure import strongest_peak
from lichen.statistics.second_order import autocorrelation

Array = NDArray[np.float32]

SIDE = 5
N_LEVELS = 3
N_LINES = 24
N_SAMPLES = 4000


@dataclass(frozen=True)
class Seam:
    """How the wrap of one axis differs from the interior.

    Attributes
    ----------
    excess
        Median distance to the exemplar of patches across the wrap, over the same of interior
        lines: of nine in ten of them it is smaller. At most about 1 without a seam.
    percentile
        Rank, in percent, of the wrap among all interior lines: of how much its first or its
        second differences differ from those of all. A seam is above nearly all in the first, a
        smoothed one in the second.
    """

    excess: float
    percentile: float


def seam(exemplar: Array, result: Array, axis: int, seed: int = 0) -> Seam:
    """Look across the wrap of ``axis`` (0: top meets bottom, 1: left meets right)."""
    if axis == 0:
        exemplar, result = exemplar.swapaxes(0, 1), result.swapaxes(0, 1)
    return Seam(_excess(exemplar, result, seed), _percentile(result))


def repetition(exemplar: Array, result: Array) -> float:
    """How much more the result repeats itself than the exemplar does.

    The strongest peak of the result's autocorrelation, all lags, less that of the exemplar's own
    lattice; 0 or less when it repeats no more, near 1 for a picture tiled with a small block.
    """
    return strongest_peak(autocorrelation(luminance(result))) - strongest_peak(
        autocorrelation(luminance(exemplar))
    )


def _excess(exemplar: Array, result: Array, seed: int) -> float:
    """Mean over levels, for the wrap of columns."""
    ratios = []
    wrapped = np.concatenate([result, result[:, : result.shape[1] // 2]], axis=1)
    pyramids = (gaussian_pyramid(image, 4 * SIDE, N_LEVELS) for image in (exemplar, wrapped))
    for level, (ours, theirs) in enumerate(zip(*pyramids, strict=False)):
        generator = np.random.default_rng((seed, level))
        places = random_anchors(ours.shape, SIDE, N_SAMPLES, generator)
        patches = patch_vectors(ours, SIDE, places)
        describe = PatchDescriptor(patches)
        described = describe(patches)
        tree = cKDTree(described[::2])
        # A copy is at no distance from itself: nearer than the exemplar to itself is no nearer.
        usual = float(np.median(tree.query(described[1::2])[0]))
        wrap = (result.shape[1] + 2**level - 1) // 2**level
        lines = [wrap, *np.linspace(2 * SIDE, wrap - 2 * SIDE, N_LINES).astype(int)]
        rows = generator.integers(0, theirs.shape[0] - SIDE + 1, N_SAMPLES // (N_LINES + 1))
        distances = []
        for line in lines:
            columns = generator.integers(line - SIDE + 1, line, len(rows))
            crossing = patch_vectors(theirs, SIDE, np.stack([rows, columns], axis=1))
            distances.append(float(np.median(tree.query(describe(crossing))[0])))
        ratios.append(distances[0] / max(np.quantile(distances[1:], 0.9), usual, 1e-6))
    return float(np.mean(ratios))


def _percentile(result: Array) -> float:
    """Rank of the wrap of columns, in percent, in first or in second differences."""
    steps = np.abs(np.roll(result, -1, axis=1) - result).mean(2)  # (H, W), the last: the wrap
    bends = np.abs(2 * result - np.roll(result, 1, 1) - np.roll(result, -1, 1)).mean(2)
    about = np.concatenate([bends, np.roll(bends, -1, 1)])  # (2 H, W): both sides of a line
    return max(_rank_of_last(steps), _rank_of_last(about))


def _rank_of_last(lines: Array) -> float:
    """Share of columns of (N, W) whose law is nearer that of all than the last one's, in %."""
    everywhere = np.sort(lines[:, :-1].ravel()[:: max(1, lines.size // 50_000)])
    unlike = [_kolmogorov_smirnov(column, everywhere) for column in np.sort(lines, axis=0).T]
    return 100 * float(np.mean(np.array(unlike[:-1]) < unlike[-1]))


def _kolmogorov_smirnov(few: Array, many: Array) -> float:
    """Largest difference of the distribution functions of two sorted samples, at the few's."""
    below = np.searchsorted(many, few, side="left") / len(many)
    upto = np.searchsorted(many, few, side="right") / len(many)
    ranks = np.arange(len(few) + 1) / len(few)
    return float(max((ranks[1:] - below).max(), (upto - ranks[:-1]).max()))
