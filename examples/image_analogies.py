"""Image analogies at work: learned filters, artistic styles, texture by numbers, textures.

Each makes B' so that A is to A' as B is to B', and writes all four beside each other::

    python examples/image_analogies.py blur photo.png other.png sheet.png
    python examples/image_analogies.py edges photo.png other.png sheet.png
    python examples/image_analogies.py pair A.png A2.png B.png sheet.png --preset painting
    python examples/image_analogies.py texture wall.png sheet.png --size 256x256

``blur`` and ``edges`` filter the photo to have a pair, apply what is learned from it to the other
picture, and say how near that comes to the filter itself.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, sobel

import lichen
from lichen.errors import LichenError
from lichen.image import parse_size, read_image, write_image
from lichen.methods.resampling.image_analogies import grey_of, with_luminance

Array = NDArray[np.float32]

GAP = 8
"""White pixels between the pictures of a sheet."""


def blurred(photo: Array) -> Array:
    """Blur luminance (H, W, 1) by a Gaussian of 2 px."""
    return gaussian_filter(photo, (2, 2, 0))


def edges(photo: Array) -> Array:
    """Draw the edges of luminance (H, W, 1) dark on white."""
    smooth = gaussian_filter(photo, (1.5, 1.5, 0))
    strength = np.hypot(sobel(smooth, 0), sobel(smooth, 1))
    return (1 - strength.clip(0, 1)).astype(np.float32)


FILTERS: dict[str, Callable[[Array], Array]] = {"blur": blurred, "edges": edges}
PRESETS = {"blur": "filter", "edges": "edges"}


def analogy(a: Array, a2: Array, b: Array, **parameters: Any) -> Array:
    """B' of float32 pictures (H, W, C) in [0, 1]; A and B have equal channels."""
    return lichen.analogy(a, a2, b, **parameters).image


def learned_filter(name: str, photo: Array, other: Array, **parameters: Any) -> list[Array]:
    """Learn a filter from one photo, apply it to another, and compare with the filter itself."""
    a, b = grey_of(photo), grey_of(other)
    true = FILTERS[name](b)
    made = analogy(a, FILTERS[name](a), b, **parameters)
    print(f"B  to the filtered B: {psnr(b, true):.1f} dB")
    print(f"B' to the filtered B: {psnr(made, true):.1f} dB")
    coloured = [with_luminance(other, grey) for grey in (made, true)] if name == "blur" else []
    return [a, FILTERS[name](a), b, made, true, *coloured]


def psnr(picture: Array, wanted: Array) -> float:
    """Peak signal-to-noise ratio, in dB."""
    return float(-10 * np.log10(np.mean((picture - wanted) ** 2)))


def texture(photo: Array, size: tuple[int, int], **parameters: Any) -> list[Array]:
    """Synthesize with empty A and B."""
    result = lichen.synthesize(photo, size=size, method="image_analogies", **parameters)
    return [photo, result.image]


def sheet(pictures: list[Array]) -> Array:
    """Lay pictures side by side on white."""
    height = max(picture.shape[0] for picture in pictures)
    parts = []
    for picture in pictures:
        part = np.ones((height, picture.shape[1] + GAP, 3), np.float32)
        part[: picture.shape[0], : picture.shape[1]] = picture
        parts.append(part)
    return np.concatenate(parts, axis=1)[:, :-GAP]


def arguments() -> argparse.Namespace:
    """Read the command line."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--preset", help="filter, edges or painting")
    common.add_argument("--kappa", type=float, help="how much is copied in one piece")
    common.add_argument("--colours", choices=("copy", "keep"), help="A's colours, or B's")
    common.add_argument("--guide-weight", type=float, help="what A and B count beside A' and B'")
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, pictures in {
        **dict.fromkeys(FILTERS, ("photo", "other")),
        "pair": ("a", "a2", "b"),
        "texture": ("photo",),
    }.items():
        command = commands.add_parser(name, parents=[common])
        for picture in (*pictures, "sheet"):
            command.add_argument(picture, type=Path)
        if name == "texture":
            command.add_argument("--size", type=parse_size, default=(256, 256))
    return parser.parse_args()


def main() -> None:
    """Make the sheet that the command line asks for."""
    given = arguments()
    names = ("preset", "kappa", "colours", "guide_weight")
    parameters = {name: getattr(given, name) for name in names if getattr(given, name) is not None}

    def read(name: str) -> Array:
        return read_image(getattr(given, name)).pixels

    if given.command in FILTERS:
        parameters = {"preset": PRESETS[given.command], **parameters}
        pictures = learned_filter(given.command, read("photo"), read("other"), **parameters)
    elif given.command == "pair":
        a, a2, b = read("a"), read("a2"), read("b")
        pictures = [a, a2, b, analogy(a, a2, b, **parameters)]
    else:
        photo = read("photo")
        pictures = texture(photo, given.size, **parameters)
    write_image(given.sheet, sheet(pictures))


if __name__ == "__main__":
    try:
        main()
    except LichenError as error:
        raise SystemExit(str(error)) from None
