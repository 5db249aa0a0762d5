"""Texture synthesis with Gram matrices and the autocorrelation of a network's features.

O. Sendik, D. Cohen-Or, "Deep Correlations for Texture Synthesis", ACM TOG 36:161, 2017: at which
distances the features of a middle layer repeat. For regular textures.

Departures from the paper: the embedded encoder, on colours standardized as in ``gatys``;
autocorrelations of a layer of stride 2 where the paper's has stride 4, which loses the mortar of
small bricks; two levels where the paper has one scale (with more, lattices are lost at levels that
do not resolve them); weights relative to the magnitude of the targets; colours are matched as in
``gatys``. Two terms are left out: smoothness, since within the exemplar's range of colours little
noise is left; and the reward for differing from the exemplar pixel by pixel, which a result that
starts from noise does anyway.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from lichen.methods.learning.family import NetworkLearning
from lichen.solve.options import ColourTermOptions, Iterations, Levels
from lichen.statistics.catalogue import TermSpec


class DeepCorrelations(ColourTermOptions, NetworkLearning):
    """Match Gram matrices, and the autocorrelation of each channel of some layers.

    Lags are up to half the side of the result, in all directions.
    """

    name: ClassVar[str] = "deep_correlations"
    citation: ClassVar[str] = (
        "Sendik, Cohen-Or: Deep Correlations for Texture Synthesis, ACM TOG 36, 2017"
    )
    presets: ClassVar = {
        "paper-layers": {
            "network": "vgg19",
            "layers": ("pool1", "pool2", "pool3", "pool4"),
            "structure_layers": ("pool2",),
        }
    }

    structure_weight: Annotated[
        float,
        Field(
            ge=0,
            description="weight of the autocorrelations; that of the Gram matrices is 1",
            json_schema_extra={
                "trades": "more keeps lattices in step; textures without one become softer"
            },
        ),
    ] = 0.2
    structure_layers: Annotated[
        tuple[str, ...] | None,
        Field(
            min_length=1,
            description="layers whose autocorrelations are matched; by default the last of the "
            "stride nearest to 2",
            json_schema_extra={
                "trades": "finer layers keep narrow joints; those of stride 4 and more lose them, "
                "in less time"
            },
        ),
    ] = None
    levels: Levels = 2
    iterations: Iterations = 200

    def own_terms(self) -> list[TermSpec]:
        """Return Gram matrices, autocorrelations and colours."""
        return [
            TermSpec("gram", 1.0),
            TermSpec("autocorrelation", self.structure_weight, {"layers": self.structure_layers}),
            TermSpec("colour", self.colour_weight),
        ]
