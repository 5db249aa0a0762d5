"""Where tensors are made."""

from __future__ import annotations

from lichen.errors import DeviceError


def resolve_device(name: str) -> str:
    """Return the device that a name means here; ``auto`` is a GPU where there is one."""
    if name == "cpu":
        return "cpu"
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return "cuda:0"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    kind = name.partition(":")[0]
    if (kind == "cuda" and torch.cuda.is_available()) or (
        kind == "mps" and torch.backends.mps.is_available()
    ):
        return name
    raise DeviceError(f"the device {name} is not on this machine", "use `device` cpu or auto")
