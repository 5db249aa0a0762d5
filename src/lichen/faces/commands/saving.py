"""What every command that makes pictures does with a run: bar, checkpoint, save, say so."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from lichen.atomic import check_folder
from lichen.errors import LichenError
from lichen.exemplar import Exemplar
from lichen.image import check_writable
from lichen.result import Result
from lichen.run.checkpoint import Checkpointer, checkpoint_path
from lichen.run.loop import Run, RunInterruptedError
from lichen.run.recording import Recorder
from lichen.run.synthesis import finish


def check_output(run: Run, output: Path, bit_depth: int = 8, video: Path | None = None) -> None:
    """Raise unless picture and film could be written without harm to what the run reads."""
    check_writable(output, bit_depth)
    check_folder(checkpoint_path(output))
    if video is not None:
        Recorder(video, run.canvas.size)
        if video.resolve() == output.resolve():
            raise LichenError(
                f"{video} is to be both the picture and its film", "give one of them another name"
            )
    refuse_overwriting([output] if video is None else [output, video], files_read(run))


def files_read(run: Run) -> list[Path]:
    """Files that a run was given: exemplar, mask, initial image."""
    pictures = [*run.exemplars, run.canvas.init]
    given = [p for p in pictures if isinstance(p, Exemplar)]
    return [path for p in given for path in (p.path, p.mask_path) if path is not None]


def refuse_overwriting(written: Iterable[Path], read: Iterable[Path]) -> None:
    """Raise if a file to be written is one that is read: a photo is not replaced by its copy."""
    inputs = {path.resolve() for path in read}
    for path in written:
        if path.resolve() in inputs:
            raise LichenError(
                f"{path} is read here and would be overwritten", "name another output with -o"
            )


def make(
    run: Run,
    output: Path,
    *,
    bit_depth: int = 8,
    quiet: bool = False,
    progress: bool | None = None,
    video: Path | None = None,
    checkpoint_every: float = 10.0,
) -> Result:
    """Take a run to its end and save the picture; on Ctrl-C save the best so far and leave."""
    checkpoint = checkpoint_path(output)
    recorder = None if video is None else Recorder(video, run.canvas.size)
    try:
        result = finish(
            run,
            progress=False if quiet else progress,
            checkpoint=Checkpointer(checkpoint, checkpoint_every, bit_depth),
            on_step=recorder,
            title=output.name,
        )
    except RunInterruptedError as interrupted:
        if interrupted.result is None:
            click.echo("lichen: interrupted before the first step; nothing written", err=True)
        else:
            interrupted.result.save(output, bit_depth)
            click.echo(
                f"lichen: interrupted; the best so far is {output}; "
                f"go on with: lichen resume {checkpoint}",
                err=True,
            )
        sys.exit(130)
    result.save(output, bit_depth)
    checkpoint.unlink(missing_ok=True)
    if recorder is not None:  # after the picture: whatever a film fails of, that is kept
        recorder.write()
    if not quiet:
        click.echo(summary(output, result))
    return result


def summary(output: Path, result: Result) -> str:
    """One line: file, size, time, network, loss."""
    record = result.provenance
    loss = record.losses.get("total")
    parts = [
        f"{record.size[1]}x{record.size[0]}",
        f"{record.seconds:.1f} s",
        *record.networks,
        f"seed {record.seed}",
    ]
    if loss is not None:
        parts.append(f"loss {loss:.4g}")
    return f"{output}: {', '.join(parts)}"
