"""A first layout for a coarse level: blocks of the example that agree where they overlap."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from lichen.arrays import Array, Mask
from lichen.kernels import kernel, uniform
from lichen.patches.pyramid import Level
from lichen.patches.windows import Indices, anchors_of

DOUBT = np.float32(1.2)
"""Error of a pixel beyond the example's border, relative to that of the best block."""


class Blocks(NamedTuple):
    """Blocks of the example, and how they are chosen.

    Attributes
    ----------
    planes, usable
        float32 (F, h + 2 * overlap, w + 2 * overlap), and 1 or 0 of the same height and width: the
        example with an unusable border.
    anchors
        bool (h, w): top left pixels of blocks. Their margin of ``overlap`` pixels may be unusable;
        otherwise what is near the example's border would be rare.
    block, overlap
        Side of the blocks, and width of the margin that is compared around them, no wider.
    tolerance
        Blocks with errors up to ``1 + tolerance`` times the least are drawn from.
    repetition
        Error that is added for each earlier use of a block near by.
    """

    planes: Array
    usable: Array
    anchors: Mask
    block: int
    overlap: int
    tolerance: float
    repetition: float

    @classmethod
    def of(
        cls,
        features: Array,
        usable: Mask,
        block: int,
        overlap: int,
        tolerance: float = 0.0,
        repetition: float = 0.0,
    ) -> Blocks:
        """Cut blocks from features (h, w, F) and their usable pixels (h, w)."""
        edges = [(overlap, overlap), (overlap, overlap)]
        return cls(
            np.ascontiguousarray(np.pad(np.moveaxis(features, 2, 0), [(0, 0), *edges])),
            np.pad(usable, edges).astype(np.float32),
            anchors_of(usable, block),
            block,
            overlap,
            tolerance,
            repetition,
        )


