"""``lichen probe``: see what a model sees. Each command writes one figure, and its arrays."""

from __future__ import annotations

import click

from lichen.faces.cli.probe.classics import CLASSICS, classic_command
from lichen.faces.cli.probe.fingerprints import fingerprints, video
from lichen.faces.cli.probe.maps import channels, maps
from lichen.faces.cli.probe.optimized import filters, reconstruct
from lichen.faces.cli.probe.statistics import spectrum, statistics


@click.group()
def probe() -> None:
    """See inside: feature maps, Gram fingerprints, filters, layers at work.

    \b
    lichen probe maps photo.jpg --layer relu3_1
    lichen probe fingerprints photo.jpg new.png
    lichen probe layers photo.jpg --network vgg19
    """  # noqa: D301 (click wants the control character)


for _command in (
    *(maps, channels, fingerprints, video, filters, reconstruct, spectrum, statistics),
    *(classic_command(name) for name in CLASSICS),
):
    probe.add_command(_command)
