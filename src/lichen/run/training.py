"""One training: its steps, checkpoints of its state, and a model at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lichen import registry
from lichen.atomic import check_folder
from lichen.errors import ModelError, OutOfMemoryError, ParameterError, TrainingError
from lichen.image import check_writable, write_image
from lichen.model import Model, is_model_file
from lichen.nn.device import out_of_memory, resolve_device
from lichen.run.machine import available_cores, software
from lichen.training.checkpoint import TrainingState, checkpoint_path
from lichen.training.step import TrainStep
from lichen.training.trainable import DATA, Source, Trainable, TrainContext


class Training:
    """Train a method or network, and write its model.

    Parameters
    ----------
    trainable
        What to train, with its parameters.
    data
        The training data: as many sources as it takes.
    output
        The model's file, written at the end, whole or not at all.
    seed
        The only source of randomness.
    device
        ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
    threads
        Threads to compute with; all cores when None.
    checkpoint
        File for the state; beside the output when None. If it exists, and belongs to the same
        training, the training continues from it. It is deleted at the end.
    checkpoint_every, preview_every
        Steps between checkpoints, at which held-out data are evaluated as well, and between
        previews, which are written to :attr:`preview`; 0 for no previews.
    workers
        Processes that read the data.
    restart
        Whether to start over even if there is a checkpoint.

    Attributes
    ----------
    resumed_from
        Number of steps done by an earlier call.
    model
        The trained model; None before the end.

    Raises
    ------
    LichenError
        At once, if it cannot be trained or written.
    """

    def __init__(
        self,
        trainable: Trainable,
        data: Sequence[Source],
        output: str | Path,
        *,
        seed: int = 0,
        device: str = "auto",
        threads: int | None = None,
        checkpoint: str | Path | None = None,
        checkpoint_every: int = 100,
        preview_every: int = 0,
        workers: int = 0,
        restart: bool = False,
    ) -> None:
        self.trainable = trainable
        self.data = tuple(data)
        self.output = Path(output)
        self.checkpoint = checkpoint_path(self.output) if checkpoint is None else Path(checkpoint)
        self.preview = self.output.with_name(f"{self.output.stem}.preview.png")
        self.checkpoint_every = checkpoint_every
        self.model: Model | None = None
        self._check(seed, preview_every)
        state = None
        if self.checkpoint.is_file() and not restart:
            state = self._state(seed)
        self.resumed_from = 0 if state is None else state.step
        self._main = os.environ.get("RANK", "0") == "0"  # among the processes of torchrun
        self.context = TrainContext(
            seed,
            threads or available_cores(),
            _own_device(resolve_device(device)),
            checkpoint=state,
            measure_every=checkpoint_every,
            preview_every=preview_every,
            workers=workers,
        )

    def __iter__(self) -> Iterator[TrainStep]:
        """Yield the steps of reading and training."""
        with self._out_of_memory():
            for step in self.trainable.train(self.data, self.context):
                if step.preview is not None and self._main:
                    write_image(self.preview, step.preview)
                if step.model is not None:
                    self._finish(step.model)
                elif step.stage == "training" and step.step % self.checkpoint_every == 0:
                    self.keep()
                yield step
        if self.model is None:
            raise TrainingError(f"the training of {self.trainable.name} ended without a model")

    @contextmanager
    def _out_of_memory(self) -> Iterator[None]:
        """Turn running out of memory into an error that says which parameters to lower."""
        try:
            with out_of_memory(self.context.device):
                yield
        except OutOfMemoryError as error:
            remedy = "use a smaller `batch` or smaller patches"
            raise OutOfMemoryError(error.problem, remedy) from error

    def keep(self) -> bool:
        """Write the state after the last step; return whether there is one to continue from."""
        loop = self.context.loop
        if loop is None or self.model is not None:
            return False
        if self._main:
            loop.state().save(self.checkpoint)
        return True

    def _finish(self, model: Model) -> None:
        self.model = replace(model, software=software())
        if self._main:
            self.model.save(self.output, self.trainable.stored_as)
            self.checkpoint.unlink(missing_ok=True)

    def _check(self, seed: int, preview_every: int) -> None:
        if not is_model_file(self.output):
            raise ModelError(
                f"`output` {self.output} does not name a model",
                "use a name that ends in .safetensors",
            )
        if not 0 <= seed < 2**31:
            raise ParameterError(f"`seed` {seed} is out of range", "use 0 <= seed < 2**31")
        for name, value, minimum in (
            ("checkpoint_every", self.checkpoint_every, 1),
            ("preview_every", preview_every, 0),
        ):
            if value < minimum:
                raise ParameterError(f"`{name}` = {value} is too small", f"use {minimum} or more")
        for path in (self.output, self.checkpoint):
            check_folder(path)
        if preview_every:
            check_writable(self.preview)
        form = DATA[self.trainable.trains_on]
        most = len(self.data) if form.most is None else form.most
        if not form.fewest <= len(self.data) <= most:
            taken = f"takes {form.metavar}: {form.summary}" if form.most != 0 else "takes no data"
            raise TrainingError(
                f"{self.trainable.name} {taken}, but {len(self.data)} are given",
                f"see lichen train {self.trainable.name} --help",
            )

    def _state(self, seed: int) -> TrainingState:
        """Read the checkpoint, and reject one of another training."""
        state = TrainingState.read(self.checkpoint)
        parameters = self.trainable.model_dump(mode="json")
        difference = state.difference(self.trainable.name, parameters, seed)
        if difference is not None:
            raise TrainingError(
                f"{self.checkpoint} belongs to another training: {difference}",
                "continue with those settings, start over with `restart`, or name another `output`",
            )
        return state


def _own_device(device: str) -> str:
    """Return the GPU of this process, one of several that torchrun started."""
    local = os.environ.get("LOCAL_RANK")
    return f"cuda:{local}" if local is not None and device.startswith("cuda") else device


def train(name: str, *data: Source, output: str | Path, **arguments: object) -> Training:
    """Return the training of a registered method or network; see :class:`Training`.

    Parameters
    ----------
    name
        A method that honours ``model``, or ``encoder``.
    *data
        The training data.
    output
        The model's file.
    **arguments
        ``preset``, arguments of :class:`Training`, and parameters of what is trained.
    """
    trainable = registry.trainable(name)
    own = {key: value for key, value in arguments.items() if key in _OWN}
    parameters = {key: value for key, value in arguments.items() if key not in (*_OWN, "preset")}
    preset = arguments.get("preset")
    configured = trainable.configure(None if preset is None else str(preset), **parameters)
    return Training(configured, data, output, **own)  # type: ignore[arg-type]


_OWN = (
    "seed",
    "device",
    "threads",
    "checkpoint",
    "checkpoint_every",
    "preview_every",
    "workers",
    "restart",
)
"""Arguments of a training that are not parameters of what is trained."""
