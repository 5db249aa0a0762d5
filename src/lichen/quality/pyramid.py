"""The Gaussian pyramid that the figures look through, and luminance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Array = NDArray[np.float32]

N_LEVELS = 4


def gaussian_pyramid(image: Array, minimum: int, n_levels: int = N_LEVELS) -> list[Array]:
    """Halve (H, W, C) again and again, at most to sides of ``minimum`` pixels; finest first."""
    levels = [image]
    while len(levels) < n_levels and min(levels[-1].shape[:2]) // 2 >= minimum:
        smooth = gaussian_filter(levels[-1], sigma=(1, 1, 0), mode="reflect")
        levels.append(np.ascontiguousarray(smooth[::2, ::2]))
    return levels


def luminance(image: Array) -> Array:
    """Rec. 709 luma of (H, W, 1 or 3), as (H, W)."""
    if image.shape[2] == 1:
        return image[..., 0]
    return image @ np.array([0.2126, 0.7152, 0.0722], np.float32)
