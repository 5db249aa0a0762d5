"""``lichen probe filters`` and ``reconstruct``: pictures optimised for what a layer sees."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lichen.faces.cli.probe.options import (
    LAYERS,
    NETWORK,
    SEED,
    WEIGHTS,
    crop,
    iterations,
    layer_names,
    load_network,
    numbers,
    read_middle,
)
from lichen.faces.cli.probe.saving import Outputs, figure, nothing_yet

if TYPE_CHECKING:
    from lichen.probe.maximisation import Maximised


@click.command()
@click.option("--layer", "chosen", multiple=True, required=True, help="May be given repeatedly.")
@click.option(
    "--channels", default="0,1,2,3,4,5,6,7", show_default=True,
    help="Numbers with commas, or ranges as 0-15.",
)  # fmt: skip
@click.option("--direction-of", "photo", help="Of a picture: its principal direction instead.")
@NETWORK
@WEIGHTS
@click.option("--size", type=click.IntRange(8), default=96, show_default=True, help="In pixels.")
@iterations(150)
@click.option("--jitter", type=click.IntRange(0), default=8, show_default=True, help="In pixels.")
@click.option(
    "--total-variation", type=click.FloatRange(0), default=0.0, show_default=True,
    help="Weight of the mean absolute difference of neighbours.",
)  # fmt: skip
@click.option(
    "--fourier/--pixels",
    default=True,
    show_default=True,
    help="Optimise Fourier coefficients in decorrelated colours, or pixels.",
)
@SEED
@figure("filters.png")
def filters(
    chosen: tuple[str, ...], channels: str, photo: str | None, network: str, weights: Path | None,
    outputs: Outputs, **how: Any,
) -> None:  # fmt: skip
    """Draw what channels of layers look for: pictures that they answer to most.

    Ctrl-C leaves what there is.
    """
    from lichen.probe.figures.pictures import draw_maximised
    from lichen.probe.interruption import ProbeInterruptedError
    from lichen.probe.maximisation import (
        maximise_channels,
        maximise_direction,
        principal_direction,
    )

    features = load_network(network, weights)
    features.check_layers(chosen)
    wanted = numbers(channels)
    directions = {}
    if photo is not None:
        directions = {
            layer: principal_direction(photo, layer, network=features) for layer in chosen
        }
    rows: list[Maximised] = []
    interrupted = False
    try:
        for layer in chosen:
            with outputs.bar(layer) as on_step:
                shared = {"network": features, "on_step": on_step, **how}
                rows.append(
                    maximise_direction(layer, directions[layer], **shared)
                    if directions
                    else maximise_channels(layer, wanted, **shared)
                )
    except KeyboardInterrupt as error:
        interrupted = True
        if isinstance(error, ProbeInterruptedError):
            rows.append(error.so_far)
        if not rows:
            nothing_yet()
    arrays = {
        f"{row.layer}_{which}": getattr(row, which)
        for row in rows
        for which in ("directions", "images", "activation", "before")
    }
    outputs.save(draw_maximised(rows), arrays, interrupted)


@click.command()
@click.argument("photo")
@LAYERS
@NETWORK
@WEIGHTS
@iterations(150)
@click.option(
    "--total-variation", type=click.FloatRange(0), default=0.1, show_default=True,
    help="Weight of the mean squared difference of neighbours.",
)  # fmt: skip
@crop(192)
@SEED
@figure("reconstruction.png")
def reconstruct(
    photo: str, layers: str | None, network: str, weights: Path | None, crop: int,
    outputs: Outputs, **how: Any,
) -> None:  # fmt: skip
    """Draw what of PHOTO survives at each layer: pictures with the same feature maps.

    Ctrl-C leaves what there is.
    """
    from lichen.probe.figures.pictures import draw_reconstruction
    from lichen.probe.interruption import ProbeInterruptedError
    from lichen.probe.inversion import reconstruct as invert

    features, names = load_network(network, weights), layer_names(layers)
    picture = read_middle(photo, crop)
    interrupted = False
    try:
        with outputs.bar("reconstruction") as on_step:
            found = invert(picture, names, network=features, on_step=on_step, **how)
    except ProbeInterruptedError as error:
        interrupted, found = True, error.so_far
    except KeyboardInterrupt:
        nothing_yet()
    arrays = {
        "layers": found.layers,
        **{name: getattr(found, name) for name in ("original", "images", "feature_loss", "psnr")},
    }
    outputs.save(draw_reconstruction(found), arrays, interrupted)
