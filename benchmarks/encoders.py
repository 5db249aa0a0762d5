"""Which network's statistics make the best textures, by figures and for the eye.

    LICHEN_WEIGHTS=DIR python benchmarks/encoders.py OUTPUT EXEMPLAR ... [--size 192] [--seed 1]
        [--only NETWORK ...]

For every exemplar the default of the method ``gatys`` is run with every network, tileable, and
sliced Wasserstein of patches beside it. A sheet of pictures for each exemplar is written to OUTPUT,
and a table is printed: VGG-19 Gram loss, patch coverage, colour distance, seconds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.stats import wasserstein_distance

import lichen
from lichen.arrays import Array
from lichen.exemplar import Exemplar
from lichen.features.load import load_features
from lichen.features.pixels import Pixels
from lichen.image import resize_image, write_image
from lichen.methods.learning.gatys import PAPER_LAYERS
from lichen.nn.tensor import to_pixels, to_tensor
from lichen.solve.adam import adam
from lichen.solve.objective import Objective, Term
from lichen.solve.pyramid import enlarge, shrink
from lichen.statistics.gram import Gram
from lichen.statistics.sliced import SlicedPatches
from machine import describe_machine

NETWORKS = ("encoder", "vgg19", "squeezenet", "random-vgg", "random-filters")
PATCHES = "sliced patches"
PATCH = 8
WRAPPED = ("circular", "circular")


def read(path: Path, size: int) -> Array:
    """Return the centre square of a picture at ``size``."""
    pixels = Exemplar.read(path).pixels
    side = min(pixels.shape[:2])
    top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
    return resize_image(pixels[top : top + side, left : left + side], (size, size))


def with_network(network: str, seed: int) -> Callable[[Array], Array]:
    def synthesize(exemplar: Array) -> Array:
        how = {"method": "gatys", "network": network, "progress": False}
        return lichen.synthesize(exemplar, wrap=True, seed=seed, **how).image

    return synthesize


def with_sliced_patches(
    exemplar: Array, steps: int = 100, factor: float = 0.75, seed: int = 1
) -> Array:
    """GPDM: Adam on pixels, new directions at every step, coarse to fine from 21 px."""
    generator = torch.Generator().manual_seed(seed)
    example = to_tensor(exemplar)
    size = example.shape[2]
    sides = [size]
    while round(sides[-1] * factor) >= 21:
        sides.append(round(sides[-1] * factor))
    image = torch.rand((1, example.shape[1], sides[-1], sides[-1]), generator=generator)
    for side in reversed(sides):
        image = enlarge(image, (side, side), WRAPPED)
        statistic = SlicedPatches(generator, wrap=(True, True))
        terms = [Term("patches", Pixels(), statistic, {"pixels": 1.0}, relative=False)]
        objective = Objective(terms, shrink(example, (side, side)), None, WRAPPED, WRAPPED)
        for iterate in adam(
            objective.value_and_gradient, image, iterations=steps, lower=0.0, upper=1.0
        ):
            image = iterate.point
    return to_pixels(image)


def gram_loss(exemplar: Array, result: Array) -> float:
    """Mean over the paper's five layers of ||G - G*||^2 / ||G*||^2 on VGG-19, float32."""
    vgg = load_features("vgg19", precision="float32")
    layers = dict.fromkeys(PAPER_LAYERS, 1 / len(PAPER_LAYERS))
    objective = Objective([Term("gram", vgg, Gram(), layers)], to_tensor(exemplar))
    with torch.no_grad():
        return float(objective(to_tensor(result))[0])


def coverage(exemplar: Array, result: Array) -> float:
    """Return the fraction of the exemplar's 8x8 patches that have a near one in the result.

    Near is what nine in ten patches of the exemplar have elsewhere in it. A second photograph of
    the material would score about 0.9.
    """
    ours, wanted = patches(result)[0], patches(exemplar)
    chosen = np.random.default_rng(0).choice(len(wanted[0]), 1500, replace=False)
    queries, positions = wanted[0][chosen], wanted[1][chosen]
    near, index = cKDTree(wanted[0]).query(queries, k=60)
    apart = np.abs(wanted[1][index] - positions[:, None]).max(2) >= PATCH
    elsewhere = np.where(apart, near, np.inf).min(1)
    limit = np.quantile(elsewhere[np.isfinite(elsewhere)], 0.9)
    return float((cKDTree(ours).query(queries)[0] <= limit).mean())


