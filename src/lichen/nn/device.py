"""The device of tensors: its name, whether it is available, and running out of its memory.

Nothing here imports torch for the device ``cpu``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lichen.arrays import Size
from lichen.errors import DeviceError, OutOfMemoryError

if TYPE_CHECKING:
    from types import ModuleType

_NAME = re.compile(r"cpu|mps|cuda(:\d+)?")
_ALLOWED = "use auto, cpu, cuda, cuda:1 or mps"
_UNITS = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def resolve_device(name: str = "auto") -> str:
    """Return the device that a name stands for: ``cpu``, ``mps``, ``cuda:0`` ...

    Parameters
    ----------
    name
        ``auto`` takes a CUDA device, else Apple's GPU, else the CPU. ``cuda`` is the current CUDA
        device.

    Raises
    ------
    DeviceError
        When there is no such device.
    """
    if name == "cpu":
        return "cpu"
    if name != "auto" and not _NAME.fullmatch(name):
        raise DeviceError(f"`device` is {name!r}", _ALLOWED)
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if _has_mps(torch) else "cpu"
    check_device(name)
    return f"cuda:{torch.cuda.current_device()}" if name == "cuda" else name


def check_name(name: str) -> None:
    """Raise :class:`~lichen.errors.DeviceError` for a name that no device has; imports no torch."""
    if name != "auto" and not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise DeviceError(f"`device` is {name!r}", _ALLOWED)


def check_device(name: str) -> None:
    """Raise :class:`~lichen.errors.DeviceError` unless this machine and torch have the device."""
    if name == "cpu":
        return
    if not _NAME.fullmatch(name):
        raise DeviceError(f"`device` is {name!r}", _ALLOWED)
    import torch

    if name == "mps":
        if not _has_mps(torch):
            raise DeviceError(
                "`device` is mps, but this torch sees no Apple GPU", "use `device` cpu or auto"
            )
        return
    if not torch.cuda.is_available():
        remedy = "use `device` cpu or auto"
        if torch.version.cuda is None:
            remedy += ", or install a torch that is built with CUDA (https://pytorch.org)"
        raise DeviceError(f"`device` is {name}, but this torch sees no CUDA device", remedy)
    count = torch.cuda.device_count()
    if ":" in name and int(name.partition(":")[2]) >= count:
        raise DeviceError(
            f"`device` is {name}, but this machine has {count} CUDA device(s)", "use `device` cuda"
        )


def devices() -> list[str]:
    """Return every device of this machine, the CPU first."""
    import torch

    cuda = range(torch.cuda.device_count() if torch.cuda.is_available() else 0)
    return ["cpu", *(f"cuda:{number}" for number in cuda), *(["mps"] if _has_mps(torch) else [])]


@contextmanager
def out_of_memory(device: str, size: Size | None = None) -> Iterator[None]:
    """Turn running out of memory within the block into an error that says what would fit.

    Parameters
    ----------
    device
        The device on which the block creates its tensors.
    size
        Height and width of the image being synthesized, in pixels; None if memory does not grow
        with it.

    Raises
    ------
    OutOfMemoryError
        When an allocation fails. The size that would fit is estimated from the memory available
        and the memory needed until the failure, which grows with the area.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:  # torch's errors are RuntimeErrors
        if not _is_out_of_memory(error):
            raise
        needed, available = _memory(device, str(error))
        fraction = available / needed if needed and available else None
        raise OutOfMemoryError(
            _problem(device, size, needed, available), _remedy(device, size, fraction)
        ) from error


def fitting_size(size: Size, fraction: float) -> Size:
    """Return the largest size of the same proportions whose area is ``fraction``, in steps of 16.

    >>> fitting_size((1024, 2048), 0.25)
    (512, 1024)
    """
    scale = math.sqrt(min(fraction, 1.0))
    return max(16, int(size[0] * scale) // 16 * 16), max(16, int(size[1] * scale) // 16 * 16)


def _has_mps(torch: ModuleType) -> bool:
    return bool(torch.backends.mps.is_available())


def _is_out_of_memory(error: Exception) -> bool:
    reported = any(text in str(error) for text in ("out of memory", "can't allocate memory"))
    return reported or isinstance(error, MemoryError)


def _memory(device: str, message: str) -> tuple[int, int]:
    """Return the bytes needed until the failure, and those available; 0 if unknown."""
    if not device.startswith("cuda"):
        return 0, 0
    import torch

    found = re.search(r"Tried to allocate ([\d.]+) (bytes|KiB|MiB|GiB)", message)
    requested = int(float(found[1]) * _UNITS[found[2]]) if found else 0
    free, _ = torch.cuda.mem_get_info(device)
    needed = torch.cuda.max_memory_allocated(device) + requested
    return needed, free + torch.cuda.memory_reserved(device)


def _problem(device: str, size: Size | None, needed: int, available: int) -> str:
    what = f" at {size[0]}x{size[1]} pixels" if size else ""
    numbers = ""
    if needed and available:
        gib = 2**30
        numbers = f": at least {needed / gib:.1f} GiB needed, {available / gib:.1f} available"
    return f"{device} is out of memory{what}{numbers}"


def _remedy(device: str, size: Size | None, fraction: float | None) -> str:
    elsewhere = "" if device == "cpu" else ", or device=cpu"
    if size is None:
        return f"use a smaller image{elsewhere}"
    if fraction is None or fraction >= 1:  # unknown, or enough but fragmented
        fraction = 0.5
    height, width = fitting_size(size, 0.9 * fraction)
    return f"use a size of about {height}x{width} or less{elsewhere}"
