"""The small class that many know from other tools, on top of the same parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lichen.exemplar import Exemplar
from lichen.image import write_image
from lichen.method import Context
from lichen.result import Result
from lichen.run.synthesis import finish, prepare


class TextureSynthesisCNN:
    """Synthesise one texture from one exemplar.

    Parameters
    ----------
    tex_exemplar_path
        The photo.
    seed
        Of the noise.
    **parameters
        Of the method ``gatys``.

    Attributes
    ----------
    output_image
        float32 (H, W, C) in [0, 1]; noise before the first call.

    Examples
    --------
    ::

        synthesis = lichen.TextureSynthesisCNN(tex_exemplar_path="pebbles.jpg")
        synthesis.synthesize_texture(num_epochs=100)
        synthesis.save_textures()
    """

    def __init__(self, tex_exemplar_path: str | Path, seed: int = 0, **parameters: Any) -> None:
        self.exemplar = Exemplar.read(tex_exemplar_path)
        self.seed = seed
        self.parameters = parameters
        self.result: Result | None = None
        noise = Context(seed=seed).rng("output_image").random(self.exemplar.pixels.shape)
        self.output_image: NDArray[np.float32] = noise.astype(np.float32)
        prepare(self.exemplar, seed=seed, **parameters)  # to hear of mistakes now

    def synthesize_texture(self, num_epochs: int, display_when_done: bool = False) -> Result:
        """Start afresh and take ``num_epochs`` iterations at full size, after the coarse levels."""
        run = prepare(
            self.exemplar, seed=self.seed, **{**self.parameters, "iterations": num_epochs}
        )
        return self._finish(finish(run), display_when_done)

    def optimize(self, num_epochs: int) -> Result:
        """Take ``num_epochs`` more iterations at full size from ``output_image``."""
        run = prepare(
            self.exemplar,
            seed=self.seed,
            init=Exemplar.from_array(self.output_image, name="output_image"),
            **{**self.parameters, "iterations": num_epochs, "levels": 1},
        )
        return self._finish(finish(run), display=False)

    def _finish(self, result: Result, display: bool) -> Result:
        self.result, self.output_image = result, result.image
        if display:
            from PIL import Image

            shown = np.round(result.image * 255).astype(np.uint8)
            Image.fromarray(shown[..., 0] if shown.shape[2] == 1 else shown).show()
        return result

    def save_textures(self, folder: str | Path = "results") -> tuple[Path, Path]:
        """Write ``exemplar_NAME.png`` and ``synth_NAME.png`` into ``folder``."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        exemplar = folder / f"exemplar_{self.exemplar.name}.png"
        synthesised = folder / f"synth_{self.exemplar.name}.png"
        write_image(exemplar, self.exemplar.pixels)
        if self.result is None:
            write_image(synthesised, self.output_image)
        else:
            self.result.save(synthesised)
        return exemplar, synthesised
