"""Pictures at half the size, of their usable pixels only."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from lichen.kernels import kernel

Array = NDArray[np.float32]


@kernel(parallel=True)
def halve(image: Array, usable: NDArray[np.bool_]) -> tuple[Array, NDArray[np.bool_]]:
    """Mean of each square of 2x2 pixels, (h // 2, w // 2, F), and whether all four are usable.

    Pixel (y, x) of the result covers (2y .. 2y + 1, 2x .. 2x + 1) of ``image`` (h, w, F): patches
    go from level to level by doubling their places. An odd last row or column is left out.
    """
    height, width, channels = image.shape[0] // 2, image.shape[1] // 2, image.shape[2]
    halved = np.empty((height, width, channels), np.float32)
    whole = np.empty((height, width), np.bool_)
    for y in numba.prange(height):
        for x in range(width):
            whole[y, x] = (
                usable[2 * y, 2 * x]
                and usable[2 * y, 2 * x + 1]
                and usable[2 * y + 1, 2 * x]
                and usable[2 * y + 1, 2 * x + 1]
            )
            for c in range(channels):
                halved[y, x, c] = np.float32(0.25) * (
                    image[2 * y, 2 * x, c]
                    + image[2 * y, 2 * x + 1, c]
                    + image[2 * y + 1, 2 * x, c]
                    + image[2 * y + 1, 2 * x + 1, c]
                )
    return halved, whole
