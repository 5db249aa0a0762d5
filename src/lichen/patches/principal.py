"""Principal components of vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

Array = NDArray[np.float32]

LEAST = 1e-3
"""Deviations below this share of the largest are not told from rounding in single precision."""


def principal_components(vectors: Array, count: int) -> tuple[Array, Array, Array]:
    """Find the directions in which vectors (N, D) vary most.

    Returns
    -------
    tuple
        Mean (D,), directions (D, K) in order of their deviation, and standard deviations (K,),
        K at most ``count``. Of directions in which few vectors do not differ some are zeros.
    """
    mean = vectors.mean(0)
    centred = vectors - mean
    with one_thread():
        if len(vectors) < vectors.shape[1]:  # the smaller of the two products has the same values
            values, sides = np.linalg.eigh(centred @ centred.T / np.float32(len(vectors)))
            values, sides = values[::-1][:count], sides[:, ::-1][:, :count]
            axes = centred.T @ sides
            lengths = np.linalg.norm(axes, axis=0)
            # What is left where vectors do not differ is rounding, not square to the others.
            lengths[lengths <= LEAST * lengths.max(initial=0)] = np.inf
            axes /= lengths
        else:
            values, axes = np.linalg.eigh(centred.T @ centred / np.float32(len(vectors)))
            values, axes = values[::-1][:count], axes[:, ::-1][:, :count]
    return mean, np.ascontiguousarray(axes), np.sqrt(values.clip(0))


def one_thread() -> threadpool_limits:
    """Keep NumPy's products to one thread: the last bits depend on how many share their sums."""
    return threadpool_limits(1, "blas")
