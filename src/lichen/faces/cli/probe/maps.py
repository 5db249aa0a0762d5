"""``lichen probe maps`` and ``channels``: how a layer responds to a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lichen.faces.cli.probe.figure_files import FigureFiles, figure
from lichen.faces.cli.probe.options import LAYER, NETWORK, WEIGHTS, crop, read_centre
from lichen.faces.cli.shared_options import DEVICE


@click.command()
@click.argument("photo")
@LAYER
@NETWORK
@WEIGHTS
@click.option(
    "--count", type=click.IntRange(1), default=64, show_default=True, help="Number of channels."
)
@click.option(
    "--order", type=click.Choice(["variance", "index"]), default="variance", show_default=True,
    help="The channels that vary most, or the first ones.",
)  # fmt: skip
@crop(512)
@DEVICE
@figure("maps.png")
def maps(
    photo: str, layer: str, network: str, weights: Path | None, count: int, order: Any, crop: int,
    device: str, files: FigureFiles,
) -> None:  # fmt: skip
    """Draw the feature maps of a layer as a sheet."""
    from lichen.probe.figures.pictures import draw_maps
    from lichen.probe.maps import feature_maps

    found = feature_maps(
        read_centre(photo, crop),
        layer,
        network=files.load_network(network, weights, device),
        device=device,
        count=count,
        order=order,
    )
    files.save(draw_maps(found), {"channels": found.channels, "maps": found.maps})


@click.command()
@click.argument("photo")
@LAYER
@NETWORK
@WEIGHTS
@crop(512)
@DEVICE
@figure("channels.png")
def channels(
    photo: str, layer: str, network: str, weights: Path | None, crop: int, device: str,
    files: FigureFiles,
) -> None:  # fmt: skip
    """Draw mean, deviation and sparsity of a layer's channels."""
    from lichen.probe.figures.channels import draw_channels
    from lichen.probe.maps import channel_statistics

    found = channel_statistics(
        read_centre(photo, crop),
        layer,
        network=files.load_network(network, weights, device),
        device=device,
    )
    names = ("mean", "deviation", "maximum", "silent", "sparsity")
    files.save(draw_channels(found), {name: getattr(found, name) for name in names})
