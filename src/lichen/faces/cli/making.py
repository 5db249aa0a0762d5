"""What the commands that make pictures by a method share: their options, names, checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import wraps
from pathlib import Path
from typing import Any

import click

from lichen import registry
from lichen.errors import ParameterError
from lichen.faces.cli import parameters, template
from lichen.faces.cli.saving import Outputs, check_output, make
from lichen.result import Result, Source, depth_of
from lichen.run.loop import Run

Command = Callable[..., None]

BIT_DEPTHS = click.Choice(["8", "16", "32"])
QUIET = click.option("-q", "--quiet", is_flag=True, help="No bar, no summary.")


def sources(command: Command) -> Command:
    """Give a command the two options that say where pixels were copied from."""
    save = click.option("--save-map", help="File (.npz) for where each pixel was copied from.")
    show = click.option("--show-sources", help="Picture of where each pixel was copied from.")
    decorated: Command = save(show(command))
    return decorated


@dataclass(frozen=True)
class Making:
    """What the user said of how pictures are made and what they are called.

    Attributes
    ----------
    output, video, save_map, show_sources
        Templates of files' names.
    method, preset, seed
        The method, one of its presets, the seed.
    bit_depth
        Of the picture; None for the exemplar's, where the format holds it.
    checkpoint_every
        Seconds between checkpoints.
    progress, quiet
        Whether there is a bar, and whether anything is said.
    parameters
        Of the method.
    """

    output: str
    method: str
    preset: str | None
    seed: int
    bit_depth: str | None
    video: str | None
    save_map: str | None
    show_sources: str | None
    checkpoint_every: float
    progress: bool | None
    quiet: bool
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def how(self) -> dict[str, Any]:
        """Arguments of every task."""
        return {
            "method": self.method,
            "preset": self.preset,
            "seed": self.seed,
            **self.parameters,
        }

    def outputs(self, run: Run, index: int = 0) -> Outputs:
        """Fill the templates for the ``index``-th picture."""
        about = describe(run, self.preset, index)
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

    def make(self, run: Run, outputs: Outputs) -> Result:
        """Take a checked run to its end and save it."""
        return make(
            run,
            outputs,
            quiet=self.quiet,
            progress=self.progress,
            checkpoint_every=self.checkpoint_every,
        )

    def make_one(self, run: Run) -> None:
        """Check, make and save a command's only picture."""
        outputs = self.outputs(run)
        check_output(run, outputs)
        self.make(run, outputs)


def describe(run: Run, preset: str | None = None, index: int = 0) -> dict[str, object]:
    """Fields of the templates for one picture."""
    height, width = run.canvas.size
    exemplar, target = _names(run)
    return {
        "exemplar": exemplar,
        "target": target,
        "method": run.method.name,
        "preset": preset or "default",
        "seed": run.canvas.seed,
        "index": index,
        "width": width,
        "height": height,
    }


def depth_for(run: Run, picture: Path, asked: str | None) -> int:
    """Bits per sample of a picture: as asked, or the exemplar's where the format holds them."""
    if asked is not None:
        return int(asked)
    first = run.exemplars[0]
    return depth_of(picture, first.bit_depths.get(next(iter(first.maps)), 8))


def _names(run: Run) -> tuple[str, str]:
    """Name the picture that is copied or continued, and the one that is followed, if any."""
    pictures = {} if run.task is None else run.task.pictures
    photo, exemplar = pictures.get("photo"), run.exemplars[0].name
    if isinstance(photo, Source):
        exemplar = photo.name
    followed = pictures.get("target", pictures.get("b"))
    return exemplar, followed.name if isinstance(followed, Source) else exemplar


def making(
    *, output: str, method: str, bit_depth: str | None = None
) -> Callable[[Command], Command]:
    """Give a command the options of all that make pictures; it gets them as ``making``.

    Parameters
    ----------
    output
        Default template of the picture's name.
    method
        Default method.
    bit_depth
        Default depth; the exemplar's when None.
    """
    options: list[Callable[[Command], Command]] = [
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
        click.option(
            "--bit-depth",
            type=BIT_DEPTHS,
            default=bit_depth,
            show_default=True if bit_depth else "the photo's, where the format holds it",
            help="Of the output; 16 for PNG and TIFF, 32 (float) for TIFF.",
        ),
        click.option(
            "--video",
            help="Film of the run, once it has ended: .gif .webp .png .mp4 .webm; a template, too.",
        ),
        sources,
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
    shared = [entry.name for entry in fields(Making) if entry.name != "parameters"]

    def decorate(command: Command) -> Command:
        @wraps(command)
        def called(**values: Any) -> None:
            chosen = registry.get(values["method"])
            said = {name: values.pop(name) for name in shared}
            own = {name: values.pop(name) for name in chosen.model_fields}
            command(Making(**said, parameters=parameters.given(chosen, own)), **values)

        decorated: Command = called
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


def wrapping(command: Command) -> Command:
    """Give a command ``--tile`` and ``--wrap``; it gets them as ``wrap``."""

    @click.option("--tile", is_flag=True, help="Make the result tile (short for --wrap both).")
    @click.option("--wrap", help="both, none, rows or columns: the axes that wrap around.")
    @wraps(command)
    def called(*given: Any, tile: bool, wrap: str | None, **values: Any) -> None:
        if tile and wrap not in (None, "both"):
            raise ParameterError(f"--tile and --wrap {wrap} disagree", "give one of them")
        command(*given, wrap="both" if tile else (wrap or "none"), **values)

    return called
