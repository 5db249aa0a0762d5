"""Coarse to fine: minimize on a small image, enlarge it, continue.

N. Gonthier, Y. Gousseau, S. Ladjal, "High resolution neural texture synthesis with long range
constraints", 2022 (arXiv 2008.01808): large structure forms where it is small, and most iterations
are on few pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from lichen.nn.border import Border
from lichen.nn.tensor import to_pixels
from lichen.solve.lbfgs import Iterate
from lichen.solve.pyramid import enlarge, level_size
from lichen.step import Step


@dataclass(frozen=True)
class Level:
    """One level of the pyramid.

    Attributes
    ----------
    octaves
        Octaves below full size, not necessarily whole; 0 is the finest.
    size
        Height and width of the image at this level.
    iterations
        Iterations planned.
    """

    octaves: float
    size: tuple[int, int]
    iterations: int


Minimize = Callable[[Level, Tensor, int], Iterator[Iterate]]
"""Called with a level, its initial image and the number of iterations left there."""


def plan_levels(
    size: tuple[int, int], n_levels: int, iterations: int, coarser: float, step: float = 1
) -> list[Level]:
    """Return the levels, coarsest first.

    Parameters
    ----------
    size
        Height and width of the finest level.
    n_levels
        Number of levels, the finest included.
    iterations
        At the finest level.
    coarser
        Factor on the iterations per octave.
    step
        Octaves from level to level.
    """
    return [
        Level(octaves, level_size(size, octaves), max(1, round(iterations * coarser**octaves)))
        for octaves in (step * number for number in reversed(range(n_levels)))
    ]


def coarse_to_fine(
    levels: Sequence[Level],
    start: Tensor,
    minimize: Minimize,
    border: Border,
    resume: Step | None = None,
) -> Iterator[Step]:
    """Yield the steps of all levels, coarsest first.

    Parameters
    ----------
    levels
        Coarsest first.
    start
        (1, C, h, w), the initial image of the coarsest level, or of the level of ``resume``.
    minimize
        The solver on one level.
    border
        Border mode of the image, by which it is enlarged.
    resume
        The last step of an interrupted run.
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
            minimize(level, image, level.iterations - done), start=done + 1
        ):
            image, losses = iterate.point, {"total": iterate.loss, **iterate.parts}
            if iteration < level.iterations:
                yield step(number, iteration, image, losses)
        # The last step of a level is yielded here, also when the solver has converged before.
        yield step(number, level.iterations, image, losses)
