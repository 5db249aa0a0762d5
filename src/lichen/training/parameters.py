"""Parameters that several trainings have."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Steps = Annotated[
    int,
    Field(
        ge=1,
        description="updates of the training",
        json_schema_extra={
            "trades": "more train longer, in proportionally more time; the learning rate falls "
            "over all of them"
        },
    ),
]
LearningRate = Annotated[
    float,
    Field(
        gt=0,
        le=1,
        description="learning rate at its peak",
        json_schema_extra={"trades": "a higher rate learns faster, until the loss diverges"},
    ),
]
Widths = Annotated[
    tuple[Annotated[int, Field(ge=1, le=4096)], ...],
    Field(
        min_length=1,
        max_length=8,
        description="channels of each block, from fine to coarse",
        json_schema_extra={
            "trades": "wider blocks hold more, in a larger model and a slower training; another "
            "block sees twice as far"
        },
    ),
]
