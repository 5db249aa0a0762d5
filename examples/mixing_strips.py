"""Strips from one texture to another, by each of several statistics, one below the other.

    python examples/mixing_strips.py strips.jpg
    python examples/mixing_strips.py strips.jpg wall.png moss.png --steps 7 --ways gram sliced

Each row is what ``lichen mix A B --strip`` makes by one statistic. With no pictures named it takes
photographs that scikit-image brings along (CC0).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import skimage
from numpy.typing import NDArray
from PIL import Image, ImageDraw

import lichen

Array = NDArray[np.float32]
WAYS: dict[str, dict[str, Any]] = {
    "gram": {"method": "gatys"},
    "covariance": {"method": "gatys", "statistic": "covariance"},
    "features": {"method": "deep_sliced_wasserstein"},
    "patches": {"method": "sliced_wasserstein"},
}
"""What is mixed: second moments of a network's features, their distribution, that of patches."""
PHOTOS = ("gravel.png", "brick.png")
LABEL, GAP = 14, 4
"""Pixels above a row for what it is, and between rows."""


def centre(picture: Array, side: int) -> Array:
    """Cut out the middle, of at most ``side`` pixels."""
    height, width = (min(side, length) for length in picture.shape[:2])
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return np.ascontiguousarray(picture[top : top + height, left : left + width])


def sheet(rows: dict[str, Array]) -> Image.Image:
    """Lay out labelled rows on white."""
    height = sum(row.shape[0] + LABEL + GAP for row in rows.values()) - GAP
    page = Image.new("RGB", (max(row.shape[1] for row in rows.values()), height), "white")
    pen = ImageDraw.Draw(page)
    top = 0
    for name, row in rows.items():
        pen.text((0, top), name, fill="black", font_size=12)
        coloured = np.broadcast_to(row, (*row.shape[:2], 3))
        page.paste(Image.fromarray((coloured * 255).round().astype(np.uint8)), (0, top + LABEL))
        top += row.shape[0] + LABEL + GAP
    return page


def main() -> None:
    """Write the sheet that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("output", type=Path)
    parser.add_argument("photos", nargs="*", type=Path, metavar="PHOTO", help="two pictures")
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=WAYS)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--side", type=int, default=128, help="of each picture, in pixels")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--iterations", type=int, help="of each method; its own when not given")
    given = parser.parse_intermixed_args()
    folder = Path(skimage.__file__).parent / "data"
    photos = given.photos or [folder / name for name in PHOTOS]
    pictures = [centre(lichen.read_image(photo).pixels, given.side) for photo in photos]
    fewer = {} if given.iterations is None else {"iterations": given.iterations}
    rows = {
        way: lichen.strip(pictures, given.steps, seed=given.seed, **WAYS[way], **fewer).image
        for way in given.ways
    }
    sheet(rows).save(given.output, quality=85)
    print(given.output)


if __name__ == "__main__":
    try:
        main()
    except lichen.LichenError as error:
        raise SystemExit(str(error)) from None
