"""How long importing, listing and whole commands take, from a fresh process to its end.

    python benchmarks/startup.py [--against OTHER_CHECKOUT/src] [--repeats 9]

Prints the median of several runs and half their range. With ``--against`` the same commands run on
another checkout too, alternating, so that before and after are compared in one run. Kernels are
compiled, and weights measured, before the clock runs.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from machine import describe_machine

LICHEN = ["-m", "lichen"]
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import lichen": ["-c", "import lichen"],
    "lichen --help": [*LICHEN, "--help"],
    "lichen methods gatys": [*LICHEN, "methods", "gatys"],
    "lichen synthesize, 64 px": [*LICHEN, "synthesize", "photo.png", "-o", "out.png"],
    "lichen synthesize -m gatys, 64 px": [
        *LICHEN, "synthesize", "photo.png", "-o", "gatys.png", "-m", "gatys",
    ],
    "import torch (the peer)": ["-c", "import torch"],
}  # fmt: skip


def seconds_of(command: list[str], folder: Path, source: Path) -> float:
    """Seconds of one command, with ``source`` before everything else on Python's path."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
    )
    taken = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed in {source}: {done.stderr[-500:]}")
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--against", type=Path, help="folder src of another checkout")
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    here = Path(__file__).resolve().parents[1] / "src"
    sources = [here, *([options.against.resolve()] if options.against else [])]
    print(describe_machine())
    print(f"{'':<36}" + "".join(f"{source.parent.name:>18}" for source in sources))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        rng = np.random.default_rng(0)
        blocks = rng.integers(0, 256, (16, 16, 3), np.uint8).repeat(4, 0).repeat(4, 1)
        Image.fromarray(blocks).save(folder / "photo.png")
        for name, command in COMMANDS.items():
            for source in sources:
                seconds_of(command, folder, source)
            seconds = [
                [seconds_of(command, folder, source) for source in sources]
                for _ in range(options.repeats)
            ]
            cells = []
            for taken in zip(*seconds, strict=True):
                half = (max(taken) - min(taken)) / 2
                cells.append(f"{statistics.median(taken):8.3f} s ±{half:.3f}")
            print(f"{name:<36}" + "".join(f"{cell:>18}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
