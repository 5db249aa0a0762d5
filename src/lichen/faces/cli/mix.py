"""``lichen mix``: mixtures of the statistics of several textures."""

from __future__ import annotations

from typing import Any

import click

from lichen.errors import ParameterError
from lichen.faces.cli.method_command import MethodCommand
from lichen.faces.cli.outputs import check_output, refuse_overwriting
from lichen.faces.cli.picture_options import PictureOptions, picture_options, wrapping
from lichen.faces.cli.template import check_distinct
from lichen.job import Job
from lichen.run import verbs
from lichen.run.loop import Run
from lichen.run.mixture import random_weights, strip_weights


@click.command(cls=MethodCommand, implied={"--term": "objective"}, renamed=("mix", "weights"))
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO PHOTO...")
@click.option(
    "--weights",
    "mix",
    help="Weight of each photo, as in 0.7,0.3, scaled to sum to 1; weights below 0 lead away from "
    "a photo. Equal when not given.",
)
@click.option("--network-weights", "weights", help="File of the network's weights.")
@click.option(
    "--strip",
    type=click.IntRange(min=2),
    metavar="N",
    help="N pictures in a row, from the first photo's texture to the second's.",
)
@click.option("--apart", is_flag=True, help="Write the pictures of --strip to separate files.")
@click.option(
    "--random",
    type=click.IntRange(min=1),
    metavar="N",
    help="N pictures with random weights, their seeds counting up from --seed.",
)
@click.option(
    "--extrapolate",
    type=click.FloatRange(min=0, max=2),
    default=0.0,
    show_default=True,
    help="How far above 1, and correspondingly below 0, the weights of --random may go.",
)
@click.option("-s", "--size", help="WIDTHxHEIGHT in pixels; the first photo's when not given.")
@click.option("--init", help="Initial image: noise, exemplar, or METHOD[:PRESET].")
@wrapping
@picture_options(output="{exemplar}_mixed_{seed}.png", method="gatys", bit_depth="8")
def mix(
    chosen: PictureOptions,
    photos: tuple[str, ...],
    strip: int | None,
    apart: bool,
    random: int | None,
    extrapolate: float,
    **options: Any,
) -> None:
    """Make a texture whose statistics lie between those of the PHOTOs."""
    weights = chosen.parameters.pop("mix", None)
    if options.pop("weights", None) is not None:  # a method with a network would have taken it
        raise ParameterError(f"--network-weights: {chosen.method} has no network", "omit it")
    _check_agreement(weights, strip, apart, random, extrapolate)
    arguments = {**options, **chosen.of_method}

    def mixed(weights: Any, seed: int) -> Job:
        return verbs.mix(photos, weights, **{**arguments, "seed": seed}).unloaded()

    if strip is not None and apart:
        pairs = strip_weights(len(photos), strip)
        jobs = [mixed(pair, chosen.seed) for pair in pairs]
    elif strip is not None:
        jobs = [verbs.strip(photos, strip, **arguments).unloaded()]
    elif random is not None:
        jobs = [
            mixed(random_weights(len(photos), seed, extrapolate), seed)
            for seed in range(chosen.seed, chosen.seed + random)
        ]
    else:
        jobs = [mixed(weights, chosen.seed)]
    _carry_out(chosen, jobs)


def _carry_out(chosen: PictureOptions, jobs: list[Job]) -> None:
    """Check all jobs, then carry out and save them one by one."""
    planned = []
    written = []
    for index, job in enumerate(jobs):
        run = Run(job)
        outputs = chosen.outputs(run, index)
        check_output(run, outputs)
        planned.append(outputs)
        written += outputs.files(run.canvas.maps)
    check_distinct(chosen.output, [outputs.picture for outputs in planned])
    refuse_overwriting(written, [path for job in jobs for path in job.paths()])
    for job, outputs in zip(jobs, planned, strict=True):
        chosen.carry_out(job, outputs)


def _check_agreement(
    weights: object,
    strip: int | None,
    apart: bool,
    random: int | None,
    extrapolate: float,
) -> None:
    """Raise for options that cannot be combined or need each other."""
    exclusive = {"--weights": weights, "--strip": strip, "--random": random}
    given = [name for name, value in exclusive.items() if value is not None]
    if len(given) > 1:
        raise ParameterError(f"{' and '.join(given)} cannot be combined", "give one of them")
    if apart and strip is None:
        raise ParameterError("--apart needs --strip", "give both, or omit it")
    if extrapolate and random is None:
        raise ParameterError(
            "--extrapolate needs --random", "with --weights, write numbers below 0 yourself"
        )
