"""Principal axes of colours: the directions along which they are uncorrelated."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def principal_axes(
    colours: NDArray[Any],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return mean (C,), variances (C,), rising, and orthonormal axes (C, C), by column.

    Parameters
    ----------
    colours
        (N, C), of any range; computed in float64, with variances over N.
    """
    values = np.asarray(colours, np.float64)
    mean = values.mean(0)
    covariance = (values - mean).T @ (values - mean) / len(values)
    variances, axes = np.linalg.eigh(covariance)
    return mean, variances, axes
