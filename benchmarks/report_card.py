"""Time and peak memory of the report card by size of the result, each in its own process.

    python benchmarks/report_card.py EXEMPLAR [--sizes 256 512 2048]

The exemplar is cropped to 256 px; results are noise with its spectrum, tiled to size. The whole
command is timed: imports, anchors, figures and the page.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import lichen
from lichen.quality.anchors import tiled
from lichen.statistics.random_phase import random_phase
from machine import describe_machine


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("exemplar", type=Path)
    parser.add_argument("--sizes", nargs="+", type=int, default=[256, 512, 2048])
    options = parser.parse_args()
    print(describe_machine())
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        pixels = np.ascontiguousarray(lichen.read_image(options.exemplar).pixels[:256, :256])
        lichen.write_image(folder / "exemplar.png", pixels)
        for size in options.sizes:
            noise = random_phase(pixels).clip(0, 1)
            lichen.write_image(folder / "result.png", tiled(noise, (size, size)))
            command = [sys.executable, "-m", "lichen", "compare", "exemplar.png", "result.png"]
            started = time.perf_counter()
            process = subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
            if status:
                sys.exit(f"{size} px: the command failed")
            print(f"{size:>6} px {seconds:6.1f} s {usage.ru_maxrss / 1024:7.0f} MB")


if __name__ == "__main__":
    main()
