"""The random sources of a training, kept apart from those of the process around it."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import numpy as np
import torch


class Randomness:
    """Torch's and NumPy's global sources: a training's own while it is entered.

    Code of a training, such as an initialization or dropout, draws from the global sources.
    Whatever the caller draws between two steps does not change the training, nor the reverse.

    Parameters
    ----------
    seed
        Of all sources.
    device
        Its source is kept too where it is a GPU.
    """

    def __init__(self, seed: int, device: str = "cpu") -> None:
        self._device = device
        before = self._read()
        torch.default_generator.manual_seed(seed)  # of the CPU alone: other GPUs are not ours
        if self._device.startswith("cuda"):
            with torch.cuda.device(self._device):
                torch.cuda.manual_seed(seed)
        elif self._device == "mps":
            torch.mps.manual_seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002 (the global source is what is meant)
        self.state = self._read()
        self._write(before)
        self._before: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._before = self._read()
        self._write(self.state)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.state = self._read()
        self._write(self._before)

    def _read(self) -> dict[str, Any]:
        name, keys, position, has_gauss, gauss = np.random.get_state()  # noqa: NPY002
        found = {
            "torch": torch.get_rng_state(),
            "numpy": (name, torch.from_numpy(np.array(keys)), position, has_gauss, gauss),
        }
        if self._device.startswith("cuda"):
            found["device"] = torch.cuda.get_rng_state(self._device)
        elif self._device == "mps":
            found["device"] = torch.mps.get_rng_state()
        return found

    def _write(self, state: dict[str, Any]) -> None:
        torch.set_rng_state(state["torch"])
        name, keys, *rest = state["numpy"]
        np.random.set_state((name, keys.numpy(), *rest))  # noqa: NPY002
        if "device" not in state:  # of a checkpoint from a CPU
            return
        if self._device.startswith("cuda"):
            torch.cuda.set_rng_state(state["device"], self._device)
        elif self._device == "mps":
            torch.mps.set_rng_state(state["device"])
