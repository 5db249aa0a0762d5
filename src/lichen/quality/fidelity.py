"""Fidelity: whether the result looks like the exemplar, in its patches and its colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.stats import wasserstein_distance

from lichen.arrays import Array
from lichen.image.colour import principal_axes
from lichen.patches.windows import patch_vectors, random_anchors
from lichen.quality.pyramid import gaussian_pyramid

SIDES = (5, 9)
"""Sides of the patches: not 7, which sliced-Wasserstein methods optimize."""
N_DIRECTIONS = 128
N_PATCHES = 4000
NEIGHBOURHOOD = 0.95
"""Fraction of the exemplar's own patches with a neighbour within the threshold, by definition."""


def sliced_wasserstein(exemplar: Array, result: Array, seed: int = 0) -> float:
    """Distance of the distributions of patches, over scales (card A11; Elnekave and Weiss 2022).

    Parameters
    ----------
    exemplar, result
        (H, W, C) of any sizes, with the same C.

    Returns
    -------
    float
        1-Wasserstein distance of random projections of patches of 5 and 9 px, in standard
        deviations of the exemplar's projections; mean over sides and pyramid levels.
    """
    distances = []
    for side in SIDES:
        for level, (ours, theirs) in enumerate(_levels(exemplar, result, 2 * side)):
            generator = np.random.default_rng((seed, side, level))
            expected = _sample(ours, side, generator)
            judged = _sample(theirs, side, generator)
            directions = generator.standard_normal((expected.shape[1], N_DIRECTIONS))
            directions = (directions / np.linalg.norm(directions, axis=0)).astype(np.float32)
            a, b = np.sort(expected @ directions, axis=0), np.sort(judged @ directions, axis=0)
            quantiles = (np.arange(1000) + 0.5) / 1000
            a, b = _at_quantiles(a, quantiles), _at_quantiles(b, quantiles)
            distances.append(np.abs(a - b).mean() / max(float(a.std(0).mean()), 1e-6))
    return float(np.mean(distances))


def precision_and_coverage(exemplar: Array, result: Array, seed: int = 0) -> tuple[float, float]:
    """Fraction of the result's patches found in the exemplar, and of the exemplar's in the result.

    After Kynkäänniemi et al. 2019 and Naeem et al. 2020, on the patches of single pictures. A patch
    is found where its nearest neighbour is within a threshold: the distance within which 95 % of
    the patches of one half of the exemplar have a neighbour in the other half. Patches of 5 px are
    compared by their leading principal components at unit variance and the norm of the residual: by
    plain pixel differences a blurred patch, near the mean, would be near every patch.

    Returns
    -------
    tuple
        Precision and coverage in [0, 1], means over pyramid levels; about 0.95 for another
        picture of the same texture.
    """
    side, precision, coverage = 5, [], []
    for level, (ours, theirs) in enumerate(_levels(exemplar, result, 4 * side)):
        generator = np.random.default_rng((seed, level))
        describe = PatchDescriptor(_sample(ours, side, generator))
        halves = [describe(_sample(half, side, generator)) for half in split(ours)]
        count = min(len(half) for half in halves)
        expected = describe(_sample(ours, side, generator))[:count]
        judged = describe(_sample(theirs, side, generator))[:count]
        between = np.concatenate([_nearest(halves[0], halves[1]), _nearest(halves[1], halves[0])])
        threshold = float(np.quantile(between, NEIGHBOURHOOD)) + 1e-6
        precision.append((_nearest(judged, expected) <= threshold).mean())
        coverage.append((_nearest(expected, judged) <= threshold).mean())
    return float(np.mean(precision)), float(np.mean(coverage))


def colour(exemplar: Array, result: Array) -> dict[str, float]:
    """Differences of colour, in grey levels of 255.

    ``mean``: Euclidean distance of the mean colours. ``covariance``: Bures distance of the
    covariances. ``histogram``: 1-Wasserstein distance of the values of a channel, mean over
    channels.
    """
    a, b = (image.reshape(-1, image.shape[2]).astype(np.float64) for image in (exemplar, result))
    histogram = [wasserstein_distance(a[:, c], b[:, c]) for c in range(a.shape[1])]
    return {
        "mean": 255 * float(np.linalg.norm(a.mean(0) - b.mean(0))),
        "covariance": 255 * _bures(_covariance(a), _covariance(b)),
        "histogram": 255 * float(np.mean(histogram)),
    }


def split(image: Array) -> tuple[Array, Array]:
    """Return two halves of a picture: the first and third of four strips, and the other two.

    The longer side is divided. Slow changes over a photo, of light or perspective, are in both
    halves, and do not count as a difference of two samples.
    """
    axis = 0 if image.shape[0] > image.shape[1] else 1
    width = image.shape[axis] // 4
    strips = [np.take(image, range(n * width, (n + 1) * width), axis) for n in range(4)]
    return np.concatenate(strips[::2], axis), np.concatenate(strips[1::2], axis)


def _levels(exemplar: Array, result: Array, minimum: int) -> list[tuple[Array, Array]]:
    """Return the pyramid levels that both pictures have."""
    pyramids = gaussian_pyramid(exemplar, minimum), gaussian_pyramid(result, minimum)
    return list(zip(*pyramids, strict=False))


def _sample(image: Array, side: int, generator: np.random.Generator) -> Array:
    return patch_vectors(image, side, random_anchors(image.shape, side, N_PATCHES, generator))


def _at_quantiles(ordered: Array, quantiles: NDArray[np.float64]) -> Array:
    """Values of sorted columns (N, D) at quantiles (Q,), linear between samples, (Q, D)."""
    position = np.clip(quantiles * len(ordered) - 0.5, 0, len(ordered) - 1)
    below = np.floor(position).astype(int)
    above = np.minimum(below + 1, len(ordered) - 1)
    weight = (position - below)[:, None].astype(np.float32)
    return ordered[below] * (1 - weight) + ordered[above] * weight


class PatchDescriptor:
    """Principal components at unit variance, and the norm of the residual at unit variance."""

    N_COMPONENTS = 7

    def __init__(self, patches: Array) -> None:
        self.mean, axes, deviations = principal_axes(patches, self.N_COMPONENTS)
        used = deviations > 1e-4
        self.axes, self.deviations = axes[:, used], deviations[used]
        self.residual_scale = 1.0
        self.residual_scale = max(float(self(patches)[:, -1].std()), 1e-4)

    def __call__(self, patches: Array) -> Array:
        """Describe patches (N, D) by (N, components + 1) numbers of variance 1 in the first."""
        centred = patches - self.mean
        along = centred @ self.axes
        residual = np.linalg.norm(centred - along @ self.axes.T, axis=1) / self.residual_scale
        return np.concatenate([along / self.deviations, residual[:, None]], axis=1)


def _nearest(queries: Array, references: Array) -> Array:
    return cKDTree(references).query(queries)[0]


def _covariance(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.cov(colours, rowvar=False).reshape(colours.shape[1], -1)


def _bures(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Wasserstein distance of centred Gaussians, tr(A + B - 2 (A^1/2 B A^1/2)^1/2)^1/2."""
    values, vectors = np.linalg.eigh(a)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ b @ root).clip(0)).sum()
    return float(np.sqrt(max(np.trace(a) + np.trace(b) - 2 * cross, 0)))
