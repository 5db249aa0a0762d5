"""Portilla-Simoncelli statistics beside plenoptic's, in one run on one thread.

    python benchmarks/texture_statistics.py [EXEMPLAR ...] [--only forward] [--size 256]
        [--repeats 21]

1. ``forward``: milliseconds for the 710 statistics of a grey image in float32, forward, and
   forward and backward: ours, plenoptic's, and the lower bound: the Fourier transforms that ours
   take, alone (backward takes as many). The three alternate, so that all see the same machine.
   Median and half the range.
2. ``projections``: milliseconds per round of the paper's sequential projections, next to published
   timings of IPOL's C program.
3. ``converge``: seconds to the loss that plenoptic reaches, by its own statistics and loss, after
   100 outer iterations of its documented recipe, for each exemplar: ours by 20 rounds of
   projections and then descent in the metric of the gradients. Two minutes per exemplar, nearly all
   plenoptic's.

Exemplars are cropped to ``--size`` and converted to grey; without one, noise is used.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("TQDM_DISABLE", "1")  # plenoptic's bar: a hundred lines in a log

import torch
from torch import Tensor

import lichen
from lichen.features.steerable_pyramid import band_size
from lichen.portilla_simoncelli.statistics import pyramid_statistics
from machine import describe_machine
from texture_convergence import add_arguments, converge, projections

N_SCALES = N_ORIENTATIONS = 4
N_NEIGHBOURS = 7


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("exemplars", nargs="*", type=Path)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=21)
    add_arguments(parser)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(describe_machine())
    for part in options.only:
        PARTS[part](options)


def forward(options: argparse.Namespace) -> None:
    """Print milliseconds of both, and the lower bound."""
    image = _exemplars(options)[0]
    theirs, size = _plenoptic(options.size), (options.size, options.size)
    calls = {
        "lichen": lambda x: torch.cat(list(pyramid_statistics(x).groups().values())),
        "plenoptic": lambda x: theirs(x[None, None]),
    }
    assert len(calls["lichen"](image)) == calls["plenoptic"](image).numel() == 710
    transforms = _transforms(size)
    rows = {
        "forward": [_without_gradient(call, image) for call in calls.values()] + [transforms],
        "forward and backward": [_with_gradient(call, image) for call in calls.values()]
        + [lambda: (transforms(), transforms())],
    }
    print(f"\n710 statistics, {options.size} px grey, float32, one thread: milliseconds")
    print(f"{'':<22} {'lichen':>14} {'plenoptic':>14} {'FFTs alone':>14}   ratio to plenoptic")
    for name, row in rows.items():
        found = _alternately(row, options.repeats)
        cells = " ".join(f"{median:8.1f} ± {spread:3.1f}" for median, spread in found)
        print(f"{name:<22} {cells}   {found[0][0] / found[1][0]:.2f}")


def _transforms(size: tuple[int, int]) -> Callable[[], object]:
    """The Fourier transforms of our statistics, with nothing between them."""
    shapes = [band_size(size, scale) for scale in range(N_SCALES + 1)]
    real = [torch.rand(shape) for shape in shapes]
    halves = [torch.fft.rfft2(x) for x in real]
    bands = [torch.rand(N_ORIENTATIONS, *shape, dtype=torch.complex64) for shape in shapes[:-1]]

    def run() -> None:
        torch.fft.fft2(real[0])  # the image, for bands, high-pass and low-passes
        torch.fft.rfft2(real[0])
        torch.fft.rfft2(real[0])
        torch.fft.irfft2(halves[0], s=size)  # its high-pass
        for half, low, shape in zip(halves, real, shapes, strict=True):
            torch.fft.irfft2(half, s=shape)  # low-passes
            torch.fft.rfft2(low)  # and their autocorrelation
        for band in bands:
            torch.fft.ifft2(band)
            torch.fft.rfft2(band.real)  # autocorrelation of magnitudes
        for child, parent in pairwise(bands):
            torch.fft.fft2(parent)  # to the size of the children
            torch.fft.ifft2(child)

    return run


def _without_gradient(call: Callable[[Tensor], Tensor], image: Tensor) -> Callable[[], object]:
    return torch.no_grad()(lambda: call(image))


def _with_gradient(call: Callable[[Tensor], Tensor], image: Tensor) -> Callable[[], object]:
    def run() -> None:
        variable = image.clone().requires_grad_()
        call(variable).square().sum().backward()

    return run


def _alternately(calls: Sequence[Callable[[], object]], repeats: int) -> list[tuple[float, float]]:
    """Return median and half the range of each call's milliseconds, after one warm-up."""
    seconds: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    for _ in range(repeats):
        for call, found in zip(calls, seconds, strict=True):
            started = time.perf_counter()
            call()
            found.append(1e3 * (time.perf_counter() - started))
    return [(statistics.median(found), (max(found) - min(found)) / 2) for found in seconds]


def _plenoptic(side: int) -> Callable[[Tensor], Tensor]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from plenoptic.models import PortillaSimoncelli

        return PortillaSimoncelli(
            (side, side), N_SCALES, N_ORIENTATIONS, spatial_corr_width=N_NEIGHBOURS
        )


def _exemplars(options: argparse.Namespace) -> list[Tensor]:
    """Grey crops (H, W) of the exemplars."""
    side = options.size
    if not options.exemplars:
        return [torch.rand(side, side, generator=torch.Generator().manual_seed(0))]
    crops = []
    for path in options.exemplars:
        pixels = torch.from_numpy(lichen.read_image(path).pixels)
        crops.append(pixels[:side, :side].mean(-1).contiguous())
    return crops


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "forward": forward,
    "projections": lambda options: projections(_exemplars(options), options.repeats),
    "converge": lambda options: converge(_exemplars(options), options.iterations),
}


if __name__ == "__main__":
    main()
