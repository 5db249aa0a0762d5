"""Example and picture at one size after another, and source pixels carried to the next size."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from lichen.arrays import Array, IntArray, Mask, Size
from lichen.canvas import Canvas
from lichen.kernels import integer_between, kernel, mix, uniform
from lichen.patches.atlas import Atlas
from lichen.patches.windows import anchors_of

Wraps = tuple[bool, bool]

JITTERED_SQUARE = 16
"""Side, in pixels, of the squares that are displaced together when a field is refined."""


class Level(NamedTuple):
    """Example and picture at one size: what every kernel reads and changes.

    A source pixel is a flat index into the example, y * w + x.

    Attributes
    ----------
    features, usable
        float32 (h, w, F) and bool (h, w) of the example: what windows are compared by, and pixels
        that may be copied.
    image
        float32 (H, W, F): the picture in the same features.
    known, filled
        bool (H, W): pixels that are given and stay, and pixels that have values.
    sources
        int32 (H, W): the source pixel of each, -1 for none.
    n_values
        Number of features that are copied; those beyond are a guide, which is given everywhere.
    wrap_rows, wrap_columns
        Whether the picture wraps around.
    """

    features: Array
    usable: Mask
    image: Array
    known: Mask
    filled: Mask
    sources: IntArray
    n_values: int
    wrap_rows: bool
    wrap_columns: bool

    @property
    def wraps(self) -> Wraps:
        """Whether (rows, columns) wrap around."""
        return self.wrap_rows, self.wrap_columns

    @property
    def size(self) -> Size:
        """Height and width of the picture."""
        return self.known.shape[0], self.known.shape[1]

    @property
    def width(self) -> int:
        """Width of the example, by which a source pixel is divided."""
        return self.usable.shape[1]

    @classmethod
    def of(cls, atlas: Atlas, canvas: Canvas, smallest: int = 1) -> Level:
        """Begin with what the canvas gives: known pixels, guide and initial image.

        A canvas with fewer than ``smallest`` pixels on an axis that does not wrap is enlarged.
        """
        image, known = atlas.features_of(canvas)
        start = atlas.initial_features(canvas)
        if start is not None:
            values = start.shape[2]
            image[..., :values] = np.where(known[..., None], image[..., :values], start)
        missing = [
            (0, 0 if wrap else max(0, smallest - length))
            for wrap, length in zip(canvas.wrap, canvas.size, strict=True)
        ]
        return cls.from_arrays(
            atlas.features,
            atlas.usable,
            np.pad(image, [*missing, (0, 0)], mode="edge"),
            np.pad(known, missing),
            atlas.n_values,
            canvas.wrap,
        )

    @classmethod
    def from_arrays(
        cls,
        features: Array,
        usable: Mask,
        image: Array,
        known: Mask,
        n_values: int,
        wraps: Wraps,
    ) -> Level:
        """Begin with arrays; only known pixels are filled."""
        sources = np.full(known.shape, -1, np.int32)
        return cls(
            features, usable, image, known, known.copy(), sources, n_values, wraps[0], wraps[1]
        )

    def halved(self) -> Level:
        """Return the level of half the size; that of the picture is rounded up."""
        edges = [(0, length % 2) for length in self.known.shape]
        image = np.pad(self.image, [*edges, (0, 0)], mode="edge")
        known = np.pad(self.known, edges, mode="edge")
        return self.from_arrays(
            *halve(self.features, self.usable), *halve(image, known), self.n_values, self.wraps
        )

    def copied(self, sources: IntArray) -> Array:
        """Features (..., F) of source pixels of any shape."""
        found: Array = self.features.reshape(-1, self.features.shape[2])[sources]
        return found

    def set_values(self, values: Array) -> None:
        """Set the copied features of all pixels that are not known, from (H, W, n_values)."""
        ours = self.image[..., : self.n_values]
        ours[...] = np.where(self.known[..., None], ours, values)

    def padded_image(self, after: int) -> Array:
        """Image with ``after`` rows and columns more on each axis that wraps."""
        return pad_wraps(self.image, after, self.wraps)


def pad_wraps(image: NDArray[Any], after: int, wraps: Wraps) -> NDArray[Any]:
    """Continue a picture (H, W[, F]) by ``after`` rows and columns on each axis that wraps."""
    edges = [(0, after if wrap else 0) for wrap in wraps] + [(0, 0)] * (image.ndim - 2)
    return np.ascontiguousarray(np.pad(image, edges, mode="wrap"))


def halve_mask(usable: Mask) -> Mask:
    """Whether all four pixels of each square of 2x2 are usable, (h // 2, w // 2)."""
    even = usable[: usable.shape[0] // 2 * 2, : usable.shape[1] // 2 * 2]
    halved: Mask = even[::2, ::2] & even[1::2, ::2] & even[::2, 1::2] & even[1::2, 1::2]
    return halved


def most_levels(usable: Mask, patch: int) -> int:
    """Number of levels at which squares of two patches still fit into the example's pixels."""
    levels = 1
    while True:
        usable = halve_mask(usable)
        if min(usable.shape) < 2 or anchors_of(usable, 2 * patch + 2).sum() < 16:
            return levels
        levels += 1


def pyramid_of(atlas: Atlas, canvas: Canvas, patch: int, n_levels: int) -> list[Level]:
    """Levels of example and canvas, the coarsest first.

    At most ``n_levels``. A canvas smaller than two patches is not halved any further, nor is a
    hole smaller than eight: the sharper its surroundings, the more they say about it.
    """
    pyramid = [Level.of(atlas, canvas, patch)]
    for _ in range(n_levels - 1):
        known = pyramid[-1].known
        hole = max(int(np.ptp(positions)) for positions in np.nonzero(~known))
        if min(known.shape) < 2 * patch or (known.any() and hole < 8 * patch):
            break
        pyramid.append(pyramid[-1].halved())
    return pyramid[::-1]


@kernel(parallel=True)
def halve(image: Array, usable: Mask) -> tuple[Array, Mask]:
    """Mean of each square of 2x2 pixels, (h // 2, w // 2, F), and whether all four are usable.

    Pixel (y, x) of the result covers (2y .. 2y + 1, 2x .. 2x + 1) of ``image`` (h, w, F), so that
    source pixels go from level to level by doubling. An odd last row or column is left out.
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


class Jitter(NamedTuple):
    """Random displacement of squares by up to a pixel while a field is refined.

    Attributes
    ----------
    fraction
        Fraction of the squares that are displaced.
    side
        Of the squares, in pixels.
    seed
        Of the displacements.
    """

    fraction: float = 0.0
    side: int = JITTERED_SQUARE
    seed: int = 0


@kernel(parallel=True)
def refine(
    coarse: IntArray,
    coarse_width: int,
    shape: Size,
    allowed: Mask,
    fallback: IntArray,
    jitter: Jitter,
) -> IntArray:
    """Carry sources to the next finer level: each is doubled.

    Parameters
    ----------
    coarse, coarse_width
        Sources at the level of half the size, and the width of its example.
    shape
        (rows, columns) of the sources at the finer level.
    allowed
        bool (h, w): which pixels of the finer example may be sources.
    fallback
        Sources to draw from, by hash, where a doubled one is not allowed.
    """
    rows, columns = shape
    height, width = allowed.shape
    field = np.empty(shape, np.int32)
    for y in numba.prange(rows):
        qy = min(y // 2, coarse.shape[0] - 1)
        for x in range(columns):
            qx = min(x // 2, coarse.shape[1] - 1)
            ay, ax = divmod(coarse[qy, qx], coarse_width)
            word = mix(mix(jitter.seed, y // jitter.side), x // jitter.side)
            dy = dx = 0
            if uniform(word, 0, 0) < jitter.fraction:
                dy = integer_between(-1, 1, word >> np.uint64(32))
                dx = integer_between(-1, 1, word & np.uint64(0xFFFFFFFF))
            ay = min(max(2 * ay + y - 2 * qy + dy, 0), height - 1)
            ax = min(max(2 * ax + x - 2 * qx + dx, 0), width - 1)
            if allowed[ay, ax]:
                field[y, x] = ay * width + ax
            else:
                field[y, x] = fallback[mix(y, x) % np.uint64(len(fallback))]
    return field


def at_full_size(sources: IntArray, level: Level, finest: Level) -> IntArray:
    """Sources (H, W) at the finest level of those of a coarser one; -1 where pixels are known."""
    scale = 1
    while -(-finest.known.shape[0] // scale) > level.known.shape[0]:
        scale *= 2
    full: IntArray = enlarge(sources, finest.size, scale, level.width, finest.width)
    full[finest.known] = -1
    return full


@kernel(parallel=True)
def enlarge(
    sources: IntArray, size: Size, scale: int, atlas_width: int, full_width: int
) -> IntArray:
    """Sources at full ``size`` of those at a level ``scale`` times coarser."""
    enlarged = np.empty(size, np.int32)
    for y in numba.prange(size[0]):
        for x in range(size[1]):
            ay, ax = divmod(sources[y // scale, x // scale], atlas_width)
            enlarged[y, x] = (ay * scale + y % scale) * full_width + ax * scale + x % scale
    return enlarged
