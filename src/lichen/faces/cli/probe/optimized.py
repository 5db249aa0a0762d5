"""``lichen probe filters`` and ``reconstruct``: pictures optimized for a layer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lichen.faces.cli.probe.figure_files import FigureFiles, exit_without_figure, figure
from lichen.faces.cli.probe.options import (
    LAYERS,
    NETWORK,
    SEED,
    WEIGHTS,
    channel_numbers,
    crop,
    iterations,
    layer_names,
    read_centre,
)
from lichen.faces.cli.shared_options import DEVICE

if TYPE_CHECKING:
    from lichen.probe.maximization import Maximized


@click.command()
@click.option(
    "--layer", "layers", multiple=True, required=True, help="Layer such as relu3_1; repeatable."
)
@click.option(
    "--channels", default="0,1,2,3,4,5,6,7", show_default=True,
    help="Channel numbers, separated by commas, or ranges such as 0-15.",
)  # fmt: skip
@click.option(
    "--direction-of", "photo",
    help="Picture whose principal direction is maximized, instead of channels.",
)  # fmt: skip
@NETWORK
@WEIGHTS
@click.option("--size", type=click.IntRange(8), default=96, show_default=True,
              help="Side of each picture, in pixels.")  # fmt: skip
@iterations(150)
@click.option(
    "--jitter", type=click.IntRange(0), default=8, show_default=True,
    help="Largest random shift before each iteration, in pixels.",
)  # fmt: skip
@click.option(
    "--total-variation", type=click.FloatRange(0), default=0.0, show_default=True,
    help="Weight of the mean absolute difference of neighbouring pixels.",
)  # fmt: skip
@click.option(
    "--fourier/--pixels",
    default=True,
    show_default=True,
    help="Optimize Fourier coefficients in decorrelated colours, or pixels.",
)
@SEED
@DEVICE
@figure("filters.png")
def filters(
    layers: tuple[str, ...], channels: str, photo: str | None, network: str,
    weights: Path | None, device: str, files: FigureFiles, **values: Any,
) -> None:  # fmt: skip
    """Draw the pictures that channels of layers respond to most.

    Ctrl-C keeps the pictures so far.
    """
    from lichen.probe.figures.pictures import draw_maximized
    from lichen.probe.interruption import ProbeInterruptedError
    from lichen.probe.maximization import (
        maximize_channels,
        maximize_direction,
        principal_direction,
    )

    features = files.load_network(network, weights, device)
    features.check_layers(layers)
    chosen = channel_numbers(channels)
    directions = {}
    if photo is not None:
        directions = {
            layer: principal_direction(photo, layer, network=features, device=device)
            for layer in layers
        }
    rows: list[Maximized] = []
    interrupted = False
    try:
        for layer in layers:
            with files.bar(layer) as bar:
                shared = {"network": features, "device": device, "on_step": bar.step, **values}
                rows.append(
                    maximize_direction(layer, directions[layer], **shared)
                    if directions
                    else maximize_channels(layer, chosen, **shared)
                )
    except KeyboardInterrupt as error:
        interrupted = True
        if isinstance(error, ProbeInterruptedError):
            rows.append(error.so_far)
        if not rows:
            exit_without_figure()
    arrays = {
        f"{row.layer}_{which}": getattr(row, which)
        for row in rows
        for which in ("directions", "images", "activation", "before")
    }
    files.save(draw_maximized(rows), arrays, interrupted)


@click.command()
@click.argument("photo")
@LAYERS
@NETWORK
@WEIGHTS
@iterations(150)
@click.option(
    "--total-variation", type=click.FloatRange(0), default=0.1, show_default=True,
    help="Weight of the mean squared difference of neighbouring pixels.",
)  # fmt: skip
@crop(192)
@SEED
@DEVICE
@figure("reconstruction.png")
def reconstruct(
    photo: str, layers: str | None, network: str, weights: Path | None, crop: int, device: str,
    files: FigureFiles, **values: Any,
) -> None:  # fmt: skip
    """Reconstruct PHOTO from the feature maps of each layer alone, and draw the results.

    Ctrl-C keeps the pictures so far.
    """
    from lichen.probe.figures.pictures import draw_reconstruction
    from lichen.probe.interruption import ProbeInterruptedError
    from lichen.probe.inversion import reconstruct as invert

    features, names = files.load_network(network, weights, device), layer_names(layers)
    picture = read_centre(photo, crop)
    interrupted = False
    try:
        with files.bar("reconstruction") as bar:
            found = invert(
                picture, names, network=features, device=device, on_step=bar.step, **values
            )
    except ProbeInterruptedError as error:
        interrupted, found = True, error.so_far
    except KeyboardInterrupt:
        exit_without_figure()
    arrays = {
        "layers": found.layers,
        **{name: getattr(found, name) for name in ("original", "images", "feature_loss", "psnr")},
    }
    files.save(draw_reconstruction(found), arrays, interrupted)
