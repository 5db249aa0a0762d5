"""``lichen probe spectrum`` and ``statistics``: figures that need no network."""

from __future__ import annotations

from pathlib import Path

import click

from lichen.faces.cli.probe.figure_files import FigureFiles, figure


@click.command()
@click.argument("photo")
@click.argument("result", required=False)
@figure("spectrum.png")
def spectrum(photo: str, result: str | None, files: FigureFiles) -> None:
    """Draw the power spectrum and autocorrelation of PHOTO and, if given, RESULT."""
    from lichen.probe.figures.second_order import draw_second_order
    from lichen.probe.second_order import second_order

    pictures = [photo] if result is None else [photo, result]
    found = second_order(*pictures)
    drawn = draw_second_order(found, [Path(picture).stem for picture in pictures])
    files.save(drawn, vars(found))


@click.command()
@click.argument("photo")
@click.argument("result", required=False)
@figure("statistics.png")
def statistics(photo: str, result: str | None, files: FigureFiles) -> None:
    """Draw the Portilla-Simoncelli statistics of PHOTO and, if given, RESULT."""
    import numpy as np

    from lichen.probe.figures.parametric import draw_groups
    from lichen.probe.parametric import portilla_simoncelli_groups

    pictures = [photo] if result is None else [photo, result]
    found = portilla_simoncelli_groups(*pictures)
    arrays = {**found.values}
    arrays.update({f"{name}_labels": np.array(labels) for name, labels in found.labels.items()})
    files.save(draw_groups(found, [Path(picture).stem for picture in pictures]), arrays)
