"""``--device``, as all commands that compute with torch have it."""

from __future__ import annotations

import click

DEVICE = click.option(
    "--device",
    default="auto",
    show_default=True,
    help="Where to compute: auto (a GPU where there is one), cpu, cuda, cuda:1, mps.",
)
