"""``lichen resume``, ``continue``, ``rerun`` and ``show``: from what an earlier run left."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np

from lichen.errors import ParameterError
from lichen.faces.cli.making import BIT_DEPTHS, QUIET, sources
from lichen.faces.cli.saving import Outputs, check_output, make
from lichen.image import read_image
from lichen.result import Provenance, Result, files_of, read_provenance
from lichen.run import synthesis
from lichen.run.checkpoint import SUFFIX, read_checkpoint
from lichen.run.synthesis import finish

EXEMPLAR = click.option("--exemplar", help="Where the photo is now, if it was moved.")
BIT_DEPTH = click.option("--bit-depth", type=BIT_DEPTHS, help="As before when not given.")


@click.command()
@click.argument("checkpoint")
@click.option("-o", "--output", help="The picture; the interrupted run's when not given.")
@BIT_DEPTH
@EXEMPLAR
@sources
@QUIET
def resume(
    checkpoint: str,
    output: str | None,
    bit_depth: str | None,
    exemplar: str | None,
    save_map: str | None,
    show_sources: str | None,
    quiet: bool,
) -> None:
    """Go on with an interrupted run from CHECKPOINT.

    The result is as good as the uninterrupted one's but not the same: what the solver had
    learnt of the curvature is not kept. Its record says so, and `lichen rerun` repeats it.
    Methods that copy pixels are quick and begin anew.
    """
    run = synthesis.resume(checkpoint, exemplar)
    if output is None and not checkpoint.endswith(SUFFIX):
        raise ParameterError(f"no output is known for {checkpoint}", "name one with -o")
    target = Path(output or checkpoint.removesuffix(SUFFIX))
    depth = int(bit_depth or read_checkpoint(Path(checkpoint)).bit_depth)
    outputs = _outputs(target, depth, save_map, show_sources)
    check_output(run, outputs)
    make(run, outputs, quiet=quiet)
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
    outputs = Outputs(target, depth)
    check_output(run, outputs)
    make(run, outputs, quiet=quiet)


@click.command()
@click.argument("picture")
@click.option("-o", "--output", help="Where to; {stem}_rerun beside it when not given.")
@EXEMPLAR
@sources
@QUIET
def rerun(
    picture: str,
    output: str | None,
    exemplar: str | None,
    save_map: str | None,
    show_sources: str | None,
    quiet: bool,
) -> None:
    """Make PICTURE again from its own record and check that it is the same.

    Equal, the new files (further maps are beside the picture) have the same bytes: they keep the
    record, with the seconds of the first run. Not equal, nothing is written and the exit code is 1.
    """
    source = Path(picture)
    target = Path(output) if output else source.with_name(f"{source.stem}_rerun{source.suffix}")
    run, record = synthesis.rerun(source, exemplar)
    depth = read_image(source).bit_depth
    maps = run.exemplars[0].maps
    before = [path.read_bytes() for path in files_of(source, maps)]
    outputs = _outputs(target, depth, save_map, show_sources)
    check_output(run, outputs)
    made = finish(run, progress=False if quiet else None, title=target.name)
    again = replace(made, provenance=record)
    problems = _other_making(made.provenance, record) + _other_pixels(again, source, depth)
    if problems:
        click.echo(f"lichen: {picture} was not made again: {'; '.join(problems)}", err=True)
        sys.exit(1)
    outputs.save(again)
    if not quiet:
        after = [path.read_bytes() for path in files_of(target, maps)]
        same = "bytes" if after == before else "pixels"
        click.echo(f"{target}: the same {same} as {picture}")


def _outputs(
    picture: Path, bit_depth: int, save_map: str | None, show_sources: str | None
) -> Outputs:
    return Outputs(
        picture,
        bit_depth,
        source_map=None if save_map is None else Path(save_map),
        shown_sources=None if show_sources is None else Path(show_sources),
    )


def _other_making(ours: Provenance, theirs: Provenance) -> list[str]:
    """Say what the records of two runs differ in, beside the time they took."""
    if ours.same_making(theirs):
        return []
    mine, old = ours.making(), theirs.making()
    return [
        f"{name} {mine[name]} instead of {old[name]}" for name in mine if mine[name] != old[name]
    ]


def _other_pixels(again: Result, stored: Path, bit_depth: int) -> list[str]:
    """Say how far stored files are from the same pictures saved now, in their format and depth."""
    problems = []
    with TemporaryDirectory() as folder:
        saved = again.save(Path(folder) / stored.name, bit_depth)
        for new, old in zip(files_of(saved, again.maps), files_of(stored, again.maps), strict=True):
            if old.suffix == ".json":
                continue
            ours, theirs = read_image(new).pixels, read_image(old).pixels
            if ours.shape != theirs.shape:
                problems.append(f"{old.name} is stored as {theirs.shape} instead of {ours.shape}")
            elif (apart := float(np.abs(ours - theirs).max())) > 0:
                problems.append(f"pixels differ by up to {apart:.3g} of 1 in {old.name}")
    return problems


@click.command()
@click.argument("picture")
def show(picture: str) -> None:
    """Print how PICTURE was made, as JSON."""
    record = json.loads(read_provenance(picture).to_json())
    click.echo(json.dumps(record, indent=2, sort_keys=True))
