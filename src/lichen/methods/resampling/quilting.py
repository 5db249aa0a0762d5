"""Image quilting: square blocks on a grid, each matched in its overlap and cut into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from lichen.canvas import Canvas
from lichen.errors import CanvasError, ImageError, ParameterError
from lichen.exemplar import Exemplar
from lichen.kernels import use_threads
from lichen.method import Context, Takes
from lichen.methods.resampling.family import CopyingMethod
from lichen.patches.atlas import Atlas, anchors_of
from lichen.patches.correlation import ExemplarSpectra
from lichen.patches.levels import around_unknown, cut
from lichen.patches.min_cut import below, horizontal_cut, right_of, vertical_cut
from lichen.step import Step

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]
Places = NDArray[np.int32]

LEAST_BLOCK = 4
"""Blocks do not shrink below so many pixels from pass to pass."""
EXACT = 1e-4
"""Errors below this share of the example's variance are those of exact copies."""
STEP_WORK, STEP_COST = 10_000_000, 10
"""Pixels of the example that are looked at between two steps, about a third of a second, and at
least so many for each pixel of the canvas: a step makes a whole picture."""


class Quilting(CopyingMethod):
    """Lay blocks of the example in raster order, each like its neighbours where they overlap.

    Efros and Freeman, "Image Quilting for Texture Synthesis and Transfer", SIGGRAPH 2001. A block
    is drawn from all whose squared error in the overlap is within ``tolerance`` of the least, and
    joined to what is there along the path of least error. ``joins`` gives the paper's figure 2:
    blocks at random, neighbouring blocks constrained by overlap, and minimum-error cuts.

    A canvas with a guide is texture transfer: the error is alpha times that of the overlap, plus
    1 - alpha times the guide's over the block. Of N passes, the i-th has alpha = 0.8 (i - 1) /
    (N - 1) + 0.1 and blocks a third smaller than the one before, and from the second on the
    overlap's error has that against the previous pass, too.

    Departures: the grid is spread evenly over the canvas, with blocks up to a few pixels smaller
    than asked for, so that no block is cropped; on an axis that wraps it closes, and the last
    blocks are cut on both sides. Where a block continues its neighbour exactly, as in the first
    row, the next best place says what is good enough: the example is not copied line by line. A
    single pass with a guide has alpha 0.5. Known pixels are matched like those of earlier blocks,
    and kept. An initial image takes the place of the previous pass from the first one on.
    """

    name: ClassVar[str] = "quilting"
    citation: ClassVar[str] = (
        "Efros, Freeman: Image Quilting for Texture Synthesis and Transfer, SIGGRAPH 2001"
    )
    honours: ClassVar[frozenset[str]] = frozenset(
        {"wrap", "known", "guide", "mask", "maps", "init", "content", "copies"}
    )
    takes: ClassVar[Takes] = "several"
    minimum_size: ClassVar[int] = 3

    block: Annotated[int, Field(ge=3, le=1024, json_schema_extra={"unit": "px"})] | None = Field(
        None,
        description="side of the blocks, that of the largest feature; "
        "a fifth of the example when not given, with a guide at most a twelfth of the picture",
    )
    overlap: Annotated[int, Field(ge=1, le=512, json_schema_extra={"unit": "px"})] | None = Field(
        None, description="pixels that neighbours share; a sixth of the block when not given"
    )
    tolerance: Annotated[float, Field(ge=0)] = Field(
        0.1, description="how much worse than the best a block may be, as a share"
    )
    joins: Literal["cut", "neighbours", "random"] = Field(
        "cut",
        description="blocks cut along the least error, only matched in their overlap, or neither",
    )
    passes: Annotated[int, Field(ge=1, le=10)] = Field(
        3, description="with a guide: how often, with blocks a third smaller each time"
    )

    @model_validator(mode="after")
    def _overlap_fits(self) -> Self:
        if self.block is not None and self.overlap is not None and 2 * self.overlap > self.block:
            raise ValueError(f"overlap = {self.overlap} is more than half of block = {self.block}")
        return self

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        super().check(exemplars, canvas)
        if self.joins == "random" and canvas.init != "noise":
            raise CanvasError(
                "joins = random follows no initial image", "use joins = neighbours or cut"
            )
        atlas = self.atlas(exemplars, canvas)
        block, overlap = self._sides(atlas, exemplars, canvas)
        if 2 * overlap > block:
            raise ParameterError(
                f"overlap = {overlap} is more than half of the blocks, which are {block} px",
                "give a smaller --overlap, or --block",
            )
        if not anchors_of(atlas.usable, block).any():
            raise ImageError(
                f"no block of {block}x{block} px fits into what may be copied",
                "use a smaller --block, or mark a larger connected area as usable",
            )

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield a step per pass, and several per second of a long one."""
        use_threads(context.threads)
        atlas = self.atlas(exemplars, canvas)
        block, overlap = self._sides(atlas, exemplars, canvas)
        rows, columns = around_unknown(canvas, overlap)
        part = cut(canvas, rows, columns)
        places = np.full(canvas.size, -1, np.int32)
        quilt = Quilt.of(atlas, part, self.tolerance, context)
        start = atlas.start(canvas)
        if start is not None:
            quilt.previous = start[rows, columns]
        n_passes = 1 if canvas.guide is None else self.passes
        shares = np.array([(4 / 9) ** -number for number in range(n_passes)])  # of blocks, work
        starts = np.concatenate([[0], np.cumsum(shares)]) / shares.sum()
        for number in range(n_passes):
            side = max(min(block, LEAST_BLOCK), round(block * (2 / 3) ** number))
            shared = max(1, round(overlap * side / block))
            alpha = 0.8 * number / (n_passes - 1) + 0.1 if n_passes > 1 else 0.5
            for done in quilt.lay(side, shared, alpha, self.joins):
                places[rows, columns] = quilt.places
                fraction = starts[number] + done * (starts[number + 1] - starts[number])
                if fraction < 1 - 1e-9:
                    yield self.step(
                        atlas,
                        canvas,
                        places,
                        fraction=fraction,
                        iteration=number,
                        n_iterations=n_passes,
                    )
        yield self.step(
            atlas, canvas, places, fraction=1.0, iteration=n_passes, n_iterations=n_passes
        )

    def _sides(
        self, atlas: Atlas, exemplars: Sequence[Exemplar], canvas: Canvas
    ) -> tuple[int, int]:
        """Side of the blocks and their overlap."""
        block = self.block
        if block is None:
            block = min(min(e.size) for e in exemplars) // 5
            if canvas.guide is not None:
                block = min(block, max(12, min(canvas.size) // 12))
            block = max(3, block, 2 * (self.overlap or 0))
            while block > LEAST_BLOCK and not anchors_of(atlas.usable, block).any():
                block = block * 3 // 4
        return block, self.overlap or max(1, round(block / 6))


@dataclass(eq=False)
class Quilt:
    """A canvas and what lies on it so far.

    Attributes
    ----------
    places
        int32 (H, W): what each pixel copies, -1 for nothing yet.
    image
        float32 (H, W, F): the canvas in the atlas's features.
    known, done
        bool (H, W): pixels that are given, and those with a value.
    previous
        float32 (H, W, F): what blocks are to be like beside their neighbours, without the guide.
    """

    atlas: Atlas
    wraps: tuple[bool, bool]
    tolerance: float
    values: ExemplarSpectra
    guide: ExemplarSpectra | None
    variance: float
    rng: np.random.Generator
    image: Array
    known: Mask
    done: Mask
    places: Places
    overlap: int = 0
    previous: Array | None = None

    @classmethod
    def of(cls, atlas: Atlas, canvas: Canvas, tolerance: float, context: Context) -> Quilt:
        """Begin with what the canvas says."""
        n_values = atlas.features.shape[2] - atlas.n_guide
        image, known = atlas.wanted(canvas)
        guide = None
        if atlas.n_guide:
            guide = ExemplarSpectra(atlas.features[..., n_values:], context.threads)
        return cls(
            atlas=atlas,
            wraps=canvas.wrap,
            tolerance=tolerance,
            values=ExemplarSpectra(atlas.features[..., :n_values], context.threads),
            guide=guide,
            variance=float(atlas.features[atlas.usable].var(0).sum()),
            rng=context.rng("quilting"),
            image=image,
            known=known,
            done=known.copy(),
            places=np.full(canvas.size, -1, np.int32),
        )

    def lay(self, block: int, overlap: int, alpha: float, joins: str) -> Iterator[float]:
        """Cover the canvas anew with blocks; yield the share done, from time to time.

        Parameters
        ----------
        block, overlap
            In pixels; up to a few fewer where the grid would not close.
        alpha
            What the overlap counts beside the guide, 0 to 1.
        joins
            ``cut``, ``neighbours`` or ``random``.
        """
        if self.done.all():
            self.previous = self.image[..., : self._n_values].copy()
            self.done = self.known.copy()
        self.overlap = overlap
        shared = 0 if joins == "random" else overlap
        (tops, height), (lefts, width) = (
            grid(length, block, shared, wraps)
            for length, wraps in zip(self.known.shape, self.wraps, strict=True)
        )
        anchors = self.atlas.anchors(max(height, width))
        anchors = anchors[: len(anchors) - height + 1, : anchors.shape[1] - width + 1]
        work = 0
        for i, top in enumerate(tops):
            for j, left in enumerate(lefts):
                rows = (top + np.arange(height)) % self.known.shape[0]
                columns = (left + np.arange(width)) % self.known.shape[1]
                area = np.ix_(rows, columns)
                if self.done[area].all():
                    continue
                y, x = self._chosen(area, anchors, alpha, joins)
                width_of_atlas = self.atlas.usable.shape[1]
                places = (y + np.arange(height))[:, None] * width_of_atlas + x + np.arange(width)
                new = ~self.known[area]
                if joins == "cut":
                    self._cut(
                        new,
                        self._differences(area, y, x),
                        _strips(tops, i, height, self.known.shape[0], self.wraps[0]),
                        _strips(lefts, j, width, self.known.shape[1], self.wraps[1]),
                    )
                self._paste(area, new, places.astype(np.int32))
                work += anchors.size
            if work >= max(STEP_WORK, STEP_COST * self.known.size):
                work = 0
                yield (i + 1) / len(tops)
        yield 1.0

    @property
    def _n_values(self) -> int:
        return self.atlas.features.shape[2] - self.atlas.n_guide

    def _chosen(
        self, area: tuple[Places, Places], anchors: Mask, alpha: float, joins: str
    ) -> tuple[int, int]:
        """Where in the atlas the block for an area is copied from: row and column."""
        errors = np.zeros(anchors.shape, np.float32)
        weight = 0.0
        matched = self.done[area].astype(np.float32)
        if joins != "random":
            template, weights = self.image[area][..., : self._n_values], matched
            if self.previous is not None:
                both = (matched[..., None] * template + self.previous[area]) / (
                    matched[..., None] + 1
                )
                # Two errors at one pixel: that to their mean, and what they differ by themselves.
                apart = np.square(template - self.previous[area]).sum(2)
                errors += 0.5 * float((matched * apart).sum())
                template, weights = both, matched + 1
            if weights.any():
                errors += self.values.ssd(np.ascontiguousarray(template), weights)
                weight = float(weights.sum())
        if self.guide is not None:
            share = alpha if joins != "random" else 0.0
            ones = np.ones_like(matched)
            wanted = np.ascontiguousarray(self.image[area][..., self._n_values :])
            errors = share * errors + (1 - share) * self.guide.ssd(wanted, ones)
            weight = share * weight + (1 - share) * ones.size
        errors[~anchors] = np.inf
        good = np.flatnonzero(errors <= self._limit(errors, EXACT * self.variance * weight))
        y, x = np.divmod(good[self.rng.integers(len(good))], anchors.shape[1])
        return int(y), int(x)

    def _limit(self, errors: Array, exact: float) -> float:
        """Error up to which blocks are drawn from."""
        least = float(errors.min())
        if least < exact:
            y, x = np.divmod(int(errors.argmin()), errors.shape[1])
            near = self.overlap
            others = errors.copy()
            others[max(y - near, 0) : y + near + 1, max(x - near, 0) : x + near + 1] = np.inf
            found = float(others.min())
            least = max(found if np.isfinite(found) else least, exact)
        return least * (1 + self.tolerance)

    def _differences(self, area: tuple[Places, Places], y: int, x: int) -> Array:
        """Squared differences of a block and what lies where it is to go, (h, w)."""
        height, width = area[0].size, area[1].size
        block = self.atlas.features[y : y + height, x : x + width, : self._n_values]
        differences: Array = np.square(block - self.image[area][..., : self._n_values]).sum(2)
        return differences

    def _cut(
        self,
        new: Mask,
        differences: Array,
        vertical: tuple[int, int],
        horizontal: tuple[int, int],
    ) -> None:
        """Leave what lies beyond the cuts out of ``new`` (h, w).

        ``vertical`` are the rows shared with the block above and the one below, ``horizontal``
        the columns shared with the blocks to the left and right; 0 where there is none yet.
        """
        above, under = vertical
        left, right = horizontal
        if above:
            new[:above] &= below(horizontal_cut(differences[:above])[0], above)
        if under:
            flipped = differences[::-1][:under]
            new[::-1][:under] &= below(horizontal_cut(flipped)[0], under)
        if left:
            new[:, :left] &= right_of(vertical_cut(differences[:, :left])[0], left)
        if right:
            flipped = differences[:, ::-1][:, :right]
            new[:, ::-1][:, :right] &= right_of(vertical_cut(flipped)[0], right)

    def _paste(self, area: tuple[Places, Places], new: Mask, places: Places) -> None:
        image, kept = self.image[area], self.places[area]
        copied = self.atlas.features.reshape(-1, image.shape[2])[places[new]]
        image[new, : self._n_values] = copied[:, : self._n_values]
        kept[new] = places[new]
        self.image[area], self.places[area], self.done[area] = image, kept, True


def grid(length: int, block: int, overlap: int, wraps: bool) -> tuple[NDArray[np.int64], int]:
    """Spread blocks evenly over an axis.

    Returns
    -------
    tuple
        int64 (n,): first pixel of each block; and their side, at most ``block``. Neighbours share
        ``overlap`` pixels or one more; on an axis that wraps so do the last and the first, or
        fewer if it is short.
    """
    if not wraps:
        if length <= block:
            return np.zeros(1, np.int64), length
        count = -(-(length - overlap) // (block - overlap))
        side = min(block, -(-(length - overlap) // count) + overlap)
        return np.arange(count) * (length - side) // (count - 1), side
    count = min(length, max(2, -(-length // (block - overlap))))
    least, most = length // count, -(-length // count)
    # Less where the last block would have no pixel of its own, and so no cut to the first one.
    side = min(block, most + min(overlap, max(2 * least - most - 1, 0)))
    return np.arange(count) * length // count, side


def _strips(
    starts: NDArray[np.int64], number: int, side: int, length: int, wraps: bool
) -> tuple[int, int]:
    """Pixels shared with the block before and, where an axis closes, with the first one."""
    before = int(starts[number - 1]) + side - int(starts[number]) if number else 0
    closes = wraps and number == len(starts) - 1
    after = int(starts[number]) + side - length - int(starts[0]) if closes else 0
    return max(before, 0), max(after, 0)
