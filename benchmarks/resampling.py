"""Resampling: seconds beside G'MIC, growth with size, and report cards beside G'MIC's.

    python benchmarks/resampling.py EXEMPLAR ... [--only speed growth cards] [--size 512]

1. ``speed``: each method in a process that has its kernels loaded (best of three; what the first
   call of the process took beside it), and G'MIC's matchpatch, a process of its own as always.
2. ``growth``: the default from 256 to 2048 px: seconds, their slope in log-log, and bytes a pixel
   and channel beyond what a tiny picture takes.
3. ``cards``: for each exemplar, in how many of the five groups of figures the default is better
   than matchpatch, each figure that either optimizes left out. Means of three seeds of each.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import lichen
from lichen.quality.card import Card, compare
from lichen.quality.diversity import diversity
from lichen.quality.figures import FIGURES
from machine import describe_machine

Array = NDArray[np.float32]
SIDES = (256, 512, 1024, 2048)
GROUPS = ("fidelity", "innovation", "diversity", "tileability", "structure")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("exemplars", nargs="+", type=Path)
    parser.add_argument("--only", nargs="+", default=["speed", "growth", "cards"])
    parser.add_argument("--size", type=int, default=512, help="of the report cards' pictures")
    parser.add_argument("--peak", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        _report_peak(options.exemplars[0], options.peak)
        return
    print(describe_machine())
    if "speed" in options.only:
        speed(_crop(options.exemplars[0], 256))
    if "growth" in options.only:
        growth(options.exemplars[0])
    if "cards" in options.only:
        cards(options.exemplars, options.size)


def speed(photo: Array) -> None:
    """Print seconds: methods warm, and the peer."""
    hole = np.zeros(photo.shape[:2], bool)
    hole[96:160, 96:160] = True
    rows: list[tuple[str, Callable[[], object], float | None]] = [
        (
            "Efros-Leung 64 -> 128 px, window 11",
            _made(photo[:64, :64], 128, "efros_leung", window=11),
            None,
        ),
        (
            "quilting 192 -> 512 px, block 36",
            _made(photo[:192, :192], 512, "quilting", block=36),
            None,
        ),
        ("default 256 -> 256 px", _made(photo, 256, "patchmatch"), _matchpatch_seconds(photo, 256)),
        ("default 256 -> 512 px", _made(photo, 512, "patchmatch"), _matchpatch_seconds(photo, 512)),
        (
            "default 256 -> 1024 px",
            _made(photo, 1024, "patchmatch"),
            _matchpatch_seconds(photo, 1024),
        ),
        (
            "hole of 64 px in 256 px",
            lambda: lichen.fill(photo, hole, progress=False),
            None,
        ),
    ]
    print(f"\n{'':<38} {'first':>7} {'warm':>7} {'G-MIC':>7} {'ratio':>7}")
    for name, make, peer in rows:
        first, warm = _seconds(make), min(_seconds(make) for _ in range(3))
        beside = f"{peer:7.2f} {peer / warm:6.1f}x" if peer else ""
        print(f"{name:<38} {first:7.2f} {warm:7.3f} {beside}")


def growth(exemplar: Path) -> None:
    """Print seconds and memory by size, and the slope."""
    photo = _crop(exemplar, 256)
    seconds = []
    _made(photo, 64, "patchmatch")()
    base = _peak(exemplar, 64)
    print(f"\n{'size':>6} {'seconds':>8} {'us/px':>7} {'bytes a pixel and channel':>26}")
    for side in SIDES:
        make = _made(photo, side, "patchmatch")
        seconds.append(min(_seconds(make) for _ in range(2)))
        taken = (_peak(exemplar, side) - base) / side**2 / photo.shape[2]
        print(f"{side:>6} {seconds[-1]:8.3f} {seconds[-1] / side**2 * 1e6:7.2f} {taken:26.1f}")
    slope = np.polyfit(np.log([side**2 for side in SIDES]), np.log(seconds), 1)[0]
    print(f"slope of log seconds in log pixels: {slope:.2f}")


def cards(exemplars: list[Path], size: int) -> None:
    """Print who is better in which group, by exemplar."""
    if not shutil.which("gmic"):
        print("gmic is not installed: no cards")
        return
    won = []
    print(f"\n256 -> {size} px; ours / matchpatch, lower is better, * ours is")
    for path in exemplars:
        photo = _crop(path, 256)
        ours = [_made(photo, size, "patchmatch", seed=s)() for s in range(3)]
        theirs = [_matchpatch(photo, size, seed)[0] for seed in range(3)]
        judged = compare(photo, *ours, *theirs).cards
        skipped = {"patches"}  # the default's energy
        cells = []
        for group in GROUPS:
            if group == "diversity":
                a, b = (
                    -diversity(
                        photo,
                        [
                            result.image if hasattr(result, "image") else result
                            for result in results
                        ],
                    )["distance"]
                    for results in (ours, theirs)
                )
            else:
                a, b = (
                    float(np.mean([_mean(card, group, skipped) for card in cards]))
                    for cards in (judged[:3], judged[3:])
                )
            cells.append((a, b))
        better = sum(a < b for a, b in cells)
        won.append(better)
        shown = "  ".join(f"{a:5.2f}/{b:5.2f}{'*' if a < b else ' '}" for a, b in cells)
        print(f"{path.stem:<18} {shown}  better in {better} of 5", flush=True)
    print(f"at least 4 of 5 on {sum(n >= 4 for n in won)} of {len(won)} exemplars")


def _mean(card: Card, group: str, skipped: set[str]) -> float:
    """Mean score of a group; of its plain values where this exemplar has no scores."""
    figures = [
        (card.figures[name], definition)
        for name, definition in FIGURES.items()
        if definition.group == group and definition.statistic not in skipped
    ]
    scores = [figure.score for figure, _ in figures if figure.score is not None]
    if not scores:
        scores = [
            figure.value if definition.better == "lower" else -figure.value
            for figure, definition in figures
        ]
    return float(np.mean(scores))


def _made(photo: Array, side: int, method: str, **wanted: object) -> Callable[[], lichen.Result]:
    return lambda: lichen.synthesize(
        photo, size=(side, side), method=method, wrap=True, progress=False, **wanted
    )


def _matchpatch(photo: Array, side: int, seed: int = 0) -> tuple[Array, float]:
    """Picture and seconds of the peer, its start-up included."""
    with tempfile.TemporaryDirectory() as place:
        given, made = Path(place) / "given.png", Path(place) / "made.png"
        lichen.write_image(given, photo)
        command = ["gmic", "-v", "0", "-srand", str(seed), str(given)]
        command += ["-syntexturize_matchpatch", f"{side},{side}", "-o", str(made)]
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds = time.perf_counter() - started
        return lichen.read_image(made).pixels, seconds


def _matchpatch_seconds(photo: Array, side: int) -> float | None:
    if not shutil.which("gmic"):
        return None
    return min(_matchpatch(photo, side)[1] for _ in range(3))


def _seconds(make: Callable[[], object]) -> float:
    started = time.perf_counter()
    make()
    return time.perf_counter() - started


def _crop(path: Path, side: int) -> Array:
    pixels = lichen.read_image(path).pixels
    height, width = (min(side, length) for length in pixels.shape[:2])
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])


def _peak(exemplar: Path, side: int) -> int:
    """Peak bytes of a process that makes one picture."""
    command = [sys.executable, __file__, str(exemplar), "--peak", str(side)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{side} px: the process failed")
    return usage.ru_maxrss * 1024


def _report_peak(exemplar: Path, side: int) -> None:
    _made(_crop(exemplar, 256), side, "patchmatch")()


if __name__ == "__main__":
    main()
