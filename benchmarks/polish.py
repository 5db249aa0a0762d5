"""A patch-based start and a parametric finish, beside both of its parents.

    python benchmarks/polish.py EXEMPLAR ... [--side 256] [--seeds 1] [--sheet polish.png]

For each exemplar ``patchmatch``, ``gatys`` and ``gatys:polish``, which starts from the same result
of patchmatch. Printed are scores of the report card's groups, 0 like another half of the photo or
better, 1 like the anchor that fails, over the figures that none of the three optimizes; and the
copied fraction. Below them the figures themselves, * where one of the three optimizes it, and in
how many of them the polished picture is better. Means over the seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import lichen
from lichen.arrays import Array
from lichen.quality.card import Card, compare
from lichen.quality.figures import FIGURES
from machine import describe_machine

WAYS = {
    "patchmatch": {"method": "patchmatch"},
    "gatys": {"method": "gatys"},
    "polished": {"method": "gatys", "preset": "polish"},
}
GROUPS = ("fidelity", "innovation", "tileability", "structure")
COPIED = "copied fraction"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("exemplars", nargs="+", type=Path)
    parser.add_argument("--side", type=int, default=256, help="of exemplars and results")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--sheet", type=Path, help="picture of exemplars and results, by row")
    options = parser.parse_args()
    print(describe_machine())
    rows, verdicts = [], []
    for path in options.exemplars:
        photo = _crop(path, options.side)
        made = {name: _make(photo, how, options.seeds) for name, how in WAYS.items()}
        judged = compare(photo, *(one for many in made.values() for one in many)).cards
        cards = {
            name: judged[options.seeds * number : options.seeds * (number + 1)]
            for number, name in enumerate(WAYS)
        }
        verdicts.append(_report(path.stem, cards))
        rows.append([photo, *(many[0].image for many in made.values())])
    for verdict in verdicts[0]:
        print(f"{verdict}: {sum(one[verdict] for one in verdicts)} of {len(verdicts)} exemplars")
    if options.sheet:
        _write_sheet(options.sheet, rows)


def _make(photo: Array, how: dict[str, str], seeds: int) -> list[lichen.Result]:
    size = (photo.shape[0], photo.shape[1])
    return [
        lichen.synthesize(photo, size=size, wrap=True, seed=seed, progress=False, **how)
        for seed in range(1, seeds + 1)
    ]


def _report(exemplar: str, cards: dict[str, Sequence[Card]]) -> dict[str, bool]:
    """Print the table of an exemplar, and return which claims of the preset hold."""
    every = [card for many in cards.values() for card in many]
    optimized = {name for name in FIGURES if any(card.figures[name].optimized for card in every)}
    scores = {}
    print(f"\n{exemplar:<18} {'all':>7}", *(f"{group:>11}" for group in GROUPS), f"{COPIED:>13}")
    for way, many in cards.items():
        groups = {group: _mean(many, group, optimized) for group in GROUPS}
        known = [value for value in groups.values() if value is not None]
        scores[way] = float(np.mean(known))
        cells = (" " * 11 if value is None else f"{value:11.3f}" for value in groups.values())
        print(f"  {way:<16} {scores[way]:7.3f}", *cells, f"{_value(many, COPIED):13.3f}")
    names = [name for name in FIGURES if FIGURES[name].one is not None]
    plain = {name: [_value(many, name) for many in cards.values()] for name in names}
    for name, values in plain.items():
        shown = "  ".join(f"{value:9.3g}" for value in values)
        print(f"    {name + ('*' if name in optimized else ''):<22} {shown}")
    better = [
        sum(_is_better(name, v[2], v[parent]) for name, v in plain.items()) for parent in (0, 1)
    ]
    print(f"    of {len(plain)} better than patchmatch in {better[0]}, than gatys in {better[1]}")
    return {
        "score no worse than either's": scores["polished"] <= min(scores.values()),
        "better than either in most figures": min(better) > len(plain) / 2,
        "copies no more than patchmatch": plain[COPIED][2] <= plain[COPIED][0],
    }


def _is_better(name: str, ours: float, theirs: float) -> bool:
    return ours < theirs if FIGURES[name].better == "lower" else ours > theirs


def _mean(cards: Sequence[Card], group: str, skipped: set[str]) -> float | None:
    """Return the mean score of a group, clipped to [0, 2] as on the card; None without any."""
    found = [
        min(max(score, 0.0), 2.0)
        for card in cards
        for name, figure in card.figures.items()
        if FIGURES[name].group == group and name not in skipped
        if (score := figure.score) is not None
    ]
    return float(np.mean(found)) if found else None


def _value(cards: Sequence[Card], name: str) -> float:
    return float(np.mean([card.figures[name].value for card in cards]))


def _write_sheet(path: Path, rows: Sequence[Sequence[Array]]) -> None:
    gap = 4
    height = sum(max(one.shape[0] for one in row) + gap for row in rows) - gap
    width = max(sum(one.shape[1] + gap for one in row) - gap for row in rows)
    page = np.ones((height, width, 3), np.float32)
    top = 0
    for row in rows:
        left = 0
        for one in row:
            page[top : top + one.shape[0], left : left + one.shape[1]] = one
            left += one.shape[1] + gap
        top += max(one.shape[0] for one in row) + gap
    lichen.write_image(path, page)


def _crop(path: Path, side: int) -> Array:
    pixels = lichen.read_image(path).pixels
    height, width = (min(side, length) for length in pixels.shape[:2])
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])


if __name__ == "__main__":
    main()
