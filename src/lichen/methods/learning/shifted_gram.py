"""Texture synthesis with Gram matrices of features and of their shifted copies.

G. Berger, R. Memisevic, "Incorporating long-range consistency in CNN-based texture generation",
ICLR 2017 (arXiv 1606.01286): what a Gram matrix cannot say, which features stand a given distance
apart along x and along y. For regular textures.

Departures from the paper: the embedded encoder, coarse to fine and to the contrast of photographs
as in ``gatys``; no matrices for mirror symmetry; colours are matched as in ``gatys``.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from lichen.methods.learning.family import ImageLearning
from lichen.statistics.catalogue import Asked


class ShiftedGramMatrices(ImageLearning):
    """Match Gram matrices of features, and of features with their shifted copies.

    Shifts are 1, 2, 4, 8 ... positions of each layer, along x and along y.
    """

    name: ClassVar[str] = "shifted_gram"
    citation: ClassVar[str] = (
        "Berger, Memisevic: Incorporating long-range consistency in CNN-based texture "
        "generation, ICLR 2017"
    )
    presets: ClassVar = {
        "paper-layers": {
            "network": "vgg19",
            "layers": ("pool1", "pool2", "pool3", "pool4"),
            "border": "zero",  # of mirrored ones a torn patch is left, see docs/probe.md
        }
    }

    shift_weight: Annotated[
        float, Field(ge=0, description="weight of the shifted matrices, beside 1 for the plain")
    ] = 10.0
    reach: Annotated[
        float, Field(gt=0, lt=1, description="largest shift, as a share of the side of the maps")
    ] = 0.5
    colour_weight: Annotated[float, Field(ge=0, description="weight of the colour histograms")] = (
        1.0
    )

    def own_terms(self) -> list[Asked]:
        """Gram matrices, plain and shifted, and colours."""
        return [
            Asked("gram", 1.0),
            Asked("shifted-gram", self.shift_weight, {"reach": self.reach}),
            Asked("colour", self.colour_weight),
        ]
