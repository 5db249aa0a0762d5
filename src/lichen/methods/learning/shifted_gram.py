"""Texture synthesis with Gram matrices of features and of their shifted copies.

G. Berger, R. Memisevic, "Incorporating long-range consistency in CNN-based texture generation",
ICLR 2017 (arXiv 1606.01286): which features occur together at a given distance along x and along
y, to which a Gram matrix is blind. For regular textures.

Departures from the paper: the embedded encoder, coarse to fine and on colours standardized as in
``gatys``; no matrices for mirror symmetry; colours are matched as in ``gatys``.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from lichen.methods.learning.family import NetworkLearning
from lichen.solve.options import ColourTermOptions
from lichen.statistics.catalogue import TermSpec


class ShiftedGramMatrices(ColourTermOptions, NetworkLearning):
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
            "border": "zero",  # with "reflect" an artefact remains, see docs/probe.md
        }
    }

    shift_weight: Annotated[
        float,
        Field(
            ge=0,
            description="weight of the shifted matrices; that of the plain ones is 1",
            json_schema_extra={
                "trades": "more keeps lattices in their courses, at the expense of all else that "
                "is matched"
            },
        ),
    ] = 10.0
    reach: Annotated[
        float,
        Field(
            gt=0,
            lt=1,
            description="largest shift, as a fraction of the side of the maps",
            json_schema_extra={
                "trades": "more keeps farther repetitions in step, with a matrix more per doubling "
                "and axis"
            },
        ),
    ] = 0.5

    def own_terms(self) -> list[TermSpec]:
        """Return Gram matrices, plain and shifted, and colours."""
        return [
            TermSpec("gram", 1.0),
            TermSpec("shifted-gram", self.shift_weight, {"reach": self.reach}),
            TermSpec("colour", self.colour_weight),
        ]