def patches(image: Array) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return all 8x8 patches at half size, as their low DCT coefficients, and their positions."""
    from scipy.fft import dctn

    half = resize_image(image, (image.shape[0] // 2, image.shape[1] // 2))
    windows = np.lib.stride_tricks.sliding_window_view(half, (PATCH, PATCH), axis=(0, 1))
    rows, columns = np.mgrid[: windows.shape[0], : windows.shape[1]]
    spectra = dctn(windows, axes=(3, 4), norm="ortho")
    low = np.add.outer(np.arange(PATCH), np.arange(PATCH)) < 5
    vectors = spectra[..., low].reshape(rows.size, -1).astype(np.float32)
    return vectors, np.stack([rows.ravel(), columns.ravel()], 1)


def colour_distance(exemplar: Array, result: Array) -> float:
    """Mean over channels of the 1-Wasserstein distance of the values, in grey levels of 255."""
    channels = range(exemplar.shape[2])
    return 255 * float(
        np.mean(
            [wasserstein_distance(exemplar[..., c].flat, result[..., c].flat) for c in channels]
        )
    )


def moments(exemplar: Array, result: Array) -> tuple[float, float]:
    """Largest differences of channel mean and standard deviation, in grey levels of 255."""
    axes = (0, 1)
    mean = np.abs(result.mean(axes) - exemplar.mean(axes)).max()
    spread = np.abs(result.std(axes) - exemplar.std(axes)).max()
    return 255 * float(mean), 255 * float(spread)


def sheet(pictures: list[Array]) -> Array:
    """Return pictures side by side, white between them."""
    coloured = [np.repeat(p, 3, axis=2) if p.shape[2] == 1 else p for p in pictures]
    gap = np.ones((coloured[0].shape[0], 4, 3), np.float32)
    return np.concatenate([part for picture in coloured for part in (picture, gap)][:-1], axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("output", type=Path)
    parser.add_argument("exemplars", nargs="+", type=Path)
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=[*NETWORKS, PATCHES], metavar="NETWORK",
                        help="these rows alone")  # fmt: skip
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    ways: dict[str, Callable[[Array], Array]] = {
        name: with_network(name, options.seed) for name in NETWORKS
    }
    ways[PATCHES] = partial(with_sliced_patches, seed=options.seed)
    if options.only is not None:
        ways = {name: way for name, way in ways.items() if name in options.only}
    print(describe_machine())
    print(f"{options.size} px, tileable, seed {options.seed}; sheets: exemplar, {', '.join(ways)}")
    print(f"{'exemplar':<18} {'network':<15} {'VGG Gram':>9} {'coverage':>8} "
          f"{'colour':>7} {'mean':>6} {'std':>6} {'seconds':>8}")  # fmt: skip
    figures: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in ways}
    for path in options.exemplars:
        exemplar, made = read(path, options.size), []
        for name, way in ways.items():
            started = time.perf_counter()
            result = way(exemplar)
            seconds = time.perf_counter() - started
            made.append(result)
            row = (
                gram_loss(exemplar, result),
                coverage(exemplar, result),
                colour_distance(exemplar, result),
                seconds,
            )
            figures[name].append(row)
            mean, spread = moments(exemplar, result)
            print(f"{path.stem:<18} {name:<15} {row[0]:9.4f} {row[1]:8.3f} {row[2]:7.2f} "
                  f"{mean:6.2f} {spread:6.2f} {row[3]:8.1f}", flush=True)  # fmt: skip
        write_image(options.output / f"{path.stem}.png", sheet([exemplar, *made]))
    print("\nmedians over the exemplars; wins: coverage at least that of vgg19, in less time")
    for name, rows in figures.items():
        table = np.array(rows)
        gram, covered, colour, seconds = np.median(table, axis=0)
        wins = ""
        if "vgg19" in figures:
            vgg = np.array(figures["vgg19"])
            better = (table[:, 1] >= vgg[:, 1]) & (table[:, 3] < vgg[:, 3])
            wins = f", wins {int(better.sum())} of {len(table)}"
        print(f"{name:<15} VGG Gram {gram:.4f}, coverage {covered:.3f}, colour {colour:.2f}, "
              f"{seconds:.1f} s{wins}")  # fmt: skip


if __name__ == "__main__":
    main()
