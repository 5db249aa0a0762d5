"""A square of four samples that meet along its diagonals, by minimum-error cuts.

Cohen, Shade, Hiller and Deussen, "Wang Tiles for Image and Texture Generation", SIGGRAPH 2003. A
tile is a diamond in a grid of four overlapping samples, turned by 45 degrees: its corners are the
samples' centres, so that half of each sample is in it and the other half in its neighbour. Here
the tile is upright, and the cuts run along its diagonals.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lichen.arrays import Array
from lichen.patches.boundary_cut import horizontal_cut, right_of, vertical_cut

Labels = NDArray[np.int8]

NORTH, EAST, SOUTH, WEST = 0, 1, 2, 3


def diamond_cut(samples: Array, overlap: int) -> tuple[Labels, float]:
    """Decide which of four samples each pixel of a square is taken from.

    Parameters
    ----------
    samples
        float32 (4, T, T, F), T even and at least 4: features of the samples at the north, east,
        south and west edge at each pixel of the square. Only the upper ``T / 2 + overlap`` rows of
        the northern one are read, and likewise of the others.
    overlap
        How far the cuts may deviate from the diagonals, in pixels.

    Returns
    -------
    tuple
        int8 (T, T): 0 north, 1 east, 2 south, 3 west; and the sum of the squared differences on
        the cuts. The first and last row are wholly of the north and south, the first and last
        column, but for the corners, of the west and east.
    """
    side = samples.shape[1]
    half, reach = side // 2, min(overlap, side // 2 - 1)
    labels = np.where(np.arange(side) < half, WEST, EAST)[None].repeat(side, 0).astype(np.int8)
    centre = slice(half - reach, half + reach)  # where west and east may meet
    west, east = samples[WEST, centre, centre], samples[EAST, centre, centre]
    cut, total = vertical_cut(np.square(west - east).sum(2))
    labels[centre, centre] = np.where(right_of(cut, 2 * reach), EAST, WEST)
    for label, upwards in ((NORTH, 1), (SOUTH, -1)):
        lying = np.take_along_axis(samples, labels[None, ..., None].astype(np.int64), 0)[0]
        errors = np.square(samples[label] - lying).sum(2)[::upwards]
        first, error = _roof(errors, overlap)
        labels[::upwards][np.arange(side)[:, None] < first] = label
        total += error
    return labels, total


def _roof(errors: Array, overlap: int) -> tuple[NDArray[Any], float]:
    """Cut along both diagonals from the upper corners to the middle of errors (T, T).

    Returns the first row below the cut in each column, (T,), and the error on it.
    """
    side = len(errors)
    columns = np.arange(side)
    diagonal = np.minimum(columns, side - 1 - columns) + 1
    away = np.arange(-overlap, overlap + 1)[:, None]
    rows = diagonal + away  # (2 overlap + 1, T)
    # The cut begins and ends in the corners: the first row and column are not cut.
    allowed = (np.abs(away) < diagonal) & (rows < side)
    band = np.where(allowed, errors[np.clip(rows, 0, side - 1), columns], np.float32(np.inf))
    cut, total = horizontal_cut(band)
    return diagonal + cut - overlap, total
