"""``lichen probe fingerprints`` and ``film``: Gram matrices as pictures, and as they change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lichen.faces.cli.probe.options import (
    LAYERS,
    NETWORK,
    QUIET,
    SEED,
    WEIGHTS,
    crop,
    data,
    iterations,
    layer_names,
    load_network,
    output,
    read_middle,
)
from lichen.faces.cli.probe.saving import Outputs, check_data, figure, nothing_yet

if TYPE_CHECKING:
    from lichen.run.video import Recorder


@click.command()
@click.argument("photo")
@click.argument("result", required=False)
@LAYERS
@NETWORK
@WEIGHTS
@crop(512)
@figure("fingerprints.png")
def fingerprints(
    photo: str, result: str | None, layers: str | None, network: str, weights: Path | None,
    crop: int, outputs: Outputs,
) -> None:  # fmt: skip
    """Draw each layer's Gram matrix, of PHOTO and, if given, of RESULT beside it."""
    from lichen.probe.figures.fingerprints import draw_fingerprints, draw_own_fingerprints
    from lichen.probe.grams import compare_fingerprints
    from lichen.probe.grams import fingerprints as compute

    names, features = layer_names(layers), load_network(network, weights)
    exemplar = read_middle(photo, crop)
    if result is None:
        matrices = compute(exemplar, names, network=features)
        outputs.save(draw_own_fingerprints(matrices), matrices)
        return
    pairs = compare_fingerprints(exemplar, read_middle(result, crop), names, network=features)
    arrays = {
        f"{layer}_{which}": getattr(pair, which)
        for layer, pair in pairs.items()
        for which in ("exemplar", "result")
    }
    outputs.save(draw_fingerprints(pairs), arrays)


@click.command()
@click.argument("photo")
@LAYERS
@NETWORK
@iterations(100)
@crop(192)
@SEED
@output("film.webp", "The film: .gif .webp .png .mp4 .webm.")
@data("distances")
@QUIET
def film(
    photo: str, layers: str | None, network: str, iterations: int, crop: int, seed: int,
    output: Path, data: Path | None, quiet: bool,
) -> None:  # fmt: skip
    """Film how fingerprints change while noise turns into the texture of PHOTO.

    Ctrl-C ends the film where it is.
    """
    import numpy as np

    from lichen.probe.figures.fingerprints import FingerprintFilm
    from lichen.probe.grams import watch_fingerprints
    from lichen.run.video import Recorder
    from lichen.step import Step

    outputs = Outputs(output, data, quiet)
    Recorder(output, (1, 1))  # whether it could be written
    check_data(data, [Path(photo)])
    exemplar = read_middle(photo, crop)
    moments = watch_fingerprints(
        exemplar, layer_names(layers), network=network, iterations=iterations, seed=seed
    )
    recorder: Recorder | None = None
    distances: dict[str, list[float]] = {}
    interrupted = False
    try:
        with outputs.bar(output.name) as on_step:
            for moment in moments:
                if recorder is None:
                    drawing = FingerprintFilm(exemplar, moment)
                frame = drawing.frame(moment)
                if recorder is None:
                    recorder = Recorder(output, (frame.shape[0], frame.shape[1]))
                step = Step(frame, fraction=moment.fraction)
                recorder(step)
                for layer, pair in moment.pairs.items():
                    distances.setdefault(layer, []).append(pair.distance)
                on_step(step)
    except KeyboardInterrupt:
        interrupted = True
    if recorder is None:
        nothing_yet()
    recorder.write()
    outputs.save_data({layer: np.array(values) for layer, values in distances.items()})
    outputs.tell(interrupted)
