"""``lichen mix``: textures between others, by their statistics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import click

from lichen.errors import ParameterError
from lichen.faces.cli.making import Making, making, wrapping
from lichen.faces.cli.method_options import MethodCommand
from lichen.faces.cli.saving import check_output, files_read, refuse_overwriting
from lichen.faces.cli.template import check_distinct
from lichen.run import mixing
from lichen.run.loop import Run

Plan = list[Callable[[], Run]]
"""Runs, each made when its turn comes: a batch may exceed the memory."""


@click.command(cls=MethodCommand, implied={"--term": "objective"}, renamed=("mix", "weights"))
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO PHOTO...")
@click.option(
    "--weights",
    "mix",
    help="One for each photo, as in 0.7,0.3, scaled to sum to 1; below 0 leads away from a photo. "
    "Equal when not given.",
)
@click.option("--network-weights", "weights", help="File of the network's weights.")
@click.option(
    "--strip",
    type=click.IntRange(min=2),
    metavar="N",
    help="N pictures in a row, from the first photo's texture to the second's.",
)
@click.option("--apart", is_flag=True, help="The pictures of --strip in files of their own.")
@click.option(
    "--random",
    type=click.IntRange(min=1),
    metavar="N",
    help="N pictures of random weights, with seeds counting up from --seed.",
)
@click.option(
    "--extrapolate",
    type=click.FloatRange(min=0, max=2),
    default=0.0,
    show_default=True,
    help="How far beyond 1, and in return below 0, the weights of --random may go.",
)
@click.option("-s", "--size", help="WIDTHxHEIGHT in pixels; the first photo's when not given.")
@click.option("--init", help="Start from noise, exemplar, or what METHOD[:PRESET] makes of all.")
@wrapping
@making(output="{exemplar}_mixed_{seed}.png", method="gatys", bit_depth="8")
def mix(
    making: Making,
    photos: tuple[str, ...],
    strip: int | None,
    apart: bool,
    random: int | None,
    extrapolate: float,
    **wanted: Any,
) -> None:
    """Make a texture whose statistics lie between those of the PHOTOs."""
    shares = making.parameters.get("mix")
    _check_agreement(shares, strip, apart, random, extrapolate)
    how = {**wanted, **making.how}

    def mixed(shares: tuple[float, ...] | None, seed: int) -> Callable[[], Run]:
        return lambda: mixing.mix(photos, **{**how, "mix": shares, "seed": seed})

    plan: Plan
    if strip is not None and apart:
        plan = [mixed(pair, making.seed) for pair in mixing.strip_weights(len(photos), strip)]
    elif strip is not None:
        plan = [lambda: mixing.strip(photos, strip, **how)]
    elif random is not None:
        seeds = range(making.seed, making.seed + random)
        drawn = [mixing.random_weights(len(photos), seed, extrapolate) for seed in seeds]
        plan = [mixed(one, seed) for one, seed in zip(drawn, seeds, strict=True)]
    else:
        plan = [mixed(shares, making.seed)]
    _make(making, plan)


def _make(making: Making, plan: Plan) -> None:
    """Check all, then make and save one after the other."""

    def runs() -> Iterator[Run]:
        return (prepare() for prepare in plan)

    planned = [making.outputs(run, index) for index, run in enumerate(runs())]
    check_distinct(making.output, [outputs.picture for outputs in planned])
    for run, outputs in zip(runs(), planned, strict=True):
        check_output(run, outputs)
        refuse_overwriting([path for one in planned for path in one.files(run)], files_read(run))
    for run, outputs in zip(runs(), planned, strict=True):
        making.make(run, outputs)


def _check_agreement(
    shares: object,
    strip: int | None,
    apart: bool,
    random: int | None,
    extrapolate: float,
) -> None:
    """Raise for options that exclude each other or need each other."""
    asked = {"--weights": shares, "--strip": strip, "--random": random}
    given = [name for name, value in asked.items() if value is not None]
    if len(given) > 1:
        raise ParameterError(f"{' and '.join(given)} exclude each other", "give one of them")
    if apart and strip is None:
        raise ParameterError("--apart belongs to --strip", "give both, or leave it out")
    if extrapolate and random is None:
        raise ParameterError(
            "--extrapolate belongs to --random", "with --weights write numbers below 0 yourself"
        )
