"""``lichen probe layers``, ``single``, ``parameters``, ``weights``, ``starts``: classic figures."""

from __future__ import annotations

from typing import Any

import click

from lichen.faces.cli.probe.options import NETWORK, SEED, crop, iterations, read_middle
from lichen.faces.cli.probe.saving import Outputs, figure, nothing_yet

CLASSICS = {
    "layers": "The same texture with more and more layers: L1, L1-L2, ...",
    "single": "The same texture with each layer alone, deepest first.",
    "parameters": "The same texture with about 1k, 10k, 177k and 852k numbers matched (VGG-19).",
    "weights": "The same texture with trained and with random weights.",
    "starts": "The same texture from different initial images.",
}


def classic_command(name: str) -> click.Command:
    """Make the command of one classic figure."""

    @click.command(name, help=f"{CLASSICS[name]} Ctrl-C leaves what there is.")
    @click.argument("photo")
    @NETWORK
    @iterations(200)
    @crop(192)
    @SEED
    @figure(f"{name}.png")
    def command(photo: str, crop: int, outputs: Outputs, **how: Any) -> None:
        from lichen.probe.classics import classic
        from lichen.probe.interruption import ProbeInterruptedError

        exemplar = read_middle(photo, crop)
        interrupted = False
        try:
            made = classic(name, exemplar, progress=outputs.progress, **how)
        except ProbeInterruptedError as error:
            interrupted, made = True, error.so_far
        except KeyboardInterrupt:
            nothing_yet()
        _save(made, outputs, interrupted)

    return command


def _save(made: Any, outputs: Outputs, interrupted: bool) -> None:
    import numpy as np

    from lichen.probe.figures.pictures import draw_classic

    arrays = {
        "exemplar": made.exemplar,
        "labels": np.array([panel.label for panel in made.panels]),
        "images": np.stack([panel.image for panel in made.panels]),
        "n_statistics": np.array([panel.n_statistics for panel in made.panels]),
        "losses": np.array([panel.loss for panel in made.panels]),
    }
    outputs.save(draw_classic(made), arrays, interrupted)
