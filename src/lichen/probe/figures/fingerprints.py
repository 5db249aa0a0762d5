"""Gram matrices as pictures, and the frames of a video in which they change.

Since few entries are large, they are shown as signed square roots over the largest of the
exemplar's; channels are in descending order of their energy in the exemplar.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lichen.arrays import Array
from lichen.probe.figures.pictures import INCHES, show

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lichen.probe.grams import FingerprintPair, Snapshot

BRIGHTEST = 99.5
"""Percentile of the exemplar's entries at which the colour scale ends."""
STRONGEST = 64
"""Number of channels shown per layer: a screen has too few pixels for more."""


def draw_fingerprints(pairs: Mapping[str, FingerprintPair]) -> Figure:
    """Draw the matrices of exemplar and result and their difference, a column per layer."""
    figure = _figure(len(pairs), 3)
    for column, (layer, pair) in enumerate(pairs.items(), start=1):
        rows = {
            f"{layer}\nexemplar": pair.exemplar,
            f"result, differs by {pair.distance:.1%}": pair.result,
            "difference": pair.difference,
        }
        for row, (label, matrix) in enumerate(rows.items()):
            axes = figure.add_subplot(3, len(pairs), row * len(pairs) + column)
            show(axes, _shown(matrix, pair.exemplar), label, **_colours(row == 2))
    return figure


def draw_own_fingerprints(matrices: Mapping[str, Array]) -> Figure:
    """Draw the matrices of one picture, layer by layer."""
    figure = _figure(len(matrices), 1)
    for column, (layer, matrix) in enumerate(matrices.items(), start=1):
        axes = figure.add_subplot(1, len(matrices), column)
        show(axes, _shown(matrix, matrix), layer, **_colours(False))
    return figure


class FingerprintVideo:
    """Frames of one size, each of a snapshot: pictures, and matrices one below the other.

    Parameters
    ----------
    exemplar
        float32 (H, W, C) in [0, 1].
    first
        The first snapshot.
    """

    def __init__(self, exemplar: Array, first: Snapshot) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        layers = len(first.pairs)
        columns = layers + 1
        self._figure = _figure(columns, 2)
        # Any: matplotlib's stubs leave it untyped.
        self._canvas: Any = FigureCanvasAgg(self._figure)
        grid = self._figure.add_gridspec(2, columns)
        show(self._figure.add_subplot(grid[0, 0]), exemplar, "exemplar")
        self._axes = self._figure.add_subplot(grid[1, 0])
        self._image = show(self._axes, first.image, "iteration 00000")
        self._results = []
        for column, (layer, pair) in enumerate(first.pairs.items(), start=1):
            above, below = (self._figure.add_subplot(grid[row, column]) for row in (0, 1))
            show(above, _shown(pair.exemplar, pair.exemplar), layer, **_colours(False))
            drawn = show(below, _shown(pair.result, pair.exemplar), "000.0%", **_colours(False))
            self._results.append((below, drawn))
        self._figure.draw_without_rendering()
        self._figure.set_layout_engine("none")  # the layout of the first frame is kept

    def frame(self, snapshot: Snapshot) -> Array:
        """Draw a snapshot, float32 (H, W, 3) in [0, 1]."""
        picture = snapshot.image
        self._image.set_data(picture[..., 0] if picture.shape[2] == 1 else picture)
        self._axes.set_title(f"iteration {snapshot.iteration}", fontsize=7)
        for (axes, drawn), pair in zip(self._results, snapshot.pairs.values(), strict=True):
            drawn.set_data(_shown(pair.result, pair.exemplar))
            axes.set_title(f"{pair.distance:.1%}", fontsize=7)
        self._canvas.draw()
        pixels = np.asarray(self._canvas.buffer_rgba())[..., :3]
        return pixels.astype(np.float32) / np.float32(255)


def _shown(matrix: Array, exemplar: Array) -> Array:
    """Signed square roots in [-1, 1], the exemplar's strongest channels first."""
    order = np.argsort(-np.diagonal(exemplar), kind="stable")[:STRONGEST]
    own = np.sqrt(np.abs(exemplar[np.ix_(order, order)]))
    limit = max(float(np.percentile(own, BRIGHTEST)), 1e-12)
    entries = matrix[np.ix_(order, order)]
    roots = np.sign(entries) * np.sqrt(np.abs(entries)) / limit
    return roots.clip(-1, 1).astype(np.float32)


def _colours(difference: bool) -> dict[str, Any]:
    if difference:
        return {"cmap": "RdBu_r", "vmin": -1, "vmax": 1}
    return {"cmap": "magma", "vmin": 0, "vmax": 1}


def _figure(columns: int, rows: int) -> Figure:
    from matplotlib.figure import Figure

    size = (max(INCHES * columns, 2.5), (INCHES + 0.3) * rows)
    return Figure(figsize=size, layout="constrained", dpi=120)
