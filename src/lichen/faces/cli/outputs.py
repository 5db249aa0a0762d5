"""What a command that makes pictures does with a run: bar, checkpoint, save, summary."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click

from lichen.atomic import check_folder
from lichen.errors import LichenError
from lichen.faces.python import RunInterruptedError, finish
from lichen.image import check_writable, write_image
from lichen.image.maps import MapFormat
from lichen.job import Job
from lichen.registry import require
from lichen.result import Result, files_of
from lichen.run.checkpoint import Checkpointer, checkpoint_path
from lichen.run.loop import Run
from lichen.run.video import Recorder


@dataclass(frozen=True)
class Outputs:
    """Files that a run writes.

    Attributes
    ----------
    picture, bit_depth
        The picture and its bits per sample; further maps are written beside it.
    video
        Video of the run.
    source_map, shown_sources
        Where each pixel was copied from, as numbers and as a picture.
    """

    picture: Path
    bit_depth: int = 8
    video: Path | None = None
    source_map: Path | None = None
    shown_sources: Path | None = None

    def files(self, maps: Iterable[MapFormat]) -> list[Path]:
        """Return every file that is written if the run ends well."""
        extra = (self.video, self.source_map, self.shown_sources)
        return [*files_of(self.picture, maps), *(path for path in extra if path is not None)]

    def save(self, result: Result) -> None:
        """Write all but the video."""
        result.save(self.picture, self.bit_depth)
        self.save_sources(result)

    def save_sources(self, result: Result) -> None:
        """Write where the pixels were copied from, if requested and known."""
        if result.source_map is None:  # interrupted before there was one
            return
        if self.source_map is not None:
            result.source_map.save(self.source_map)
        if self.shown_sources is not None:
            write_image(self.shown_sources, result.source_map.picture())


def check_output(run: Run, outputs: Outputs) -> None:
    """Raise unless all files can be written without overwriting what the run reads."""
    check_writable(outputs.picture, outputs.bit_depth)
    check_folder(checkpoint_path(outputs.picture))
    if outputs.video is not None:
        require(run.job.method, "video")
        Recorder.of(run, outputs.video)
    if outputs.source_map is not None or outputs.shown_sources is not None:
        require(run.job.method, "copies")
    if outputs.source_map is not None and outputs.source_map.suffix != ".npz":
        raise LichenError(
            f"{outputs.source_map}: a source map is an .npz file", "name it with .npz"
        )
    if outputs.shown_sources is not None:
        check_writable(outputs.shown_sources)
    files = outputs.files(run.canvas.maps)
    for path in files:
        check_folder(path)
    check_written_once(files)
    refuse_overwriting(files, run.job.paths())


def check_written_once(written: Iterable[Path]) -> None:
    """Raise if two files of different kinds would get the same name."""
    seen: set[Path] = set()
    for path in written:
        if path.resolve() in seen:
            raise LichenError(f"{path} would be written twice", "give one of them another name")
        seen.add(path.resolve())


def refuse_overwriting(written: Iterable[Path], read: Iterable[Path]) -> None:
    """Raise if a file to be written is also read: results never replace photos."""
    inputs = {path.resolve() for path in read}
    for path in written:
        if path.resolve() in inputs:
            raise LichenError(
                f"{path} is read here and would be overwritten", "name another `output`"
            )


def carry_out(
    job: Run | Job,
    outputs: Outputs,
    *,
    quiet: bool = False,
    progress: bool | None = None,
    checkpoint_every: float = 10.0,
) -> Result:
    """Carry out a job and save the picture; on Ctrl-C save the best so far and leave."""
    run = Run(job) if isinstance(job, Job) else job
    output = outputs.picture
    checkpoint = checkpoint_path(output)
    recorder = None if outputs.video is None else Recorder.of(run, outputs.video)
    try:
        result = finish(
            run,
            progress=False if quiet else progress,
            checkpoint=Checkpointer(checkpoint, checkpoint_every, outputs.bit_depth),
            on_step=recorder,
            title=output.name,
        )
    except RunInterruptedError as interrupted:
        if interrupted.result is None:
            click.echo("lichen: interrupted before the first step; nothing written", err=True)
        else:
            outputs.save(interrupted.result)
            click.echo(
                f"lichen: interrupted; the best so far is {output}; "
                f"continue with: lichen resume {checkpoint}",
                err=True,
            )
        sys.exit(130)
    outputs.save(result)
    checkpoint.unlink(missing_ok=True)
    if recorder is not None:  # after the picture, which is kept if the video cannot be written
        recorder.write()
    if not quiet:
        click.echo(summary(output, result))
    return result


def summary(output: Path, result: Result) -> str:
    """One line: file, size, method, time, network, loss."""
    record = result.provenance
    loss = record.losses.get("total")
    weights = record.job.parameters.get("mix")
    parts = [
        f"{result.size[1]}x{result.size[0]}",
        record.job.method,
        f"{record.seconds:.1f} s",
        *([] if record.job.device == "cpu" else [record.job.device]),
        *record.networks,
        f"seed {record.seed}",
    ]
    if len(result.maps) > 1:
        parts.append(f"maps {' '.join(one.name for one in result.maps)}")
    if weights:
        parts.append("weights " + ",".join(f"{weight:.3g}" for weight in weights))
    if loss is not None:
        parts.append(f"loss {loss:.4g}")
    return f"{output}: {', '.join(parts)}"
