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
    """One line: processor, cores, versions, bfloat16 support."""
    import torch

    from lichen.nn.precision import choose_precision

    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        flags = [line for line in cpuinfo.read_text().splitlines() if line.startswith("flags")]
        model = names[0].partition(":")[2].strip() if names else model
        wide = [flag for flag in ("avx512_bf16", "amx_bf16") if flags and flag in flags[0].split()]
        model += f" ({', '.join(wide) or 'no bf16 instructions'})"
    return (
        f"{model}, {len(os.sched_getaffinity(0))} cores, python {platform.python_version()}, "
        f"torch {torch.__version__}, numpy {version('numpy')}, lichen {version('lichen')}, "
        f"auto precision {choose_precision('auto')}"
    )


def timed(call: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Median and spread (half the range) of the milliseconds of a call, after one warm-up."""
    call()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return 1e3 * statistics.median(seconds), 1e3 * (max(seconds) - min(seconds)) / 2
