"""The demo of the README: new, tileable textures from two photographs of scikit-image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import skimage

import lichen

PHOTOGRAPHS = ("gravel.png", "hubble_deep_field.jpg")
SIDE = 256


def main() -> None:
    """Write exemplar, result and the result tiled 2x2 into demo/, and print where they are."""
    folder = Path("demo")
    folder.mkdir(exist_ok=True)
    for file in PHOTOGRAPHS:
        name = Path(file).stem
        photo = lichen.read_image(Path(skimage.__file__).parent / "data" / file).pixels
        exemplar = photo[100 : 100 + SIDE, 100 : 100 + SIDE]
        result = lichen.synthesize(exemplar, method="gatys", wrap=True, seed=1)
        lichen.write_image(folder / f"{name}_exemplar.png", exemplar)
        lichen.write_image(folder / f"{name}_tiled.png", np.tile(result.image, (2, 2, 1)))
        saved = result.save(folder / f"{name}_new.png")
        seconds, networks = result.provenance.seconds, ", ".join(result.provenance.networks)
        print(
            f"{name}: {saved.resolve()} ({seconds:.0f} s, {networks}); exemplar and 2x2 beside it"
        )


if __name__ == "__main__":
    main()
