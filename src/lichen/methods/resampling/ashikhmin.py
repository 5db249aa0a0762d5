"""Pixels that go on from where their neighbours come from: large pieces with ragged borders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, field_validator

from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.kernels import use_threads
from lichen.method import Context, Takes
from lichen.methods.resampling.family import CopyingMethod
from lichen.patches.centres import centres_of
from lichen.patches.coherence import SimilarPlaces
from lichen.patches.scan_order import near_free, scan
from lichen.step import Step

DIMS = 8
"""Principal components by which known pixels are compared with the example."""


class Ashikhmin(CopyingMethod):
    """Choose each pixel among the shifted sources of its neighbours only.

    Ashikhmin, "Synthesizing Natural Textures", I3D 2001. Each pixel remembers the place that it
    was copied from; its candidates are those places shifted by the way to its neighbours in the
    causal L, or a random place where that is none of the example's, and the one whose own
    surroundings differ least is taken. What the first pixels see before anything is made are
    random places. After the first pass the window is the whole square.

    Departures from the paper: without ``wrap`` what lies beyond the canvas is noise in the first
    pass and left out later, where the paper's pictures always wrap; a target (a guide, or an
    initial image) counts in all of the window and not only in its lower half; known pixels are
    lent the most similar places of the example, so that pixels can go on from them. Only places
    whose whole windows may be used are copied: of the example never the outer ``window // 2``
    pixels, nor those so near to what is masked.
    """

    name: ClassVar[str] = "ashikhmin"
    citation: ClassVar[str] = "Ashikhmin: Synthesizing Natural Textures, I3D 2001"
    honours: ClassVar[frozenset[str]] = frozenset(
        {"wrap", "known", "guide", "mask", "maps", "init", "content", "copies"}
    )
    takes: ClassVar[Takes] = "several"
    minimum_size: ClassVar[int] = 3
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"paper": {"passes": 1}}

    window: Annotated[int, Field(ge=3, le=31, json_schema_extra={"unit": "px"})] = Field(
        5, description="side of the window, odd"
    )
    passes: Annotated[int, Field(ge=1, le=50)] = Field(
        3, description="times that each pixel is chosen"
    )

    @field_validator("window")
    @classmethod
    def _odd(cls, value: int) -> int:
        if value % 2 == 0:
            raise ValueError("it must be odd, to have a pixel in its centre")
        return value

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        super().check(exemplars, canvas)
        centres_of(self.atlas(exemplars, canvas).usable, self.window // 2)

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield a step per pass."""
        use_threads(context.threads)
        atlas = self.atlas(exemplars, canvas)
        radius = self.window // 2
        centres = centres_of(atlas.usable, radius)
        alone = np.arange(centres.size, dtype=np.int32)[:, None]  # each place is like itself
        image, known = atlas.wanted(canvas)
        start = atlas.start(canvas)
        if start is not None:
            image[..., : start.shape[2]] = np.where(
                known[..., None], image[..., : start.shape[2]], start
            )
        places = np.full(canvas.size, -1, np.int32)
        if known.any():
            similar = SimilarPlaces(atlas.features, centres, radius, DIMS)
            places = similar.lend(
                image, known, near_free(known, radius, canvas.wrap), centres, context.threads
            )
        made = known.copy()
        seed = int(context.rng("ashikhmin").integers(2**31))
        for number in range(self.passes):
            scan(
                atlas.features,
                centres,
                alone,
                image,
                made,
                places,
                ~known,
                n_values=atlas.features.shape[2] - atlas.n_guide,
                radius=radius,
                wraps=canvas.wrap,
                noise=number == 0 and not known.any() and start is None,
                started=start is not None,
                seed=seed + number,
            )
            yield self.step(
                atlas,
                canvas,
                np.where(known, np.int32(-1), places),
                fraction=(number + 1) / self.passes,
                iteration=number + 1,
                n_iterations=self.passes,
            )
