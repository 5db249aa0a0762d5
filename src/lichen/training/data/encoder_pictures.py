"""The pictures that the encoder learns to tell apart: photographs and made textures."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lichen.image import read_image, resize_image
from lichen.training.data.canvas_noise import SIDE
from lichen.training.data.made_textures import FAMILIES, lit
from lichen.training.step import TrainStep

PHOTOGRAPHS = (
    "astronaut.png",
    "camera.png",
    "cell.png",
    "chelsea.png",
    "clock_motion.png",
    "coffee.png",
    "coins.png",
    "ihc.png",
    "moon.png",
    "motorcycle_left.png",
    "page.png",
    "retina.jpg",
    "rocket.jpg",
    "text.png",
)
"""Of scikit-image, in the public domain or CC0. Its textures (brick, grass, gravel) and the deep
field are left out: the encoder is evaluated on them."""

LONGEST_SIDE = 420


def photographs() -> list[NDArray[np.uint8]]:
    """Read the photographs as uint8 (H, W, 3), at least 256 px and about 420 px a side."""
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    found = []
    for name in PHOTOGRAPHS:
        pixels = read_image(folder / name).pixels
        smallest = min(pixels.shape[:2])
        scale = max(SIDE / smallest, min(1.0, LONGEST_SIDE / smallest))
        size = (round(pixels.shape[0] * scale), round(pixels.shape[1] * scale))
        pixels = resize_image(pixels, size)
        pixels = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
        found.append(np.round(pixels * 255).astype(np.uint8))
    return found


def made_picture(seed: int) -> NDArray[np.uint8]:
    """Make texture number ``seed``, (256, 256, 3); its family is ``seed`` modulo their number."""
    rng = np.random.default_rng(seed)
    picture = lit(rng, FAMILIES[seed % len(FAMILIES)](rng))
    return np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def training_pictures(
    n_made: int, seed: int
) -> Generator[TrainStep, None, list[NDArray[np.uint8]]]:
    """Yield a step for each made texture, and return all pictures; each is a class of its own.

    The photographs come first, then ``n_made`` made textures.
    """
    pictures = photographs()
    first = seed * 1_000_003 + 1000  # a multiple of no family's number: each has its turn
    for number in range(n_made):
        pictures.append(made_picture(first + number))
        yield TrainStep("making pictures", number + 1, n_made)
    return pictures
