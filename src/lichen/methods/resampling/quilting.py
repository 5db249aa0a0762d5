"""Image quilting: square blocks on a grid, each matched in its overlap and cut into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from lichen.arrays import Array, IntArray, Mask
from lichen.canvas import Canvas
from lichen.errors import CanvasError, ImageError, ParameterError
from lichen.exemplar import Exemplar
from lichen.kernels import use_threads
from lichen.method import Context
from lichen.methods.resampling.family import (
    GuidedMethod,
    around_unknown,
    copying_step,
    crop,
    follows,
)
from lichen.patches.atlas import Atlas
from lichen.patches.boundary_cut import below, horizontal_cut, right_of, vertical_cut
from lichen.patches.template_matching import ExemplarSpectra
from lichen.patches.windows import Indices, anchors_of
from lichen.step import Step

LEAST_BLOCK = 4
"""Side, in pixels, below which blocks do not shrink from pass to pass."""
EXACT = 1e-4
"""Errors below this fraction of the example's variance are those of exact copies."""
STEP_WORK, STEP_COST = 10_000_000, 10
"""Pixels of the example that are compared between two steps, about a third of a second, and the
least number for each pixel of the canvas, as a step makes a whole picture."""


class Quilting(GuidedMethod):
    """Lay blocks of the example in raster order, each like its neighbours where they overlap.

    Efros and Freeman, "Image Quilting for Texture Synthesis and Transfer", SIGGRAPH 2001. A block
    is drawn from all whose squared error in the overlap is within ``tolerance`` of the least, and
    joined to what is there along the path of least error. ``seams`` are those of the paper's figure
    2: random blocks, neighbouring blocks constrained by overlap, and minimum error boundary cuts.

    A canvas with a guide is texture transfer: the error is alpha times that of the overlap, plus
    1 - alpha times the guide's over the block. Of N passes, the i-th has alpha = 0.8 (i - 1) /
    (N - 1) + 0.1 and blocks a third smaller than the one before, and from the second on the
    overlap's error has that against the previous pass, too.

    Departures: the grid is spread evenly over the canvas, with blocks up to a few pixels smaller
    than ``block``, so that no block is cropped; on an axis that wraps it closes, and the last
    blocks are cut on both sides. Where a block continues its neighbour exactly, as in the first
    row, the next best one says what is good enough: the example is not copied line by line. A
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
    minimum_size: ClassVar[int] = 3

    block: Annotated[int | None, Field(ge=3, le=1024)] = Field(
        None,
        description="side of the blocks, about that of the largest feature; by default a fifth of "
        "the exemplar's side, with a guide at most a twelfth of the picture's",
        json_schema_extra={
            "unit": "px",
            "trades": "larger blocks keep larger features whole and copy larger pieces verbatim; "
            "smaller ones cut features short",
        },
    )
    overlap: Annotated[int | None, Field(ge=1, le=512)] = Field(
        None,
        description="width of the overlap of neighbouring blocks; by default a sixth of a block",
        json_schema_extra={
            "unit": "px",
            "trades": "a wider overlap hides the seams better, with more blocks to lay",
        },
    )
    tolerance: Annotated[float, Field(ge=0)] = Field(
        0.1,
        description="fraction by which a block's error may exceed the least",
        json_schema_extra={
            "trades": "more draws from more blocks, for more variety and more visible seams"
        },
    )
    seams: Literal["cut", "matched", "random"] = Field(
        "cut",
        description="blocks matched in their overlap and cut along the path of least error, only "
        "matched, or drawn at random",
        json_schema_extra={
            "trades": "cut hides most seams; matched leaves them straight; random is fastest and "
            "ignores what is around a block"
        },
    )
    passes: Annotated[int, Field(ge=1, le=10)] = Field(
        3,
        description="passes with a guide, each with blocks a third smaller",
        json_schema_extra={
            "trades": "more follow finer detail of the guide, with smaller pieces of the texture, "
            "in more time"
        },
    )

    @model_validator(mode="after")
    def _overlap_fits(self) -> Self:
        if self.block is not None and self.overlap is not None and 2 * self.overlap > self.block:
            raise ValueError(f"overlap = {self.overlap} is more than half of block = {self.block}")
        return self

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        super().check(exemplars, canvas)
        if self.seams == "random" and canvas.init != "noise":
            raise CanvasError(
                "`seams` = random follows no initial image", "use `seams` = matched or cut"
            )
        atlas = self.atlas(exemplars, canvas)
        block, overlap = self._sides(atlas, exemplars, canvas)
        if 2 * overlap > block:
            raise ParameterError(
                f"`overlap` = {overlap} is more than half of the blocks, which are {block} px",
                "use a smaller `overlap`, or a larger `block`",
            )
        if not anchors_of(atlas.usable, block).any():
            raise ImageError(
                f"no block of {block}x{block} px fits into what may be copied",
                "use a smaller `block`, or mark a larger connected area as usable",
            )

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield a step per pass, and several per second of a long one."""
        use_threads(context.threads)
        exemplars, canvas = self.guided(exemplars, canvas)
        atlas = self.atlas(exemplars, canvas)
        block, overlap = self._sides(atlas, exemplars, canvas)
        rows, columns = around_unknown(canvas, overlap)
        part = crop(canvas, rows, columns)
        sources = np.full(canvas.size, -1, np.int32)
        quilt = Quilt.of(atlas, part, self.tolerance, context)
        start = atlas.initial_features(canvas)
        if start is not None:
            quilt.previous = start[rows, columns]
        n_passes = 1 if canvas.guide is None else self.passes
        work = np.array([(4 / 9) ** -number for number in range(n_passes)])  # number of blocks
        starts = np.concatenate([[0], np.cumsum(work)]) / work.sum()
        for number in range(n_passes):
            side = max(min(block, LEAST_BLOCK), round(block * (2 / 3) ** number))
            shared = max(1, round(overlap * side / block))
            alpha = 0.8 * number / (n_passes - 1) + 0.1 if n_passes > 1 else 0.5
            for done in quilt.lay(side, shared, alpha, self.seams):
                sources[rows, columns] = quilt.sources
                fraction = starts[number] + done * (starts[number + 1] - starts[number])
                if fraction < 1 - 1e-9:
                    yield copying_step(
                        atlas,
                        canvas,
                        sources,
                        fraction=fraction,
                        iteration=number,
                        n_iterations=n_passes,
                    )
        yield copying_step(
            atlas, canvas, sources, fraction=1.0, iteration=n_passes, n_iterations=n_passes
        )

    def _sides(
        self, atlas: Atlas, exemplars: Sequence[Exemplar], canvas: Canvas
    ) -> tuple[int, int]:
        """Side of the blocks and their overlap."""
        block = self.block
        if block is None:
            block = min(min(e.size) for e in exemplars) // 5
            if follows(canvas):
                block = min(block, max(12, min(canvas.size) // 12))
            block = max(3, block, 2 * (self.overlap or 0))
            while block > LEAST_BLOCK and not anchors_of(atlas.usable, block).any():
                block = block * 3 // 4
        return block, self.overlap or max(1, round(block / 6))


@dataclass(eq=False)
class Quilt:
    """A canvas and what has been laid on it so far.

    Attributes
    ----------
    sources
        int32 (H, W): source pixel of each pixel, -1 for none yet.
    image
        float32 (H, W, F): the canvas in the atlas's features.
    known, filled
        bool (H, W): pixels that are given, and those that have values.
    previous
        float32 (H, W, F): what blocks are matched with beside their neighbours, without the guide.
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
    filled: Mask
    sources: IntArray
    overlap: int = 0
    previous: Array | None = None

    @classmethod
    def of(cls, atlas: Atlas, canvas: Canvas, tolerance: float, context: Context) -> Quilt:
        """Begin with what the canvas gives."""
        n_values = atlas.n_values
        image, known = atlas.features_of(canvas)
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
            filled=known.copy(),
            sources=np.full(canvas.size, -1, np.int32),
        )

    def lay(self, block: int, overlap: int, alpha: float, seams: str) -> Iterator[float]:
        """Cover the canvas anew with blocks; yield the fraction done, now and then.

        Parameters
        ----------
        block, overlap
            In pixels; up to a few fewer where the grid would not close.
        alpha
            Weight of the overlap relative to the guide, 0 to 1.
        seams
            ``cut``, ``matched`` or ``random``.
        """
        if self.filled.all():
            self.previous = self.image[..., : self._n_values].copy()
            self.filled = self.known.copy()
        self.overlap = overlap
        shared = 0 if seams == "random" else overlap
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
                if self.filled[area].all():
                    continue
                y, x = self._chosen(area, anchors, alpha, seams)
                width_of_atlas = self.atlas.usable.shape[1]
                sources = (y + np.arange(height))[:, None] * width_of_atlas + x + np.arange(width)
                new = ~self.known[area]
                if seams == "cut":
                    self._cut(
                        new,
                        self._differences(area, y, x),
                        _strips(tops, i, height, self.known.shape[0], self.wraps[0]),
                        _strips(lefts, j, width, self.known.shape[1], self.wraps[1]),
                    )
                self._paste(area, new, sources.astype(np.int32))
                work += anchors.size
            if work >= max(STEP_WORK, STEP_COST * self.known.size):
                work = 0
                yield (i + 1) / len(tops)
        yield 1.0

    @property
    def _n_values(self) -> int:
        return self.atlas.n_values

    def _chosen(
        self, area: tuple[IntArray, IntArray], anchors: Mask, alpha: float, seams: str
    ) -> tuple[int, int]:
        """Row and column in the atlas of the block for an area."""
        errors = np.zeros(anchors.shape, np.float32)
        weight = 0.0
        matched = self.filled[area].astype(np.float32)
        if seams != "random":
            template, weights = self.image[area][..., : self._n_values], matched
            if self.previous is not None:
                both = (matched[..., None] * template + self.previous[area]) / (
                    matched[..., None] + 1
                )
                # Two errors at one pixel: that of their mean, and their own difference.
                apart = np.square(template - self.previous[area]).sum(2)
                errors += 0.5 * float((matched * apart).sum())
                template, weights = both, matched + 1
            if weights.any():
                errors += self.values.ssd(np.ascontiguousarray(template), weights)
                weight = float(weights.sum())
        if self.guide is not None:
            weight_of_overlap = alpha if seams != "random" else 0.0
            ones = np.ones_like(matched)
            wanted = np.ascontiguousarray(self.image[area][..., self._n_values :])
            guide_weight = 1 - weight_of_overlap
            errors = weight_of_overlap * errors + guide_weight * self.guide.ssd(wanted, ones)
            weight = weight_of_overlap * weight + guide_weight * ones.size
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

    def _differences(self, area: tuple[IntArray, IntArray], y: int, x: int) -> Array:
        """Squared differences of a block and what it would be laid on, (h, w)."""
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
        """Remove what is beyond the cuts from ``new`` (h, w).

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

    def _paste(self, area: tuple[IntArray, IntArray], new: Mask, sources: IntArray) -> None:
        image, kept = self.image[area], self.sources[area]
        copied = self.atlas.features.reshape(-1, image.shape[2])[sources[new]]
        image[new, : self._n_values] = copied[:, : self._n_values]
        kept[new] = sources[new]
        self.image[area], self.sources[area], self.filled[area] = image, kept, True


def grid(length: int, block: int, overlap: int, wraps: bool) -> tuple[Indices, int]:
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


def _strips(starts: Indices, number: int, side: int, length: int, wraps: bool) -> tuple[int, int]:
    """Pixels shared with the block before and, where an axis closes, with the first one."""
    before = int(starts[number - 1]) + side - int(starts[number]) if number else 0
    closes = wraps and number == len(starts) - 1
    after = int(starts[number]) + side - length - int(starts[0]) if closes else 0
    return max(before, 0), max(after, 0)
