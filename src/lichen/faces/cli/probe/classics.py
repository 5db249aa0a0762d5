"""``lichen probe layers``, ``single``, ``parameters``, ``weights``, ``starts``: classic figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lichen.faces.cli.probe.figure_files import FigureFiles, exit_without_figure, figure
from lichen.faces.cli.probe.options import NETWORK, SEED, crop, iterations, read_centre
from lichen.faces.cli.shared_options import DEVICE

if TYPE_CHECKING:
    from lichen.probe.classics import Classic

CLASSICS = {
    "layers": "The same texture with more and more layers: L1, L1-L2, ...",
    "single": "The same texture with each layer alone, deepest first.",
    "parameters": "The same texture with about 1k, 10k, 177k and 852k statistics (VGG-19).",
    "weights": "The same texture with trained and with random weights.",
    "starts": "The same texture from different initial images.",
}


def classic_command(name: str) -> click.Command:
    """Return the command of one classic figure."""

    @click.command(name, help=f"{CLASSICS[name]} Ctrl-C keeps the pictures so far.")
    @click.argument("photo")
    @NETWORK
    @iterations(200)
    @crop(192)
    @SEED
    @DEVICE
    @figure(f"{name}.png")
    def command(photo: str, crop: int, files: FigureFiles, **values: Any) -> None:
        from lichen.probe.classics import classic
        from lichen.probe.interruption import ProbeInterruptedError

        exemplar = read_centre(photo, crop)
        interrupted = False
        try:
            with files.bar(name) as bar:
                made = classic(
                    name, exemplar, on_step=bar.step, report_download=bar.download, **values
                )
        except ProbeInterruptedError as error:
            interrupted, made = True, error.so_far
        except KeyboardInterrupt:
            exit_without_figure()
        _save(made, files, interrupted)

    return command


def _save(made: Classic, files: FigureFiles, interrupted: bool) -> None:
    import numpy as np

    from lichen.probe.figures.pictures import draw_classic

    arrays = {
        "exemplar": made.exemplar,
        "labels": np.array([panel.label for panel in made.panels]),
        "images": np.stack([panel.image for panel in made.panels]),
        "n_statistics": np.array([panel.n_statistics for panel in made.panels]),
        "losses": np.array([panel.loss for panel in made.panels]),
    }
    files.save(draw_classic(made), arrays, interrupted)
