"""How channels respond to a picture: their means, deviations and sparsities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lichen.probe.maps import ChannelStatistics

NAMED = 10
"""Number of channels whose numbers are printed."""


def draw_channels(found: ChannelStatistics) -> Figure:
    """Draw mean with deviation, and sparsity, of all channels, the most active first."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained", dpi=120)
    strength, sparsity = figure.subplots(2, 1, sharex=True)
    order = found.most_active
    rank = np.arange(len(order))
    strength.bar(rank, found.mean[order], width=1, label="mean")
    strength.plot(rank, found.deviation[order], ".", color="black", markersize=2, label="deviation")
    strength.set_ylabel("activation")
    strength.legend(fontsize=7)
    sparsity.plot(rank, found.sparsity[order], ".", markersize=3, label="sparsity")
    sparsity.plot(rank, found.silent[order], ".", markersize=3, label="fraction at or below 0")
    sparsity.set_ylim(-0.02, 1.02)
    sparsity.set_xlabel("channels of {}, most active first: {}, ...".format(
        found.layer, ", ".join(map(str, order[:NAMED]))
    ))  # fmt: skip
    sparsity.legend(fontsize=7)
    return figure
