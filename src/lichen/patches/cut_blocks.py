"""Blocks laid over a picture one by one, each cut along its edges."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lichen.arrays import Array, IntArray
from lichen.kernels import kernel
from lichen.patches.boundary_cut import least_cut
from lichen.patches.windows import Indices


class Mosaic(NamedTuple):
    """A picture that blocks are laid over.

    Attributes
    ----------
    features
        float32 (h * w, F): of the example.
    width
        Of the example, w.
    sources
        int32 (H, W), changed: source pixel of each pixel, -1 where there is nothing yet.
    wrap_rows, wrap_columns
        Whether the picture wraps around; of a block that does not, the part inside is laid.
    border
        Width of the border of a block that is cut through; at most half of its side is.
    """

    features: Array
    width: int
    sources: IntArray
    wrap_rows: bool
    wrap_columns: bool
    border: int


@kernel()
def _apart(features: Array, source: int, other: int) -> float:
    total = np.float32(0)
    for c in range(features.shape[1]):
        difference = features[source, c] - features[other, c]
        total += difference * difference
    return float(total)


@kernel()
def _misfit(mosaic: Mosaic, block: Indices, top: int, left: int) -> float:
    """Mean squared difference of a block's border from what lies where it would go."""
    features, width, sources, border = mosaic.features, mosaic.width, mosaic.sources, mosaic.border
    total, count = 0.0, 0
    for i in range(block[2]):
        y = top + i
        if y >= sources.shape[0]:
            if not mosaic.wrap_rows:
                break
            y %= sources.shape[0]
        start = (block[0] + i) * width + block[1]
        outer = i < border or i >= block[2] - border
        for j in range(block[3]):
            if not outer and border <= j < block[3] - border:
                continue
            x = left + j
            if x >= sources.shape[1]:
                if not mosaic.wrap_columns:
                    break
                x %= sources.shape[1]
            total += _apart(features, sources[y, x], start + j)
            count += 1
    return total / count


@kernel()
def _lay(mosaic: Mosaic, block: Indices, top: int, left: int) -> None:
    features, width, sources, border = mosaic.features, mosaic.width, mosaic.sources, mosaic.border
    size_y, size_x = sources.shape
    height = block[2] if mosaic.wrap_rows else min(block[2], size_y - top)
    breadth = block[3] if mosaic.wrap_columns else min(block[3], size_x - left)
    # What the cut at each edge leaves of the block: its first and last pixel in rows and columns.
    firsts_x, ends_x = np.zeros(height, np.int32), np.full(height, breadth, np.int32)
    firsts_y, ends_y = np.zeros(breadth, np.int32), np.full(breadth, height, np.int32)
    for edge in range(4):
        along_rows = edge < 2
        if along_rows:
            length, depth, limit, first, wrap = height, breadth, size_x, left, mosaic.wrap_columns
        else:
            length, depth, limit, first, wrap = breadth, height, size_y, top, mosaic.wrap_rows
        thickness = min(border, depth // 2)
        far = edge % 2 == 1
        meets = wrap or (first + depth < limit if far else first > 0)
        if thickness == 0 or not meets:
            continue
        errors = np.zeros((length, thickness), np.float32)
        for k in range(length):
            for d in range(thickness):
                inward = depth - 1 - d if far else d
                i, j = (k, inward) if along_rows else (inward, k)
                old = sources[(top + i) % size_y, (left + j) % size_x]
                if old >= 0:
                    errors[k, d] = _apart(features, old, (block[0] + i) * width + block[1] + j)
        cut = np.empty(length, np.int32)
        least_cut(errors, cut)
        for k in range(length):
            if edge == 0:
                firsts_x[k] = cut[k]
            elif edge == 1:
                ends_x[k] = breadth - cut[k]
            elif edge == 2:
                firsts_y[k] = cut[k]
            else:
                ends_y[k] = height - cut[k]
    for i in range(height):
        y = (top + i) % size_y
        start = (block[0] + i) * width + block[1]
        for j in range(breadth):
            x = (left + j) % size_x
            inside = firsts_x[i] <= j < ends_x[i] and firsts_y[j] <= i < ends_y[j]
            if inside or sources[y, x] < 0:
                sources[y, x] = start + j


@kernel()
def lay_cut_blocks(mosaic: Mosaic, blocks: Indices, targets: Indices) -> None:
    """Lay blocks of the example over a picture, the later over the earlier ones.

    Each edge that meets something is a minimum error boundary cut through the block's border
    (Efros and Freeman 2001); empty pixels are filled whatever the cut.

    Parameters
    ----------
    blocks
        int64 (N, 4): top, left, height and width in the example, no larger than the picture.
    targets
        int64 (N, K, 2): top and left in the picture of each block. Of several, the one is taken
        where the border differs least from what is there; then nothing may be empty.
    """
    for n in range(len(blocks)):
        best, least = 0, np.inf
        if targets.shape[1] > 1:
            for k in range(targets.shape[1]):
                top, left = targets[n, k]
                misfit = _misfit(mosaic, blocks[n], top, left)
                if misfit < least:
                    best, least = k, misfit
        top, left = targets[n, best]
        _lay(mosaic, blocks[n], top, left)
