"""A training's loop: any number of networks, optimizers, schedules and running averages.

Where tensors are, mixed precision and several devices are the work of Lightning Fabric. What is
here is special to this library: one seed, steps that a caller takes one by one, and a state that
resumes to the bit.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision, Precision
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset

from lichen.arrays import Array
from lichen.errors import TrainingError
from lichen.model import Model, ModelRecord, TrainedOn, with_networks
from lichen.nn.precision import allow_tf32, choose_precision
from lichen.training.checkpoint import TrainingState
from lichen.training.randomness import Randomness
from lichen.training.schedules import Schedule
from lichen.training.step import TrainStep
from lichen.training.trainable import Trainable, TrainContext

Item = TypeVar("Item")


class Stateful(Protocol):
    """Something whose state can be kept and taken up again."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state."""

    def load_state_dict(self, state: dict[str, Any], /) -> object:
        """Take up a state."""


AnyStateful = TypeVar("AnyStateful", bound=Stateful)

Losses = Mapping[str, Tensor | float]


class Autocast(MixedPrecision):
    """Mixed precision that leaves a network's input in float32.

    Lightning's own rounds the input to bfloat16: pixels of eight bits less their mean would keep
    some three digits.
    """

    def convert_input(self, data: Any) -> Any:
        """Return the input as it is."""
        return data


class Loop:
    """The networks that are trained together, and the steps that train them.

    Parameters
    ----------
    trainable
        What is trained; its name and parameters are in the checkpoint and in the model.
    context
        Seed, device and checkpoint.
    steps
        Updates of the whole training.
    data
        What is trained on.

    Attributes
    ----------
    fabric
        For what has no method here: ``fabric.autocast()``, ``fabric.clip_gradients(...)``.
    done
        Steps done.

    Raises
    ------
    TrainingError
        When the checkpoint is of other data.
    """

    def __init__(
        self,
        trainable: Trainable,
        context: TrainContext,
        steps: int,
        data: Sequence[TrainedOn] = (),
    ) -> None:
        self.trainable = trainable
        self.context = context
        self.steps = steps
        self.data = tuple(data)
        self.fabric = make_fabric(context.device)
        self._checksum = hashlib.sha256("\n".join(one.sha256 for one in data).encode()).hexdigest()
        self._random = Randomness(context.seed, context.device)
        self._networks: dict[str, Any] = {}
        self._optimizers: dict[str, Any] = {}
        self._schedules: dict[str, Schedule] = {}
        self._averages: dict[str, tuple[AveragedModel, nn.Module]] = {}
        self._streams: dict[str, np.random.Generator] = {}
        self._others: dict[str, Stateful] = {}
        before = context.checkpoint
        if before is not None and before.data != self._checksum:
            raise TrainingError(
                "the checkpoint is of a training on other pictures",
                "train on the same ones, or begin anew with `restart`",
            )
        self.done = 0 if before is None else before.step
        context.loop = self

    def network(self, name: str, build: Callable[[], nn.Module]) -> Any:
        """Build a network from the training's seed, and put it on the device, channels last.

        Parameters
        ----------
        name
            Unique in the training.
        build
            Makes the network.

        Returns
        -------
        lightning_fabric.wrappers._FabricModule
            Call it as the network itself, in the precision of the device; ``module`` is that.
        """
        with self._random:
            module = build()
        module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._networks[name] = network = self.fabric.setup_module(module)
        if self.context.checkpoint is not None:
            network.load_state_dict(self.context.checkpoint.networks[name])
        return network

    def optimizer(self, name: str, optimizer: Optimizer, schedule: Schedule | None = None) -> Any:
        """Take an optimizer of one or several networks; ``schedule`` sets its rate at each step."""
        taken: Any = self.fabric.setup_optimizers(optimizer)
        self._optimizers[name] = taken
        if self.context.checkpoint is not None:
            taken.load_state_dict(self.context.checkpoint.optimizers[name])
        if schedule is not None:
            self._schedules[name] = schedule
        return taken

    def average(self, name: str, network: Any, decay: float) -> nn.Module:
        """Return the exponential moving average of a network's weights; it follows each step.

        Parameters
        ----------
        name
            Unique in the training.
        network
            From :meth:`network`.
        decay
            Weight of the average so far, 0.999 say.
        """
        follow = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        averaged = AveragedModel(network.module, multi_avg_fn=follow, use_buffers=True)
        if self.context.checkpoint is not None:
            averaged.load_state_dict(self.context.checkpoint.averages[name])
        self._averages[name] = (averaged, network.module)
        module: nn.Module = averaged.module
        return module

    def stream(self, name: str, rng: np.random.Generator) -> np.random.Generator:
        """Take a NumPy generator whose state is to be in the checkpoint."""
        if self.context.checkpoint is not None:
            rng.bit_generator.state = self.context.checkpoint.streams[name]
        self._streams[name] = rng
        return rng

    def stateful(self, name: str, thing: AnyStateful) -> AnyStateful:
        """Take anything else whose state is to be in the checkpoint.

        A pool of earlier pictures, say, or the best weights so far. Its state dict must consist of
        tensors, numbers, texts, lists and dictionaries.
        """
        if self.context.checkpoint is not None:
            thing.load_state_dict(self.context.checkpoint.others[name])
        self._others[name] = thing
        return thing

    def batches(self, dataset: Dataset[Item], size: int) -> Iterator[Any]:
        """Yield the batches of the steps that are still to be done, on the device.

        Step ``n`` sees the items ``n * size`` to ``(n + 1) * size - 1``, whoever reads them; on
        several devices each sees its part of them.
        """
        world, rank = self.fabric.world_size, self.fabric.global_rank
        if size % world:
            raise TrainingError(
                f"a `batch` of {size} cannot be split among {world} devices",
                f"use a multiple of {world}",
            )
        loader: DataLoader[Item] = DataLoader(
            dataset,
            size // world,
            sampler=_Items(range(self.done, self.steps), size, rank, world),
            num_workers=self.context.workers,
            generator=torch.Generator().manual_seed(0),  # nothing is drawn from the global one
        )
        return iter(self.fabric.setup_dataloaders(loader, use_distributed_sampler=False))

    def backward(self, loss: Tensor) -> None:
        """Compute the gradients of a loss."""
        self.fabric.backward(loss)

    def run(
        self,
        update: Callable[[int], Losses],
        model: Callable[[], Model],
        *,
        measure: Callable[[], Losses] | None = None,
        preview: Callable[[], Array] | None = None,
    ) -> Iterator[TrainStep]:
        """Yield the steps that are still to be done; the last one has the model.

        Parameters
        ----------
        update
            Takes one step, whose number is counted from 0, and returns its losses by name.
        model
            Makes the model at the end.
        measure
            Returns losses on held-out data; called every ``context.measure_every`` steps and at
            the end, without gradients.
        preview
            Returns a picture (H, W, C) in [0, 1]; called every ``context.preview_every`` steps
            and at the end, without gradients, from the same random numbers each time.

        Raises
        ------
        TrainingError
            When a loss is infinite or NaN.
        """
        if self.context.checkpoint is not None:
            self._random.state = self.context.checkpoint.randomness
        if self.done >= self.steps:  # interrupted when all was done but the model written
            yield self._step({}, model, measure, preview)
        for number in range(self.done, self.steps):
            for name, schedule in self._schedules.items():
                for group in self._optimizers[name].param_groups:
                    group["lr"] = schedule(number)
            with self._random:
                losses = {name: float(value) for name, value in update(number).items()}
            for averaged, network in self._averages.values():
                averaged.update_parameters(network)
            for name, value in losses.items():
                if not math.isfinite(value):
                    raise TrainingError(
                        f"the loss {name!r} is {value} at step {number + 1}",
                        "use a smaller `learning_rate`",
                    )
            self.done = number + 1
            yield self._step(losses, model, measure, preview)

    def model(self, networks: Mapping[str, Any], about: Mapping[str, str] | None = None) -> Model:
        """Return the model of these networks, from :meth:`network` or :meth:`average`.

        Parameters
        ----------
        networks
            Those that are needed to use what was trained, by name.
        about
            Further fields of its metadata.
        """
        modules = {name: getattr(network, "module", network) for name, network in networks.items()}
        return with_networks(self.record(about), modules)

    def record(self, about: Mapping[str, str] | None = None) -> ModelRecord:
        """Return what a model says of itself, without networks."""
        return ModelRecord(
            method=self.trainable.name,
            parameters=self.trainable.model_dump(mode="json"),
            trained_on=self.data,
            about=about or {},
        )

    def state(self) -> TrainingState:
        """Return the state after the last step, to go on from."""
        return TrainingState(
            name=self.trainable.name,
            parameters=self.trainable.model_dump(mode="json"),
            seed=self.context.seed,
            data=self._checksum,
            step=self.done,
            networks={name: one.state_dict() for name, one in self._networks.items()},
            optimizers={name: one.state_dict() for name, one in self._optimizers.items()},
            averages={name: one.state_dict() for name, (one, _) in self._averages.items()},
            randomness=self._random.state,
            streams={name: rng.bit_generator.state for name, rng in self._streams.items()},
            others={name: one.state_dict() for name, one in self._others.items()},
        )

    def _step(
        self,
        losses: dict[str, float],
        model: Callable[[], Model],
        measure: Callable[[], Losses] | None,
        preview: Callable[[], Array] | None,
    ) -> TrainStep:
        last, every = self.done >= self.steps, self.context.preview_every
        picture = None
        with torch.no_grad(), Randomness(self.context.seed, self.context.device):
            if measure is not None and (last or self.done % self.context.measure_every == 0):
                losses = {**losses, **{name: float(one) for name, one in measure().items()}}
            if preview is not None and every and (last or self.done % every == 0):
                picture = preview()
        return TrainStep(
            "training",
            self.done,
            self.steps,
            losses,
            picture,
            model() if last else None,
        )


