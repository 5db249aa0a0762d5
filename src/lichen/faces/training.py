"""Trainings with a bar and with Ctrl-C, for Python and for the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lichen.faces.interruption import Interruption
from lichen.model import Model
from lichen.run import training
from lichen.run.training import Training
from lichen.training.step import TrainStep
from lichen.training.trainable import Source


class TrainingInterruptedError(KeyboardInterrupt):
    """Ctrl-C during a training; ``checkpoint`` is where it goes on from, None before any step."""

    def __init__(self, checkpoint: Path | None) -> None:
        super().__init__("interrupted")
        self.checkpoint = checkpoint


def finish(
    training: Training,
    *,
    progress: bool | None = None,
    on_step: Callable[[TrainStep], None] | None = None,
) -> Model:
    """Take a training to its end and return the model, which is then in its file.

    Parameters
    ----------
    training
        What to carry out.
    progress
        Whether to show a bar; None shows it on a terminal.
    on_step
        Called with each step.

    Raises
    ------
    TrainingInterruptedError
        On Ctrl-C, at the end of the step; the state is kept then.
    """
    shown = sys.stderr.isatty() if progress is None else progress
    with _bar(shown) as bar:
        tasks: dict[str, Any] = {}
        measured: dict[str, float] = {}
        try:
            with Interruption(deferred=True) as interruption:
                for step in training:
                    measured |= step.losses
                    if step.stage not in tasks:
                        tasks[step.stage] = bar.add_task(step.stage, total=step.n_steps, detail="")
                    detail = ", ".join(f"{name} {value:.4g}" for name, value in measured.items())
                    bar.update(tasks[step.stage], completed=step.step, detail=detail)
                    if on_step is not None:
                        on_step(step)
                    if step.model is None:
                        interruption.check()
        except KeyboardInterrupt:
            kept = training.keep()
            raise TrainingInterruptedError(training.checkpoint if kept else None) from None
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
        A method that says ``model`` (``lichen.methods("model")``), or ``"encoder"``.
    *data
        What to train on: picture files, arrays, folders of pictures.
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
        On Ctrl-C; the same call goes on from there.
    """
    wanted = training.train(name, *data, output=output, **arguments)
    return finish(wanted, progress=progress, on_step=on_step)


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
