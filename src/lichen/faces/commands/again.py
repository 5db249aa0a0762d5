"""``lichen resume``, ``continue``, ``rerun`` and ``show``: from what an earlier run left."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np

from lichen.errors import ParameterError
from lichen.faces.commands.saving import check_output, make
from lichen.image import ImageFile, read_image
from lichen.result import Provenance, Result, read_provenance
from lichen.run import synthesis
from lichen.run.checkpoint import SUFFIX, read_checkpoint
from lichen.run.synthesis import finish

EXEMPLAR = click.option("--exemplar", help="Where the photo is now, if it was moved.")
QUIET = click.option("-q", "--quiet", is_flag=True, help="No bar, no summary.")
BIT_DEPTH = click.option(
    "--bit-depth", type=click.Choice(["8", "16", "32"]), help="As before when not given."
)


@click.command()
@click.argument("checkpoint")
@click.option("-o", "--output", help="The picture; the interrupted run's when not given.")
@BIT_DEPTH
@EXEMPLAR
@QUIET
def resume(
    checkpoint: str, output: str | None, bit_depth: str | None, exemplar: str | None, quiet: bool
) -> None:
    """Go on with an interrupted run from CHECKPOINT.

    The result is as good as the uninterrupted one's but not the same: what the solver had
    learnt of the curvature is not kept. Its record says so, and `lichen rerun` repeats it.
    """
    run = synthesis.resume(checkpoint, exemplar)
    if output is None and not checkpoint.endswith(SUFFIX):
        raise ParameterError(f"no output is known for {checkpoint}", "name one with -o")
    target = Path(output or checkpoint.removesuffix(SUFFIX))
    depth = int(bit_depth or read_checkpoint(Path(checkpoint)).bit_depth)
    check_output(run, target, depth)
    make(run, target, bit_depth=depth, quiet=quiet)
    Path(checkpoint).unlink(missing_ok=True)


@click.command("continue")
@click.argument("picture")
@click.option("-n", "--iterations", type=click.IntRange(min=1), default=100, show_default=True)
@click.option("-o", "--output", help="Where to; {stem}_continued.png when not given.")
@BIT_DEPTH
@EXEMPLAR
@QUIET
def go_on(
    picture: str,
    iterations: int,
    output: str | None,
    bit_depth: str | None,
    exemplar: str | None,
    quiet: bool,
) -> None:
    """Take PICTURE, which lichen wrote, some iterations further."""
    source = Path(picture)
    target = Path(output) if output else source.with_name(f"{source.stem}_continued{source.suffix}")
    run = synthesis.go_on(source, iterations, exemplar)
    depth = int(bit_depth or read_image(source).bit_depth)
    check_output(run, target, depth)
    make(run, target, bit_depth=depth, quiet=quiet)


@click.command()
@click.argument("picture")
@click.option("-o", "--output", help="Where to; {stem}_rerun beside it when not given.")
@EXEMPLAR
@QUIET
def rerun(picture: str, output: str | None, exemplar: str | None, quiet: bool) -> None:
    """Make PICTURE again from its own record and check that it is the same.

    Equal, the new file has the same bytes: it keeps the record, with the seconds of the first
    run. Not equal, nothing is written and the exit code is 1.
    """
    source = Path(picture)
    target = Path(output) if output else source.with_name(f"{source.stem}_rerun{source.suffix}")
    run, record = synthesis.rerun(source, exemplar)
    stored, before = read_image(source), source.read_bytes()
    check_output(run, target, stored.bit_depth)
    made = finish(run, progress=False if quiet else None, title=target.name)
    again = Result(made.image, record)
    problems = _other_making(made.provenance, record) + _other_pixels(again, stored)
    if problems:
        click.echo(f"lichen: {picture} was not made again: {'; '.join(problems)}", err=True)
        sys.exit(1)
    again.save(target, stored.bit_depth)
    if not quiet:
        same = "bytes" if target.read_bytes() == before else "pixels"
        click.echo(f"{target}: the same {same} as {picture}")


def _other_making(ours: Provenance, theirs: Provenance) -> list[str]:
    """Say what the records of two runs differ in, beside the time they took."""
    if ours.same_making(theirs):
        return []
    mine, old = json.loads(ours.to_json()), json.loads(theirs.to_json())
    return [
        f"{name} {mine[name]} instead of {old[name]}"
        for name in mine
        if name != "seconds" and mine[name] != old[name]
    ]


def _other_pixels(again: Result, stored: ImageFile) -> list[str]:
    """Say how far a stored file is from the same picture saved now, in its format and depth."""
    with TemporaryDirectory() as folder:
        saved = again.save(Path(folder) / stored.path.name, stored.bit_depth)
        pixels = read_image(saved).pixels
    if pixels.shape != stored.pixels.shape:
        return [f"the picture is stored as {stored.pixels.shape} instead of {pixels.shape}"]
    apart = float(np.abs(pixels - stored.pixels).max())
    return [f"pixels differ by up to {apart:.3g} of 1"] if apart > 0 else []


@click.command()
@click.argument("picture")
def show(picture: str) -> None:
    """Print how PICTURE was made, as JSON."""
    record = json.loads(read_provenance(picture).to_json())
    click.echo(json.dumps(record, indent=2, sort_keys=True))
