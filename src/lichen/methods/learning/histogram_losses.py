"""Texture synthesis with Gram matrices and histograms of a network's features.

E. Risser, P. Wilmot, C. Barnes, "Stable and Controllable Neural Texture Synthesis and Style
Transfer Using Histogram Losses", 2017 (arXiv 1701.08893): a Gram matrix fixes neither the mean nor
the variance of a feature but only the sum of their squares; with the histogram all is fixed.

Departures from the paper: the embedded encoder, to the contrast of photographs as in ``gatys``;
each term is relative to the size of its target, in place of the paper's scaling by gradients; no
total variation, since coarse to fine and within the exemplar's range of colours no noise is left
for it; colours are matched as in ``gatys``.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from lichen.methods.learning.family import ImageLearning
from lichen.statistics.catalogue import Asked

PAPER_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")


class HistogramLosses(ImageLearning):
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
            "border": "zero",  # of mirrored ones a torn patch is left, see docs/probe.md
        }
    }

    histogram_layers: Annotated[
        tuple[str, ...], Field(min_length=1, description="layers whose histograms are matched")
    ] = ("relu1_1", "relu4_1")
    histogram_weight: Annotated[
        float, Field(ge=0, description="weight of the histograms, beside 1 for the Gram matrices")
    ] = 0.1
    colour_weight: Annotated[float, Field(ge=0, description="weight of the colour histograms")] = (
        1.0
    )

    def own_terms(self) -> list[Asked]:
        """Gram matrices, histograms of features, and colours."""
        return [
            Asked("gram", 1.0),
            Asked("histogram", self.histogram_weight, {"layers": self.histogram_layers}),
            Asked("colour", self.colour_weight),
        ]
