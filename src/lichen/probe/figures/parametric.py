"""The groups of Portilla-Simoncelli statistics as bar charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lichen.probe.parametric import StatisticGroups

READABLE = 20
"""Largest group in which every statistic is labelled."""


def draw_groups(found: StatisticGroups, names: Sequence[str]) -> Figure:
    """Draw a plot per group: statistics of the first picture as bars, of the others as dots."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2.1 * len(found.values)), layout="constrained", dpi=120)
    plots = figure.subplots(len(found.values), 1, squeeze=False)[:, 0]
    for axes, (group, values) in zip(plots, found.values.items(), strict=True):
        position = np.arange(values.shape[1])
        axes.bar(position, values[0], width=0.9, color="silver", label=names[0])
        for name, row in zip(names[1:], values[1:], strict=True):
            axes.plot(position, row, ".", markersize=3, label=name)
        axes.set_title(f"{group}: {len(position)} statistics", fontsize=8)
        axes.tick_params(labelsize=6)
        axes.margins(x=0.01)
        if len(position) <= READABLE:
            axes.set_yscale("symlog", linthresh=0.1)  # kurtosis beside variance
            axes.set_xticks(position, found.labels[group], rotation=30, ha="right")
    plots[0].legend(fontsize=7)
    return figure