def make_fabric(device: str) -> Fabric:
    """Return Lightning Fabric for a device, in bfloat16 where the device multiplies it natively.

    Under ``torchrun`` it spans the devices of all processes.
    """
    logging.getLogger("lightning.fabric").setLevel(logging.WARNING)  # it announces its precision
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    kind, _, number = device.partition(":")
    if kind == "cuda":
        allow_tf32(True)
    plugin: Precision = Precision()  # float32; inputs and weights stay as they are
    if choose_precision("auto", device) == torch.bfloat16:
        plugin = Autocast("bf16-mixed", kind)
    world, local = (int(os.environ.get(name, "1")) for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"))
    if world > 1:
        fabric = Fabric(
            accelerator=kind,
            devices=local,
            num_nodes=world // local,
            strategy="ddp",
            plugins=plugin,
        )
    else:
        devices: Any = [int(number)] if number else 1
        fabric = Fabric(accelerator=kind, devices=devices, plugins=plugin)
    fabric.launch()
    return fabric


class _Items:
    """Numbers of the items that one of several processes sees, step by step."""

    def __init__(self, steps: range, size: int, rank: int, world: int) -> None:
        self._steps = steps
        self._size = size
        self._own = range(rank * size // world, (rank + 1) * size // world)

    def __iter__(self) -> Iterator[int]:
        return (step * self._size + item for step in self._steps for item in self._own)

    def __len__(self) -> int:
        return len(self._steps) * len(self._own)
