"""Make docs/images/gallery.png: photographs of scikit-image (CC0) and new textures of them.

Run by ``make gallery``. Pairs of exemplar and result, every result tileable.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import skimage

import lichen

EXEMPLARS = {"gravel.png": 100, "hubble_deep_field.jpg": 100, "brick.png": 0}
"""Files, and how far from the upper left corner the exemplar is cut."""
SIDE = 256


def main() -> None:
    """Write the gallery and say where it is."""
    pictures = []
    for file, start in EXEMPLARS.items():
        photo = lichen.read_image(Path(skimage.__file__).parent / "data" / file).pixels
        exemplar = photo[start : start + SIDE, start : start + SIDE]
        new = lichen.synthesize(exemplar, method="gatys", wrap=True, seed=1).image
        pictures += [p if p.shape[2] == 3 else np.repeat(p, 3, axis=2) for p in (exemplar, new)]
    gap = np.ones((SIDE, 4, 3), np.float32)
    row = [part for picture in pictures for part in (picture, gap)][:-1]
    target = Path(__file__).parent / "images" / "gallery.png"
    lichen.write_image(target, np.concatenate(row, axis=1))
    print(target)


if __name__ == "__main__":
    main()
