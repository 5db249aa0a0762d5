"""``lichen probe maps`` and ``channels``: what a layer makes of a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lichen.faces.cli.probe.options import (
    LAYER,
    NETWORK,
    WEIGHTS,
    crop,
    load_network,
    read_middle,
)
from lichen.faces.cli.probe.saving import Outputs, figure


@click.command()
@click.argument("photo")
@LAYER
@NETWORK
@WEIGHTS
@click.option("--count", type=click.IntRange(1), default=64, show_default=True, help="Of channels.")
@click.option(
    "--order", type=click.Choice(["variance", "index"]), default="variance", show_default=True,
    help="Those that vary most, or the first ones.",
)  # fmt: skip
@crop(512)
@figure("maps.png")
def maps(
    photo: str, layer: str, network: str, weights: Path | None, count: int, order: Any, crop: int,
    outputs: Outputs,
) -> None:  # fmt: skip
    """Draw the feature maps of a layer as a sheet."""
    from lichen.probe.figures.pictures import draw_maps
    from lichen.probe.maps import feature_maps

    found = feature_maps(
        read_middle(photo, crop),
        layer,
        network=load_network(network, weights),
        count=count,
        order=order,
    )
    outputs.save(draw_maps(found), {"channels": found.channels, "maps": found.maps})


@click.command()
@click.argument("photo")
@LAYER
@NETWORK
@WEIGHTS
@crop(512)
@figure("channels.png")
def channels(
    photo: str, layer: str, network: str, weights: Path | None, crop: int, outputs: Outputs
) -> None:
    """Draw mean, deviation and sparsity of a layer's channels."""
    from lichen.probe.figures.channels import draw_channels
    from lichen.probe.maps import channel_statistics

    found = channel_statistics(
        read_middle(photo, crop), layer, network=load_network(network, weights)
    )
    names = ("mean", "deviation", "maximum", "silent", "sparsity")
    outputs.save(draw_channels(found), {name: getattr(found, name) for name in names})
