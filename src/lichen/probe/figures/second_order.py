"""Spectra and autocorrelations side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lichen.probe.figures.pictures import show

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lichen.probe.second_order import SecondOrder


def draw_second_order(found: SecondOrder, names: Sequence[str]) -> Figure:
    """Draw each picture's spectrum and autocorrelation, and all radial spectra in one plot."""
    from matplotlib.figure import Figure

    count = len(found.radial)
    figure = Figure(figsize=(2.2 * count + 3.4, 4.6), layout="constrained", dpi=120)
    grid = figure.add_gridspec(2, count + 1, width_ratios=[*[2.2] * count, 3.4])
    low, high = float(found.spectrum.min()), float(found.spectrum.max())
    for column, name in enumerate(names):
        plane = found.spectrum[column]
        axes = figure.add_subplot(grid[0, column])
        show(axes, plane, f"{name}: spectrum", cmap="magma", vmin=low, vmax=high)
        axes = figure.add_subplot(grid[1, column])
        show(
            axes, found.autocorrelation[column], f"{name}: autocorrelation",
            cmap="RdBu_r", vmin=-1, vmax=1,
        )  # fmt: skip
    plot = figure.add_subplot(grid[:, count])
    for number, name in enumerate(names):
        style = {"color": "black", "linewidth": 2} if number == 0 else {"linewidth": 1}
        plot.semilogx(found.frequency, found.radial[number], label=name, **style)
    plot.set_xlabel("cycles per pixel")
    plot.set_ylabel("power, dB")
    plot.legend(fontsize=7)
    return figure
