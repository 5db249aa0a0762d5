"""Speed of the Gatys method against plain PyTorch, in one run on the same VGG-19.

    LICHEN_WEIGHTS=DIR python benchmarks/gatys.py EXEMPLAR ... [--iterations 500] [--only TABLE]

Prints (1) milliseconds per loss and gradient, (2) the time to the loss that plain PyTorch reaches
in its iterations, (3) peak memory and time by size. Losing rows are printed like the others.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.features.extractor import NetworkFeatures
from lichen.features.load import load_features
from lichen.image import resize_image
from lichen.method import Context
from lichen.methods.learning.gatys import Gatys
from lichen.networks.vgg import VGG19
from lichen.nn.tensor import to_tensor
from lichen.solve.objective import Objective, Term
from lichen.statistics.gram import Gram
from machine import describe_machine, timed
from plain_gatys import LAYERS, PlainLoss, PlainVGG, plain_synthesis

ZERO = ("zero", "zero")


def vgg(precision: str) -> NetworkFeatures:
    features = load_features("vgg19", precision=precision)
    assert isinstance(features, NetworkFeatures)
    return features


def plain_vgg() -> PlainVGG:
    network = vgg("float32").inner
    assert isinstance(network, VGG19)
    return PlainVGG(network)


def objective(precision: str, exemplar: torch.Tensor) -> Objective:
    layers = dict.fromkeys(LAYERS, 1 / len(LAYERS))
    return Objective([Term("gram", vgg(precision), Gram(), layers)], exemplar, None, ZERO, ZERO)


def table_gradient(sizes: list[int], repeats: int) -> None:
    print("\n1. milliseconds per loss and gradient (median ± half range)")
    print(f"{'size':>6} {'plain':>14} {'float32':>14} {'bfloat16':>14}   ratios")
    for size in sizes:
        noise = torch.Generator().manual_seed(0)
        exemplar = torch.rand((1, 3, size, size), generator=noise)
        image = torch.rand((1, 3, size, size), generator=noise)
        plain = PlainLoss(plain_vgg(), exemplar)

        def gradient(loss: PlainLoss = plain, at: torch.Tensor = image) -> None:
            variable = at.clone().requires_grad_()
            loss(variable).backward()

        rows = [timed(gradient, repeats)]
        for precision in ("float32", "bfloat16"):
            ours = objective(precision, exemplar)
            rows.append(timed(lambda o=ours, at=image: o.value_and_gradient(at), repeats))
        cells = " ".join(f"{median:8.1f} ±{spread:4.0f}" for median, spread in rows)
        ratios = ", ".join(f"{rows[0][0] / median:.2f}x" for median, _ in rows[1:])
        print(f"{size:>6} {cells}   {ratios}", flush=True)


def table_time_to_loss(paths: list[Path], size: int, iterations: int) -> None:
    print(
        f"\n2. seconds to plain PyTorch's loss after {iterations} iterations, and four times it;\n"
        f"   {size} px"
    )
    print(f"{'exemplar':>18} {'loss':>10} {'plain s':>8} {'ours s':>8} {'ratio':>7}  steps")
    wins = 0
    for path in paths:
        pixels = resize_image(Exemplar.read(path).pixels, (size, size))
        pixels = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
        exemplar = to_tensor(pixels)
        judge = PlainLoss(plain_vgg(), exemplar)
        start = torch.rand(exemplar.shape, generator=torch.Generator().manual_seed(1))
        plain = plain_synthesis(judge, start, iterations)
        goals = [4 * plain[-1][1], plain[-1][1]]
        for goal, ours in zip(goals, seconds_to_losses(pixels, judge, goals), strict=True):
            plain_seconds = next(seconds for seconds, loss in plain if loss <= goal)
            row = f"{path.stem:>18} {goal:10.5f} {plain_seconds:8.1f} "
            if ours is None:
                print(row + " not reached", flush=True)
                continue
            ratio = plain_seconds / ours[0]
            wins += goal == goals[-1] and ratio >= 8
            print(row + f"{ours[0]:8.1f} {ratio:6.1f}x  {ours[1]}", flush=True)
    print(f"at most one eighth of plain's time to its last loss on {wins} of {len(paths)}")


def seconds_to_losses(
    pixels: np.ndarray, judge: PlainLoss, goals: list[float]
) -> list[tuple[float, str] | None]:
    """Run the method with the same layers and loss; evaluating the goal is not timed."""
    method = Gatys.configure(
        network="vgg19",
        layers=LAYERS,
        statistic="gram",
        means_weight=0,
        colour_weight=0,
        spectrum_weight=0,
        standardize=False,
        border="zero",
        **SCHEDULE,
    )
    canvas = Canvas((pixels.shape[0], pixels.shape[1]), seed=0)
    context = Context(seed=0, threads=torch.get_num_threads())
    reached: list[tuple[float, str]] = []
    spent = 0.0
    started = time.perf_counter()
    run = method.run([Exemplar.from_array(pixels)], canvas, context)
    for steps, step in enumerate(run, start=1):
        spent += time.perf_counter() - started
        # Ours is within a percent of the judge's, which need not be evaluated far from the goal.
        near = step.losses["total"] <= 1.05 * goals[len(reached)]
        if step.level == step.n_levels - 1 and near:
            with torch.no_grad():
                loss = float(judge(to_tensor(step.image).expand(-1, 3, -1, -1)))
            while len(reached) < len(goals) and loss <= goals[len(reached)]:
                reached.append((spent, f"{steps} in all, {step.iteration} at full size"))
            if len(reached) == len(goals):
                break
        started = time.perf_counter()
    return [*reached, *[None] * (len(goals) - len(reached))]


SCHEDULE: dict[str, Any] = {"iterations": 400, "coarser": 0.4}
"""At full size the run ends as soon as the last goal is reached."""


def table_memory(sizes: list[int]) -> None:
    print("\n3. memory and time by size, bfloat16 where the processor has it")
    print(f"{'size':>6} {'peak MB':>9} {'ms':>9} {'us/pixel':>9}")
    for size in sizes:
        line = subprocess.run(
            [sys.executable, __file__, "--measure-size", str(size)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        peak, milliseconds = map(float, line.split())
        print(
            f"{size:>6} {peak:9.0f} {milliseconds:9.0f} {1e3 * milliseconds / size**2:9.2f}",
            flush=True,
        )


def measure_size(size: int) -> None:
    noise = torch.Generator().manual_seed(0)
    exemplar = torch.rand((1, 3, size, size), generator=noise)
    ours = objective("auto", exemplar)
    median, _ = timed(lambda: ours.value_and_gradient(exemplar.flip(2)), 3)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, median)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("exemplars", nargs="*", type=Path)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--iterations", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--only", type=int, choices=(1, 2, 3))
    parser.add_argument("--measure-size", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure_size:
        measure_size(options.measure_size)
        return
    print(describe_machine())
    if options.only in (None, 1):
        table_gradient([256, 512], options.repeats)
    if options.only in (None, 2) and options.exemplars:
        table_time_to_loss(options.exemplars, options.size, options.iterations)
    if options.only in (None, 3):
        table_memory([256, 512, 1024])


if __name__ == "__main__":
    main()
