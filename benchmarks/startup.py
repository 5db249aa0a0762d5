"""How long the command line and the import take: median of several fresh processes.

python benchmarks/startup.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import lichen": [sys.executable, "-c", "import lichen"],
    "lichen --help": [sys.executable, "-m", "lichen", "--help"],
    "lichen methods gatys": [sys.executable, "-m", "lichen", "methods", "gatys"],
    "import torch (the peer)": [sys.executable, "-c", "import torch"],
}


def main() -> None:
    for name, command in COMMANDS.items():
        seconds = []
        for _ in range(9):
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            seconds.append(time.perf_counter() - started)
        half = (max(seconds) - min(seconds)) / 2
        print(f"{name:<26} {statistics.median(seconds):6.3f} s ±{half:.3f}")


if __name__ == "__main__":
    main()
