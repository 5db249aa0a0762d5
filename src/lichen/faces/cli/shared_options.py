"""Options that commands of several kinds have."""

from __future__ import annotations

import click

DEVICE = click.option(
    "--device",
    default="auto",
    show_default=True,
    help="Where to compute: auto (a GPU where there is one), cpu, cuda, cuda:1, mps.",
)
QUIET = click.option("-q", "--quiet", is_flag=True, help="No bar, no summary.")
