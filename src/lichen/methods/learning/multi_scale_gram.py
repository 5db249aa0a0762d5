"""Texture synthesis with Gram matrices on all octaves of a pyramid at once.

X. Snelgrove, "High-Resolution Multi-Scale Neural Texture Synthesis", SIGGRAPH Asia Technical
Briefs 2017: on the image reduced to a half, a quarter and an eighth, the receptive field of
a network covers two, four and eight times as much.

Departures from the paper: the embedded encoder, on colours standardized as in ``gatys``, and all of
its layers where the paper has two; borders are those of the canvas where the paper crops; the
solver goes from coarse to fine, too; colours are matched as in ``gatys``.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from lichen.methods.learning.family import NetworkLearning
from lichen.solve.options import ColourTermOptions
from lichen.statistics.catalogue import TermSpec


class MultiScaleGram(ColourTermOptions, NetworkLearning):
    """Match Gram matrices of a network's features on every octave of a Gaussian pyramid."""

    name: ClassVar[str] = "multi_scale_gram"
    citation: ClassVar[str] = (
        "Snelgrove: High-Resolution Multi-Scale Neural Texture Synthesis, SIGGRAPH Asia 2017"
    )
    presets: ClassVar = {
        "paper": {
            "network": "vgg19",
            "layers": ("pool1", "relu3_2"),
            "standardize": False,
            "relative": False,
            "colour_weight": 0.0,
            "levels": 1,
            "iterations": 500,
            "bounds": "none",
            "noise": "faint",  # strong noise leaves a checkerboard
        },
    }

    octaves: Annotated[
        int,
        Field(
            ge=1,
            le=8,
            description="octaves, at most as many as have sides of at least 32 px",
            json_schema_extra={
                "trades": "more match larger structure, each at about a quarter of the cost of the "
                "one before"
            },
        ),
    ] = 4

    def own_terms(self) -> list[TermSpec]:
        """Return Gram matrices of all octaves, and colours."""
        return [
            TermSpec("octave-gram", 1.0, {"octaves": self.octaves}),
            TermSpec("colour", self.colour_weight),
        ]
