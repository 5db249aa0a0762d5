"""Texture synthesis with Gram matrices on all octaves of a pyramid at once.

X. Snelgrove, "High-Resolution Multi-Scale Neural Texture Synthesis", SIGGRAPH Asia Technical
Briefs 2017: a network sees no farther than its receptive field; of the picture's half, quarter and
eighth it sees twice, four and eight times as far.

Departures from the paper: the embedded encoder, to the contrast of photographs as in ``gatys``, and
all of its layers where the paper has two; borders as the canvas says where it crops; the solver
goes from coarse to fine too; colours are matched as in ``gatys``.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from lichen.methods.learning.family import ImageLearning
from lichen.statistics.catalogue import Asked


class MultiScaleGram(ImageLearning):
    """Match Gram matrices of a network's features on every octave of a Gaussian pyramid."""

    name: ClassVar[str] = "multi_scale_gram"
    citation: ClassVar[str] = (
        "Snelgrove: High-Resolution Multi-Scale Neural Texture Synthesis, SIGGRAPH Asia 2017"
    )
    presets: ClassVar = {
        "paper": {
            "network": "vgg19",
            "layers": ("pool1", "relu3_2"),
            "standardise": False,
            "relative": False,
            "colour_weight": 0.0,
            "levels": 1,
            "iterations": 500,
            "bounds": "none",
            "noise": "faint",  # of strong noise a checkerboard is left
        },
    }

    octaves: Annotated[
        int,
        Field(ge=1, le=8, description="octaves of the pyramid, as far as the coarsest has 32 px"),
    ] = 4
    colour_weight: Annotated[float, Field(ge=0, description="weight of the colour histograms")] = (
        1.0
    )

    def own_terms(self) -> list[Asked]:
        """Gram matrices of all octaves, and colours."""
        return [
            Asked("octave-gram", 1.0, {"octaves": self.octaves}),
            Asked("colour", self.colour_weight),
        ]
