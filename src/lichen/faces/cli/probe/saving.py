"""Where a command of ``lichen probe`` writes its figure and its arrays, and what Ctrl-C leaves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from lichen.faces.cli.probe.options import QUIET, Command, data, output

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lichen.step import Step

FIGURES = (".png", ".jpg", ".jpeg", ".svg", ".pdf")


@dataclass(frozen=True)
class Outputs:
    """What a command writes, each file whole or not at all.

    Attributes
    ----------
    figure
        Picture or film.
    data
        The .npz file of the arrays, if one was asked for.
    quiet
        Whether to show no bar and no summary.
    """

    figure: Path
    data: Path | None
    quiet: bool

    def save(self, drawn: Figure, arrays: Mapping[str, Any], interrupted: bool = False) -> None:
        """Write figure and arrays; where there was Ctrl-C say so and leave."""
        from lichen.atomic import atomic_path

        with atomic_path(self.figure) as temporary:
            drawn.savefig(temporary)
        self.save_data(arrays)
        self.tell(interrupted)

    def save_data(self, arrays: Mapping[str, Any]) -> None:
        """Write the arrays, if that was asked for."""
        import numpy as np

        from lichen.atomic import atomic_path

        if self.data is not None:
            with atomic_path(self.data) as temporary:
                np.savez_compressed(temporary, **arrays)

    def tell(self, interrupted: bool = False) -> None:
        """Say what was written; after Ctrl-C leave."""
        if interrupted:
            click.echo(f"lichen: interrupted; the best so far is {self.figure}", err=True)
            sys.exit(130)
        if not self.quiet:
            click.echo(str(self.figure))

    @property
    def progress(self) -> bool | None:
        """Whether to show a bar; None for a terminal alone."""
        return False if self.quiet else None

    @contextmanager
    def bar(self, title: str) -> Iterator[Callable[[Step], None]]:
        """Show steps on a bar, and listen for Ctrl-C at each."""
        from lichen.faces.interruption import Interruption
        from lichen.faces.progress import ProgressBar

        with ProgressBar(title, self.progress) as bar, Interruption() as asked:

            def on_step(step: Step) -> None:
                bar.step(step)
                asked.check()

            yield on_step


def nothing_yet() -> NoReturn:
    """Say that Ctrl-C came too early, and leave."""
    click.echo("lichen: interrupted before the first step; nothing written", err=True)
    sys.exit(130)


def figure(default: str) -> Callable[[Command], Command]:
    """Give a command ``-o``, ``--data`` and ``-q``, checked before it runs, as ``outputs``."""

    def decorate(command: Command) -> Command:
        @output(default, "The figure: .png, .jpg, .svg or .pdf.")
        @data("arrays")
        @QUIET
        @wraps(command)
        def called(output: Path, data: Path | None, quiet: bool, **values: Any) -> None:
            read = [values[name] for name in ("photo", "result") if values.get(name) is not None]
            _check_figure(output, [Path(name) for name in read])
            check_data(data, [Path(name) for name in read])
            command(outputs=Outputs(output, data, quiet), **values)

        decorated: Command = called
        return decorated

    return decorate


def _check_figure(output: Path, read: list[Path]) -> None:
    from lichen.atomic import check_folder
    from lichen.errors import LichenError
    from lichen.faces.cli.outputs import refuse_overwriting

    if output.suffix.lower() not in FIGURES:
        raise LichenError(f"{output} is no name for a figure", "name it with .png, .jpg or .svg")
    check_folder(output)
    refuse_overwriting([output], read)


def check_data(data: Path | None, read: list[Path]) -> None:
    """Raise for a file of arrays that could not be written, or is read."""
    from lichen.atomic import check_folder
    from lichen.errors import LichenError
    from lichen.faces.cli.outputs import refuse_overwriting

    if data is None:
        return
    if data.suffix != ".npz":
        raise LichenError(f"{data} is no name for arrays", "name it with .npz")
    check_folder(data)
    refuse_overwriting([data], read)
