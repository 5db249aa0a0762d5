"""The resources of the machine that a run may use, and what it ran on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version


def available_cores() -> int:
    """Return the number of cores that this process may use, or ``OMP_NUM_THREADS`` if set."""
    limit = os.environ.get("OMP_NUM_THREADS", "")
    if limit.isdigit() and int(limit) > 0:
        return int(limit)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def lichen_version() -> str:
    """Return the version of the installed package."""
    return version("lichen")


def software() -> dict[str, str]:
    """Return the versions of the software on which the last bits of results depend."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in ("numpy", "torch"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
