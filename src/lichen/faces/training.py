"""Trainings with a progress bar and Ctrl-C, for Python and for the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from lichen.faces.interruption import Interruption
from lichen.model import Model
from lichen.run import training
from lichen.run.training import Training
from lichen.training.step import TrainStep
from lichen.training.trainable import Source


class TrainingInterruptedError(KeyboardInterrupt):
    """Ctrl-C during a training, which continues from ``checkpoint``; None before the first step."""

    def __init__(self, checkpoint: Path | None) -> None:
        super().__init__("interrupted")
        self.checkpoint = checkpoint


def finish(
    training: Training,
    *,
    progress: bool | None = None,
    on_step: Callable[[TrainStep], None] | None = None,
) -> Model:
    """Run a training to its end and return the model, which is then in its file.

    Parameters
    ----------
    training
        The training to run.
    progress
        Whether to show a bar; None shows it on a terminal.
    on_step
        Called with each step.

    Raises
    ------
    TrainingInterruptedError
        On Ctrl-C, at the end of the step, with the state saved; at once on a second one, which
        leaves the last checkpoint.
    """
    shown = sys.stderr.isatty() if progress is None else progress
    between_steps = True
    with _bar(shown) as bar:
        try:
            with Interruption(deferred=True) as interruption:
                steps = iter(training)
                show = _shower(bar)
                while True:
                    between_steps = False
                    step = next(steps, None)
                    between_steps = True
                    if step is None:
                        break
                    show(step)
                    if on_step is not None:
                        on_step(step)
                    if step.model is None:
                        interruption.check()
        except KeyboardInterrupt:
            if between_steps:  # a second Ctrl-C may have come in the middle of an update
                training.keep()
            kept = training.checkpoint if training.checkpoint.is_file() else None
            raise TrainingInterruptedError(kept) from None
    assert training.model is not None
    return training.model


def train(
    name: str,
    *data: Source,
    output: str | Path,
    progress: bool | None = None,
    on_step: Callable[[TrainStep], None] | None = None,
    **arguments: Any,
) -> Model:
    """Train a method or network, write its model, and return it.

    Parameters
    ----------
    name
        A method that honours ``model`` (``lichen.methods("model")``), or ``"encoder"``.
    *data
        The training data: picture files, arrays, folders of pictures.
    output
        The model's file, ``.safetensors``.
    progress, on_step
        As in :func:`lichen.faces.training.finish`.
    **arguments
        ``preset`` and parameters of what is trained, and ``seed``, ``device``,
        ``checkpoint_every``, ``preview_every``, ``workers`` and ``restart``; see
        :class:`lichen.run.training.Training`.

    Raises
    ------
    LichenError
        For anything the user can correct.
    TrainingInterruptedError
        On Ctrl-C; the same call continues from there.
    """
    run = training.train(name, *data, output=output, **arguments)
    return finish(run, progress=progress, on_step=on_step)


def _shower(bar: Progress) -> Callable[[TrainStep], None]:
    """Return a function that shows a step: a bar for each stage, with the latest losses."""
    tasks: dict[str, TaskID] = {}
    latest: dict[str, float] = {}

    def show(step: TrainStep) -> None:
        latest.update(step.losses)
        if step.stage not in tasks:
            tasks[step.stage] = bar.add_task(step.stage, total=step.n_steps, detail="")
        detail = ", ".join(f"{name} {value:.4g}" for name, value in latest.items())
        bar.update(tasks[step.stage], completed=step.step, detail=detail)

    return show


def _bar(shown: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[detail]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not shown,
    )
