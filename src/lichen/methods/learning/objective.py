"""An objective of the user's own: any sum of terms, minimised over the pixels."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from lichen.methods.learning.family import ImageLearning
from lichen.statistics.catalogue import Asked


class SumOfTerms(ImageLearning):
    """Minimise the sum of the terms that ``term`` names; there are no others.

    ``lichen methods --terms`` lists them. Those of layers are taken on ``layers`` of ``network``.
    """

    name: ClassVar[str] = "objective"
    citation: ClassVar[str] = (
        "Gatys, Ecker, Bethge 2015 and, term by term, the papers of `lichen methods --terms`"
    )

    term: Annotated[
        tuple[str, ...],
        Field(min_length=1, description="the terms, NAME:WEIGHT, as in gram:1,spectrum:0.1"),
    ] = ("gram:1", "colour:1")

    def own_terms(self) -> list[Asked]:
        """None but the user's."""
        return []
