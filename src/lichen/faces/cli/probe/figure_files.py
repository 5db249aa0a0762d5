"""The files that a command of ``lichen probe`` writes, its bar, and what Ctrl-C leaves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from lichen.faces.cli.probe.options import Command, data, output
from lichen.faces.cli.shared_options import QUIET
from lichen.faces.interruption import Interruption

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lichen.faces.progress import ProgressBar
    from lichen.features.extractor import FeatureExtractor
    from lichen.step import Step

FORMATS = (".png", ".jpg", ".jpeg", ".svg", ".pdf")


@dataclass(frozen=True)
class InterruptibleBar:
    """A progress bar that raises ``KeyboardInterrupt`` at the first step after Ctrl-C."""

    progress: ProgressBar
    interruption: Interruption

    def step(self, step: Step) -> None:
        """Show a step."""
        self.progress.step(step)
        self.interruption.check()

    def download(self, what: str, done: int, total: int | None) -> None:
        """Show a download, in bytes."""
        self.progress.download(what, done, total)


@dataclass(frozen=True)
class FigureFiles:
    """The figure of a command and its arrays; each file is written whole or not at all.

    Attributes
    ----------
    figure
        Picture or video.
    data
        The .npz file of the arrays; None for none.
    quiet
        Whether to show neither bar nor summary.
    """

    figure: Path
    data: Path | None
    quiet: bool

    def save(self, drawn: Figure, arrays: Mapping[str, Any], interrupted: bool = False) -> None:
        """Write figure and arrays and report them; exit if it was interrupted."""
        from lichen.atomic import atomic_path

        with atomic_path(self.figure) as temporary:
            drawn.savefig(temporary)
        self.save_data(arrays)
        self.report(interrupted)

    def save_data(self, arrays: Mapping[str, Any]) -> None:
        """Write the arrays, if there is a file for them."""
        import numpy as np

        from lichen.atomic import atomic_path

        if self.data is not None:
            with atomic_path(self.data) as temporary:
                np.savez_compressed(temporary, **arrays)

    def report(self, interrupted: bool = False) -> None:
        """Print what was written; exit if it was interrupted."""
        if interrupted:
            click.echo(f"lichen: interrupted; the best so far is {self.figure}", err=True)
            sys.exit(130)
        if not self.quiet:
            click.echo(str(self.figure))

    @contextmanager
    def bar(self, title: str) -> Iterator[InterruptibleBar]:
        """Open a progress bar, on a terminal and unless quiet."""
        from lichen.faces.progress import ProgressBar

        shown = False if self.quiet else None
        with ProgressBar(title, shown) as progress, Interruption() as interruption:
            yield InterruptibleBar(progress, interruption)

    def load_network(self, name: str, weights: Path | None, device: str) -> FeatureExtractor:
        """Load the network of ``--network``, ``--weights`` and ``--device``."""
        from lichen.probe.inputs import load_network

        with self.bar(name) as bar:
            return load_network(name, device, weights=weights, report_download=bar.download)[0]


def exit_without_figure() -> NoReturn:
    """Exit after a Ctrl-C before there was any picture."""
    click.echo("lichen: interrupted before the first step; nothing written", err=True)
    sys.exit(130)


def figure(default: str) -> Callable[[Command], Command]:
    """Add ``-o``, ``--data`` and ``-q``, checked before the command runs, passed as ``files``."""

    def decorate(command: Command) -> Command:
        @output(default, "The figure: .png, .jpg, .svg or .pdf.")
        @data("arrays")
        @QUIET
        @wraps(command)
        def called(output: Path, data: Path | None, quiet: bool, **values: Any) -> None:
            read = [values[name] for name in ("photo", "result") if values.get(name) is not None]
            _check_figure(output, [Path(name) for name in read])
            check_data(data, [Path(name) for name in read])
            command(files=FigureFiles(output, data, quiet), **values)

        decorated: Command = called
        return decorated

    return decorate


def _check_figure(output: Path, read: list[Path]) -> None:
    from lichen.atomic import check_folder
    from lichen.errors import ParameterError
    from lichen.faces.cli.outputs import refuse_overwriting

    if output.suffix.lower() not in FORMATS:
        raise ParameterError(
            f"`output` {output} is not a figure", "name it with .png, .jpg, .svg or .pdf"
        )
    check_folder(output)
    refuse_overwriting([output], read)


def check_data(data: Path | None, read: list[Path]) -> None:
    """Raise if the file for the arrays could not be written, or is among those that are read."""
    from lichen.atomic import check_folder
    from lichen.errors import ParameterError
    from lichen.faces.cli.outputs import refuse_overwriting

    if data is None:
        return
    if data.suffix != ".npz":
        raise ParameterError(f"`data` {data} is not an .npz file", "name it with .npz")
    check_folder(data)
    refuse_overwriting([data], read)
