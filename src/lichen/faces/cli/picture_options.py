"""The options of all commands that make pictures by a method, and the names of their files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import wraps
from pathlib import Path
from typing import Any

import click

from lichen import registry
from lichen.errors import ParameterError
from lichen.faces.cli import options, template
from lichen.faces.cli.outputs import Outputs, carry_out, check_output
from lichen.faces.cli.shared_options import DEVICE, QUIET
from lichen.job import Job
from lichen.result import Result, depth_of
from lichen.run.loop import Run

Command = Callable[..., None]

BIT_DEPTHS = click.Choice(["8", "16", "32"])


def source_options(command: Command) -> Command:
    """Add the two options that say where pixels were copied from."""
    save = click.option("--save-map", help="File (.npz) for the source of each pixel.")
    show = click.option("--show-sources", help="Picture of the source of each pixel.")
    decorated: Command = save(show(command))
    return decorated


@dataclass(frozen=True)
class PictureOptions:
    """What the user said of how pictures are made and what they are called.

    Attributes
    ----------
    output, video, save_map, show_sources
        Templates of files' names.
    method, preset, seed, device
        The method, one of its presets, the seed, and where to compute.
    bit_depth
        Of the picture; None for the exemplar's, where the format holds it.
    checkpoint_every
        Seconds between checkpoints.
    progress, quiet
        Whether there is a bar, and whether anything is printed.
    parameters
        Of the method.
    """

    output: str
    method: str
    preset: str | None
    seed: int
    device: str
    bit_depth: str | None
    video: str | None
    save_map: str | None
    show_sources: str | None
    checkpoint_every: float
    progress: bool | None
    quiet: bool
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def of_method(self) -> dict[str, Any]:
        """Arguments of every verb."""
        return {
            "method": self.method,
            "preset": self.preset,
            "seed": self.seed,
            "device": self.device,
            **self.parameters,
        }

    def outputs(self, run: Run, index: int = 0) -> Outputs:
        """Fill the templates for the ``index``-th picture."""
        about = describe(run, index)
        named = {
            kind: None if text is None else template.fill(text, about)
            for kind, text in (
                ("video", self.video),
                ("source_map", self.save_map),
                ("shown_sources", self.show_sources),
            )
        }
        picture = template.fill(self.output, about)
        return Outputs(picture, depth_for(run, picture, self.bit_depth), **named)

    def carry_out(self, job: Run | Job, outputs: Outputs) -> Result:
        """Carry out a checked job and save its picture."""
        return carry_out(
            job,
            outputs,
            quiet=self.quiet,
            progress=self.progress,
            checkpoint_every=self.checkpoint_every,
        )

    def carry_out_one(self, job: Job) -> None:
        """Check, carry out and save a command's only job."""
        run = Run(job)
        outputs = self.outputs(run)
        check_output(run, outputs)
        self.carry_out(run, outputs)


def describe(run: Run, index: int = 0) -> dict[str, object]:
    """Return the fields of the templates for one picture."""
    height, width = run.canvas.size
    job = run.job
    return {
        "exemplar": job.photo.name,
        "target": (job.followed or job.photo).name,
        "method": job.method,
        "preset": job.preset or "default",
        "seed": job.canvas.seed,
        "index": index,
        "width": width,
        "height": height,
    }


def depth_for(run: Run, picture: Path, asked: str | None) -> int:
    """Bits per sample of a picture: as asked, or the exemplar's where the format holds them."""
    return int(asked) if asked is not None else depth_of(picture, run.canvas.maps[0].bit_depth)


def picture_options(
    *, output: str, method: str, bit_depth: str | None = None
) -> Callable[[Command], Command]:
    """Add the options of all commands that make pictures, passed as ``chosen``.

    Parameters
    ----------
    output
        Default template of the picture's name.
    method
        Default method.
    bit_depth
        Default depth; the exemplar's when None.
    """
    shared_options: list[Callable[[Command], Command]] = [
        click.option(
            "-o",
            "--output",
            default=output,
            show_default=True,
            help="File or template with {exemplar} {target} {method} {preset} {seed} {index} "
            "{width} {height}; an existing file is replaced, but never one that is read.",
        ),
        click.option(
            "-m", "--method", default=method, show_default=True, help="See lichen methods."
        ),
        click.option("-p", "--preset", help="A preset of the method."),
        click.option(
            "--seed", type=int, default=0, show_default=True, help="Same seed, same picture."
        ),
        DEVICE,
        click.option(
            "--bit-depth",
            type=BIT_DEPTHS,
            default=bit_depth,
            show_default=True if bit_depth else "the photo's, where the format holds it",
            help="Bits per sample: 16 for PNG and TIFF, 32 (float) for TIFF.",
        ),
        click.option(
            "--video",
            help="Video of the run, written at its end: .gif .webp .png .mp4 .webm; or a template.",
        ),
        source_options,
        click.option(
            "--checkpoint-every",
            type=click.FloatRange(min=0),
            default=10.0,
            show_default=True,
            help="Seconds between checkpoints.",
        ),
        click.option(
            "--progress/--no-progress", default=None, help="A bar; by default on a terminal."
        ),
        QUIET,
    ]
    shared = [entry.name for entry in fields(PictureOptions) if entry.name != "parameters"]

    def decorate(command: Command) -> Command:
        @wraps(command)
        def called(**values: Any) -> None:
            method = registry.method(values["method"])
            common = {name: values.pop(name) for name in shared}
            own = {name: values.pop(name) for name in method.model_fields}
            command(PictureOptions(**common, parameters=options.given(method, own)), **values)

        decorated: Command = called
        for option in reversed(shared_options):
            decorated = option(decorated)
        return decorated

    return decorate


def wrapping(command: Command) -> Command:
    """Add ``--tile`` and ``--wrap``, passed as ``wrap``."""

    @click.option("--tile", is_flag=True, help="Make the result tile (short for --wrap both).")
    @click.option("--wrap", help="Axes that wrap around: both, none, rows or columns.")
    @wraps(command)
    def called(*given: Any, tile: bool, wrap: str | None, **values: Any) -> None:
        if tile and wrap not in (None, "both"):
            raise ParameterError(f"`tile` and `wrap` {wrap} disagree", "give one of them")
        command(*given, wrap="both" if tile else (wrap or "none"), **values)

    return called
