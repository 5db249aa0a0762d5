"""What every training shares: its events, its schedule, its checkpoints, what Ctrl-C does."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lichen.atomic import atomic_path
from lichen.errors import LichenError
from lichen.faces.interruption import Interruption
from lichen.training.recipe import AutoencoderRecipe, EncoderRecipe

WARM_UP = 50
"""Steps."""


@dataclass(frozen=True)
class TrainingProgress:
    """One step of a training, or of the making or reading of its pictures.

    Attributes
    ----------
    stage
        What is being done.
    done, total
        Steps or pictures.
    loss, accuracy, held_out
        Of the step, and of what is never trained on; None where there is none.
    """

    stage: str
    done: int
    total: int
    loss: float | None = None
    accuracy: float | None = None
    held_out: float | None = None


Report = Callable[[TrainingProgress], None]


def learning_rate(recipe: EncoderRecipe | AutoencoderRecipe, step: int) -> float:
    """Linear warm-up over :data:`WARM_UP` steps, then a half cosine to zero."""
    warm = min(1.0, (step + 1) / WARM_UP)
    return recipe.learning_rate * warm * (0.5 + 0.5 * math.cos(math.pi * step / recipe.steps))


@dataclass(frozen=True, eq=False)
class TrainingState:
    """All that changes while a network is trained.

    Attributes
    ----------
    recipe
        What is trained.
    network, optimizer
        Their tensors are kept.
    data
        Checksum of what is trained on.
    rng
        The source of the batches, where it is one that has a state.
    """

    recipe: EncoderRecipe | AutoencoderRecipe
    network: nn.Module
    optimizer: torch.optim.Optimizer
    data: str = ""
    rng: np.random.Generator | None = None

    def keep(self, path: Path, done: int) -> None:
        """Write the state after ``done`` steps, whole or not at all."""
        state = {
            "recipe": self.recipe.model_dump_json(),
            "data": self.data,
            "done": done,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "rng": json.dumps(None if self.rng is None else self.rng.bit_generator.state),
        }
        with atomic_path(path) as temporary:
            torch.save(state, temporary)

    def restore(self, path: Path) -> int:
        """Take over a state that was kept; return the steps that were done.

        Raises
        ------
        LichenError
            If the file is no checkpoint, or one of another recipe or of other photographs.
        """
        try:
            state: dict[str, Any] = torch.load(path, weights_only=True)
            same_recipe = state["recipe"] == self.recipe.model_dump_json()
            same_data = state["data"] == self.data
        except Exception as error:  # torch raises nearly everything on damaged files
            raise LichenError(f"{path} is not a checkpoint of this training", "delete it") from (
                error
            )
        if not same_recipe:
            raise LichenError(f"{path} is of another recipe", "delete it or name another one")
        if not same_data:
            raise LichenError(f"{path} is of other photographs", "delete it or name another one")
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.rng is not None:
            self.rng.bit_generator.state = json.loads(state["rng"])
        return int(state["done"])

    def run(
        self,
        steps: Iterable[int],
        step: Callable[[int], TrainingProgress],
        *,
        checkpoint: Path | None,
        checkpoint_every: int,
        report: Report,
    ) -> None:
        """Call ``step`` for each number, at its learning rate, and keep the state now and then.

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C, at the end of the step; the state is then in ``checkpoint``.
        LichenError
            When the loss is infinite or NaN; ``checkpoint`` stays as it was.
        """
        with Interruption(deferred=True) as interruption:
            for number in steps:
                for group in self.optimizer.param_groups:
                    group["lr"] = learning_rate(self.recipe, number)
                progress = step(number)
                if progress.loss is not None and not math.isfinite(progress.loss):
                    raise LichenError(
                        f"the loss is {progress.loss} at step {progress.done}",
                        "use a smaller --learning-rate",
                    )
                due = progress.done % checkpoint_every == 0 or interruption.requested
                if checkpoint is not None and due:
                    self.keep(checkpoint, progress.done)
                interruption.check()
                report(progress)


def write_weights(output: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str]) -> None:
    """Write tensors as float16 safetensors, whole or not at all."""
    from safetensors.torch import save

    halves = {name: tensor.detach().half().contiguous() for name, tensor in tensors.items()}
    with atomic_path(output) as temporary:
        temporary.write_bytes(save(halves, metadata))


def input_metadata(
    recipe: EncoderRecipe | AutoencoderRecipe, mean: float, std: float
) -> dict[str, str]:
    """What a file of weights says of the pixels that they want, and how they were made."""
    return {
        "input": "RGB",
        "mean": ",".join([str(mean)] * 3),
        "std": ",".join([str(std)] * 3),
        "pool": "average",
        "recipe": json.dumps(recipe.model_dump(mode="json"), sort_keys=True),
    }
