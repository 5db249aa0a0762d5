"""``lichen probe``: seeing what a model sees. Each command writes one figure, and its arrays."""

from __future__ import annotations

import click

from lichen.faces.cli.probe.classics import CLASSICS, classic_command
from lichen.faces.cli.probe.fingerprints import film, fingerprints
from lichen.faces.cli.probe.maps import channels, maps
from lichen.faces.cli.probe.optimised import filters, reconstruct
from lichen.faces.cli.probe.statistics import spectrum, statistics


@click.group()
def probe() -> None:
    """See inside: feature maps, Gram fingerprints, filters, what layers do.

    \b
    lichen probe maps photo.jpg --layer relu3_1
    lichen probe fingerprints photo.jpg new.png
    lichen probe layers photo.jpg --network vgg19
    """  # noqa: D301 (click wants the control character)


for _command in (
    *(maps, channels, fingerprints, film, filters, reconstruct, spectrum, statistics),
    *(classic_command(name) for name in CLASSICS),
):
    probe.add_command(_command)
