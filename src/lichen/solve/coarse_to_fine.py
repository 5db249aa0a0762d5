"""Coarse to fine: solve a small picture, enlarge it, go on. Most steps are on few pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from lichen.nn.border import Border
from lichen.nn.tensor import to_pixels
from lichen.solve.lbfgs import Iterate
from lichen.solve.pyramid import enlarge
from lichen.step import Step


@dataclass(frozen=True)
class Level:
    """One level of the pyramid.

    Attributes
    ----------
    octaves
        Octaves below full size, whole ones or not; 0 is the finest.
    size
        Height and width of the picture at this level.
    iterations
        Iterations planned.
    """

    octaves: float
    size: tuple[int, int]
    iterations: int


Minimise = Callable[[Level, Tensor, int], Iterator[Iterate]]
"""Called with a level, its starting image and the iterations left to take there."""


def coarse_to_fine(
    levels: Sequence[Level],
    start: Tensor,
    minimise: Minimise,
    border: Border,
    resume: Step | None = None,
) -> Iterator[Step]:
    """Yield the steps of all levels, coarsest first.

    Parameters
    ----------
    levels
        Coarsest first.
    start
        (1, C, h, w), the coarsest level's starting image; with ``resume`` its level's.
    minimise
        The solver on one level.
    border
        How a picture is continued beyond its edges when it is enlarged.
    resume
        The step to go on after.
    """
    costs = [level.iterations * level.size[0] * level.size[1] for level in levels]

    def step(number: int, iteration: int, image: Tensor, losses: dict[str, float]) -> Step:
        planned = levels[number].iterations
        spent = sum(costs[:number]) + costs[number] * iteration / planned
        return Step(
            image=to_pixels(image),
            losses=losses,
            level=number,
            n_levels=len(levels),
            iteration=iteration,
            n_iterations=planned,
            fraction=spent / sum(costs),
        )

    first = 0 if resume is None else resume.level
    image = start
    for number, level in enumerate(levels[first:], start=first):
        if tuple(image.shape[2:]) != level.size:
            image = enlarge(image, level.size, border)
        done, losses = 0, dict[str, float]()
        if resume is not None and number == first:
            done, losses = resume.iteration, dict(resume.losses)
            if done >= level.iterations:
                continue
        for iteration, iterate in enumerate(
            minimise(level, image, level.iterations - done), start=done + 1
        ):
            image, losses = iterate.point, {"total": iterate.loss, **iterate.parts}
            if iteration < level.iterations:
                yield step(number, iteration, image, losses)
        # The last of a level is yielded here, also when the solver had nothing left to improve.
        yield step(number, level.iterations, image, losses)
