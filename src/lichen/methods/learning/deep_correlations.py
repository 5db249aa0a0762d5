"""Texture synthesis with Gram matrices and the autocorrelation of a network's features.

O. Sendik, D. Cohen-Or, "Deep Correlations for Texture Synthesis", ACM TOG 36:161, 2017: at which
distances the features of a middle layer come back. For regular textures.

Departures from the paper: the embedded encoder, to the contrast of photographs as in ``gatys``;
autocorrelations of a layer of two pixels a position where the paper's has four, which lose the
joints of small bricks; two octaves where the paper has one scale (with more, lattices are lost at
octaves that do not show them); weights relative to the size of the targets; colours are matched as
in ``gatys``. Two of its terms are left out. Smoothness, since within the exemplar's range of
colours no noise is left for it; and the reward for differing from the exemplar position by
position, which a start from noise does anyway.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from lichen.methods.learning.family import ImageLearning
from lichen.statistics.catalogue import Asked


class DeepCorrelations(ImageLearning):
    """Match Gram matrices, and the autocorrelation of each channel of some layers.

    Lags are up to half the result's side, along both axes and all directions between them.
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
        float, Field(ge=0, description="weight of the autocorrelations, beside 1 for the Gram")
    ] = 0.2
    structure_layers: Annotated[
        tuple[str, ...] | None,
        Field(
            min_length=1,
            description="layers whose autocorrelations are matched; the last of two pixels a "
            "position when not given",
        ),
    ] = None
    levels: Annotated[
        int | None,
        Field(ge=1, le=12, description="pyramid levels; as many as 32 px allow when none is given"),
    ] = 2
    iterations: Annotated[
        int, Field(ge=1, le=100_000, description="iterations at the finest level")
    ] = 200
    colour_weight: Annotated[float, Field(ge=0, description="weight of the colour histograms")] = (
        1.0
    )

    def own_terms(self) -> list[Asked]:
        """Gram matrices, autocorrelations and colours."""
        return [
            Asked("gram", 1.0),
            Asked("autocorrelation", self.structure_weight, {"layers": self.structure_layers}),
            Asked("colour", self.colour_weight),
        ]
