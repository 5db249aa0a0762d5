"""The report card as one self-contained HTML page."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lichen.arrays import Array
from lichen.atomic import atomic_path
from lichen.image.colour import luminance
from lichen.quality.card import Card, Comparison
from lichen.quality.figures import FIGURES
from lichen.quality.heat_maps import copied_map, mismatch_map
from lichen.statistics.second_order import autocorrelation, radial_spectrum

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


WIDEST = 640
"""Largest side of the pictures shown: larger ones would make a page of many megabytes."""


def write_page(comparison: Comparison, path: str | Path) -> Path:
    """Write the page, whole or not at all.

    It shows exemplar and results side by side and tiled 2x2, heat maps of copied and of badly
    matched patches, spectra and autocorrelations, and the table of figures beside the anchors.
    """
    path = Path(path)
    with atomic_path(path) as temporary:
        temporary.write_text(page(comparison), encoding="utf-8")
    return path


def page(comparison: Comparison) -> str:
    """Return the HTML of the page."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("lichen.quality"), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("report.html.j2").render(
        exemplar=comparison.exemplar,
        exemplar_picture=_picture(comparison.pixels),
        exemplar_size=_size(comparison.pixels),
        columns=[_column(comparison, card) for card in comparison.cards],
        anchors=list(comparison.anchors),
        rows=_rows(comparison),
        diversity=comparison.diversity,
        spectra=_drawing(_spectra(comparison)),
    )


def _column(comparison: Comparison, card: Card) -> dict[str, Any]:
    return {
        "name": card.name,
        "method": card.method,
        "size": _size(card.pixels),
        "score": card.score,
        "groups": card.groups,
        "vgg19": card.vgg19,
        "picture": _picture(card.pixels),
        "tiled": _picture(np.tile(card.pixels, (2, 2, 1))),
        "copied": _picture(copied_map(card.pixels, card.copied)),
        "mismatch": _picture(mismatch_map(comparison.pixels, card.pixels)),
        "correlation": _drawing(_correlations(comparison.pixels, card)),
    }


def _rows(comparison: Comparison) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "group": definition.group,
            "better": definition.better,
            "meaning": definition.meaning,
            "zero": definition.zero,
            "one": definition.one,
            "cells": [card.figures[name] for card in comparison.cards],
            "anchors": [row[name] for row in comparison.anchors.values()],
        }
        for name, definition in FIGURES.items()
    ]


def _size(image: Array) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"


def _picture(image: Array) -> str:
    """Return a picture as a data URI, halved until it is small enough."""
    from PIL import Image

    while max(image.shape[:2]) > WIDEST:
        even = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
        sums = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
        image = sums / np.float32(4)
    values = (255 * image.clip(0, 1) + 0.5).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(values[..., 0] if values.shape[2] == 1 else values).save(stream, "PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def _drawing(drawing: Drawing) -> str:
    stream = io.BytesIO()
    drawing.savefig(stream, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(stream.getvalue()).decode()


def _spectra(comparison: Comparison) -> Drawing:
    """Draw the radial power spectra of exemplar and results."""
    from matplotlib.figure import Figure as Drawing

    drawing = Drawing(figsize=(6, 3), layout="constrained")
    axes = drawing.add_subplot()
    pictures = [(comparison.exemplar, comparison.pixels)]
    pictures += [(card.name, card.pixels) for card in comparison.cards]
    side = min(min(image.shape[:2]) for _, image in pictures)
    for number, (name, image) in enumerate(pictures):
        frequency, power = radial_spectrum(luminance(image), side)
        style = {"color": "black", "linewidth": 2} if number == 0 else {"linewidth": 1}
        axes.semilogx(frequency, power, label=name.replace("_", " ").strip(), **style)
    axes.set_xlabel("cycles per pixel")
    axes.set_ylabel("power, dB")
    axes.legend(fontsize=8)
    return drawing


def _correlations(exemplar: Array, card: Card) -> Drawing:
    """Draw the autocorrelations of exemplar and result side by side."""
    from matplotlib.figure import Figure as Drawing

    lag = min(*exemplar.shape[:2], *card.pixels.shape[:2]) // 4
    drawing = Drawing(figsize=(4.4, 2.3), layout="constrained")
    for number, (title, image) in enumerate(
        [("exemplar", exemplar), ("result", card.pixels)], start=1
    ):
        axes = drawing.add_subplot(1, 2, number)
        axes.imshow(
            autocorrelation(luminance(image), lag),
            cmap="RdBu_r",
            vmin=-1,
            vmax=1,
            extent=(-lag, lag, lag, -lag),
        )
        axes.set_title(title, fontsize=9)
        axes.tick_params(labelsize=7)
    return drawing
