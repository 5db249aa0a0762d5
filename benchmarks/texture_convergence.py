"""Parts of ``texture_statistics.py``: how fast images get Portilla-Simoncelli statistics."""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from lichen.portilla_simoncelli.gauss_newton import descend
from lichen.portilla_simoncelli.loss import PortillaSimoncelliLoss
from lichen.portilla_simoncelli.projections import project
from machine import timed

IPOL_MS = 70.0
"""Of the IPOL C program, quoted: 3.4 to 4 s for 50 iterations at 256 px, grey, one thread."""

OUTER = 100
RECIPE = {
    "max_iter": 10,
    "max_eval": 10,
    "history_size": 100,
    "line_search_fn": "strong_wolfe",
    "lr": 1,
}
"""Documented by plenoptic, with 100 outer iterations from uniform noise."""

ROUNDS, MEMORY = 20, 50
CHECK_EVERY = 5
PENALTY = 0.1
"""Weight of plenoptic's range penalty, its default."""


def projections(images: Sequence[Tensor], repeats: int) -> None:
    """Print the milliseconds that a round of projections takes."""
    image = images[0][None]
    loss = PortillaSimoncelliLoss(image[None])
    start = torch.randn(image.shape, generator=torch.Generator().manual_seed(0))
    rounds = project(start, loss.target)
    median, spread = timed(lambda: next(rounds), repeats)
    measured, _ = timed(lambda: loss.errors(image[None]), repeats)
    print(f"\na round of projections, {image.shape[-1]} px grey, float32, one thread")
    print(f"lichen {median:.1f} ± {spread:.1f} ms ({median / measured:.1f} times its statistics)")
    print(f"IPOL's C program, quoted from another machine: {IPOL_MS:.0f} to 80 ms")


def converge(images: Sequence[Tensor], iterations: int) -> None:
    """Print the time of plenoptic's recipe, and ours to the same loss."""
    print(f"\nplenoptic's loss after {OUTER} outer iterations of its recipe, and ours in time")
    print(f"{'':>4} {'its loss':>9} {'its s':>8} {'ours':>9} {'our s':>8} {'ratio of times':>18}")
    for number, image in enumerate(images, 1):
        theirs = _Plenoptic(image)
        wanted, theirs_seconds = theirs.recipe()
        reached, seconds = _ours(image, theirs.loss, wanted, iterations)
        ratio = f"{seconds / theirs_seconds:.3f}" if reached <= wanted else "not reached"
        print(
            f"{number:>4} {wanted:9.2e} {theirs_seconds:8.1f} {reached:9.2e} {seconds:8.1f} "
            f"{ratio:>18}"
        )


def _ours(
    image: Tensor, judge: Callable[[Tensor], float], wanted: float, iterations: int
) -> tuple[float, float]:
    """Return the loss reached and the seconds, without those for plenoptic's loss."""
    started, judging = time.perf_counter(), 0.0
    reached = float("inf")
    loss = PortillaSimoncelliLoss(image[None, None])
    for number, planes in enumerate(_states(loss, image.shape, iterations), 1):
        if number < ROUNDS or number % CHECK_EVERY:
            continue
        paused = time.perf_counter()
        reached = judge(loss.axes.image(planes))
        judging += time.perf_counter() - paused
        if reached <= wanted:
            break
    return reached, time.perf_counter() - started - judging


def _states(loss: PortillaSimoncelliLoss, size: torch.Size, iterations: int) -> Iterator[Tensor]:
    planes = torch.randn((1, *size), generator=torch.Generator().manual_seed(0))
    rounds = project(planes, loss.target)
    for planes in islice(rounds, ROUNDS):
        yield planes

    def limit(given: Tensor) -> Tensor:
        low, high = loss.target.planes.pixels[0, 4:]
        return given.clamp(low, high)

    for iterate in descend(loss, planes, iterations=iterations, memory=MEMORY, limit=limit):
        yield limit(iterate.point)


@dataclass
class _Plenoptic:
    """Plenoptic's model of one image (H, W)."""

    image: Tensor

    def __post_init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import plenoptic

            self._package: Any = plenoptic
            self._target = self.image[None, None]
            self._model = plenoptic.models.PortillaSimoncelli(self.image.shape)
            self._distance = plenoptic.loss.portilla_simoncelli_loss_factory(
                self._model, self._target
            )
            self._wanted = self._model(self._target)

    @torch.no_grad()
    def loss(self, image: Tensor) -> float:
        """Return its loss and penalty of an image (1, H, W)."""
        penalty = self._package.regularize.penalize_range(image[None])
        return float(self._distance(self._wanted, self._model(image[None])) + PENALTY * penalty)

    def recipe(self) -> tuple[float, float]:
        """Run its recipe; return loss and seconds."""
        self._package.set_seed(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            metamer = self._package.Metamer(
                self._target, self._model, loss_function=self._distance, penalty_lambda=PENALTY
            )
            metamer.setup(optimizer=torch.optim.LBFGS, optimizer_kwargs=dict(RECIPE))
            started = time.perf_counter()
            metamer.synthesize(max_iter=OUTER, stop_criterion=0)
            seconds = time.perf_counter() - started
        return self.loss(metamer.metamer.detach()[0]), seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of these parts."""
    parser.add_argument(
        "--iterations", type=int, default=300, help="of our descent at most (converge)"
    )
