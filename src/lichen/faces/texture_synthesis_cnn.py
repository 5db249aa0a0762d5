"""The class ``TextureSynthesisCNN`` of other tools, as a face of the method gatys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lichen.arrays import Array
from lichen.exemplar import Exemplar
from lichen.faces.python import RunInterruptedError, finish
from lichen.image import write_image
from lichen.method import Context
from lichen.result import Result
from lichen.run import verbs
from lichen.run.loop import Run


class TextureSynthesisCNN:
    """Synthesize one texture from one exemplar.

    Parameters
    ----------
    tex_exemplar_path
        The photo.
    seed
        Same seed, same picture.
    **parameters
        As for :func:`lichen.synthesize`: ``size``, ``wrap``, ``mask``, ``preset``, ``device``, and
        the parameters of the method.

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
        self.parameters = {"method": "gatys", **parameters}
        self.result: Result | None = None
        # Raises now for any mistake in the parameters.
        run = Run(verbs.synthesize(self.exemplar, seed=seed, **self.parameters))
        shape = (*run.canvas.size, self.exemplar.channels)
        noise = Context(seed=seed).rng("output_image").random(shape, np.float32)
        self.output_image: Array = noise

    def synthesize_texture(self, num_epochs: int, display_when_done: bool = False) -> Result:
        """Restart, and run ``num_epochs`` iterations at full size after the coarse levels."""
        return self._run(display_when_done, {"iterations": num_epochs})

    def optimize(self, num_epochs: int) -> Result:
        """Run ``num_epochs`` more iterations at full size from ``output_image``."""
        init = Exemplar.from_array(self.output_image, name="output_image")
        return self._run(False, {"iterations": num_epochs, "levels": 1, "init": init})

    def _run(self, display: bool, changed: dict[str, Any]) -> Result:
        """Run with some parameters replaced; Ctrl-C keeps the best picture so far."""
        try:
            result = finish(
                verbs.synthesize(self.exemplar, seed=self.seed, **{**self.parameters, **changed})
            )
        except RunInterruptedError as interrupted:
            if interrupted.result is not None:
                self.result, self.output_image = interrupted.result, interrupted.result.image
            raise
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
        synthesized = folder / f"synth_{self.exemplar.name}.png"
        write_image(exemplar, self.exemplar.pixels)
        if self.result is None:
            write_image(synthesized, self.output_image)
        else:
            self.result.save(synthesized)
        return exemplar, synthesized
