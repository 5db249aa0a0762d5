"""Pixels that continue the pieces of their neighbours: large pieces with ragged borders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.kernels import use_threads
from lichen.method import Context
from lichen.methods.resampling.family import GuidedMethod, OddSide, copying_step
from lichen.patches.coherence import CandidateSets, CoherentSearch, coherent_scan
from lichen.patches.pyramid import Level
from lichen.patches.similarity import SimilarSources, near_unknown
from lichen.patches.windows import some_centres_of
from lichen.step import Step

COMPONENTS = 8
"""Principal components by which known pixels are compared with the example."""


class Ashikhmin(GuidedMethod):
    """Choose each pixel among the shifted sources of its neighbours only.

    Ashikhmin, "Synthesizing Natural Textures", I3D 2001. Each pixel remembers the source pixel
    that it was copied from; the candidates of a pixel are those of its neighbours in the causal
    window, shifted by their offsets, or a random source pixel where the shifted one is outside the
    example. The candidate whose own surroundings differ least is taken. What the first pixels see
    before anything is filled are random source pixels. After the first pass the window is the
    whole square.

    Departures from the paper: without ``wrap`` what lies beyond the canvas is noise in the first
    pass and left out later, where the paper's pictures always wrap; a target (a guide, or an
    initial image) counts in all of the window and not only in its lower half; known pixels are
    given the most similar source pixels of the example, so that others can continue them. Only
    pixels whose whole windows may be used are copied: never the outer ``window // 2`` pixels of
    the example, nor those as near to what is masked.
    """

    name: ClassVar[str] = "ashikhmin"
    citation: ClassVar[str] = "Ashikhmin: Synthesizing Natural Textures, I3D 2001"
    honours: ClassVar[frozenset[str]] = frozenset(
        {"wrap", "known", "guide", "mask", "maps", "init", "content", "copies", "video"}
    )
    minimum_size: ClassVar[int] = 3
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"paper": {"passes": 1}}

    window: Annotated[OddSide, Field(ge=3, le=31)] = Field(
        5,
        description="side of the window, odd",
        json_schema_extra={
            "trades": "larger windows judge candidates by more of their surroundings, in more time"
        },
    )
    passes: Annotated[int, Field(ge=1, le=50)] = Field(
        3,
        description="times that each pixel is chosen",
        json_schema_extra={
            "trades": "more join the pieces better, in proportionally more time; the paper has 1"
        },
    )

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        super().check(exemplars, canvas)
        some_centres_of(self.atlas(exemplars, canvas).usable, self.window // 2)

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield a step per pass."""
        use_threads(context.threads)
        exemplars, canvas = self.guided(exemplars, canvas)
        atlas = self.atlas(exemplars, canvas)
        radius = self.window // 2
        level = Level.of(atlas, canvas)
        known = level.known
        centres = some_centres_of(atlas.usable, radius)
        if known.any():
            similar = SimilarSources(atlas.features, centres, radius, COMPONENTS)
            wanted = near_unknown(known, radius, canvas.wrap)
            level.sources[:] = similar.of_known(level, wanted, context.threads)
        initialized = canvas.init != "noise"
        seed = int(context.rng("ashikhmin").integers(2**31))
        for number in range(self.passes):
            search = CoherentSearch(
                noise=number == 0 and not known.any() and not initialized,
                initialized=initialized,
                seed=seed + number,
            )
            coherent_scan(level, CandidateSets.of(level.features, centres), radius, search)
            yield copying_step(
                atlas,
                canvas,
                np.where(known, np.int32(-1), level.sources),
                fraction=(number + 1) / self.passes,
                iteration=number + 1,
                n_iterations=self.passes,
            )
