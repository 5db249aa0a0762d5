"""A first field for a coarse level: blocks of the atlas that agree where they overlap."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from lichen.kernels import kernel, uniform

Array = NDArray[np.float32]

DOUBT = np.float32(1.2)
"""What a pixel beyond the example's border is taken to differ, over what the best block does."""


@kernel()
def lay_blocks(
    planes: Array,
    usable: Array,
    anchors: NDArray[np.bool_],
    image: Array,
    done: NDArray[np.bool_],
    n_values: int,
    block: int,
    overlap: int,
    tolerance: float,
    repetition: float,
    wraps: tuple[bool, bool],
    seed: int,
) -> tuple[NDArray[np.int32], float]:
    """Cover an image with blocks, each chosen by what is already there.

    As image quilting does without the cuts (Efros and Freeman 2001), on few pixels. They are
    laid in raster order, but where there is something to begin with the next one is that with most
    done pixels in and about it: holes are filled from their borders.

    Parameters
    ----------
    planes, usable
        (F, h + 2 * overlap, w + 2 * overlap) and 1 or 0 of the same height and width: the atlas
        with an unusable border.
    anchors
        (h, w): where the top left pixel of a block may stand. Its margin of ``overlap`` pixels
        may be unusable; else what is near the example's border would be rare.
    image, done
        (H, W, F) and (H, W): changed. Pixels that are done are matched and kept.
    n_values
        Features beyond these are a guide, matched everywhere.
    block, overlap
        Side of the blocks, and width of the margin that is compared around them, no wider.
    tolerance
        Blocks with errors up to ``1 + tolerance`` times the least are drawn from.
    repetition
        Error added for each time that a place near by was used.

    Returns
    -------
    NDArray
        int32 (H, W): the place in the atlas of each pixel; of those that are done, too, what lies
        there in the block. -1 where all is done as far as a block around.
    float
        Sum of the errors of the blocks, repetition left out: how well they agree.
    """
    height, width, channels = image.shape
    rows, columns = anchors.shape
    field = np.full((height, width), -1, np.int32)
    used = np.zeros(anchors.shape, np.float32)
    errors = np.empty(anchors.shape, np.float32)
    counts = np.empty(anchors.shape, np.float32)
    window = np.empty(((block + 2 * overlap) ** 2, 5), np.int64)
    ready = np.empty((-(-height // block), -(-width // block)), np.int64)
    for down in range(ready.shape[0]):
        for across in range(ready.shape[1]):
            if _all_done(done, down, across, block, wraps):
                ready[down, across] = -1
            else:
                ready[down, across] = _count_done(done, down, across, block, overlap, wraps)
    filling = done.any()
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
                first = 0 if done[y, x] else n_values
                if first < channels:
                    window[total] = y, x, i, j, first
                    total += 1
        _compare(planes, usable, image, window[:total], errors, counts)
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
                    errors[y, x] += used[y, x] * repetition
                    least = min(least, errors[y, x])
        best = _draw(errors, anchors, float(least * (1 + tolerance)), seed, number)
        disagreement += errors[best] - used[best] * repetition
        bottom, right = min(top + block, height), min(left + block, width)
        share = 1 - np.float32(done[top:bottom, left:right].sum()) / (block * block)
        for y in range(max(best[0] - block + 1, 0), min(best[0] + block, rows)):
            for x in range(max(best[1] - block + 1, 0), min(best[1] + block, columns)):
                apart = max(abs(y - best[0]), abs(x - best[1]))
                used[y, x] += share * np.float32(1 - apart / block)
        for y in range(top, bottom):
            for x in range(left, right):
                ay, ax = best[0] + y - top, best[1] + x - left
                field[y, x] = ay * columns + ax
                if not done[y, x]:
                    for c in range(n_values):
                        image[y, x, c] = planes[c, ay + overlap, ax + overlap]
                    done[y, x] = True
        # Two blocks off: the last one before a wrap may be narrow.
        for i in range(down - 2, down + 3):
            for j in range(across - 2, across + 3):
                y = i % ready.shape[0] if wraps[0] else i
                x = j % ready.shape[1] if wraps[1] else j
                if 0 <= y < ready.shape[0] and 0 <= x < ready.shape[1] and ready[y, x] >= 0:
                    ready[y, x] = _count_done(done, y, x, block, overlap, wraps)
    return field, disagreement


@kernel()
def _all_done(
    done: NDArray[np.bool_], down: int, across: int, block: int, wraps: tuple[bool, bool]
) -> bool:
    """Whether nothing is to be done in a block and within a block of it."""
    height, width = done.shape
    for i in range((down - 1) * block, (down + 2) * block):
        y = i % height if wraps[0] else i
        if y < 0 or y >= height:
            continue
        for j in range((across - 1) * block, (across + 2) * block):
            x = j % width if wraps[1] else j
            if 0 <= x < width and not done[y, x]:
                return False
    return True


@kernel()
def _count_done(
    done: NDArray[np.bool_],
    down: int,
    across: int,
    block: int,
    overlap: int,
    wraps: tuple[bool, bool],
) -> int:
    """Done pixels in a block and its margin."""
    height, width = done.shape
    count = 0
    for i in range(down * block - overlap, (down + 1) * block + overlap):
        y = i % height if wraps[0] else i
        if y < 0 or y >= height:
            continue
        for j in range(across * block - overlap, (across + 1) * block + overlap):
            x = j % width if wraps[1] else j
            if 0 <= x < width:
                count += done[y, x]
    return count


@kernel(parallel=True)
def _compare(
    planes: Array,
    usable: Array,
    image: Array,
    window: NDArray[np.int64],
    errors: Array,
    counts: Array,
) -> None:
    """Set what a window differs at each anchor, and how many of its pixels were compared.

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
def _draw(
    errors: Array, anchors: NDArray[np.bool_], limit: float, seed: int, number: int
) -> tuple[int, int]:
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
