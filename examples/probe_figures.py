"""Redraw the figures of docs/probe.md from photographs that come with scikit-image (CC0).

    python examples/probe_figures.py docs/images
    python examples/probe_figures.py sheets --only layers weights --network vgg19 --side 256

Without options each figure is as in the docs, which use VGG-19 for what was first observed in it;
``--network encoder`` needs only the weights in the package.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import skimage
from numpy.typing import NDArray

import lichen
from lichen.image import resize_image
from lichen.probe.figures.channels import draw_channels
from lichen.probe.figures.fingerprints import FingerprintVideo, draw_fingerprints
from lichen.probe.figures.parametric import draw_groups
from lichen.probe.figures.pictures import (
    draw_classic,
    draw_maps,
    draw_maximized,
    draw_reconstruction,
)
from lichen.probe.figures.second_order import draw_second_order

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float32]

QUALITY = 75
"""Quality of the JPEG files."""
PIXELS = 500_000
"""Largest number of pixels of a figure."""


def photograph(name: str, side: int) -> Array:
    """Read the central crop of a photograph, after shrinking that to three times the side."""
    pixels = lichen.read_image(Path(skimage.__file__).parent / "data" / name).pixels
    square = centre(pixels, min(pixels.shape[:2]))
    whole = min(3 * side, square.shape[0])
    return centre(resize_image(square, (whole, whole)), side)


def centre(pixels: Array, side: int) -> Array:
    """Return the central square."""
    top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
    return pixels[top : top + side, left : left + side]


def classic(name: str, photo: str, network: str) -> Callable[[argparse.Namespace], Figure]:
    """Return a function that draws a classic figure."""

    def draw(given: argparse.Namespace) -> Figure:
        made = lichen.probe.classic(
            name,
            photograph(photo, given.side),
            network=given.network or network,
            iterations=given.iterations,
        )
        return draw_classic(made)

    return draw


def maps(given: argparse.Namespace) -> Figure:
    """Maps of bricks."""
    image = photograph("brick.png", 2 * given.side)
    network = given.network or "encoder"
    return draw_maps(lichen.probe.feature_maps(image, "relu3_1", network=network, count=16))


def channels(given: argparse.Namespace) -> Figure:
    """Channels over bricks."""
    image = photograph("brick.png", 2 * given.side)
    network = given.network or "encoder"
    return draw_channels(lichen.probe.channel_statistics(image, "relu3_1", network=network))


def fingerprints(given: argparse.Namespace) -> Figure:
    """Fingerprints of gravel, and of a new texture of it."""
    image = photograph("gravel.png", given.side)
    new = lichen.synthesize(image, seed=1).image
    pairs = lichen.probe.compare_fingerprints(image, new, network=given.network or "encoder")
    return draw_fingerprints(dict(list(pairs.items())[::2]))


def filters(given: argparse.Namespace) -> Figure:
    """Pictures that channels of four layers respond to."""
    from lichen.probe.inputs import load_network

    network, _ = load_network(given.network or "encoder")
    how = {"network": network, "size": given.side * 2 // 3, "iterations": given.iterations}
    layers = ("relu1_2", "relu2_2", "relu3_2", "relu4_2")
    rows = [lichen.probe.maximize_channels(layer, range(6), **how) for layer in layers]
    return draw_maximized(rows)


def directions(given: argparse.Namespace) -> Figure:
    """Principal directions of a texture's features."""
    from lichen.probe.inputs import load_network

    network, _ = load_network(given.network or "encoder")
    image = photograph("brick.png", 2 * given.side)
    how = {"network": network, "size": given.side * 2 // 3, "iterations": given.iterations}
    rows = []
    for layer in ("relu2_2", "relu3_2", "relu4_2"):
        direction = lichen.probe.principal_direction(image, layer, network=network)
        rows.append(lichen.probe.maximize_direction(layer, direction, **how))
    return draw_maximized(rows)


def reconstruction(given: argparse.Namespace) -> Figure:
    """A cat, reconstructed."""
    image = photograph("chelsea.png", given.side)
    network = given.network or "vgg19"
    return draw_reconstruction(
        lichen.probe.reconstruct(image, network=network, iterations=given.iterations)
    )


def video(given: argparse.Namespace) -> Figure:
    """Four frames of a video, one below the other."""
    from matplotlib.figure import Figure as Drawing

    image = photograph("gravel.png", given.side)
    layers = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
    frames: list[Array] = []
    for snapshot in lichen.probe.watch_fingerprints(
        image, layers, network=given.network or "encoder", iterations=given.iterations
    ):
        if not frames:
            drawing = FingerprintVideo(image, snapshot)
        if snapshot.iteration in (0, 3, 10, given.iterations):
            frames.append(drawing.frame(snapshot))
    half = frames[0].shape[0] // 2  # the upper half, the exemplar's, does not change
    sheet = np.concatenate([frames[0][:half], *(frame[half:] for frame in frames)])
    figure = Drawing(figsize=(sheet.shape[1] / 100, sheet.shape[0] / 100), dpi=70)
    figure.add_axes((0, 0, 1, 1), frame_on=False, xticks=[], yticks=[]).imshow(sheet)
    return figure


def spectrum(given: argparse.Namespace) -> Figure:
    """Second moments of bricks, and of two syntheses of them."""
    image = photograph("brick.png", 2 * given.side)
    copied = lichen.synthesize(image, seed=1).image
    noise = lichen.synthesize(image, method="random_phase", seed=1).image
    found = lichen.probe.second_order(image, copied, noise)
    return draw_second_order(found, ("bricks", "patchmatch", "random_phase"))


def statistics(given: argparse.Namespace) -> Figure:
    """Portilla-Simoncelli statistics of bricks, and of noise with their spectrum."""
    image = photograph("brick.png", 2 * given.side)
    noise = lichen.synthesize(image, method="random_phase", seed=1).image
    found = lichen.probe.portilla_simoncelli_groups(image, noise)
    return draw_groups(found, ("bricks", "random_phase"))


FIGURES: dict[str, Callable[[argparse.Namespace], Figure]] = {
    "maps": maps,
    "channels": channels,
    "fingerprints": fingerprints,
    "spectrum": spectrum,
    "statistics": statistics,
    "video": video,
    "layers": classic("layers", "gravel.png", "vgg19"),
    "single": classic("single", "gravel.png", "encoder"),
    "parameters": classic("parameters", "gravel.png", "encoder"),
    "weights": classic("weights", "gravel.png", "vgg19"),
    "starts": classic("starts", "gravel.png", "encoder"),
    "filters": filters,
    "directions": directions,
    "reconstruction": reconstruction,
}


def main() -> None:
    """Write the figures that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("output", type=Path, help="folder for the figures")
    parser.add_argument("--only", nargs="+", choices=FIGURES, default=list(FIGURES))
    parser.add_argument("--network", help="for all figures; each has its own otherwise")
    parser.add_argument("--side", type=int, default=96, help="of the exemplars, in pixels")
    parser.add_argument("--iterations", type=int, default=80)
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    for name in given.only:
        target = given.output / f"probe_{name}.jpg"
        figure = FIGURES[name](given)
        width, height = figure.get_size_inches()
        dpi = min(120, (PIXELS / (width * height)) ** 0.5)
        figure.savefig(target, dpi=dpi, pil_kwargs={"quality": QUALITY})
        print(target, flush=True)


if __name__ == "__main__":
    try:
        main()
    except lichen.LichenError as error:
        raise SystemExit(str(error)) from None
