"""The progress bar of a run, on standard error."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from lichen.step import Step


class ProgressBar:
    """Show a run's steps, and downloads before them; nothing when not ``shown``.

    Parameters
    ----------
    title
        What is being made.
    shown
        None shows the bar exactly where standard error is a terminal.
    """

    def __init__(self, title: str, shown: bool | None = None) -> None:
        shown = sys.stderr.isatty() if shown is None else shown
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[detail]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not shown,
            transient=True,
        )
        self._downloads = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not shown,
            transient=True,
        )
        self._title = title
        self._first = ""
        self._task: TaskID | None = None
        self._download_task: TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._downloads.stop()
        self._bar.stop()

    def wait(self, why: str) -> None:
        """Show that the first step will take a while."""
        if self._task is None:
            self._bar.start()
            self._task = self._bar.add_task(self._title, total=1.0, detail=why)

    def step(self, step: Step, first: str = "") -> None:
        """Show one step; those of ``first`` (the initial image) have their own bar."""
        if self._task is None or first != self._first:
            self._downloads.stop()
            self._bar.start()
            title = f"{self._title}: {first} first" if first else self._title
            if self._task is None or self._first:
                self._task = self._bar.add_task(title, total=1.0, detail="")
            else:  # the bar that waited
                self._bar.update(self._task, description=title)
            self._first = first
        loss = step.losses.get("total")
        level = f"level {step.level + 1}/{step.n_levels}" if step.n_levels > 1 else ""
        detail = f"{level} loss {loss:.4g}" if loss is not None else level
        self._bar.update(self._task, completed=step.fraction, detail=detail.strip())

    def download(self, what: str, done: int, total: int | None) -> None:
        """Show the progress of a download, in bytes."""
        if self._download_task is None:
            self._downloads.start()
            self._download_task = self._downloads.add_task(f"download {what}", total=total)
        self._downloads.update(self._download_task, completed=done, total=total)
