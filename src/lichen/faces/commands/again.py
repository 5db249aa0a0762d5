"""``lichen resume``, ``continue``, ``rerun`` and ``show``: from what an earlier run left."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import numpy as np

from lichen.errors import ParameterError
from lichen.faces.commands.saving import make
from lichen.image import check_writable, read_image
from lichen.result import Result, read_provenance
from lichen.run import synthesis
from lichen.run.checkpoint import SUFFIX
from lichen.run.synthesis import finish

EXEMPLAR = click.option("--exemplar", help="Where the photo is now, if it was moved.")
QUIET = click.option("-q", "--quiet", is_flag=True, help="No bar, no summary.")


@click.command()
@click.argument("checkpoint")
@click.option("-o", "--output", help="The picture; the interrupted run's when not given.")
@EXEMPLAR
@QUIET
def resume(checkpoint: str, output: str | None, exemplar: str | None, quiet: bool) -> None:
    """Go on with an interrupted run from CHECKPOINT.

    The result is as good as the uninterrupted one's but not the same: what the solver had
    learnt of the curvature is not kept.
    """
    run = synthesis.resume(checkpoint, exemplar)
    if output is None and not checkpoint.endswith(SUFFIX):
        raise ParameterError(f"no output is known for {checkpoint}", "name one with -o")
    target = Path(output or checkpoint.removesuffix(SUFFIX))
    check_writable(target)
    make(run, target, quiet=quiet)
    Path(checkpoint).unlink(missing_ok=True)


@click.command("continue")
@click.argument("picture")
@click.option("-n", "--iterations", type=click.IntRange(min=1), default=100, show_default=True)
@click.option("-o", "--output", help="Where to; {stem}_continued.png when not given.")
@EXEMPLAR
@QUIET
def go_on(
    picture: str, iterations: int, output: str | None, exemplar: str | None, quiet: bool
) -> None:
    """Take PICTURE, which lichen wrote, some iterations further."""
    source = Path(picture)
    target = Path(output) if output else source.with_name(f"{source.stem}_continued{source.suffix}")
    check_writable(target)
    make(synthesis.go_on(source, iterations, exemplar), target, quiet=quiet)


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
    stored = read_image(source)
    check_writable(target, stored.bit_depth)
    made = finish(run, progress=False if quiet else None, title=target.name)
    again = Result(made.image, record)
    problems = _differences(made, again, stored.pixels, stored.bit_depth, source.suffix)
    if problems:
        click.echo(f"lichen: {picture} was not made again: {'; '.join(problems)}", err=True)
        sys.exit(1)
    again.save(target, stored.bit_depth)
    if not quiet:
        click.echo(f"{target}: the same as {picture}")


def _differences(
    made: Result, again: Result, stored: np.ndarray, bit_depth: int, suffix: str
) -> list[str]:
    """Say what differs between a stored picture and the one made again."""
    ours, theirs = made.provenance, again.provenance
    problems = [
        f"{name} {getattr(ours, name)} instead of {getattr(theirs, name)}"
        for name in ("version", "software", "networks", "losses", "steps", "threads")
        if getattr(ours, name) != getattr(theirs, name)
    ]
    if suffix.lower() not in (".jpg", ".jpeg"):  # whose pixels are not those that were saved
        steps = 2**bit_depth - 1
        apart = (
            np.abs(made.image - stored).max()
            if bit_depth == 32
            else np.abs(
                np.round(made.image.astype(np.float64) * steps) - np.round(stored * steps)
            ).max()
        )
        if apart > 0:
            problems.append(
                f"pixels differ by up to {apart:g} of {1 if bit_depth == 32 else steps}"
            )
    return problems


@click.command()
@click.argument("picture")
def show(picture: str) -> None:
    """Print how PICTURE was made, as JSON."""
    record = json.loads(read_provenance(picture).to_json())
    click.echo(json.dumps(record, indent=2, sort_keys=True))
