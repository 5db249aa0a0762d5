"""Principal components of vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def principal_components(vectors: Array, count: int) -> tuple[Array, Array, Array]:
    """Find the directions in which vectors (N, D) vary most.

    Returns
    -------
    tuple
        Mean (D,), directions (D, K) in order of their deviation, and standard deviations (K,),
        K at most ``count``.
    """
    mean = vectors.mean(0)
    centred = vectors - mean
    values, axes = np.linalg.eigh(centred.T @ centred / np.float32(len(vectors)))
    order = np.argsort(values)[::-1][:count]
    deviations = np.sqrt(values[order].clip(0))
    return mean, np.ascontiguousarray(axes[:, order]), deviations
