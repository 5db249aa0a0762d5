"""Pixels that go on from where their neighbours come from, or from places that look like that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.kernels import use_threads
from lichen.method import Context, Takes
from lichen.methods.resampling.family import CopyingMethod
from lichen.patches.centres import centres_of
from lichen.patches.coherence import SimilarPlaces
from lichen.patches.levels import Level, level_pyramid, most_levels
from lichen.patches.patchmatch import enlarge, refine
from lichen.patches.scan_order import near_free, scan
from lichen.step import Step

Places = NDArray[np.int32]


class KCoherence(CopyingMethod):
    """Choose each pixel among places like the shifted sources of its neighbours.

    Tong, Zhang, Liu, Wang, Guo and Shum, "Synthesis of Bidirectional Texture Functions on
    Arbitrary Surfaces", SIGGRAPH 2002. For every place of the example its ``k`` most similar
    ones are found beforehand, by the whole neighbourhood. The candidates of a pixel are, for each
    neighbour, the places like the one that it was copied from, shifted by the way to it; the one
    whose surroundings differ least is taken. With ``k`` 1 this is Ashikhmin's method (I3D 2001).

    Departures from the paper: the picture is made coarse to fine, as Wei and Levoy (SIGGRAPH
    2000) did: each level begins with the coarser one's places doubled, which all of the window
    sees (``levels`` 1 is the paper's single size); a pixel is chosen ``passes`` times at each
    level; similarity is measured in ``dims`` principal components of the neighbourhoods and with
    distances up to 1 + ``slack`` times the least. Only places whose whole windows may be used are
    copied: of the example never the outer ``window // 2`` pixels, nor those so near to what is
    masked.
    """

    name: ClassVar[str] = "k_coherence"
    citation: ClassVar[str] = (
        "Tong, Zhang, Liu, Wang, Guo, Shum: Synthesis of Bidirectional Texture Functions on "
        "Arbitrary Surfaces, SIGGRAPH 2002"
    )
    honours: ClassVar[frozenset[str]] = frozenset(
        {"wrap", "known", "guide", "mask", "maps", "init", "content", "copies"}
    )
    takes: ClassVar[Takes] = "several"
    minimum_size: ClassVar[int] = 3
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "paper": {"levels": 1, "passes": 1},
        "structured": {"window": 7},
    }

    window: Annotated[int, Field(ge=3, le=31, json_schema_extra={"unit": "px"})] = Field(
        5, description="side of the window, odd"
    )
    k: Annotated[int, Field(ge=1, le=64)] = Field(
        4, description="similar places that are candidates for each neighbour, its own included"
    )
    levels: Annotated[int, Field(ge=1, le=12)] | None = Field(
        None, description="sizes of the pyramid; until the example is a few windows wide"
    )
    passes: Annotated[int, Field(ge=1, le=50)] = Field(
        2, description="times that each pixel is chosen, at each level"
    )
    variation: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0,
        description="share of the squares of 16 px displaced by a pixel at each level, so that "
        "less is copied in one piece",
    )
    dims: Annotated[int, Field(ge=1, le=256)] = Field(
        8, description="principal components by which places are compared"
    )
    slack: Annotated[float, Field(ge=0, le=10)] = Field(
        1.0, description="share by which a similar place may be farther than the nearest"
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
        """Yield a step per pass of each level."""
        use_threads(context.threads)
        atlas = self.atlas(exemplars, canvas)
        rng = context.rng("k_coherence")
        n_levels = min(self.levels or 32, most_levels(atlas.usable, self.window))
        pyramid = level_pyramid(atlas, canvas, self.window, n_levels)
        work = self.passes * sum(level.known.size for level in pyramid)
        done, places, coarse_width = 0, None, 0
        for number, level in enumerate(pyramid):
            scale = 2 ** (len(pyramid) - 1 - number)
            width = level.usable.shape[1]
            for found in self._level(
                level, places, coarse_width, atlas.n_guide, canvas, context, rng
            ):
                places = found
                done += level.known.size
                full = enlarge(places, pyramid[-1].known.shape, scale, width, atlas.usable.shape[1])
                full[pyramid[-1].known] = -1
                yield self.step(
                    atlas,
                    canvas,
                    full[: canvas.size[0], : canvas.size[1]],
                    fraction=done / work,
                )
            coarse_width = width

    def _level(
        self,
        level: Level,
        coarse: Places | None,
        coarse_width: int,
        n_guide: int,
        canvas: Canvas,
        context: Context,
        rng: np.random.Generator,
    ) -> Iterator[Places]:
        """Yield the places of a level after each pass, given those of the coarser one."""
        radius = self.window // 2
        centres = centres_of(level.usable, radius)
        n_values = level.atlas.shape[2] - n_guide
        known = level.known
        similar = SimilarPlaces(level.atlas, centres, radius, self.dims)
        sets = similar.sets(self.k, slack=self.slack, workers=context.threads)
        seed = int(rng.integers(2**31))
        places = np.full(known.shape, -1, np.int32)
        made = known.copy()
        image = level.image
        if coarse is not None:
            places = refine(
                coarse, coarse_width, known.shape, centres,
                rng.permutation(similar.places), 16, self.variation, seed,
            )  # fmt: skip
            copied = level.atlas.reshape(-1, level.atlas.shape[2])[places, :n_values]
            image[..., :n_values] = np.where(known[..., None], image[..., :n_values], copied)
            made[:] = True
            places[known] = -1
        if known.any():
            lent = similar.lend(
                image, known, near_free(known, radius, canvas.wrap), centres, context.threads
            )
            places[known] = lent[known]
        started = coarse is None and canvas.init != "noise"
        for number in range(self.passes):
            scan(
                level.atlas,
                centres,
                sets,
                image,
                made,
                places,
                ~known,
                n_values=n_values,
                radius=radius,
                wraps=canvas.wrap,
                noise=coarse is None and number == 0 and not known.any() and not started,
                started=started,
                seed=seed + number,
            )
            yield places
