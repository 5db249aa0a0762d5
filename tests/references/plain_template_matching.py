"""Weighted sums of squared differences, offset by offset, in double precision."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def plain_weighted_ssd(
    features: NDArray[np.float32], template: NDArray[np.float32], weights: NDArray[np.float32]
) -> NDArray[np.float64]:
    h, w = weights.shape
    rows, columns = features.shape[0] - h + 1, features.shape[1] - w + 1
    sums = np.zeros((rows, columns))
    for y in range(rows):
        for x in range(columns):
            difference = features[y : y + h, x : x + w].astype(float) - template
            sums[y, x] = (weights[..., None] * difference**2).sum()
    return sums
