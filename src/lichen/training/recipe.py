"""The recipe of the embedded encoder, apart from the training: a face lists it without torch."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class EncoderRecipe(BaseModel):
    """Everything that the weights depend on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pictures: Annotated[int, Field(ge=2, le=100_000, description="made textures")] = 600
    steps: Annotated[int, Field(ge=1, description="optimisation steps")] = 1600
    batch: Annotated[int, Field(ge=2, le=4096, description="crops a step")] = 48
    crop: Annotated[
        int,
        Field(ge=16, le=256, description="side of the crops", json_schema_extra={"unit": "px"}),
    ] = 80
    widths: Annotated[
        tuple[int, ...], Field(min_length=1, description="channels of each block of two layers")
    ] = (32, 64, 128, 256)
    learning_rate: Annotated[float, Field(gt=0, le=1, description="at its peak")] = 2e-3
    weight_decay: Annotated[float, Field(ge=0, le=1, description="of AdamW")] = 0.02
    seed: Annotated[int, Field(ge=0, lt=2**31, description="of pictures, crops and weights")] = 0
