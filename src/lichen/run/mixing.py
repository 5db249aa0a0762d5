"""Mixtures of textures: one picture between them, a strip from one to the other, random weights.

What is mixed are the statistics that a method makes equal, each as its own kind asks
(:meth:`lichen.statistics.statistic.Statistic.mix`); pictures are not laid over each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lichen import registry
from lichen.canvas import Canvas, parse_wrap
from lichen.errors import ParameterError
from lichen.exemplar import Exemplar
from lichen.image import parse_size, resize_image
from lichen.method import Method
from lichen.result import Source, Task
from lichen.run.loop import Run
from lichen.run.tasks import Picture, alike, starting_image
from lichen.step import Step

GAP = 4
"""White pixels between the pictures of a strip."""
DIGITS = 3
"""Decimal places of random weights, so that they may be typed again."""


def mix(
    exemplars: Sequence[Picture],
    mix: Sequence[float] | None = None,
    *,
    size: tuple[int, int] | str | None = None,
    wrap: bool | str = False,
    init: str | None = None,
    method: str = "gatys",
    preset: str | None = None,
    seed: int = 0,
    threads: int | None = None,
    **parameters: Any,
) -> Run:
    """Make a texture whose statistics lie between those of several.

    Parameters
    ----------
    exemplars
        Two or more pictures, of any sizes.
    mix
        Weight of each, scaled to sum to 1; equal when None. Below 0 leads away from a texture.
    size
        As in :func:`lichen.synthesize`; the first picture's when None.
    wrap
        Whether the result tiles.
    init
        As in :func:`lichen.synthesize`, but no picture.

    Raises
    ------
    ParameterError
        For weights that cannot be scaled to sum to 1, or are not as many as the exemplars.
    """
    examples, canvas = _prepared(exemplars, size, wrap, init, method, preset, seed)
    configured = _configured(method, preset, {**parameters, "mix": mix})
    return Run(configured, examples, canvas, threads=threads)


def strip(
    exemplars: Sequence[Picture],
    steps: int = 5,
    *,
    size: tuple[int, int] | str | None = None,
    wrap: bool | str = False,
    init: str | None = None,
    method: str = "gatys",
    preset: str | None = None,
    seed: int = 0,
    threads: int | None = None,
    **parameters: Any,
) -> Run:
    """Make a row of pictures that lead from one texture to another, all from the same noise.

    Parameters
    ----------
    exemplars
        Two pictures.
    steps
        Pictures in the row, both ends included.
    size, wrap, init
        Of each picture of the row, as in :func:`mix`.
    """
    examples, canvas = _prepared(exemplars, size, wrap, init, method, preset, seed)
    if parameters.get("mix") is not None:
        raise ParameterError("a strip has weights of its own", "leave the weights out")
    task = Task(
        "strip",
        {"exemplars": tuple(Source.of(example) for example in examples)},
        {"steps": steps, "size": canvas.size, "wrap": wrap, "init": init},
    )
    configured = _configured(method, preset, parameters)
    shares = strip_weights(len(examples), steps)
    return Strip(configured, examples, canvas, shares, threads=threads, task=task)


def strip_weights(n_exemplars: int, steps: int) -> list[tuple[float, float]]:
    """Weights of two textures, in even steps from the first alone to the second alone."""
    if n_exemplars != 2:
        raise ParameterError(
            f"a strip leads from one texture to another, not {n_exemplars}", "give two pictures"
        )
    if steps < 2:
        raise ParameterError(f"a strip of {steps} has no way to go", "give 2 or more steps")
    return [(1 - share, share) for share in (k / (steps - 1) for k in range(steps))]


def random_weights(n_exemplars: int, seed: int = 0, extrapolate: float = 0.0) -> tuple[float, ...]:
    """Draw weights of a mixture that sum to 1.

    They are uniform on the simplex (Dirichlet, all parameters 1), enlarged about its centre.

    Parameters
    ----------
    n_exemplars
        How many; 2 or more.
    seed
        Same seed, same weights.
    extrapolate
        How far beyond a texture its weight may go: from -extrapolate / (n - 1) to 1 + extrapolate.
    """
    if n_exemplars < 2:
        raise ParameterError("one texture alone cannot be mixed", "give two or more pictures")
    if not 0 <= extrapolate <= 2:
        raise ParameterError(f"extrapolate = {extrapolate} is not allowed", "give 0 to 2")
    drawn = np.random.default_rng([seed, n_exemplars]).dirichlet(np.ones(n_exemplars))
    beyond = extrapolate / (n_exemplars - 1)
    first = np.round((1 + n_exemplars * beyond) * drawn - beyond, DIGITS)[:-1]
    return (*map(float, first), round(1 - float(first.sum()), DIGITS))


class Strip(Run):
    """A run of several, one after another, whose pictures stand in a row.

    Parameters
    ----------
    method, exemplars
        As of a run.
    canvas
        That of each picture.
    shares
        Weights of the exemplars, for each picture.
    """

    def __init__(
        self,
        method: Method,
        exemplars: Sequence[Exemplar],
        canvas: Canvas,
        shares: Sequence[tuple[float, ...]],
        *,
        threads: int | None = None,
        task: Task | None = None,
    ) -> None:
        height, width = canvas.size
        size = (height, len(shares) * (width + GAP) - GAP)
        whole = replace(canvas, size=size, wrap=(canvas.wrap[0], False), init="noise")
        super().__init__(method, exemplars, whole, threads=threads, task=task)
        self.runs = [
            Run(
                method.configure(**{**method.model_dump(), "mix": share}),
                exemplars,
                canvas,
                threads=threads,
            )
            for share in shares
        ]

    def _method_steps(self) -> Iterator[Step]:
        """Yield the row as it fills, a step for each of every picture's."""
        height, width = self.runs[0].canvas.size
        row = np.ones((*self.canvas.size, self.exemplars[0].channels), np.float32)
        for number, run in enumerate(self.runs):
            run.on_download = self.on_download
            left = number * (width + GAP)
            for step in run:
                picture = step.image
                if picture.shape[:2] != (height, width):  # on a coarse level of the pyramid
                    picture = resize_image(picture, (height, width))
                row[:, left : left + width] = picture
                fraction = (number + step.fraction) / len(self.runs)
                yield Step(row.copy(), step.losses, fraction=fraction)
            for network in run.provenance().networks:
                self._context.used_network(network)


