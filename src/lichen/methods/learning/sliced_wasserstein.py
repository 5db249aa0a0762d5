"""Texture synthesis with the distribution of patches, along random directions.

A. Elnekave, Y. Weiss, "Generating Natural Images with Direct Patch Distributions Matching",
ECCV 2022 (arXiv 2203.11862), GPDM for short. No network is needed.

Departures from the paper, which takes 300 steps of 64 directions at each level of a pyramid of
factor 0.85, from Gaussian noise about a constant: fewer levels; fewer steps of half as many
directions, fewest at fine levels, which cost most and change least; steps that shorten at each
level, since of steps of one length a noise remains; noise in the exemplar's own colours; a margin
that is cut off. The preset ``paper`` has its constants, with values in [0, 1] for its [-1, 1].
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.method import Context
from lichen.methods.learning.family import ImageLearning
from lichen.statistics.catalogue import Asked
from lichen.step import Step

if TYPE_CHECKING:
    from lichen.solve.coarse_to_fine import Level
    from lichen.solve.lbfgs import Iterate

Array = NDArray[Any]


class SlicedWasserstein(ImageLearning):
    """Make the patches of the result those of the exemplar, as a distribution.

    Random directions in the space of patches are drawn at every step of Adam.
    """

    name: ClassVar[str] = "sliced_wasserstein"
    citation: ClassVar[str] = (
        "Elnekave, Weiss: Generating Natural Images with Direct Patch Distributions Matching, "
        "ECCV 2022"
    )
    presets: ClassVar = {
        "paper": {
            "factor": 0.85,
            "directions": 64,
            "iterations": 300,
            "coarser": 1.0,
            "learning_rate": 0.005,
            "final_rate": 1.0,
            "bounds": "none",
        },
    }

    network: Annotated[str, Field(description="phi of further terms; none is needed here")] = (
        "pixels"
    )
    patch: Annotated[
        int, Field(ge=1, le=31, description="side of the patches", json_schema_extra={"unit": "px"})
    ] = 7
    directions: Annotated[int, Field(ge=1, le=4096, description="random directions a step")] = 32
    factor: Annotated[
        float, Field(ge=0.3, le=0.95, description="ratio of the sides of successive levels")
    ] = 0.7
    coarsest: Annotated[
        int,
        Field(
            ge=8,
            le=1024,
            description="least side of the coarsest level; near to that of the patches the "
            "exemplar's layout comes back",
            json_schema_extra={"unit": "px"},
        ),
    ] = 21
    iterations: Annotated[
        int, Field(ge=1, le=100_000, description="iterations at the finest level")
    ] = 100
    coarser: Annotated[
        float, Field(ge=0.1, le=10, description="factor on the iterations per octave")
    ] = 1.5
    learning_rate: Annotated[float, Field(gt=0, le=1, description="step length of Adam")] = 0.06
    final_rate: Annotated[
        float, Field(gt=0, le=1, description="share of the step length at the end of a level")
    ] = 0.1
    optimizer: Annotated[Literal["lbfgs", "adam"], Field(description="solver")] = "adam"

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield a step per iteration, coarse levels first.

        A pixel at an edge that does not wrap is in few patches and stays noise: a picture with a
        margin is made, and the margin is cut off.
        """
        margin = [0 if wraps else self.patch - 1 for wraps in canvas.wrap]
        size = canvas.size[0] + 2 * margin[0], canvas.size[1] + 2 * margin[1]
        wider = np.divide(size, canvas.size)
        init = canvas.init
        if isinstance(init, Exemplar):
            init = init.with_mask(None).with_guide(None).with_pixels(_widened(init.pixels, wider))
        if context.resume is not None:
            image = _widened(context.resume.image, wider)
            context = replace(context, resume=replace(context.resume, image=image))
        for step in super().run(exemplars, replace(canvas, size=size, init=init), context):
            yield replace(step, image=_cut(step.image, wider))

    def own_terms(self) -> list[Asked]:
        """The distance of patches."""
        return [Asked("swd", 1.0, {"patch": self.patch, "directions": self.directions})]

    def _solver(self, iterations: int) -> Callable[..., Iterator[Iterate]]:
        solver = super()._solver(iterations)
        return partial(solver, final=self.final_rate) if self.optimizer == "adam" else solver

    def _levels(self, size: tuple[int, int], exemplar: tuple[int, int]) -> list[Level]:
        from lichen.solve.coarse_to_fine import Level
        from lichen.solve.pyramid import level_size

        step = -math.log2(self.factor)
        room = math.log2(max(min(*size, *exemplar) / self.coarsest, 1))
        count = self.levels or 1 + math.floor(room / step + 1e-9)
        return [
            Level(
                octaves,
                level_size(size, octaves),
                max(1, round(self.iterations * self.coarser**octaves)),
            )
            for octaves in (step * number for number in reversed(range(count)))
        ]


def _widened(image: Array, wider: Array) -> Array:
    """Continue (H, W, C) beyond its edges by its mirror image, to ``wider`` (2,) times its size."""
    room = np.rint(image.shape[:2] * wider).astype(int) - image.shape[:2]
    around = [(extra // 2, extra - extra // 2) for extra in room]
    return np.pad(image, [*around, (0, 0)], mode="symmetric")


def _cut(image: Array, wider: Array) -> Array:
    """Cut the middle out of (H, W, C), ``wider`` (2,) times the size of what is wanted."""
    height, width = np.rint(image.shape[:2] / wider).astype(int)
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return np.ascontiguousarray(image[top : top + height, left : left + width])
