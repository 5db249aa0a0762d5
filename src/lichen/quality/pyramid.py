"""The Gaussian pyramid on whose levels figures are computed."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from lichen.arrays import Array

N_LEVELS = 4


def gaussian_pyramid(image: Array, minimum: int, n_levels: int = N_LEVELS) -> list[Array]:
    """Halve (H, W, C) while its sides are at least ``minimum`` pixels; finest level first."""
    levels = [image]
    while len(levels) < n_levels and min(levels[-1].shape[:2]) // 2 >= minimum:
        smooth = gaussian_filter(levels[-1], sigma=(1, 1, 0), mode="reflect")
        levels.append(np.ascontiguousarray(smooth[::2, ::2]))
    return levels
