"""Sums over squares, in time that does not depend on their side."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def box_sums(plane: NDArray[Any], side: int) -> NDArray[np.float64]:
    """Sum of the square of pixels that begins at each one, zeros beyond the end, (H, W)."""
    sums = plane.astype(np.float64)
    for axis in (0, 1):
        widths = [(0, 0), (0, 0)]
        widths[axis] = (1, side - 1)
        running = np.cumsum(np.pad(sums, widths), axis=axis)
        length = plane.shape[axis]
        later = np.take(running, range(side, side + length), axis)
        sums = later - np.take(running, range(length), axis)
    return sums
