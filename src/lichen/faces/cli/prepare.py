"""``lichen prepare``: a clean folder of exemplars from a folder of photos."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="FOLDER_prepared if not given."
)
@click.option("--size", type=int, default=256, show_default=True, help="Side of the crops, pixels.")
def prepare(folder: Path, output: Path | None, size: int) -> None:
    """Crop, resize and clean the texture photos in FOLDER and its subfolders.

    manifest.csv in the output folder records what became of each; run it again to continue.
    """
    from rich.console import Console
    from rich.progress import Progress

    from lichen.training.data.prepare import MANIFEST, prepare_folder

    target = output or folder.with_name(folder.name + "_prepared")
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("prepare", total=None)
        entries = prepare_folder(
            folder,
            target,
            size=size,
            report=lambda done, total: bar.update(task, completed=done, total=total),
        )
    kept = sum(entry.kept for entry in entries)
    click.echo(
        f"{target}: {kept} of {len(entries)} pictures; reasons for the rest: {target / MANIFEST}"
    )
