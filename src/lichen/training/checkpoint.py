"""The state of an interrupted training, from which it goes on to the same weights, to the bit."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from lichen.atomic import atomic_path
from lichen.errors import TrainingError

SUFFIX = ".checkpoint.pt"


def checkpoint_path(output: Path) -> Path:
    """Where the state of the training that writes ``output`` is kept."""
    return output.with_name(output.stem + SUFFIX)


@dataclass(frozen=True, eq=False)
class TrainingState:
    """All that changes in a training, and what it is a training of.

    Attributes
    ----------
    name, parameters, seed
        What is trained, with which parameters.
    data
        Checksum of what it is trained on.
    step
        Steps that were done.
    networks, optimizers, averages
        State dicts by name.
    randomness
        States of the global random sources.
    streams
        States of NumPy generators by name.
    others
        State dicts of anything else by name.
    """

    name: str
    parameters: dict[str, Any]
    seed: int
    data: str
    step: int
    networks: dict[str, Any] = field(default_factory=dict)
    optimizers: dict[str, Any] = field(default_factory=dict)
    averages: dict[str, Any] = field(default_factory=dict)
    randomness: dict[str, Any] = field(default_factory=dict)
    streams: dict[str, Any] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write the state, whole or not at all."""
        import torch

        with atomic_path(path) as temporary:
            torch.save({one.name: getattr(self, one.name) for one in fields(self)}, temporary)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what :meth:`save` wrote; no code in a file is run.

        Raises
        ------
        TrainingError
            When it is no such file, or damaged.
        """
        import torch

        try:
            with warnings.catch_warnings():  # torch warns of foreign files before it refuses them
                warnings.simplefilter("ignore")
                return cls(**torch.load(path, map_location="cpu", weights_only=True))
        except Exception as error:  # torch raises nearly everything on damaged files
            raise TrainingError(
                f"{path} is not a checkpoint of a training", "delete it, or `restart`"
            ) from error

    def difference(self, name: str, parameters: dict[str, Any], seed: int) -> str | None:
        """Say in what another training differs from this one; None when it is the same."""
        if self.name != name:
            return f"it trains {self.name}"
        if self.seed != seed:
            return f"its `seed` is {self.seed}"
        for key in {**self.parameters, **parameters}:
            ours, theirs = self.parameters.get(key), parameters.get(key)
            if ours != theirs:
                return f"its `{key}` is {ours}"
        return None
