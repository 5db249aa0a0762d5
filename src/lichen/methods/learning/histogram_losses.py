"""Texture synthesis with Gram matrices and histograms of a network's features.

E. Risser, P. Wilmot, C. Barnes, "Stable and Controllable Neural Texture Synthesis and Style
Transfer Using Histogram Losses", 2017 (arXiv 1701.08893): a Gram matrix does not determine the
mean and the variance of a feature, only the mean of its square; a histogram determines both.

Departures from the paper: the embedded encoder, on colours standardized as in ``gatys``; each term
is relative to the magnitude of its target, instead of the paper's scaling by gradients; no total
variation, since coarse to fine and within the exemplar's range of colours little noise is left;
colours are matched as in ``gatys``.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from lichen.methods.learning.family import NetworkLearning
from lichen.solve.options import ColourTermOptions
from lichen.statistics.catalogue import TermSpec

PAPER_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")


class HistogramLosses(ColourTermOptions, NetworkLearning):
    """Match Gram matrices of some layers and the histograms of each channel of others."""

    name: ClassVar[str] = "histogram_losses"
    citation: ClassVar[str] = (
        "Risser, Wilmot, Barnes: Stable and Controllable Neural Texture Synthesis and Style "
        "Transfer Using Histogram Losses, 2017"
    )
    presets: ClassVar = {
        "paper-layers": {
            "network": "vgg19",
            "layers": PAPER_LAYERS,
            "border": "zero",  # with "reflect" an artefact remains, see docs/probe.md
        }
    }

    histogram_layers: Annotated[
        tuple[str, ...],
        Field(
            min_length=1,
            description="layers whose histograms are matched",
            json_schema_extra={
                "trades": "more fix the contrast of more features, at the time of a sort each"
            },
        ),
    ] = ("relu1_1", "relu4_1")
    histogram_weight: Annotated[
        float,
        Field(
            ge=0,
            description="weight of the histograms; that of the Gram matrices is 1",
            json_schema_extra={
                "trades": "more keeps contrast from drifting; less leaves it to the Gram matrices"
            },
        ),
    ] = 0.1

    def own_terms(self) -> list[TermSpec]:
        """Return Gram matrices, histograms of features, and colours."""
        return [
            TermSpec("gram", 1.0),
            TermSpec("histogram", self.histogram_weight, {"layers": self.histogram_layers}),
            TermSpec("colour", self.colour_weight),
        ]