def _prepared(
    exemplars: Sequence[Picture],
    size: tuple[int, int] | str | None,
    wrap: bool | str,
    init: str | None,
    method: str,
    preset: str | None,
    seed: int,
) -> tuple[list[Exemplar], Canvas]:
    """Exemplars that go together, and the canvas."""
    if len(exemplars) < 2:
        raise ParameterError("one texture alone cannot be mixed", "give two or more pictures")
    examples = alike(exemplars)
    wanted = size or examples[0].size
    start = starting_image(init, method, preset)
    if isinstance(start, Exemplar):
        raise ParameterError(
            f"init = {init} is a picture, which a mixture does not take",
            "start from noise, exemplar or a method",
        )
    return examples, Canvas(
        parse_size(wanted) if isinstance(wanted, str) else (int(wanted[0]), int(wanted[1])),
        parse_wrap(wrap),
        seed,
        init=start,
    )


def _configured(method: str, preset: str | None, parameters: dict[str, Any]) -> Method:
    """Configure a method that mixes."""
    chosen = registry.get(method)
    if "mix" not in chosen.model_fields:
        able = [name for name in registry.METHODS if "mix" in registry.get(name).model_fields]
        raise ParameterError(
            f"{method} does not mix statistics", f"use --method {' or '.join(able)}"
        )
    return chosen.configure(preset, **parameters)
