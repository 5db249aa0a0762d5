"""``lichen weights``: list, fetch, verify, add."""

from __future__ import annotations

import click

from lichen.faces.progress import ProgressBar


@click.group()
def weights() -> None:
    """List, fetch, verify and add the weights of networks."""


@weights.command("list")
def list_() -> None:
    """List the known weights and where they are on this machine."""
    from lichen.weights.manage import list_weights

    for status in list_weights():
        where = f"{status.location}: {status.path}" if status.location else "absent"
        size = "" if status.size is None else f"{status.size / 1e6:.1f} MB"
        click.echo(f"{status.row.name:<24} {size:>9}  {status.row.licence:<14} {where}")


@weights.command()
@click.argument("name")
def fetch(name: str) -> None:
    """Download the weights NAME into the cache; an interrupted download is resumed."""
    from lichen.weights.manage import fetch_weights

    with ProgressBar("") as bar:
        file = fetch_weights(name, bar.download)
    click.echo(f"{file.path}: sha256 {file.sha256}")


@weights.command()
@click.argument("name")
def verify(name: str) -> None:
    """Check the file of the weights NAME."""
    from lichen.weights.manage import verify_weights

    found = verify_weights(name)
    click.echo(f"{found.file.path}: valid ({found.checked}), sha256 {found.file.sha256}")


@weights.command()
@click.argument("file")
@click.argument("name")
def add(file: str, name: str) -> None:
    """Copy FILE, obtained elsewhere, into the cache as the weights NAME, after checking it."""
    from lichen.weights.manage import add_weights

    click.echo(f"{add_weights(file, name).path}")
