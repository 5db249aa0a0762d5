"""Example and canvas at one size after another, and the part of a canvas that is to be made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.patches.atlas import Atlas, anchors_of
from lichen.patches.pyramid import halve

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]
Wraps = tuple[bool, bool]


@dataclass(frozen=True, eq=False)
class Level:
    """One size of example and canvas.

    Attributes
    ----------
    atlas, usable
        Features (h, w, F) and usable pixels (h, w) of the example.
    image, known
        Features (H, W, F) and known pixels (H, W) of the canvas.
    """

    atlas: Array
    usable: Mask
    image: Array
    known: Mask

    def halved(self) -> Level:
        """Give the level of half the size; the canvas's is rounded up."""
        edges = [(0, length % 2) for length in self.known.shape]
        image = np.pad(self.image, [*edges, (0, 0)], mode="edge")
        known = np.pad(self.known, edges, mode="edge")
        return Level(*halve(self.atlas, self.usable), *halve(image, known))


def most_levels(usable: Mask, patch: int) -> int:
    """Levels until squares of two patches hardly fit into the example's usable pixels."""
    levels = 1
    while True:
        even = usable[: usable.shape[0] // 2 * 2, : usable.shape[1] // 2 * 2]
        usable = even[::2, ::2] & even[1::2, ::2] & even[::2, 1::2] & even[1::2, 1::2]
        if min(usable.shape) < 2 or anchors_of(usable, 2 * patch + 2).sum() < 16:
            return levels
        levels += 1


def level_pyramid(atlas: Atlas, canvas: Canvas, patch: int, n_levels: int) -> list[Level]:
    """Levels of example and canvas, the coarsest first.

    At most ``n_levels``; a canvas smaller than two patches is not halved any more, nor a hole
    smaller than eight: what surrounds that tells more the sharper it is. A canvas smaller than a
    patch is made larger, where it does not wrap.
    """
    image, known = atlas.wanted(canvas)
    start = atlas.start(canvas)
    if start is not None:
        values = start.shape[2]
        image[..., :values] = np.where(known[..., None], image[..., :values], start)
    missing = [
        (0, 0 if wrap else max(0, patch - length))
        for wrap, length in zip(canvas.wrap, canvas.size, strict=True)
    ]
    image = np.pad(image, [*missing, (0, 0)], mode="edge")
    pyramid = [Level(atlas.features, atlas.usable, image, np.pad(known, missing))]
    for _ in range(n_levels - 1):
        known = pyramid[-1].known
        hole = max(int(np.ptp(places)) for places in np.nonzero(~known))
        if min(known.shape) < 2 * patch or (known.any() and hole < 8 * patch):
            break
        pyramid.append(pyramid[-1].halved())
    return pyramid[::-1]


def active_queries(known: Mask, patch: int, wraps: Wraps) -> Mask:
    """Patches that see an unknown pixel, by their top left pixel, (rows, columns).

    As many as pixels on an axis that wraps; otherwise those of whole patches.
    """
    rows, columns = (
        length if wrap else length - patch + 1
        for length, wrap in zip(known.shape, wraps, strict=True)
    )
    if not known.any():
        return np.ones((rows, columns), bool)
    whole = anchors_of(padded(known, patch - 1, wraps), patch)
    return np.ascontiguousarray(~whole[:rows, :columns])


def padded(image: NDArray[Any], after: int, wraps: Wraps) -> NDArray[Any]:
    """Continue a picture (H, W[, F]) over its wraps by ``after`` rows and columns."""
    edges = [(0, after if wrap else 0) for wrap in wraps] + [(0, 0)] * (image.ndim - 2)
    return np.ascontiguousarray(np.pad(image, edges, mode="wrap"))


def around_unknown(canvas: Canvas, margin: int) -> tuple[slice, slice]:
    """Rows and columns with all that is unknown and a margin; all of an axis across its wrap."""
    found = []
    for axis, length in enumerate(canvas.size):
        low, high = 0, length
        if canvas.known_mask is not None:
            lines = np.flatnonzero((~canvas.known_mask).any(axis=1 - axis))
            low, high = int(lines[0]) - margin, int(lines[-1]) + 1 + margin
        if canvas.wrap[axis] and (low < 0 or high > length):
            low, high = 0, length
        found.append(slice(max(low, 0), min(high, length)))
    return found[0], found[1]


def cut(canvas: Canvas, rows: slice, columns: slice) -> Canvas:
    """Part of a canvas; what is cut no longer wraps."""
    size = (rows.stop - rows.start, columns.stop - columns.start)
    if size == canvas.size:
        return canvas
    init = canvas.init
    if isinstance(init, Exemplar):
        init = init.with_mask(None).with_pixels(init.pixels[rows, columns])
    return replace(
        canvas,
        size=size,
        wrap=(
            canvas.wrap[0] and size[0] == canvas.size[0],
            canvas.wrap[1] and size[1] == canvas.size[1],
        ),
        init=init,
        known=None if canvas.known is None else canvas.known[rows, columns],
        known_sources=None,
        known_mask=None if canvas.known_mask is None else canvas.known_mask[rows, columns],
        guide=None if canvas.guide is None else canvas.guide[rows, columns],
    )
