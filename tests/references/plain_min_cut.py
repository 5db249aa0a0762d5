"""All cuts of an overlap, one by one."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray


def plain_least_cut(errors: NDArray[np.float32]) -> float:
    """Least sum over every path of one pixel a row whose columns differ by at most one."""
    height, width = errors.shape
    paths = product(range(width), repeat=height)
    cuts = [path for path in paths if all(abs(a - b) <= 1 for a, b in pairwise(path))]
    return min(sum(float(errors[y, x]) for y, x in enumerate(cut)) for cut in cuts)
