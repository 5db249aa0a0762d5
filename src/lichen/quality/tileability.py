"""Tileability: whether the result tiles without a seam, and whether it repeats itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from lichen.arrays import Array
from lichen.image.colour import luminance
from lichen.patches.windows import patch_vectors, random_anchors
from lichen.quality.fidelity import PatchDescriptor
from lichen.quality.pyramid import gaussian_pyramid
from lichen.quality.structure import strongest_peak
from lichen.statistics.second_order import autocorrelation

SIDE = 5
N_LEVELS = 3
N_LINES = 24
N_SAMPLES = 4000


@dataclass(frozen=True)
class Seam:
    """How the wrap-around of one axis differs from the interior.

    Attributes
    ----------
    excess
        Median distance to the exemplar of patches across the wrap, relative to the 90th percentile
        of the same over interior lines. At most about 1 without a seam.
    percentile
        Rank of the wrap among all interior lines, in percent, by how much its first or second
        differences depart from those of all lines. A seam ranks highest in the first, a smoothed
        one in the second.
    """

    excess: float
    percentile: float


def seam(exemplar: Array, result: Array, axis: int, seed: int = 0) -> Seam:
    """Measure the seam where ``axis`` wraps (0: top meets bottom, 1: left meets right)."""
    if axis == 0:
        exemplar, result = exemplar.swapaxes(0, 1), result.swapaxes(0, 1)
    return Seam(_excess(exemplar, result, seed), _percentile(result))


def repetition(exemplar: Array, result: Array) -> float:
    """How much more the result repeats itself than the exemplar does.

    The strongest peak of the result's autocorrelation, over all lags, minus that of the exemplar;
    0 or less if it repeats no more, near 1 for a picture tiled with a small block.
    """
    return strongest_peak(autocorrelation(luminance(result))) - strongest_peak(
        autocorrelation(luminance(exemplar))
    )


def _excess(exemplar: Array, result: Array, seed: int) -> float:
    """Mean of the excess over levels, for the wrap of columns."""
    ratios = []
    wrapped = np.concatenate([result, result[:, : result.shape[1] // 2]], axis=1)
    pyramids = (gaussian_pyramid(image, 4 * SIDE, N_LEVELS) for image in (exemplar, wrapped))
    for level, (ours, theirs) in enumerate(zip(*pyramids, strict=False)):
        generator = np.random.default_rng((seed, level))
        anchors = random_anchors(ours.shape, SIDE, N_SAMPLES, generator)
        patches = patch_vectors(ours, SIDE, anchors)
        describe = PatchDescriptor(patches)
        described = describe(patches)
        tree = cKDTree(described[::2])
        # Copies have distance 0: nothing is rewarded for being nearer than the exemplar to itself.
        typical = float(np.median(tree.query(described[1::2])[0]))
        wrap = (result.shape[1] + 2**level - 1) // 2**level
        lines = [wrap, *np.linspace(2 * SIDE, wrap - 2 * SIDE, N_LINES).astype(int)]
        rows = generator.integers(0, theirs.shape[0] - SIDE + 1, N_SAMPLES // (N_LINES + 1))
        distances = []
        for line in lines:
            columns = generator.integers(line - SIDE + 1, line, len(rows))
            crossing = patch_vectors(theirs, SIDE, np.stack([rows, columns], axis=1))
            distances.append(float(np.median(tree.query(describe(crossing))[0])))
        ratios.append(distances[0] / max(np.quantile(distances[1:], 0.9), typical, 1e-6))
    return float(np.mean(ratios))


def _percentile(result: Array) -> float:
    """Rank of the wrap of columns, in percent, by first or second differences."""
    steps = np.abs(np.roll(result, -1, axis=1) - result).mean(2)  # (H, W), the last: the wrap
    bends = np.abs(2 * result - np.roll(result, 1, 1) - np.roll(result, -1, 1)).mean(2)
    either = np.concatenate([bends, np.roll(bends, -1, 1)])  # (2 H, W): both sides of a line
    return max(_rank_of_last(steps), _rank_of_last(either))


def _rank_of_last(lines: Array) -> float:
    """Percentage of columns of (N, W) distributed more like all of them than the last one is."""
    everywhere = np.sort(lines[:, :-1].ravel()[:: max(1, lines.size // 50_000)])
    distances = [_kolmogorov_smirnov(column, everywhere) for column in np.sort(lines, axis=0).T]
    return 100 * float(np.mean(np.array(distances[:-1]) < distances[-1]))


def _kolmogorov_smirnov(few: Array, many: Array) -> float:
    """Largest difference of the distribution functions of two sorted samples, at the first's."""
    below = np.searchsorted(many, few, side="left") / len(many)
    upto = np.searchsorted(many, few, side="right") / len(many)
    ranks = np.arange(len(few) + 1) / len(few)
    return float(max((ranks[1:] - below).max(), (upto - ranks[:-1]).max()))
