"""``lichen probe fingerprints`` and ``video``: Gram matrices as pictures, and as they change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lichen.faces.cli.probe.figure_files import (
    FigureFiles,
    check_data,
    exit_without_figure,
    figure,
)
from lichen.faces.cli.probe.options import (
    LAYERS,
    NETWORK,
    SEED,
    WEIGHTS,
    crop,
    data,
    iterations,
    layer_names,
    output,
    read_centre,
)
from lichen.faces.cli.shared_options import DEVICE, QUIET

if TYPE_CHECKING:
    from lichen.run.video import Recorder


@click.command()
@click.argument("photo")
@click.argument("result", required=False)
@LAYERS
@NETWORK
@WEIGHTS
@crop(512)
@DEVICE
@figure("fingerprints.png")
def fingerprints(
    photo: str, result: str | None, layers: str | None, network: str, weights: Path | None,
    crop: int, device: str, files: FigureFiles,
) -> None:  # fmt: skip
    """Draw the Gram matrix of each layer for PHOTO and, if given, RESULT."""
    from lichen.probe.figures.fingerprints import draw_fingerprints, draw_own_fingerprints
    from lichen.probe.grams import compare_fingerprints
    from lichen.probe.grams import fingerprints as compute

    names, features = layer_names(layers), files.load_network(network, weights, device)
    exemplar = read_centre(photo, crop)
    if result is None:
        matrices = compute(exemplar, names, network=features, device=device)
        files.save(draw_own_fingerprints(matrices), matrices)
        return
    pairs = compare_fingerprints(
        exemplar, read_centre(result, crop), names, network=features, device=device
    )
    arrays = {
        f"{layer}_{which}": getattr(pair, which)
        for layer, pair in pairs.items()
        for which in ("exemplar", "result")
    }
    files.save(draw_fingerprints(pairs), arrays)


@click.command()
@click.argument("photo")
@LAYERS
@NETWORK
@iterations(100)
@crop(192)
@SEED
@DEVICE
@output("fingerprints.webp", "The video: .gif .webp .png .mp4 .webm.")
@data("distances")
@QUIET
def video(
    photo: str, layers: str | None, network: str, iterations: int, crop: int, seed: int,
    device: str, output: Path, data: Path | None, quiet: bool,
) -> None:  # fmt: skip
    """Record how fingerprints change while noise turns into the texture of PHOTO.

    Ctrl-C keeps the video so far.
    """
    import numpy as np

    from lichen.probe.figures.fingerprints import FingerprintVideo
    from lichen.probe.grams import watch_fingerprints
    from lichen.run.video import Recorder
    from lichen.step import Step

    files = FigureFiles(output, data, quiet)
    Recorder(output, (1, 1))  # raises if the video could not be written
    check_data(data, [Path(photo)])
    exemplar = read_centre(photo, crop)
    recorder: Recorder | None = None
    distances: dict[str, list[float]] = {}
    interrupted = False
    try:
        with files.bar(output.name) as bar:
            for snapshot in watch_fingerprints(
                exemplar, layer_names(layers), network=network, iterations=iterations, seed=seed,
                device=device, report_download=bar.download,
            ):  # fmt: skip
                if recorder is None:
                    drawing = FingerprintVideo(exemplar, snapshot)
                frame = drawing.frame(snapshot)
                if recorder is None:
                    recorder = Recorder(output, (frame.shape[0], frame.shape[1]))
                step = Step(frame, fraction=snapshot.fraction)
                recorder(step)
                for layer, pair in snapshot.pairs.items():
                    distances.setdefault(layer, []).append(pair.distance)
                bar.step(step)
    except KeyboardInterrupt:
        interrupted = True
    if recorder is None:
        exit_without_figure()
    recorder.write()
    files.save_data({layer: np.array(values) for layer, values in distances.items()})
    files.report(interrupted)
