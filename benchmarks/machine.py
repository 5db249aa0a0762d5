"""What the benchmarks print about where they ran, and how they sum up timings."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path


def describe_machine() -> str:
    """Return one line: processor, cores, load, versions, and precision of networks."""
    import torch

    from lichen.nn.precision import choose_precision

    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text().splitlines()
        names = [line for line in lines if line.startswith("model name")]
        flags = [line for line in lines if line.startswith("flags")]
        model = names[0].partition(":")[2].strip() if names else model
        wide = [flag for flag in ("avx512_bf16", "amx_bf16") if flags and flag in flags[0].split()]
        model += f" ({', '.join(wide) or 'no bf16 instructions'})"
    return (
        f"{model}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}, "
        f"python {platform.python_version()}, torch {torch.__version__}, "
        f"numpy {version('numpy')}, lichen {version('lichen')}, "
        f"auto precision {choose_precision('auto')}"
    )


def describe_device(device: str) -> str:
    """Return one line: a device's name, its memory, and precision of networks on it."""
    import torch

    from lichen.nn.precision import choose_precision

    name = device
    if device.startswith("cuda"):
        properties = torch.cuda.get_device_properties(device)
        name += f": {properties.name}, {properties.total_memory / 2**30:.0f} GiB"
    return f"{name}, auto precision {choose_precision('auto', device)}"


def timed(
    call: Callable[[], object], repeats: int, finish: Callable[[], object] = lambda: None
) -> tuple[float, float]:
    """Median and half range of a call's milliseconds, after one warm-up.

    ``finish`` waits for what the call has only queued, as a GPU's work is.
    """
    call()
    finish()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        finish()
        seconds.append(time.perf_counter() - started)
    return 1e3 * statistics.median(seconds), 1e3 * (max(seconds) - min(seconds)) / 2
