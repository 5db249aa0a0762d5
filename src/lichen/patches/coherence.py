"""Places of the example that look alike: the candidate sets of k-coherence (Tong et al. 2002)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, minimum_filter
from scipy.spatial import cKDTree

from lichen.kernels import kernel
from lichen.patches.neighbourhood import square
from lichen.patches.principal import principal_components

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]
Places = NDArray[np.int32]

SAMPLE = 10_000
"""Vectors whose principal components stand for all."""
CHUNK = 16_384
"""Vectors that are in memory at a time."""
LENT = 32
"""Places that a known pixel may be lent, the most similar first."""


class SimilarPlaces:
    """A tree of the neighbourhoods of places, for the nearest to any other neighbourhood.

    Parameters
    ----------
    features
        float32 (h, w, F).
    centres
        bool (h, w): the places, none nearer to the border than ``radius``.
    radius
        Of the square neighbourhoods, in pixels.
    n_dims
        Principal components of the neighbourhoods that are compared, exactly; None for all
        values of them.
    """

    def __init__(
        self, features: Array, centres: Mask, radius: int, n_dims: int | None = None
    ) -> None:
        self.places = np.flatnonzero(centres).astype(np.int32)
        self.shape = centres.shape
        self._offsets = square(2 * radius + 1)
        self._radius = radius
        self._projection = Projection.of(
            lambda places: neighbourhood_vectors(features, places, self._offsets),
            self.places,
            n_dims,
        )
        self.vectors = self._of(features, self.places)
        self.tree = cKDTree(self.vectors, balanced_tree=False)

    def _of(self, features: Array, places: Places) -> Array:
        mean, axes = self._projection.mean, self._projection.axes
        vectors = np.empty((len(places), axes.shape[1]), np.float32)
        for first in range(0, len(places), CHUNK):
            part = places[first : first + CHUNK]
            whole = neighbourhood_vectors(features, part, self._offsets)
            project(whole, mean, axes, vectors[first : first + CHUNK])
        return vectors

    def sets(self, k: int, *, slack: float = 0.0, workers: int = 1) -> Places:
        """Give for each place its ``k`` most similar ones, itself first, int32 (h * w, k).

        Rows of what is no place are -1, and so are the ends of rows if there are fewer places.

        Parameters
        ----------
        slack
            Share by which the distances may be greater than those of the nearest.
        """
        count = min(k, len(self.places))
        found = np.full((self.shape[0] * self.shape[1], k), -1, np.int32)
        found[self.places, 0] = self.places
        if count > 1:
            near = self.tree.query(self.vectors, count, eps=slack, workers=workers)[1]
            own = np.arange(len(self.places))
            # Where many are the same, a place need not be among its own nearest: it always goes
            # first, and the farthest one out.
            others = near != own[:, None]
            others[others.all(1), -1] = False
            found[self.places, 1:count] = self.places[near[others].reshape(-1, count - 1)]
        return found

    def lend(
        self, image: Array, known: Mask, wanted: Mask, centres: Mask, workers: int = 1
    ) -> Places:
        """Give known pixels places that they might come from, so that others can go on from them.

        Each takes the place most similar to the nearest pixel whose neighbourhood is wholly
        known, shifted back.

        Parameters
        ----------
        image, known
            (H, W, F) and (H, W).
        wanted
            (H, W): known pixels that are to get places.
        centres
            (h, w): places that may be lent.

        Returns
        -------
        NDArray
            int32 (H, W), -1 where there is no such place.
        """
        lent = np.full(known.shape, -1, np.int32)
        side = 2 * self._radius + 1
        whole = minimum_filter(known, side, mode="constant", cval=0)
        pixels = np.flatnonzero(wanted)
        if not whole.any() or not len(pixels):
            return lent
        rows, columns = distance_transform_edt(~whole, return_distances=False, return_indices=True)
        nearest = (rows * known.shape[1] + columns).ravel()[pixels]
        asked, which = np.unique(nearest, return_inverse=True)
        count = min(LENT, len(self.places))
        found = self.tree.query(self._of(image, asked.astype(np.int32)), count, workers=workers)[1]
        candidates = self.places[found.reshape(len(asked), count)[which]]  # (N, LENT)
        y, x = np.divmod(pixels, known.shape[1])
        back_y, back_x = (y - rows[y, x])[:, None], (x - columns[y, x])[:, None]
        place_y, place_x = np.divmod(candidates, self.shape[1])
        place_y, place_x = place_y + back_y, place_x + back_x
        inside = (
            (place_y >= 0) & (place_y < self.shape[0]) & (place_x >= 0) & (place_x < self.shape[1])
        )
        shifted = np.where(inside, place_y * self.shape[1] + place_x, 0)
        good = inside & centres.ravel()[shifted]
        first = good.argmax(1)
        each = np.arange(len(pixels))
        lent.ravel()[pixels] = np.where(good[each, first], shifted[each, first], -1)
        return lent


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
        cls, vectors_of: Callable[[Places], Array], places: Places, n_dims: int | None
    ) -> Projection:
        """Find the ``n_dims`` components in which the vectors of places vary most.

        Parameters
        ----------
        vectors_of
            Gives the vectors (N, D) of places (N,).
        places
            int32 (M,); at most ``2 * SAMPLE`` of them, evenly spread, are looked at.
        n_dims
            None to leave vectors as they are.
        """
        sample = vectors_of(places[:: max(1, len(places) // SAMPLE)])
        length = sample.shape[1]
        if n_dims is None:
            return cls(np.zeros(length, np.float32), np.eye(length, dtype=np.float32))
        mean, axes, _ = principal_components(sample, min(n_dims, length))
        return cls(mean, axes)


@kernel()
def project(vectors: Array, mean: Array, axes: Array, projected: Array) -> None:
    """Fill ``projected`` (N, K) with the components of vectors (N, D)."""
    for n in range(len(vectors)):
        out = projected[n]
        out[:] = 0
        for t in range(len(mean)):
            value = vectors[n, t] - mean[t]
            along = axes[t]
            for k in range(len(out)):
                out[k] += value * along[k]


def neighbourhood_vectors(features: Array, places: Places, offsets: NDArray[np.int64]) -> Array:
    """What lies at ``offsets`` (T, 2) from ``places`` (N,) of features (h, w, F), (N, T * F).

    Places are flat indices; none may be nearer to the border than the offsets reach.
    """
    width, channels = features.shape[1], features.shape[2]
    flat = offsets[:, 0] * width + offsets[:, 1]
    found = features.reshape(-1, channels)[places[:, None] + flat]  # (N, T, F)
    return np.ascontiguousarray(found.reshape(len(places), -1))
