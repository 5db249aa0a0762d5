"""Which model tells which of Julesz's textures apart, as a table.

    python benchmarks/julesz.py [--side 128] [--pictures 6] [--models gram:encoder ...]

A model is a set of statistics that lichen synthesizes by; the distance of two pictures is the loss
of the one against the targets of the other. Each cell is the area under the ROC curve for telling
pictures of two textures from pictures of one: 1/2 is chance, 1 is perfect. The order is that of the
lowest joint statistics that differ (``lichen.textures.julesz``). VGG-19 needs its weights; where
they are absent, name the other models.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from discrimination import PAIRS
from lichen.features.load import load_features
from lichen.features.steerable_pyramid import steerable_pyramid
from lichen.nn.tensor import to_tensor
from lichen.portilla_simoncelli.loss import PortillaSimoncelliLoss
from lichen.solve.objective import Objective
from lichen.solve.terms import TermInputs, build_terms
from lichen.statistics.catalogue import TermSpec
from lichen.statistics.histogram import Histogram
from lichen.textures import julesz
from machine import describe_machine

Distance = Callable[[Tensor], float]
Model = Callable[[Tensor], Distance]
"""From a picture (1, 1, H, W) to the distances of others from it."""


def by_term(term: str, network: str) -> Model:
    features = load_features(network, precision="float32")
    names = features.default_layers

    def aim(picture: Tensor) -> Distance:
        inputs = TermInputs(
            features=features,
            layers={name: 1 / len(names) for name in names},
            colours=picture.flatten(1),
            size=(picture.shape[2], picture.shape[3]),
            wrap=(False, False),
            generator=torch.Generator().manual_seed(0),
        )
        objective = Objective(build_terms(TermSpec(term, 1.0), inputs), picture)
        return lambda other: float(objective(other)[0])

    return aim


def heeger_bergen(picture: Tensor) -> Distance:
    """Histograms of the pixels and of the bands of a steerable pyramid."""
    statistic = Histogram()
    targets = [statistic.target(band) for band in _bands(picture)]
    scales = [statistic.energy(target) for target in targets]
    return lambda other: sum(
        float(statistic.loss(band, target)) / scale
        for band, target, scale in zip(_bands(other), targets, scales, strict=True)
    )


def _bands(picture: Tensor) -> list[Tensor]:
    pyramid = steerable_pyramid(picture[0, 0])
    every = [pyramid.highpass, *(band for scale in pyramid.bands for band in scale)]
    return [picture, *(band[None, None] for band in [*every, pyramid.lowpass])]


def portilla_simoncelli(picture: Tensor) -> Distance:
    loss = PortillaSimoncelliLoss(picture)
    return lambda other: float(loss(other)[0])


MODELS: dict[str, Callable[[], Model]] = {
    "pixel histogram": lambda: by_term("histogram", "pixels"),
    "power spectrum": lambda: by_term("spectrum", "pixels"),
    "Heeger-Bergen": lambda: heeger_bergen,
    "Portilla-Simoncelli": lambda: portilla_simoncelli,
    "sliced 7 px patches": lambda: by_term("swd", "pixels"),
    "random filters, Gram": lambda: by_term("gram", "random-filters"),
    "random VGG, Gram": lambda: by_term("gram", "random-vgg"),
    "encoder, means": lambda: by_term("means", "encoder"),
    "encoder, histograms": lambda: by_term("histogram", "encoder"),
    "encoder, Gram": lambda: by_term("gram", "encoder"),
    "encoder, shifted Gram": lambda: by_term("shifted-gram", "encoder"),
    "encoder, sliced": lambda: by_term("deep-swd", "encoder"),
    "VGG-19, Gram": lambda: by_term("gram", "vgg19"),
}


def area(model: Model, one: list[Tensor], other: list[Tensor]) -> float:
    """Return the area under the ROC curve of the distances between all pairs of pictures."""
    pictures, n = [*one, *other], len(one)
    within, across = [], []
    with torch.no_grad():
        for i, picture in enumerate(pictures):
            distance = model(picture)
            for j in range(i + 1, len(pictures)):
                (within if (i < n) == (j < n) else across).append(distance(pictures[j]))
    lower, higher = np.array(within)[:, None], np.array(across)[None]
    return float((lower < higher).mean() + (lower == higher).mean() / 2)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--side", type=int, default=128, help="of the pictures, in pixels")
    parser.add_argument("--pictures", type=int, default=6, help="of each texture")
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    options = parser.parse_args()
    print(describe_machine(), "\n")
    models = {name: MODELS[name]() for name in options.models}
    print("| order | pair |", " | ".join(models), "|")
    print("|---" * (len(models) + 2) + "|")
    for order, *pair in PAIRS:
        one, other = (
            [
                to_tensor(julesz(**how, size=options.side, seed=2 * number + second))
                for number in range(options.pictures)
            ]
            for second, how in enumerate(pair)
        )
        found = [area(model, one, other) for model in models.values()]
        title = " / ".join(" ".join(map(str, how.values())) for how in pair)
        print(f"| {order} | {title} |", " | ".join(f"{v:.2f}" for v in found), "|", flush=True)


if __name__ == "__main__":
    main()
