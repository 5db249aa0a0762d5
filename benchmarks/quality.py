"""The standing benchmark: methods by report card and time, over a suite of exemplars.

    python benchmarks/quality.py OUTPUT EXEMPLAR_OR_FOLDER ... [--methods gatys gatys:spectrum]

A method is ``name`` or ``name:preset``; G'MIC's ``gmic:syntexturize`` and ``gmic:matchpatch`` are
included where the command ``gmic`` is installed. Pictures are kept in OUTPUT with their records; a
second run makes only what has changed. OUTPUT/index.html shows all of them, and a page per exemplar
its cards; the table is printed.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader

import lichen
from lichen.errors import CanvasError, NotHonouredError
from lichen.exemplar import Exemplar
from lichen.quality.card import Card, compare
from lichen.quality.page import write_page
from lichen.run import verbs
from lichen.run.loop import Run
from machine import describe_machine

PEERS = {
    "gmic:syntexturize": "syntexturize",
    "gmic:matchpatch": "syntexturize_matchpatch",
}
SHOWN = (
    "sliced patches", "portilla-simoncelli", "patch precision", "patch coverage",
    "copied fraction", "largest copy", "seam excess", "autocorrelation", "spectrum",
)  # fmt: skip


@dataclass(frozen=True)
class Made:
    """A picture of one exemplar by one method."""

    path: Path
    seconds: float
    fresh: bool


def by_lichen(name: str, exemplar: Path, target: Path, size: tuple[int, int], seed: int) -> Made:
    """Make a picture, unless it is there already with the record of the same job."""
    method, _, preset = name.partition(":")
    arguments: dict[str, Any] = {"size": size, "method": method, "preset": preset or None}
    arguments |= {"seed": seed}
    try:
        run = Run(verbs.synthesize(exemplar, wrap=True, **arguments))
    except (CanvasError, NotHonouredError) as error:
        print(f"{exemplar.parent.name:<18} {name:<18} made without wrap: {error.problem}")
        run = Run(verbs.synthesize(exemplar, **arguments))
    if target.is_file():
        known = lichen.read_provenance(target)
        if known.job == run.provenance().job and known.version == lichen.__version__:
            return Made(target, known.seconds, False)
    result = lichen.finish(run)
    result.save(target)
    return Made(target, result.provenance.seconds, True)


def by_gmic(name: str, exemplar: Path, target: Path, size: tuple[int, int], seed: int) -> Made:
    """Run the peer, timed with its start-up; a file beside the picture records the command."""
    command = ["gmic", "-v", "0", "-srand", str(seed), str(exemplar)]
    command += [f"-{PEERS[name]}", f"{size[1]},{size[0]}", "-o", str(target)]
    version = subprocess.run(["gmic", "version"], capture_output=True, text=True, check=True)
    said = re.search(r"Version ([\d.]+)", version.stdout + version.stderr)
    record = {
        "command": command[6:],
        "version": said[1] if said else "unknown",
        "exemplar": Exemplar.read(exemplar).sha256,
    }
    beside = target.with_suffix(".json")
    if target.is_file() and beside.is_file():
        known = json.loads(beside.read_text())
        seconds = known.pop("seconds")
        if known == record:
            return Made(target, seconds, False)
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    seconds = time.perf_counter() - started
    beside.write_text(json.dumps({**record, "seconds": seconds}))
    return Made(target, seconds, True)


def exemplars_of(paths: list[Path], folder: Path, side: int) -> list[Path]:
    """Write central crops of at most ``side`` pixels to the output folder, and return them."""
    files = [
        file
        for path in paths
        for file in (sorted(path.iterdir()) if path.is_dir() else [path])
        if file.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp", ".tif")
    ]
    crops = []
    for file in files:
        pixels = lichen.read_image(file).pixels
        height, width = (min(side, length) for length in pixels.shape[:2])
        top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
        crop = folder / file.stem / "exemplar.png"
        crop.parent.mkdir(parents=True, exist_ok=True)
        lichen.write_image(crop, pixels[top : top + height, left : left + width])
        crops.append(crop)
    return crops


def table(names: list[str], cards: dict[str, list[Card]], seconds: dict[str, list[float]]) -> str:
    """Return medians over the exemplars as the Markdown table of the docs."""
    groups = ("fidelity", "innovation", "tileability", "structure")
    head = ["method", *groups, "all", *SHOWN, "seconds"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for name in names:
        rows = cards[name]
        cells = [name]
        for group in groups:
            values = [card.groups[group] for card in rows if group in card.groups]
            cells.append(f"{np.median(values):.2f}" if values else "")
        cells.append(f"{np.median([card.score for card in rows]):.2f}")
        for figure in SHOWN:
            cell = f"{np.median([card.figures[figure].value for card in rows]):.3g}"
            own = any(card.figures[figure].optimized for card in rows)
            cells.append(cell + ("*" if own else ""))
        cells.append(f"{np.median(seconds[name]):.2f}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("output", type=Path)
    parser.add_argument("exemplars", nargs="+", type=Path)
    parser.add_argument("--methods", nargs="+", default=["gatys", "gatys:spectrum", *PEERS])
    parser.add_argument("--side", type=int, default=256, help="largest side of the exemplars")
    parser.add_argument("--size", type=int, help="side of the results; the exemplar's if not given")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    names = [name for name in options.methods if name not in PEERS or shutil.which("gmic")]
    for name in set(options.methods) - set(names):
        print(f"{name}: gmic is not installed, no row")
    ways: dict[str, Callable[..., Made]] = {
        name: by_gmic if name in PEERS else by_lichen for name in names
    }
    print(describe_machine())
    cards: dict[str, list[Card]] = {name: [] for name in names}
    seconds: dict[str, list[float]] = {name: [] for name in names}
    shown = []
    for exemplar in exemplars_of(options.exemplars, options.output, options.side):
        folder = exemplar.parent
        pixels = lichen.read_image(exemplar).pixels
        size = (options.size, options.size) if options.size else pixels.shape[:2]
        made = [
            way(name, exemplar, folder / f"{name.replace(':', '_')}.png", size, options.seed)
            for name, way in ways.items()
        ]
        comparison = compare(exemplar, *(one.path for one in made), names=names)
        write_page(comparison, folder / "report.html")
        for name, one, card in zip(names, made, comparison.cards, strict=True):
            cards[name].append(card)
            seconds[name].append(one.seconds)
            print(
                f"{folder.name:<18} {name:<18} score {card.score:5.2f}  {one.seconds:6.1f} s"
                f"{'' if one.fresh else '  (kept)'}",
                flush=True,
            )
        shown.append((folder.name, [one.path.name for one in made], comparison.cards))
    rows = table(names, cards, seconds)
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    page = environment.get_template("quality.html.j2").render(
        names=names, shown=shown, table=rows, machine=describe_machine()
    )
    (options.output / "index.html").write_text(page, encoding="utf-8")
    print(f"\nmedians over {len(shown)} exemplars; * optimized by the method itself\n{rows}")
    print(options.output / "index.html")


if __name__ == "__main__":
    main()
