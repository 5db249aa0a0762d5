"""Texture optimization by PatchMatch: patches of the example overlap, vote, and are copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from lichen.arrays import Array, IntArray, Mask
from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.kernels import use_threads
from lichen.method import Context
from lichen.methods.resampling.family import (
    GuidedMethod,
    GuideWeight,
    Levels,
    Variation,
    around_unknown,
    copying_step,
    crop,
)
from lichen.patches.atlas import Atlas
from lichen.patches.block_layout import Blocks, lay_blocks
from lichen.patches.correction import correct
from lichen.patches.patchmatch import (
    Patches,
    RandomSearch,
    active_queries,
    central_sources,
    costs_of,
    occurrences,
    robust_weights,
    sweep,
    vote,
)
from lichen.patches.pyramid import Jitter, Level, at_full_size, max_levels, pyramid_of, refine
from lichen.patches.windows import anchors_of, box_sums, centres_of
from lichen.step import Step

BLOCKS = ((8, 4), (4, 2), (2, 1), (1, 0))
"""Side and overlap of the blocks that the coarsest level begins with; the first that fit."""
TOLERANCE, REUSE = 0.05, 0.2
"""Of the blocks: how much worse than the best one may be, and the cost of using one again. Where
pixels are known both are 0: what continues them matters more than variety."""
LAYOUTS = 8
"""Layouts of blocks of which the most consistent is taken, where no pixel is known. About a hole
the most consistent is that of plain patches: they fill bricks without joints."""
JITTERED_SCALE = 2
"""Scale of the coarsest level that is jittered: a coarser pixel would bend what is straight."""
MOST_EXCESS = 4.0
"""Use of a patch, relative to all, above which it costs no more: a guide may ask for it."""
ROBUSTNESS = 0.8
"""Power of the distance that is summed over patches (Kwatra et al. 2005)."""


class PatchMatch(GuidedMethod):
    """Find for each patch of the picture the example's nearest, let them vote, and go finer.

    The energy and its solution level by level are those of Kwatra, Essa, Bobick and Kwatra,
    "Texture Optimization for Example-based Synthesis", SIGGRAPH 2005; the search is PatchMatch
    (Barnes et al. 2009) and takes all patches, not a sparse grid. Patches whose pixels are used
    already cost extra (after Kaspar et al. 2015), so that all of the example is used, its borders
    too. The coarsest level begins with blocks that agree in their overlaps as in image quilting
    (Efros and Freeman 2001), so that courses of bricks stand from the beginning. The votes, which
    blur, only guide the search: in the end each pixel is copied, by the correction passes of
    Lefebvre and Hoppe 2005; a little of their jitter keeps the copied pieces small.
    """

    name: ClassVar[str] = "patchmatch"
    citation: ClassVar[str] = (
        "Kwatra, Essa, Bobick, Kwatra: Texture Optimization for Example-based Synthesis, "
        "SIGGRAPH 2005; Barnes, Shechtman, Finkelstein, Goldman: PatchMatch, SIGGRAPH 2009"
    )
    honours: ClassVar[frozenset[str]] = frozenset(
        {"wrap", "known", "guide", "mask", "maps", "init", "content", "copies", "video"}
    )
    minimum_size: ClassVar[int] = 3

    guide_weight: GuideWeight = 3.0
    patch: Annotated[int, Field(ge=3, le=31)] = Field(
        7,
        description="side of the patches, odd",
        json_schema_extra={
            "unit": "px",
            "trades": "larger patches keep larger structures whole, copy larger pieces verbatim "
            "and take longer",
        },
    )
    levels: Levels = None
    iterations: Annotated[int, Field(ge=1, le=200)] = Field(
        10,
        description="searches and votes at the coarsest level, half as many at each finer one",
        json_schema_extra={
            "trades": "more let overlapping patches agree better, in more time",
        },
    )
    sweeps: Annotated[int, Field(ge=1, le=20)] = Field(
        2,
        description="PatchMatch sweeps of each search",
        json_schema_extra={"trades": "more find better matches at each search, in more time"},
    )
    candidates: Annotated[int, Field(ge=0, le=20)] = Field(
        4,
        description="random candidates for each patch in a sweep",
        json_schema_extra={
            "trades": "more find better matches farther away, in more time; with 0 the first "
            "layout hardly changes"
        },
    )
    repetition: Annotated[float, Field(ge=0)] = Field(
        0.025,
        description="cost of using a patch once more than all others, in variances of the exemplar",
        json_schema_extra={
            "trades": "more keeps patches from recurring, in smaller pieces that match less well",
        },
    )
    variation: Variation = Field(
        0.05,
        description="fraction of the squares of 16 px that are displaced by up to a pixel at the "
        "two finest levels",
    )
    corrections: Annotated[int, Field(ge=0, le=10)] = Field(
        2,
        description="correction passes, in which pixels choose anew what they copy",
        json_schema_extra={
            "trades": "more join the copied pieces better, in a little more time; 0 leaves their "
            "joints as they are"
        },
    )

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        super().check(exemplars, canvas)
        self.atlas(exemplars, canvas).anchors(self.patch)

    def optimizes(self) -> frozenset[str]:
        """Its energy is the distance of patches."""
        return frozenset({"patches"})

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield a step per level of the pyramid, and per search of the finest."""
        use_threads(context.threads)
        exemplars, canvas = self.guided(exemplars, canvas)
        atlas = self.atlas(exemplars, canvas)
        n_levels = min(self.levels or 32, max_levels(atlas.usable, self.patch))
        rows, columns = around_unknown(canvas, self.patch * 2**n_levels)
        part = crop(canvas, rows, columns)
        sources = np.full(canvas.size, -1, np.int32)
        for found, fraction in self._search(atlas, part, n_levels, context.rng("patchmatch")):
            sources[rows, columns] = found[: part.size[0], : part.size[1]]
            yield copying_step(atlas, canvas, sources, fraction=fraction)

    def _search(
        self, atlas: Atlas, canvas: Canvas, n_levels: int, rng: np.random.Generator
    ) -> Iterator[tuple[IntArray, float]]:
        """Yield the source of each pixel, and the fraction of the work done."""
        pyramid = pyramid_of(atlas, canvas, self.patch, n_levels)
        plan = [max(1, self.iterations >> number) for number in range(len(pyramid))]
        work = sum(n * level.known.size for n, level in zip(plan, pyramid, strict=True))
        done, field, coarse_width = 0, None, 0
        for number, (level, n_iterations) in enumerate(zip(pyramid, plan, strict=True)):
            scale = 2 ** (len(pyramid) - 1 - number)
            anchors = anchors_of(level.usable, self.patch)
            active = active_queries(level.known, self.patch, level.wraps)
            fallback = rng.permutation(np.flatnonzero(anchors).astype(np.int32))
            if field is None:
                random_start = canvas.init != "noise"
                field = self._first_field(level, active.shape, fallback, rng, random_start)
            else:
                variation = self.variation if scale <= JITTERED_SCALE else 0.0
                jitter = Jitter(variation, seed=int(rng.integers(2**31)))
                field = refine(field, coarse_width, active.shape, anchors, fallback, jitter)
                vote(level, field, np.ones(active.shape, np.float32), self.patch)
            coarse_width = level.width
            # Variance of a patch: the unit of what repetition costs.
            spread = _variance(level) * self.patch**2
            for iteration in range(n_iterations):
                radius = max(anchors.shape) if number == 0 else max(8, max(anchors.shape) // 8)
                weights = self._search_once(level, field, active, anchors, spread, radius, rng)
                vote(level, field, weights, self.patch)
                done += level.known.size
                if scale == 1 or iteration == n_iterations - 1:
                    central = central_sources(
                        field, level.size, self.patch, level.wraps, level.width
                    )
                    sources = at_full_size(central, level, pyramid[-1])
                    if done < work:
                        yield sources, 0.9 * done / work
        yield self._copied(level, sources), 1.0

    def _copied(self, level: Level, sources: IntArray) -> IntArray:
        """Choose the source of each pixel, in pieces as large as possible."""
        radius = min(2, self.patch // 2)
        copied = level._replace(sources=sources, image=level.copied(np.maximum(sources, 0)))
        copied.image[level.known] = level.image[level.known]
        correct(copied, centres_of(level.usable, radius), radius, self.corrections)
        return copied.sources

    def _first_field(
        self,
        level: Level,
        shape: tuple[int, ...],
        fallback: IntArray,
        rng: np.random.Generator,
        random: bool,
    ) -> IntArray:
        """Field of the coarsest level: random where there is an initial image, else of blocks."""
        if random:
            return fallback[rng.integers(0, len(fallback), shape)]
        some_known = level.known.any()
        block, overlap = next(
            (block, overlap) for block, overlap in BLOCKS if anchors_of(level.usable, block).any()
        )
        blocks = Blocks.of(
            level.features,
            level.usable,
            block,
            overlap,
            0.0 if some_known else TOLERANCE,
            0.0 if some_known else REUSE * _variance(level) * 2 * block * overlap,
        )
        best = np.inf
        for _ in range(1 if some_known else LAYOUTS):
            layout = level._replace(
                image=level.image.copy(),
                filled=level.known.copy(),
                sources=np.full(level.size, -1, np.int32),
            )
            disagreement = lay_blocks(blocks, layout, int(rng.integers(2**31)))
            if disagreement < best:
                best, chosen = disagreement, layout
        level.image[:] = chosen.image
        height, width = level.usable.shape
        y, x = np.divmod(chosen.sources[: shape[0], : shape[1]], width)
        field = np.minimum(y, height - self.patch) * width + np.minimum(x, width - self.patch)
        anything = fallback[rng.integers(0, len(fallback), shape)]
        return np.where(np.isin(field, fallback), field, anything).astype(np.int32)

    def _search_once(
        self,
        level: Level,
        field: IntArray,
        active: Mask,
        anchors: Mask,
        spread: float,
        radius: int,
        rng: np.random.Generator,
    ) -> Array:
        """Improve the field in place; return the weights of its patches in the vote."""
        image = level.padded_image(self.patch - 1)
        penalty = self._penalty(level, field, active, self.repetition * spread)
        patches = Patches(level.features, anchors, penalty, self.patch)
        costs: Array = costs_of(patches, image, field)
        for number in range(self.sweeps):
            random = RandomSearch(self.candidates, radius, int(rng.integers(2**31)))
            sweep(patches, image, active, field, costs, random, backwards=number % 2 == 1)
        robust_weights(costs, penalty, field, 1e-3 * spread + 1e-12, ROBUSTNESS / 2 - 1)
        return costs

    def _penalty(self, level: Level, field: IntArray, active: Mask, price: float) -> Array:
        """Cost of each patch beyond its distance, (h, w): how much its pixels are used.

        Pixels, not patches, are to be used equally: near the example's border a pixel is in few
        patches, and these have to be used more.
        """
        shape = level.usable.shape
        if price == 0:
            return np.zeros(shape, np.float32)
        used = occurrences(field, active, shape)
        shown = box_sums(used[::-1, ::-1], self.patch)[::-1, ::-1]  # by patches that begin before
        mean = box_sums(shown, self.patch) / self.patch**4
        needed = float(active.sum() / level.usable.sum())
        # Where the canvas is smaller than the example, to be used once is no repetition.
        excess = mean / max(needed, 1.0) - max(1.0 - needed, 0.0)
        return (price * excess.clip(0, MOST_EXCESS)).astype(np.float32)


def _variance(level: Level) -> float:
    """Variance of a pixel without its guide, as a label would outweigh all colours."""
    return float(level.features[level.usable][:, : level.n_values].var(0).sum())
