"""Source pixels that look alike: the candidate sets of k-coherence (Tong et al. 2002)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, maximum_filter1d, minimum_filter
from scipy.spatial import cKDTree

from lichen.arrays import Array, IntArray, Mask
from lichen.image.colour import principal_axes
from lichen.kernels import kernel
from lichen.patches.neighbourhood import Neighbourhood
from lichen.patches.pyramid import Level
from lichen.patches.windows import square

SAMPLE = 10_000
"""Vectors whose principal components stand for all."""
CHUNK = 16_384
"""Vectors that are in memory at a time."""
SUGGESTED = 32
"""Source pixels among which one is sought for a known pixel, the most similar first."""


class SimilarSources:
    """A tree of the neighbourhoods of source pixels, for the nearest to any other neighbourhood.

    Parameters
    ----------
    features
        float32 (h, w, F).
    centres
        bool (h, w): the source pixels, none nearer to the border than ``radius``.
    radius
        Of the square neighbourhoods, in pixels.
    components
        Principal components of the neighbourhoods that are compared; None to compare all values.
    """

    def __init__(
        self, features: Array, centres: Mask, radius: int, components: int | None = None
    ) -> None:
        self.candidates = np.flatnonzero(centres).astype(np.int32)
        self.centres = centres
        self._radius = radius
        offsets = square(2 * radius + 1)
        self._neighbourhood = Neighbourhood.of(
            [(0, range(features.shape[2]), offsets, np.ones(len(offsets), np.float32))]
        )
        self._projection = Projection.of(
            lambda pixels: self._neighbourhood.vectors(features, features, pixels, (False, False)),
            self.candidates,
            components,
        )
        self.vectors = self._project(features, self.candidates)
        self.tree = cKDTree(self.vectors, balanced_tree=False)

    def _project(self, image: Array, pixels: IntArray) -> Array:
        return self._projection.of_all(
            lambda part: self._neighbourhood.vectors(image, image, part, (False, False)), pixels
        )

    def sets(self, k: int, *, tolerance: float = 0.0, workers: int = 1) -> IntArray:
        """Find for each source pixel its ``k`` most similar ones, itself first, int32 (h * w, k).

        Rows of other pixels are -1, and so are the ends of rows if there are fewer source pixels.

        Parameters
        ----------
        tolerance
            Fraction by which the distances may exceed those of the nearest.
        """
        count = min(k, len(self.candidates))
        found = np.full((self.centres.size, k), -1, np.int32)
        found[self.candidates, 0] = self.candidates
        if count > 1:
            near = self.tree.query(self.vectors, count, eps=tolerance, workers=workers)[1]
            own = np.arange(len(self.candidates))
            # Where many are equal, one need not be among its own nearest: it always goes first,
            # and the farthest one out.
            others = near != own[:, None]
            others[others.all(1), -1] = False
            found[self.candidates, 1:count] = self.candidates[near[others].reshape(-1, count - 1)]
        return found

    def of_known(self, level: Level, wanted: Mask, workers: int = 1) -> IntArray:
        """Find sources that known pixels may have come from, so that others can continue them.

        Each takes the source pixel most similar to the nearest pixel whose neighbourhood is wholly
        known, shifted back.

        Parameters
        ----------
        wanted
            bool (H, W): the known pixels.

        Returns
        -------
        NDArray
            int32 (H, W), -1 where not wanted or not found.
        """
        image, known, centres = level.image, level.known, self.centres
        suggested = np.full(known.shape, -1, np.int32)
        whole = minimum_filter(known, 2 * self._radius + 1, mode="constant", cval=False)
        pixels = np.flatnonzero(wanted & known)
        if not whole.any() or not len(pixels):
            return suggested
        rows, columns = distance_transform_edt(~whole, return_distances=False, return_indices=True)
        nearest = (rows * known.shape[1] + columns).ravel()[pixels]
        queries, which = np.unique(nearest, return_inverse=True)
        count = min(SUGGESTED, len(self.candidates))
        vectors = self._project(image, queries.astype(np.int32))
        found = self.tree.query(vectors, count, workers=workers)[1]
        similar = self.candidates[found.reshape(len(queries), count)[which]]  # (N, SUGGESTED)
        y, x = np.divmod(pixels, known.shape[1])
        back_y, back_x = (y - rows[y, x])[:, None], (x - columns[y, x])[:, None]
        source_y, source_x = np.divmod(similar, centres.shape[1])
        source_y, source_x = source_y + back_y, source_x + back_x
        inside = (source_y >= 0) & (source_y < centres.shape[0])
        inside &= (source_x >= 0) & (source_x < centres.shape[1])
        shifted = np.where(inside, source_y * centres.shape[1] + source_x, 0)
        good = inside & centres.ravel()[shifted]
        first = good.argmax(1)
        each = np.arange(len(pixels))
        suggested.ravel()[pixels] = np.where(good[each, first], shifted[each, first], -1)
        return suggested


def near_unknown(known: Mask, radius: int, wraps: tuple[bool, bool]) -> Mask:
    """Known pixels (H, W) in the windows of unknown ones."""
    seen = (~known).astype(np.uint8)
    for axis, wrap in enumerate(wraps):
        seen = maximum_filter1d(seen, 2 * radius + 1, axis, mode="wrap" if wrap else "constant")
    return known & seen.astype(bool)


@dataclass(frozen=True, eq=False)
class Projection:
    """Onto the principal components of vectors.

    Attributes
    ----------
    mean, axes
        float32 (D,) and (D, K).
    """

    mean: Array
    axes: Array

    @classmethod
    def of(
        cls,
        vectors_of: Callable[[IntArray], Array],
        pixels: IntArray,
        components: int | None,
    ) -> Projection:
        """Find the ``components`` in which the vectors of pixels vary most.

        Parameters
        ----------
        vectors_of
            Returns the vectors (N, D) of pixels (N,).
        pixels
            int32 (M,); at most ``2 * SAMPLE`` of them, evenly spread, are read.
        components
            None to leave vectors as they are.
        """
        sample = vectors_of(pixels[:: max(1, len(pixels) // SAMPLE)])
        length = sample.shape[1]
        if components is None:
            return cls(np.zeros(length, np.float32), np.eye(length, dtype=np.float32))
        mean, axes, _ = principal_axes(sample, min(components, length))
        return cls(mean, axes)

    def of_all(self, vectors_of: Callable[[IntArray], Array], pixels: IntArray) -> Array:
        """Components (N, K) of the vectors of pixels (N,), a part of them in memory at a time."""
        projected = np.empty((len(pixels), self.axes.shape[1]), np.float32)
        for part in _parts(len(pixels)):
            project(vectors_of(pixels[part]), self.mean, self.axes, projected[part])
        return projected


def _parts(count: int) -> Iterator[slice]:
    for first in range(0, count, CHUNK):
        yield slice(first, first + CHUNK)


@kernel()
def project(vectors: Array, mean: Array, axes: Array, projected: Array) -> None:
    """Write the components (N, K) of vectors (N, D) into ``projected``."""
    for n in range(len(vectors)):
        out = projected[n]
        out[:] = 0
        for t in range(len(mean)):
            value = vectors[n, t] - mean[t]
            along = axes[t]
            for k in range(len(out)):
                out[k] += value * along[k]
