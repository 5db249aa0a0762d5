"""Channel means against Gram matrices on the same autoencoder, by figures and for the eye.

    python benchmarks/pooled.py OUTPUT [EXEMPLAR ...] [--photographs FOLDER] [--weights FILE]

A small autoencoder is trained for some minutes on the photographs, unless its weights are given.
For every exemplar channel means or Gram matrices are matched, of the code alone or of all layers,
and nothing else; and the default of ``gatys`` is run, which adds means, colours and spectrum to the
Gram matrices of all layers. The weights and a sheet are written to OUTPUT: in each row the
exemplar, its reconstruction by the autoencoder, and the five results. The table has figures of the
report card, in brackets the score (0 like a second half of the exemplar, 1 like the anchor that
fails), and the final distance of means and Gram matrices of all layers from the exemplar's.

Photographs and exemplars are scikit-image's when none are named.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import skimage
import torch

import lichen
from encoders import read, sheet
from lichen.arrays import Array
from lichen.features.load import load_features
from lichen.features.standardized import Standardized
from lichen.nn.tensor import to_pixels, to_tensor
from lichen.solve.objective import Objective, Term
from lichen.statistics.gram import Gram
from lichen.statistics.means import Means
from lichen.statistics.statistic import Statistic
from lichen.training.step import TrainStep
from lichen.weights.read import read_network
from machine import describe_machine

DATA = Path(skimage.__file__).parent / "data"
EXEMPLARS = ("brick.png", "gravel.png", "grass.png", "ihc.png", "hubble_deep_field.jpg")
SMALL = {"patch": 96, "widths": (24, 48, 96, 128), "learning_rate": 2e-3}
STEPS = 1500
CODE, ALL = ("relu4_1",), ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
GRAM = {"method": "objective", "term": {"gram": 1.0}}
WAYS: dict[str, dict[str, Any]] = {
    "means of code": {"method": "pooled"},
    "means of all": {"method": "pooled", "layers": ALL},
    "Gram of code": {**GRAM, "layers": CODE},
    "Gram of all": {**GRAM, "layers": ALL},
    "gatys": {"method": "gatys"},
}
FIGURES = ("colour mean", "colour covariance", "portilla-simoncelli", "autocorrelation", "spectrum")


def trained(photographs: Path, output: Path, steps: int) -> Path:
    """Train a small autoencoder, and print its progress."""

    def report(step: TrainStep) -> None:
        if "held out" in step.losses:
            losses = ", ".join(f"{name} {value:.4f}" for name, value in step.losses.items())
            print(f"  {step.step} steps: {losses}", flush=True)

    started = time.perf_counter()
    model = lichen.train(
        "autoencoder", photographs, output=output, steps=steps, checkpoint_every=250,
        on_step=report, progress=False, **SMALL,
    )  # fmt: skip
    print(f"{model.trained_on[0].pictures} pictures, {time.perf_counter() - started:.0f} s")
    return output


def reconstruction(weights: Path, exemplar: Array) -> Array:
    """Return the autoencoder's output for a picture."""
    network: Any = read_network(weights)
    with torch.no_grad():
        shown = to_tensor(exemplar).expand(-1, 3, -1, -1)
        return to_pixels(network(shown).clamp(0, 1))


def distance(weights: Path, statistic: Statistic, exemplar: Array, result: Array) -> float:
    """Return the relative distance of a statistic, root mean square over all layers."""
    features = load_features("autoencoder", weights=weights, precision="float32")
    example = to_tensor(exemplar)
    seen = Standardized.of(features, example[0].flatten(1))
    term = Term("", seen, statistic, dict.fromkeys(ALL, 1 / len(ALL)))
    with torch.no_grad():
        return float(Objective([term], example)(to_tensor(result))[0]) ** 0.5


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("output", type=Path)
    parser.add_argument("exemplars", nargs="*", type=Path)
    parser.add_argument("--photographs", type=Path, default=DATA)
    parser.add_argument("--weights", type=Path, help="of an autoencoder of four blocks")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--iterations", type=int, default=60)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    print(describe_machine())
    weights = options.weights or trained(
        options.photographs, options.output / "autoencoder.safetensors", options.steps
    )
    print(f"| exemplar | matched | {' | '.join(FIGURES)} | distance of means | distance of Grams |")
    print("|---" * (len(FIGURES) + 4) + "|")
    rows = []
    for path in options.exemplars or [DATA / name for name in EXEMPLARS]:
        exemplar = read(path, options.size)
        made = {
            name: lichen.synthesize(
                exemplar, network="autoencoder", weights=weights, seed=1,
                iterations=options.iterations, **way,
            )
            for name, way in WAYS.items()
        }  # fmt: skip
        cards = lichen.compare(exemplar, *made.values(), names=list(made)).cards
        for card in cards:
            cells = []
            for name in FIGURES:
                figure = card.figures[name]
                score = "" if figure.score is None else f" ({figure.score:.2f})"
                cells.append(f"{figure.value:.3g}{score}")
            for statistic in (Means(), Gram()):
                apart = distance(weights, statistic, exemplar, made[card.name].image)
                cells.append(f"{100 * apart:.2g} %")
            print(f"| {path.stem} | {card.name} | {' | '.join(cells)} |", flush=True)
        images = [result.image for result in made.values()]
        rows.append(sheet([exemplar, reconstruction(weights, exemplar), *images]))
        lichen.write_image(options.output / "pooled.png", stacked(rows))
    print(options.output / "pooled.png")


def stacked(rows: list[Array]) -> Array:
    """Return rows below each other, white between them."""
    gap = np.ones((4, rows[0].shape[1], 3), np.float32)
    return np.concatenate([part for row in rows for part in (row, gap)][:-1])


if __name__ == "__main__":
    main()
