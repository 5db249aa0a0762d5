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
from lichen.faces.cli.outputs import Outputs, carry_out, check_output
from lichen.faces.cli.picture_options import BIT_DEPTHS, source_options
from lichen.faces.cli.shared_options import QUIET
from lichen.faces.python import finish
from lichen.image import read_image
from lichen.result import Provenance, Result, files_of, read_provenance
from lichen.run import checkpoint as checkpoints
from lichen.run import rerun as repeating
from lichen.run import verbs
from lichen.run.loop import Run

EXEMPLAR = click.option("--exemplar", help="Where the photo is now, if it was moved.")
BIT_DEPTH = click.option("--bit-depth", type=BIT_DEPTHS, help="As before when not given.")


@click.command()
@click.argument("checkpoint")
@click.option("-o", "--output", help="The picture; the interrupted run's when not given.")
@BIT_DEPTH
@EXEMPLAR
@source_options
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
    Methods that copy pixels are quick and start again.
    """
    path = Path(checkpoint)
    stored = checkpoints.read_checkpoint(path)
    run = stored.resume(path.parent, exemplar)
    if output is None and not checkpoint.endswith(checkpoints.SUFFIX):
        raise ParameterError(f"no output is known for {checkpoint}", "name one with -o")
    target = Path(output or checkpoint.removesuffix(checkpoints.SUFFIX))
    outputs = _outputs(target, int(bit_depth or stored.bit_depth), save_map, show_sources)
    check_output(run, outputs)
    carry_out(run, outputs, quiet=quiet)
    path.unlink(missing_ok=True)


@click.command("continue")
@click.argument("picture")
@click.option("-n", "--iterations", type=click.IntRange(min=1), default=100, show_default=True)
@click.option("-o", "--output", help="Where to; {stem}_continued.png when not given.")
@BIT_DEPTH
@EXEMPLAR
@QUIET
def continue_(
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
    run = Run(verbs.continue_from(source, iterations, exemplar))
    outputs = Outputs(target, int(bit_depth or read_image(source).bit_depth))
    check_output(run, outputs)
    carry_out(run, outputs, quiet=quiet)


@click.command()
@click.argument("picture")
@click.option("-o", "--output", help="Where to; {stem}_rerun beside it when not given.")
@EXEMPLAR
@source_options
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

    If it is, the new files (further maps are beside the picture) have the same bytes: they keep the
    record, with the seconds of the first run. If not, nothing is written and the exit code is 1.
    """
    source = Path(picture)
    target = Path(output) if output else source.with_name(f"{source.stem}_rerun{source.suffix}")
    run, record = repeating.rerun(source, exemplar)
    depth = read_image(source).bit_depth
    maps = run.canvas.maps
    before = [path.read_bytes() for path in files_of(source, maps)]
    outputs = _outputs(target, depth, save_map, show_sources)
    check_output(run, outputs)
    result = finish(run, progress=False if quiet else None, title=target.name)
    again = replace(result, provenance=record)
    problems = _record_differences(result.provenance, record)
    problems += _pixel_differences(again, source, depth)
    if problems:
        click.echo(f"lichen: {picture} was not reproduced: {'; '.join(problems)}", err=True)
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


def _record_differences(ours: Provenance, theirs: Provenance) -> list[str]:
    """Say what the records of two runs differ in, beside the time they took."""
    new, old = ours.essentials(), theirs.essentials()
    return [f"{name} {new[name]} instead of {old[name]}" for name in new if new[name] != old[name]]


def _pixel_differences(again: Result, stored: Path, bit_depth: int) -> list[str]:
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
    click.echo(json.dumps(read_provenance(picture).to_dict(), indent=2))
