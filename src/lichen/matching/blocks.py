"""A first field for a coarse level: blocks of the atlas that agree where they overlap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lichen.matching.kernels import kernel, uniform

Array = NDArray[np.float32]


@kernel()
def lay_blocks(
    atlas: Array,
    anchors: NDArray[np.bool_],
    image: Array,
    done: NDArray[np.bool_],
    n_guide: int,
    block: int,
    overlap: int,
    tolerance: float,
    repetition: float,
    wraps: tuple[bool, bool],
    seed: int,
) -> NDArray[np.int32]:
    """Cover an image with blocks in raster order, each chosen by what is already there.

    As image quilting does without the cuts (Efros and Freeman 2001), on few pixels.

    Parameters
    ----------
    atlas, anchors
        (h, w, F), and (h, w): where the top left pixel of a block and its margin, of
        ``block + 2 * overlap`` pixels, may stand.
    image, done
        (H, W, F) and (H, W): changed. Pixels that are done are matched and kept; the last
        ``n_guide`` features are matched everywhere.
    tolerance
        Blocks with errors up to ``1 + tolerance`` times the least are drawn from.
    repetition
        Error added, in variances, for each time that a place near by was used.

    Returns
    -------
    NDArray
        int32 (H, W): the place in the atlas of each pixel; of those that are done, too, what lies
        there in the block.
    """
    height, width, channels = image.shape
    atlas_width = atlas.shape[1]
    values = channels - n_guide
    field = np.empty((height, width), np.int32)
    ys, xs = np.nonzero(anchors)
    used = np.zeros(len(ys), np.float32)
    errors = np.empty(len(ys), np.float32)
    side = block + 2 * overlap
    number = 0
    for top in range(0, height, block):
        for left in range(0, width, block):
            number += 1
            for n in range(len(ys)):
                errors[n] = used[n] * repetition
            # The margin above and to the left is matched, that below and to the right if done.
            for i in range(side):
                y = top - overlap + i
                if wraps[0]:
                    y %= height
                elif y < 0 or y >= height:
                    continue
                for j in range(side):
                    x = left - overlap + j
                    if wraps[1]:
                        x %= width
                    elif x < 0 or x >= width:
                        continue
                    first = 0 if done[y, x] else values
                    for c in range(first, channels):
                        value = image[y, x, c]
                        for n in range(len(ys)):
                            difference = atlas[ys[n] + i, xs[n] + j, c] - value
                            errors[n] += difference * difference
            limit = errors.min() * np.float32(1 + tolerance)
            good = 0
            for n in range(len(ys)):
                good += errors[n] <= limit
            draw = int(uniform(seed, number, 0) * good)
            chosen = 0
            for n in range(len(ys)):
                if errors[n] <= limit:
                    if draw == 0:
                        chosen = n
                        break
                    draw -= 1
            for n in range(len(ys)):
                apart = max(abs(ys[n] - ys[chosen]), abs(xs[n] - xs[chosen]))
                if apart < block:
                    used[n] += np.float32(1 - apart / block)
            for i in range(overlap, overlap + block):
                y = top - overlap + i
                if y >= height:
                    break
                for j in range(overlap, overlap + block):
                    x = left - overlap + j
                    if x >= width:
                        break
                    ay, ax = ys[chosen] + i, xs[chosen] + j
                    field[y, x] = ay * atlas_width + ax
                    if not done[y, x]:
                        for c in range(values):
                            image[y, x, c] = atlas[ay, ax, c]
                        done[y, x] = True
    return field