@kernel()
def lay_blocks(blocks: Blocks, level: Level, seed: int) -> float:
    """Cover a picture with blocks, each chosen by what is already there.

    Image quilting without the cuts (Efros and Freeman 2001), on few pixels. Blocks are laid in
    raster order; but where some pixels are filled at first, the next block is the one with most
    filled pixels in and about it, so that holes are filled from their borders.

    Parameters
    ----------
    level
        Its ``image``, ``filled`` and ``sources`` are changed. Pixels that are filled at first are
        matched and kept, but get as source what the block has there; pixels of which everything
        within a block is filled get none.

    Returns
    -------
    float
        Sum of the blocks' errors without repetition: how badly they agree.
    """
    planes, anchors, block, overlap = blocks.planes, blocks.anchors, blocks.block, blocks.overlap
    image, filled, sources, n_values = level.image, level.filled, level.sources, level.n_values
    wraps = (level.wrap_rows, level.wrap_columns)
    height, width, channels = image.shape
    rows, columns = anchors.shape
    used = np.zeros(anchors.shape, np.float32)
    errors = np.empty(anchors.shape, np.float32)
    counts = np.empty(anchors.shape, np.float32)
    window = np.empty(((block + 2 * overlap) ** 2, 5), np.int64)
    ready = np.empty((-(-height // block), -(-width // block)), np.int64)
    for down in range(ready.shape[0]):
        for across in range(ready.shape[1]):
            if _all_filled(filled, down, across, block, wraps):
                ready[down, across] = -1
            else:
                ready[down, across] = _count_filled(filled, down, across, block, overlap, wraps)
    filling = filled.any()
    disagreement = 0.0
    for number in range(ready.size):
        down, across = divmod(ready.argmax() if filling else number, ready.shape[1])
        if ready[down, across] < 0:
            break
        ready[down, across] = -1
        top, left = down * block, across * block
        total = 0
        for i in range(block + 2 * overlap):
            y = top + i - overlap
            if wraps[0]:
                y %= height
            elif y < 0 or y >= height:
                continue
            for j in range(block + 2 * overlap):
                x = left + j - overlap
                if wraps[1]:
                    x %= width
                elif x < 0 or x >= width:
                    continue
                first = 0 if filled[y, x] else n_values
                if first < channels:
                    window[total] = y, x, i, j, first
                    total += 1
        _compare(planes, blocks.usable, image, window[:total], errors, counts)
        whole = np.float32(np.inf)
        for y in range(rows):
            for x in range(columns):
                if anchors[y, x] and counts[y, x] == total:
                    whole = min(whole, errors[y, x])
        least = np.float32(np.inf)
        for y in range(rows):
            for x in range(columns):
                if anchors[y, x]:
                    missing = total - counts[y, x]
                    if whole < np.inf:
                        errors[y, x] += DOUBT * whole * missing / max(total, 1)
                    else:
                        errors[y, x] *= total / max(counts[y, x], np.float32(1))
                    errors[y, x] += used[y, x] * blocks.repetition
                    least = min(least, errors[y, x])
        best = _draw(errors, anchors, float(least * (1 + blocks.tolerance)), seed, number)
        disagreement += errors[best] - used[best] * blocks.repetition
        bottom, right = min(top + block, height), min(left + block, width)
        fraction = 1 - np.float32(filled[top:bottom, left:right].sum()) / (block * block)
        for y in range(max(best[0] - block + 1, 0), min(best[0] + block, rows)):
            for x in range(max(best[1] - block + 1, 0), min(best[1] + block, columns)):
                apart = max(abs(y - best[0]), abs(x - best[1]))
                used[y, x] += fraction * np.float32(1 - apart / block)
        for y in range(top, bottom):
            for x in range(left, right):
                ay, ax = best[0] + y - top, best[1] + x - left
                sources[y, x] = ay * columns + ax
                if not filled[y, x]:
                    for c in range(n_values):
                        image[y, x, c] = planes[c, ay + overlap, ax + overlap]
                    filled[y, x] = True
        # Two blocks off: the last one before a wrap may be narrow.
        for i in range(down - 2, down + 3):
            for j in range(across - 2, across + 3):
                y = i % ready.shape[0] if wraps[0] else i
                x = j % ready.shape[1] if wraps[1] else j
                if 0 <= y < ready.shape[0] and 0 <= x < ready.shape[1] and ready[y, x] >= 0:
                    ready[y, x] = _count_filled(filled, y, x, block, overlap, wraps)
    return disagreement


@kernel()
def _all_filled(filled: Mask, down: int, across: int, block: int, wraps: tuple[bool, bool]) -> bool:
    """Whether everything in a block and within a block of it is filled."""
    height, width = filled.shape
    for i in range((down - 1) * block, (down + 2) * block):
        y = i % height if wraps[0] else i
        if y < 0 or y >= height:
            continue
        for j in range((across - 1) * block, (across + 2) * block):
            x = j % width if wraps[1] else j
            if 0 <= x < width and not filled[y, x]:
                return False
    return True


@kernel()
def _count_filled(
    filled: Mask,
    down: int,
    across: int,
    block: int,
    overlap: int,
    wraps: tuple[bool, bool],
) -> int:
    """Done pixels in a block and its margin."""
    height, width = filled.shape
    count = 0
    for i in range(down * block - overlap, (down + 1) * block + overlap):
        y = i % height if wraps[0] else i
        if y < 0 or y >= height:
            continue
        for j in range(across * block - overlap, (across + 1) * block + overlap):
            x = j % width if wraps[1] else j
            if 0 <= x < width:
                count += filled[y, x]
    return count


@kernel(parallel=True)
def _compare(
    planes: Array,
    usable: Array,
    image: Array,
    window: Indices,
    errors: Array,
    counts: Array,
) -> None:
    """Write the error of a window at each anchor, and the number of its pixels that were compared.

    ``window`` (N, 5) has for each pixel its row and column in the image, those in the block with
    its margin, and the first of its features that is compared.
    """
    channels = image.shape[2]
    for y in numba.prange(errors.shape[0]):
        error, count = errors[y], counts[y]
        error[:] = 0
        count[:] = 0
        for n in range(len(window)):
            i, j = window[n, 2], window[n, 3]
            # Further down and to the right no block fits, and there is nothing to read.
            if y + i >= usable.shape[0]:
                continue
            columns = min(len(error), usable.shape[1] - j)
            weights = usable[y + i, j : j + columns]
            for c in range(window[n, 4], channels):
                values = planes[c, y + i, j : j + columns]
                value = image[window[n, 0], window[n, 1], c]
                for x in range(columns):
                    difference = values[x] - value
                    error[x] += weights[x] * difference * difference
            for x in range(columns):
                count[x] += weights[x]


@kernel()
def _draw(errors: Array, anchors: Mask, limit: float, seed: int, number: int) -> tuple[int, int]:
    """Draw one of the anchors whose errors are within the limit."""
    good = 0
    for y in range(errors.shape[0]):
        for x in range(errors.shape[1]):
            good += anchors[y, x] and errors[y, x] <= limit
    draw = int(uniform(seed, number, 0) * good)
    for y in range(errors.shape[0]):
        for x in range(errors.shape[1]):
            if anchors[y, x] and errors[y, x] <= limit:
                if draw == 0:
                    return y, x
                draw -= 1
    return 0, 0
