"""Labelled pictures in rows: classic figures, filters, reconstructions, and sheets of maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lichen.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lichen.probe.classics import Classic
    from lichen.probe.inversion import Reconstruction
    from lichen.probe.maps import FeatureMaps
    from lichen.probe.maximization import Maximized

INCHES = 1.6
"""Side of one picture, in inches."""
NARROWEST = 3.2
"""Least width of a figure, in inches, for its title."""
CLIPPED = 0.5
"""Percentage of a map's values clipped to black, and to white."""


def draw_classic(classic: Classic) -> Figure:
    """Draw exemplar and panels in a row, with the initial images below where they differ."""
    starts = any(panel.start is not None for panel in classic.panels)
    columns = 1 + len(classic.panels)
    figure = _figure(columns, 1 + starts, classic.title)
    show(figure.add_subplot(1 + starts, columns, 1), classic.exemplar, "exemplar")
    for number, panel in enumerate(classic.panels, start=2):
        label = f"{panel.label}\n{panel.n_statistics:,} statistics"
        if starts:
            label = f"from {panel.label}"
        show(figure.add_subplot(1 + starts, columns, number), panel.image, label)
        if panel.start is not None:
            show(figure.add_subplot(2, columns, columns + number), panel.start, panel.label)
    return figure


def draw_reconstruction(found: Reconstruction) -> Figure:
    """Draw the original and its reconstruction from each layer."""
    figure = _figure(1 + len(found.layers), 1, f"A picture reconstructed from {_name(found)}")
    columns = 1 + len(found.layers)
    show(figure.add_subplot(1, columns, 1), found.original, "original")
    for number, (layer, image, psnr) in enumerate(
        zip(found.layers, found.images, found.psnr, strict=True), start=2
    ):
        show(figure.add_subplot(1, columns, number), image, f"{layer}\n{psnr:.1f} dB")
    return figure


def draw_maximized(rows: Sequence[Maximized], columns: int = 8) -> Figure:
    """Draw the pictures that filters respond to, in rows per layer, or one row of single ones."""
    layers = [
        [
            (f"{found.layer}\n{_named(found, number)}", image)
            for number, image in enumerate(found.images)
        ]
        for found in rows
    ]
    if all(len(line) == 1 for line in layers):
        layers = [[cell for line in layers for cell in line]]
    cells = [
        line[first : first + columns] for line in layers for first in range(0, len(line), columns)
    ]
    width = max(map(len, cells))
    figure = _figure(width, len(cells), f"What filters of {_name(rows[0])} respond to")
    for row, line in enumerate(cells):
        for column, (label, image) in enumerate(line):
            show(figure.add_subplot(len(cells), width, 1 + row * width + column), image, label)
    return figure


def draw_maps(found: FeatureMaps, columns: int = 8) -> Figure:
    """Draw maps as a sheet, each with a grey scale of its own."""
    columns = min(columns, len(found.maps))
    rows = -(-len(found.maps) // columns)
    figure = _figure(columns, rows, f"{found.layer} of {_name(found)}")
    for number, (channel, plane) in enumerate(zip(found.channels, found.maps, strict=True)):
        axes = figure.add_subplot(rows, columns, 1 + number)
        low, high = np.percentile(plane, (CLIPPED, 100 - CLIPPED))
        show(axes, plane, str(channel), vmin=low, vmax=max(high, low + 1e-12))
    return figure


def show(axes: Axes, image: Array, label: str, **options: Any) -> Any:
    """Show a picture (H, W[, C]) without interpolation or ticks."""
    flat = image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image
    if flat.ndim == 2:
        options = {"cmap": "gray", "vmin": 0, "vmax": 1, **options}
    drawn = axes.imshow(flat, interpolation="nearest", **options)
    axes.set_title(label, fontsize=7)
    axes.set_axis_off()
    return drawn


def _figure(columns: int, rows: int, title: str) -> Figure:
    from matplotlib.figure import Figure

    size = (max(INCHES * columns, NARROWEST), (INCHES + 0.3) * rows + 0.3)
    figure = Figure(figsize=size, layout="constrained", dpi=120)
    figure.suptitle(title, fontsize=9)
    return figure


def _name(found: Reconstruction | Maximized | FeatureMaps) -> str:
    """Return a network's name without the checksum of its weights."""
    return found.network.partition(" sha256")[0]


def _named(found: Maximized, number: int) -> str:
    """Return a filter's channel, or that it is a direction, and its activation."""
    entries = np.flatnonzero(found.directions[number])
    name = f"channel {entries[0]}" if len(entries) == 1 else "direction"
    return f"{name}: {found.activation[number]:.1f}"
