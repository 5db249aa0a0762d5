"""Parameters that several trainings have."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Steps = Annotated[int, Field(ge=1, description="updates of the training")]
LearningRate = Annotated[float, Field(gt=0, le=1, description="learning rate at its peak")]
Widths = Annotated[
    tuple[Annotated[int, Field(ge=1, le=4096)], ...],
    Field(min_length=1, max_length=8, description="channels of each block, from fine to coarse"),
]
