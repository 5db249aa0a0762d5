"""What all methods that are made of the example's pixels or patches have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from lichen.canvas import Canvas
from lichen.errors import CanvasError
from lichen.exemplar import Exemplar
from lichen.method import Method
from lichen.patches.atlas import Atlas
from lichen.step import Step


class ExampleMethod(Method):
    """A method that works on the example's pixels as they are, all maps of them.

    Its parameters are what may be used and how maps are weighed; a subclass calls :meth:`atlas`.
    """

    rotations: bool = Field(False, description="use the example also turned by quarters")
    mirror: bool = Field(False, description="use the example also mirrored")
    map_weights: tuple[str, ...] = Field(
        (), description="what maps count in the matching, as name=weight; the first 1, others 0.5"
    )
    guide_weight: Annotated[float, Field(ge=0)] = Field(
        1.0, description="what the guide counts beside the maps, where the canvas has one"
    )

    @field_validator("map_weights")
    @classmethod
    def _well_formed(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            name, _, weight = value.partition("=")
            try:
                good = bool(name) and float(weight) >= 0
            except ValueError:
                good = False
            if not good:
                raise ValueError(f"{value!r} is not name=weight with a weight of at least 0")
        return values

    def atlas(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> Atlas:
        """Lay out what may be copied; its guide only where the canvas has one to follow."""
        weights: Mapping[str, float] = {
            name: float(weight) for name, _, weight in (v.partition("=") for v in self.map_weights)
        }
        return Atlas.of(
            [e if canvas.guide is not None else e.with_guide(None) for e in exemplars],
            map_weights=weights,
            guide_weight=self.guide_weight,
            rotations=self.rotations,
            mirror=self.mirror,
        )

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        super().check(exemplars, canvas)
        if canvas.known_mask is not None and canvas.known_mask.all():
            raise CanvasError("every pixel is known already", "mark what is to be filled")
        guides = {None if e.guide is None else e.guide.shape[2] for e in exemplars}
        wanted = None if canvas.guide is None else canvas.guide.shape[2]
        if wanted is not None and guides != {wanted}:
            raise CanvasError(
                f"the canvas has a guide of {wanted} channels, the example one of "
                f"{guides.pop() or 0}",
                "give both a guide of the same kind",
            )
        self.atlas(exemplars, canvas)


class CopyingMethod(ExampleMethod):
    """A method whose every output pixel is a pixel of the example; it yields :meth:`step`."""

    def step(
        self,
        atlas: Atlas,
        canvas: Canvas,
        places: NDArray[np.int32],
        *,
        fraction: float,
        iteration: int = 0,
        n_iterations: int = 1,
    ) -> Step:
        """Give the picture that copies ``places`` (H, W) of the atlas, known pixels kept.

        Places below 0 that are not known show the mean colour: they are still to be made.
        """
        image = atlas.copy(np.maximum(places, 0))
        missing = places < 0 if canvas.known_mask is None else (places < 0) & ~canvas.known_mask
        if missing.any():
            image[missing] = atlas.pixels[atlas.usable].mean(0)
        sources = atlas.sources(places)
        if canvas.known is not None and canvas.known_mask is not None:
            image[canvas.known_mask] = canvas.known[canvas.known_mask]
            here = -1 if canvas.known_sources is None else canvas.known_sources[canvas.known_mask]
            sources[canvas.known_mask] = here
        return Step(
            image=image,
            fraction=fraction,
            iteration=iteration,
            n_iterations=n_iterations,
            sources=sources,
        )
