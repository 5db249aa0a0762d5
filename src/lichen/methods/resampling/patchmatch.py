"""Texture optimization by PatchMatch: patches of the example overlap, agree, and are copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.kernels import use_threads
from lichen.method import Context, Takes
from lichen.methods.resampling.family import CopyingMethod
from lichen.patches.atlas import Atlas, anchors_of
from lichen.patches.blocks import lay_blocks
from lichen.patches.box import box_sums
from lichen.patches.correction import correct
from lichen.patches.levels import (
    Level,
    Wraps,
    active_queries,
    around_unknown,
    cut,
    level_pyramid,
    most_levels,
    padded,
)
from lichen.patches.patchmatch import (
    centre_places,
    distances,
    enlarge,
    occurrences,
    refine,
    sweep,
)
from lichen.patches.voting import robust_weights, vote
from lichen.step import Step

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]
Places = NDArray[np.int32]

BLOCKS = ((8, 4), (4, 2), (2, 1), (1, 0))
"""Side and overlap of the blocks that the coarsest level begins with; the first that fit."""
TOLERANCE, SPARING = 0.05, 0.2
"""Of the blocks: how much worse than the best one may be, and what using a place again costs.
Where pixels are known both are 0: what continues them matters more than variety."""
LAYOUTS = 8
"""Of so many coverings with blocks the one that agrees best is begun with, where none is known.
About a hole the best agreement is that of plain patches: they fill bricks without joints."""
SQUARE = 16
"""Side, in pixels of each level, of the squares that are displaced for variation."""
DISPLACED = 2
"""Scale of the coarsest level at which they are: a coarser pixel would bend what is straight."""
MOST_EXCESS = 4.0
"""More uses of a place than this, over those of all, cost no more: a guide may ask for them."""
ROBUSTNESS = 0.8
"""Power of the distance that is summed over patches (Kwatra et al. 2005)."""


class PatchMatch(CopyingMethod):
    """Find for each patch of the picture the example's nearest, let them vote, and go finer.

    The energy and its solution level by level are of Kwatra, Essa, Bobick and Kwatra, "Texture
    Optimization for Example-based Synthesis", SIGGRAPH 2005; the search is PatchMatch (Barnes et
    al. 2009) and takes all patches, not a sparse grid. Places whose pixels are used already cost
    extra (after Kaspar et al. 2015), so that all of the example is used, its borders too. The
    coarsest level begins with blocks that agree in their overlaps as in image quilting (Efros and
    Freeman 2001), so that courses of bricks stand from the beginning. The votes, which blur, are
    only looked at: in the end each pixel is copied, by the correction passes of Lefebvre and
    Hoppe 2005; a little of their jitter keeps the copied pieces small.
    """

    name: ClassVar[str] = "patchmatch"
    citation: ClassVar[str] = (
        "Kwatra, Essa, Bobick, Kwatra: Texture Optimization for Example-based Synthesis, "
        "SIGGRAPH 2005; Barnes, Shechtman, Finkelstein, Goldman: PatchMatch, SIGGRAPH 2009"
    )
    honours: ClassVar[frozenset[str]] = frozenset(
        {"wrap", "known", "guide", "mask", "maps", "init", "content", "copies"}
    )
    takes: ClassVar[Takes] = "several"
    minimum_size: ClassVar[int] = 3

    guide_weight: Annotated[float, Field(ge=0)] = Field(
        3.0, description="what the guide counts beside the maps, where the canvas has one"
    )
    patch: Annotated[int, Field(ge=3, le=31, json_schema_extra={"unit": "px"})] = Field(
        7, description="side of the patches, odd"
    )
    levels: Annotated[int, Field(ge=1, le=12)] | None = Field(
        None, description="sizes of the pyramid; until the example is about four patches wide"
    )
    iterations: Annotated[int, Field(ge=1, le=200)] = Field(
        10, description="searches and votes at the coarsest level; each finer one takes half"
    )
    sweeps: Annotated[int, Field(ge=1, le=20)] = Field(
        2, description="PatchMatch sweeps of each search"
    )
    draws: Annotated[int, Field(ge=0, le=20)] = Field(
        4, description="random places tried for each patch in a sweep"
    )
    repetition: Annotated[float, Field(ge=0)] = Field(
        0.025, description="what it costs to use a place once more than all others, in variances"
    )
    variation: Annotated[float, Field(ge=0, le=1)] = Field(
        0.05,
        description="share of the squares of 16 px displaced by a pixel at the two finest levels, "
        "so that less is copied in one piece",
    )
    corrections: Annotated[int, Field(ge=0, le=10)] = Field(
        2, description="passes that choose the pixels that are copied in the end"
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
        atlas = self.atlas(exemplars, canvas)
        n_levels = min(self.levels or 32, most_levels(atlas.usable, self.patch))
        rows, columns = around_unknown(canvas, self.patch * 2**n_levels)
        part = cut(canvas, rows, columns)
        places = np.full(canvas.size, -1, np.int32)
        for found, fraction in self._search(atlas, part, n_levels, context.rng("patchmatch")):
            places[rows, columns] = found
            yield self.step(atlas, canvas, places, fraction=fraction)

    def _search(
        self, atlas: Atlas, canvas: Canvas, n_levels: int, rng: np.random.Generator
    ) -> Iterator[tuple[Places, float]]:
        """Yield the place that each pixel copies, and the share of the work done."""
        wraps = canvas.wrap
        pyramid = level_pyramid(atlas, canvas, self.patch, n_levels)
        plan = [max(1, self.iterations >> number) for number in range(len(pyramid))]
        work = sum(n * level.known.size for n, level in zip(plan, pyramid, strict=True))
        n_values = atlas.features.shape[2] - atlas.n_guide
        done, field, coarse_width = 0, None, 0
        for number, (level, n_iterations) in enumerate(zip(pyramid, plan, strict=True)):
            scale = 2 ** (len(pyramid) - 1 - number)
            anchors = anchors_of(level.usable, self.patch)
            active = active_queries(level.known, self.patch, wraps)
            spare = rng.permutation(np.flatnonzero(anchors).astype(np.int32))
            if field is None:
                field = self._first(level, active.shape, spare, n_values, canvas, rng)
            else:
                field = refine(
                    field,
                    coarse_width,
                    active.shape,
                    anchors,
                    spare,
                    SQUARE,
                    self.variation if scale <= DISPLACED else 0.0,
                    int(rng.integers(2**31)),
                )
                same = np.ones(active.shape, np.float32)
                vote(
                    level.atlas, field, same, level.known, self.patch, wraps, n_values, level.image
                )
            coarse_width = anchors.shape[1]
            spread = _spread(level, n_values) * self.patch**2
            for iteration in range(n_iterations):
                reach = max(anchors.shape) if number == 0 else max(8, max(anchors.shape) // 8)
                weights = self._better(level, spread, anchors, active, wraps, field, reach, rng)
                vote(
                    level.atlas,
                    field,
                    weights,
                    level.known,
                    self.patch,
                    wraps,
                    n_values,
                    level.image,
                )
                done += level.known.size
                if scale == 1 or iteration == n_iterations - 1:
                    centres = centre_places(
                        field, level.known.shape, self.patch, wraps, coarse_width
                    )
                    places = enlarge(
                        centres, pyramid[-1].known.shape, scale, coarse_width, atlas.usable.shape[1]
                    )
                    if done < work:
                        yield _fit(places, canvas), 0.9 * done / work
        yield _fit(self._copied(atlas, pyramid[-1], places, wraps), canvas), 1.0

    def _copied(self, atlas: Atlas, level: Level, places: Places, wraps: Wraps) -> Places:
        """Choose what each pixel copies, in pieces as large as may be."""
        places[level.known] = -1
        copied = atlas.features.reshape(-1, level.image.shape[2])[np.maximum(places, 0)]
        copied[level.known] = level.image[level.known]
        radius = min(2, self.patch // 2)
        centres = np.zeros_like(atlas.usable)
        inside = anchors_of(atlas.usable, 2 * radius + 1)
        centres[radius:, radius:] = inside[: len(inside) - radius, : inside.shape[1] - radius]
        correct(
            atlas.features, centres, places, copied, ~level.known, wraps, radius, self.corrections
        )
        return places

    def _first(
        self,
        level: Level,
        shape: tuple[int, int],
        spare: Places,
        n_values: int,
        canvas: Canvas,
        rng: np.random.Generator,
    ) -> Places:
        """Field of the coarsest level: any places for an initial image, else those of blocks."""
        if canvas.init != "noise":
            return spare[rng.integers(0, len(spare), shape)]
        block, overlap = next(
            (block, overlap) for block, overlap in BLOCKS if anchors_of(level.usable, block).any()
        )
        told = level.known.any()
        edges = [(overlap, overlap), (overlap, overlap)]
        planes = np.pad(np.moveaxis(level.atlas, 2, 0), [(0, 0), *edges])
        spread = _spread(level, n_values) * 2 * block * overlap
        best = np.inf
        for _ in range(1 if told else LAYOUTS):
            image = level.image.copy()
            found, disagreement = lay_blocks(
                np.ascontiguousarray(planes),
                np.pad(level.usable, edges).astype(np.float32),
                anchors_of(level.usable, block),
                image,
                level.known.copy(),
                n_values,
                block,
                overlap,
                0.0 if told else TOLERANCE,
                0.0 if told else SPARING * spread,
                canvas.wrap,
                int(rng.integers(2**31)),
            )
            if disagreement < best:
                best, places, chosen = disagreement, found, image
        level.image[:] = chosen
        height, width = level.usable.shape
        y, x = np.divmod(places[: shape[0], : shape[1]], width)
        field = np.minimum(y, height - self.patch) * width + np.minimum(x, width - self.patch)
        anything = spare[rng.integers(0, len(spare), shape)]
        return np.where(np.isin(field, spare), field, anything).astype(np.int32)

    def _better(
        self,
        level: Level,
        spread: float,
        anchors: Mask,
        active: Mask,
        wraps: Wraps,
        field: Places,
        reach: int,
        rng: np.random.Generator,
    ) -> Array:
        """Search once, in place; give the weights of the patches in the vote.

        ``spread`` is the variance of a patch, the unit of what repetition costs.
        """
        image = padded(level.image, self.patch - 1, wraps)
        penalty = self._penalty(level, field, active, self.repetition * spread)
        costs = distances(level.atlas, image, field, self.patch, penalty)
        for number in range(self.sweeps):
            sweep(
                level.atlas,
                anchors,
                penalty,
                image,
                active,
                field.copy(),
                field,
                costs,
                self.patch,
                self.draws,
                reach,
                int(rng.integers(2**31)),
                number % 2 == 1,
            )
        robust_weights(costs, penalty, field, 1e-3 * spread + 1e-12, ROBUSTNESS / 2 - 1)
        return costs

    def _penalty(self, level: Level, field: Places, active: Mask, price: float) -> Array:
        """What each place costs beyond its distance: how often its pixels are used, (h, w).

        Pixels, not places, are to be used alike: near the example's border a pixel is in few
        patches, and these have to be used more often.
        """
        shape = level.usable.shape
        if price == 0:
            return np.zeros(shape, np.float32)
        used = occurrences(field, active, shape)
        shown = box_sums(used[::-1, ::-1], self.patch)[::-1, ::-1]  # by patches that begin before
        mean = box_sums(shown, self.patch) / self.patch**4
        needed = float(active.sum() / level.usable.sum())
        # Where less is made than there is, to be used once is no repetition.
        excess = mean / max(needed, 1.0) - max(1.0 - needed, 0.0)
        return (price * excess.clip(0, MOST_EXCESS)).astype(np.float32)


def _spread(level: Level, n_values: int) -> float:
    """Variance of a pixel; the guide's is left out, a label would outweigh all colours."""
    return float(level.atlas[level.usable][:, :n_values].var(0).sum())


def _fit(places: Places, canvas: Canvas) -> Places:
    """Leave out what lies beyond the canvas."""
    return places[: canvas.size[0], : canvas.size[1]]
