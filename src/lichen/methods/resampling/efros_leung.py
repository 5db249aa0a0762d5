"""Non-parametric sampling: each pixel is drawn from those with similar surroundings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from lichen.arrays import Mask
from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.kernels import use_threads
from lichen.method import Context
from lichen.methods.resampling.family import GuidedMethod, OddSide, copying_step
from lichen.patches.atlas import Atlas
from lichen.patches.exhaustive import Candidates, Sampling, Terms
from lichen.patches.neighbourhood import Neighbourhood
from lichen.patches.pyramid import Level
from lichen.patches.scan_order import grouped, scan
from lichen.patches.windows import Indices, centres_of, gaussian_weights, square
from lichen.step import Step

SEED_SIDE = 3
"""Side of the patch of the example that a canvas without known pixels begins with."""
WINDOWS_PER_DEVIATION = 6.4
"""Window's side over the standard deviation of its Gaussian weights."""
ERROR_GROWTH = 1.1
"""Factor by which the greatest error is raised when no pixel could be filled."""
WORTH_THREADS = 2_000_000
"""Example pixels times window values; with fewer, threads would mostly wait for each other."""
STEPS = 64
"""Approximate number of steps."""


class EfrosLeung(GuidedMethod):
    """Grow the picture outwards, each pixel drawn from the example by what is around it.

    Efros and Leung, "Texture Synthesis by Non-parametric Sampling", ICCV 1999. The pixels next to
    filled ones are visited in random order, those with most filled neighbours first. The error of
    a source pixel is the Gaussian-weighted mean squared difference of the filled part of the
    window; one of those within ``error_threshold`` of the least error is drawn, and copied if its
    error is below ``max_error_threshold``. Known pixels take the place of the seed, so that the
    same algorithm fills holes and extends pictures.

    Every source pixel is compared, and the result is that of the paper's sequence: pixels are done
    at the same time only if their windows do not see each other. Time grows with output pixels x
    example pixels x filled window pixels.

    Departures from the paper: errors below a thousandth of an 8-bit step count as equal, whatever
    the threshold; a guide counts in all of the window, with weights of its own that sum to 1.
    """

    name: ClassVar[str] = "efros_leung"
    citation: ClassVar[str] = (
        "Efros, Leung: Texture Synthesis by Non-parametric Sampling, ICCV 1999"
    )
    honours: ClassVar[frozenset[str]] = frozenset(
        {"wrap", "known", "guide", "mask", "maps", "content", "copies", "video"}
    )
    minimum_size: ClassVar[int] = SEED_SIDE
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "fine": {"window": 7},
        "coarse": {"window": 23},
    }

    window: Annotated[OddSide, Field(ge=3, le=63)] = Field(
        11,
        description="side of the window, odd; as large as the largest feature of the exemplar",
        json_schema_extra={
            "trades": "larger windows keep larger structures and copy more verbatim; time grows "
            "with their area"
        },
    )
    error_threshold: Annotated[float, Field(ge=0, le=10)] = Field(
        0.1,
        description="fraction by which an error may exceed the least and still be drawn",
        json_schema_extra={
            "trades": "more draws from more pixels, for more variety and more mistakes; 0 takes "
            "only the nearest"
        },
    )
    max_error_threshold: Annotated[float, Field(gt=0, le=10)] = Field(
        0.3,
        description="error from which on a pixel is left for a later pass; values are 0 to 1",
        json_schema_extra={
            "trades": "less leaves pixels until more is known around them, in more passes; more "
            "accepts poor matches at once"
        },
    )

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        super().check(exemplars, canvas)
        self.atlas(exemplars, canvas).anchors(self.window)

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield a step per ring of new pixels, or per several thin ones."""
        exemplars, canvas = self.guided(exemplars, canvas)
        atlas = self.atlas(exemplars, canvas)
        rng = context.rng("efros_leung")
        seed = int(rng.integers(2**31))
        level = Level.of(atlas, canvas)
        if not level.filled.any():
            plant_seed(atlas, level, rng)
        radius = self.window // 2
        candidates = Candidates.of(atlas.features, centres_of(atlas.usable, radius))
        offsets = square(self.window)
        weights = gaussian_weights(offsets, self.window / WINDOWS_PER_DEVIATION)
        neighbourhood = Neighbourhood.of(
            [(0, range(level.image.shape[2]), offsets, weights)], nearest_first=True
        )
        n_terms, count = neighbourhood.n_terms, candidates.n_candidates
        parallel = count * (n_terms + 3) > WORTH_THREADS
        slots = use_threads(context.threads if parallel else 1)
        scratch = Terms.allocate(n_terms, count, slots)
        max_error, attempt = self.max_error_threshold, 0
        total = missing = int((~level.filled).sum())
        shown = 0
        while missing:
            order = onion_skin(level.filled, canvas.wrap, rng)
            search = Sampling(self.error_threshold, max_error, seed, attempt)
            schedule = grouped(order, radius, canvas.wrap, canvas.size)
            scan(schedule, search, candidates, neighbourhood, level, scratch, slots)
            filled = missing - int((~level.filled).sum())
            attempt += 1
            missing -= filled
            if not filled:
                max_error *= ERROR_GROWTH
            done = total - missing
            if missing and done * STEPS // total > shown:
                shown = done * STEPS // total
                yield copying_step(atlas, canvas, level.sources, fraction=done / total)
        yield copying_step(atlas, canvas, level.sources, fraction=1.0)


def onion_skin(filled: Mask, wraps: tuple[bool, bool], rng: np.random.Generator) -> Indices:
    """Flat indices of the pixels next to filled ones, most filled neighbours first."""
    framed = filled.astype(np.int8)
    for axis, wrap in enumerate(wraps):
        edges = [(0, 0), (0, 0)]
        edges[axis] = (1, 1)
        framed = np.pad(framed, edges, mode="wrap" if wrap else "constant")
    rows = framed[:-2] + framed[1:-1] + framed[2:]
    neighbours = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]).ravel()  # of the 3x3 about it
    order = rng.permutation(np.flatnonzero((neighbours > 0) & ~filled.ravel()))
    return order[np.argsort(-neighbours[order], kind="stable")]


def plant_seed(atlas: Atlas, level: Level, rng: np.random.Generator) -> None:
    """Copy a random patch of the example into the centre of an empty picture, in place."""
    top, left = (np.array(level.size) - SEED_SIDE) // 2
    patch = (slice(top, top + SEED_SIDE), slice(left, left + SEED_SIDE))
    corner = rng.choice(np.flatnonzero(atlas.anchors(SEED_SIDE)))
    side = np.arange(SEED_SIDE)
    level.sources[patch] = corner + side[:, None] * level.width + side
    values = level.copied(level.sources[patch])[..., : level.n_values]
    level.image[patch][..., : level.n_values] = values
    level.filled[patch] = True
