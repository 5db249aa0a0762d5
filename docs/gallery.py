"""Make docs/images/gallery.png: photographs of scikit-image (CC0) and new textures of them.

Run by ``make gallery``. Pairs of exemplar and result, every result tileable.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import skimage

import lichen

EXEMPLARS = ("gravel", "brick", "grass")
SIDE = 256


def main() -> None:
    """Write the gallery and say where it is."""
    pictures = []
    for name in EXEMPLARS:
        photo = lichen.read_image(Path(skimage.__file__).parent / "data" / f"{name}.png").pixels
        exemplar = photo[:SIDE, :SIDE]
        pictures += [exemplar, lichen.synthesize(exemplar, wrap=True, seed=1).image]
    gap = np.ones((SIDE, 4, 1), np.float32)
    row = [part for picture in pictures for part in (picture, gap)][:-1]
    target = Path(__file__).parent / "images" / "gallery.png"
    lichen.write_image(target, np.concatenate(row, axis=1))
    print(target)


if __name__ == "__main__":
    main()
