"""Texture synthesis with the distribution of patches, along random directions.

A. Elnekave, Y. Weiss, "Generating Natural Images with Direct Patch Distributions Matching",
ECCV 2022 (arXiv 2203.11862), GPDM for short. No network is needed.

Departures from the paper, which takes 300 steps of 64 directions at each level of a pyramid of
factor 0.85, from Gaussian noise about a constant: fewer levels; fewer steps of half as many
directions, fewest at fine levels, which cost most and change least; a learning rate that decays at
each level, since steps of constant size leave noise; initial noise in the exemplar's colours; a
margin that is cut off. The preset ``paper`` has its constants, for values in [0, 1] instead of
[-1, 1].
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from lichen.arrays import Array, FloatArray, Size
from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.method import Context
from lichen.methods.learning.family import ImageLearning
from lichen.solve.options import FinalRate, Iterations, LearningRate, Optimizer
from lichen.statistics.catalogue import TermSpec
from lichen.step import Step

if TYPE_CHECKING:
    from lichen.solve.coarse_to_fine import Level


class SlicedWasserstein(ImageLearning):
    """Match the distribution of the exemplar's patches.

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

    patch: Annotated[
        int,
        Field(
            ge=1,
            le=31,
            description="side of the patches",
            json_schema_extra={
                "unit": "px",
                "trades": "larger patches hold larger structure at each level; random directions "
                "then tell less of it",
            },
        ),
    ] = 7
    directions: Annotated[
        int,
        Field(
            ge=1,
            le=4096,
            description="random directions per step",
            json_schema_extra={"trades": "more make steps less noisy, in proportionally more time"},
        ),
    ] = 32
    factor: Annotated[
        float,
        Field(
            ge=0.3,
            le=0.95,
            description="ratio of the sides of successive levels",
            json_schema_extra={
                "trades": "nearer to 1 goes from coarse to fine more gradually, by more levels and "
                "in more time"
            },
        ),
    ] = 0.7
    coarsest: Annotated[
        int,
        Field(
            ge=8,
            le=1024,
            description="shortest side of the coarsest level",
            json_schema_extra={
                "unit": "px",
                "trades": "smaller forms larger structure and, near the side of a patch, the "
                "exemplar's own layout",
            },
        ),
    ] = 21
    levels: Annotated[
        int | None,
        Field(
            ge=1,
            le=12,
            description="pyramid levels; by default as many as `coarsest` allows",
            json_schema_extra={
                "trades": "fewer begin at a finer level, in less time, and form no structure "
                "larger than its patches"
            },
        ),
    ] = None
    iterations: Iterations = 100
    optimizer: Optimizer = "adam"
    learning_rate: LearningRate = 0.06
    final_rate: FinalRate = 0.1

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield a step per iteration, coarse levels first.

        A pixel at an edge that does not wrap is in few patches and stays noisy: the image is made
        with a margin, which is cut off.
        """
        margin = [0 if wraps else self.patch - 1 for wraps in canvas.wrap]
        size = canvas.size[0] + 2 * margin[0], canvas.size[1] + 2 * margin[1]
        ratio = np.divide(size, canvas.size)
        init = canvas.init
        if isinstance(init, Exemplar):
            init = init.with_mask(None).with_guide(None).with_pixels(_padded(init.pixels, ratio))
        if context.resume is not None:
            image = _padded(context.resume.image, ratio)
            context = replace(context, resume=replace(context.resume, image=image))
        for step in super().run(exemplars, replace(canvas, size=size, init=init), context):
            yield replace(step, image=_cut(step.image, ratio))

    def own_terms(self) -> list[TermSpec]:
        """Return the distance of patches."""
        return [TermSpec("swd", 1.0, {"patch": self.patch, "directions": self.directions})]

    def _levels(self, size: Size, exemplar: Size) -> list[Level]:
        """Plan the levels of the pyramid, coarsest first."""
        from lichen.solve.coarse_to_fine import plan_levels
        from lichen.solve.pyramid import n_levels

        step = -math.log2(self.factor)
        count = self.levels or n_levels(size, exemplar, self.coarsest, step)
        return plan_levels(size, count, self.iterations, self.coarser, step)


def _padded(image: Array, ratio: FloatArray) -> Array:
    """Extend (H, W, C) by reflection to ``ratio`` (2,) times its size."""
    extra = np.rint(image.shape[:2] * ratio).astype(int) - image.shape[:2]
    around = [(length // 2, length - length // 2) for length in extra]
    return np.pad(image, [*around, (0, 0)], mode="symmetric")


def _cut(image: Array, ratio: FloatArray) -> Array:
    """Cut the centre out of (H, W, C), which is ``ratio`` (2,) times the size of the result."""
    height, width = np.rint(image.shape[:2] / ratio).astype(int)
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return np.ascontiguousarray(image[top : top + height, left : left + width])
