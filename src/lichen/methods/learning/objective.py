"""An objective of the user's own: any sum of terms, minimized over the pixels."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from lichen.methods.learning.family import NetworkLearning
from lichen.statistics.catalogue import TermSpec


class SumOfTerms(NetworkLearning):
    """Minimize the sum of the terms that ``term`` names, and of no others.

    ``lichen methods --terms`` lists them. Terms on layers are taken on ``layers`` of ``network``.
    """

    name: ClassVar[str] = "objective"
    citation: ClassVar[str] = (
        "Gatys, Ecker, Bethge 2015 and, term by term, the papers of `lichen methods --terms`"
    )

    term: Annotated[
        dict[str, float],
        Field(
            description="weights of the terms, by name (gram, spectrum ...)",
            json_schema_extra={
                "trades": "a term of more weight is matched better, the others less well; each "
                "takes its time"
            },
        ),
    ] = {"gram": 1.0, "colour": 1.0}  # noqa: RUF012 (pydantic copies it)

    @model_validator(mode="after")
    def _has_terms(self) -> Self:
        if not self.terms():
            raise ValueError("`term` needs at least one term of a weight above 0")
        return self

    def own_terms(self) -> list[TermSpec]:
        """Return no terms but the user's."""
        return []
