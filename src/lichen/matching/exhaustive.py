"""The nearest of all vectors, exactly, by matrix products."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

QUERIES, REFERENCES = 512, 2048
"""Rows and columns of a block of distances: 4 MB, which stay in the cache."""


def nearest(queries: Array, references: Array) -> tuple[NDArray[np.int64], Array]:
    """Find the nearest reference of each query.

    Parameters
    ----------
    queries
        (N, D).
    references
        (M, D), M at least 1.

    Returns
    -------
    tuple
        Index (N,) into the references, and squared Euclidean distance (N,). With equal
        distances to rounding any of the references may be the one.
    """
    centre = references.mean(0)  # small numbers keep the products' digits
    queries, references = queries - centre, references - centre
    # |q - r|^2 - |q|^2 as one product: (-2 q, 1) (r, |r|^2)
    norms = np.einsum("ij,ij->i", references, references)
    left = np.concatenate([-2 * queries, np.ones_like(queries[:, :1])], axis=1)
    right = np.concatenate([references, norms[:, None]], axis=1).T
    index = np.zeros(len(queries), np.int64)
    for first in range(0, len(queries), QUERIES):
        rows = left[first : first + QUERIES]
        best = np.full(len(rows), np.inf, np.float32)
        found = np.zeros(len(rows), np.int64)
        for start in range(0, len(references), REFERENCES):
            distance = rows @ right[:, start : start + REFERENCES]
            choice = distance.argmin(1)
            value = distance[np.arange(len(rows)), choice]
            nearer = value < best
            best[nearer], found[nearer] = value[nearer], choice[nearer] + start
        index[first : first + QUERIES] = found
    difference = queries - references[index]
    return index, np.einsum("ij,ij->i", difference, difference)
