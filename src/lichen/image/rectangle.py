"""The largest rectangle of usable pixels, for methods that need a rectangle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def largest_rectangle(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Return top, left, height and width of the largest all-true rectangle of (H, W)."""
    best = (0, 0, 0, 0)
    heights = np.zeros(mask.shape[1], int)
    for row, usable in enumerate(mask):
        heights = np.where(usable, heights + 1, 0)  # true pixels above and at this row
        open_bars: list[tuple[int, int]] = []  # (left end, height), rising
        for column, height in enumerate([*heights.tolist(), 0]):
            left = column
            while open_bars and open_bars[-1][1] >= height:
                left, tall = open_bars.pop()
                if tall * (column - left) > best[2] * best[3]:
                    best = (row - tall + 1, left, tall, column - left)
            open_bars.append((left, height))
    return best
