"""Pixels that continue the pieces of their neighbours, or pieces that look like those."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.kernels import use_threads
from lichen.method import Context
from lichen.methods.resampling.family import (
    GuidedMethod,
    Levels,
    OddSide,
    Variation,
    copying_step,
)
from lichen.patches.coherence import CandidateSets, CoherentSearch, coherent_scan
from lichen.patches.pyramid import Jitter, Level, at_full_size, max_levels, pyramid_of, refine
from lichen.patches.similarity import SimilarSources, near_unknown
from lichen.patches.windows import some_centres_of
from lichen.step import Step


class KCoherence(GuidedMethod):
    """Choose each pixel among source pixels like the shifted ones of its neighbours.

    Tong, Zhang, Liu, Wang, Guo and Shum, "Synthesis of Bidirectional Texture Functions on
    Arbitrary Surfaces", SIGGRAPH 2002. For every pixel of the example its ``k`` most similar
    ones are found beforehand, by the whole neighbourhood. The candidates of a pixel are, for each
    neighbour, the source pixels like the one that it was copied from, shifted by its offset; the
    one whose surroundings differ least is taken. With ``k`` 1 this is Ashikhmin's method (I3D
    2001).

    Departures from the paper: the picture is synthesized coarse to fine, as Wei and Levoy
    (SIGGRAPH 2000) did: each level begins with the doubled sources of the coarser one, which all
    of the window sees (``levels`` 1 is the paper's single size); a pixel is chosen ``passes``
    times at each level; similarity is measured in ``components`` principal components of the
    neighbourhoods and with distances up to 1 + ``tolerance`` times the least. Only pixels whose
    whole windows may be used are copied: never the outer ``window // 2`` pixels of the example,
    nor those as near to what is masked.
    """

    name: ClassVar[str] = "k_coherence"
    citation: ClassVar[str] = (
        "Tong, Zhang, Liu, Wang, Guo, Shum: Synthesis of Bidirectional Texture Functions on "
        "Arbitrary Surfaces, SIGGRAPH 2002"
    )
    honours: ClassVar[frozenset[str]] = frozenset(
        {"wrap", "known", "guide", "mask", "maps", "init", "content", "copies", "video"}
    )
    minimum_size: ClassVar[int] = 3
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "paper": {"levels": 1, "passes": 1},
        "structured": {"window": 7},
    }

    window: Annotated[OddSide, Field(ge=3, le=31)] = Field(
        5,
        description="side of the window, odd",
        json_schema_extra={
            "trades": "larger windows keep larger structures and copy larger pieces, in more time"
        },
    )
    k: Annotated[int, Field(ge=1, le=64)] = Field(
        4,
        description="similar source pixels that are candidates for each neighbour, its own "
        "included",
        json_schema_extra={
            "trades": "more join better in smaller pieces, but flatter and in more time; 1 copies "
            "the largest pieces"
        },
    )
    levels: Levels = None
    passes: Annotated[int, Field(ge=1, le=50)] = Field(
        2,
        description="times that each pixel is chosen, at each level",
        json_schema_extra={"trades": "more agree better with all that is around, in more time"},
    )
    variation: Variation = Field(
        0.0,
        description="fraction of the squares of 16 px that are displaced by up to a pixel at each "
        "level",
    )
    components: Annotated[int, Field(ge=1, le=256)] = Field(
        8,
        description="principal components by which neighbourhoods are compared",
        json_schema_extra={
            "trades": "more tell similar source pixels apart more exactly, in more time"
        },
    )
    tolerance: Annotated[float, Field(ge=0, le=10)] = Field(
        1.0,
        description="fraction by which a similar source pixel may be farther than the nearest",
        json_schema_extra={"trades": "more finds similar source pixels faster and less exactly"},
    )

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        super().check(exemplars, canvas)
        some_centres_of(self.atlas(exemplars, canvas).usable, self.window // 2)

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield a step per pass of each level."""
        use_threads(context.threads)
        exemplars, canvas = self.guided(exemplars, canvas)
        atlas = self.atlas(exemplars, canvas)
        rng = context.rng("k_coherence")
        n_levels = min(self.levels or 32, max_levels(atlas.usable, self.window))
        pyramid = pyramid_of(atlas, canvas, self.window, n_levels)
        initialized = canvas.init != "noise"
        work = self.passes * sum(level.known.size for level in pyramid)
        done, coarser = 0, None
        for level in pyramid:
            for _ in self._passes(level, coarser, initialized, context, rng):
                done += level.known.size
                sources = at_full_size(level.sources, level, pyramid[-1])
                shown = sources[: canvas.size[0], : canvas.size[1]]
                yield copying_step(atlas, canvas, shown, fraction=done / work)
            coarser = level

    def _passes(
        self,
        level: Level,
        coarser: Level | None,
        initialized: bool,
        context: Context,
        rng: np.random.Generator,
    ) -> Iterator[None]:
        """Choose the sources of a level, given the coarser one; yield after each pass."""
        radius = self.window // 2
        centres = some_centres_of(level.usable, radius)
        known = level.known
        similar = SimilarSources(level.features, centres, radius, self.components)
        sets = similar.sets(self.k, tolerance=self.tolerance, workers=context.threads)
        seed = int(rng.integers(2**31))
        if coarser is not None:
            fallback = rng.permutation(similar.candidates)
            jitter = Jitter(self.variation, seed=seed)
            level.sources[:] = refine(
                coarser.sources, coarser.width, known.shape, centres, fallback, jitter
            )
            level.set_values(level.copied(level.sources)[..., : level.n_values])
            level.filled[:] = True
            level.sources[known] = -1
        if known.any():
            wanted = near_unknown(known, radius, level.wraps)
            found = similar.of_known(level, wanted, context.threads)
            level.sources[known] = found[known]
        first = coarser is None
        for number in range(self.passes):
            search = CoherentSearch(
                noise=first and number == 0 and not known.any() and not initialized,
                initialized=first and initialized,
                seed=seed + number,
            )
            coherent_scan(level, CandidateSets.of(level.features, centres, sets), radius, search)
            yield
