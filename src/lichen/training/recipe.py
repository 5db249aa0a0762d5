"""The recipes of what Lichen trains, apart from the training: a face lists them without torch."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Steps = Annotated[int, Field(ge=1, description="optimisation steps")]
LearningRate = Annotated[float, Field(gt=0, le=1, description="at its peak")]
Widths = Annotated[
    tuple[Annotated[int, Field(ge=1, le=4096)], ...],
    Field(min_length=1, max_length=8, description="channels of each block, from fine to coarse"),
]


class EncoderRecipe(BaseModel):
    """Everything that the embedded encoder's weights depend on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pictures: Annotated[int, Field(ge=2, le=100_000, description="made textures")] = 600
    steps: Steps = 1600
    batch: Annotated[int, Field(ge=2, le=4096, description="crops a step")] = 48
    crop: Annotated[
        int,
        Field(ge=16, le=256, description="side of the crops", json_schema_extra={"unit": "px"}),
    ] = 80
    widths: Widths = (32, 64, 128, 256)
    learning_rate: LearningRate = 2e-3
    weight_decay: Annotated[float, Field(ge=0, le=1, description="of AdamW")] = 0.02
    seed: Annotated[int, Field(ge=0, lt=2**31, description="of pictures, crops and weights")] = 0


class AutoencoderRecipe(BaseModel):
    """Everything but the photographs that an autoencoder's weights depend on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    patch: Annotated[
        int,
        Field(ge=16, le=4096, description="side of the patches", json_schema_extra={"unit": "px"}),
    ] = 512
    steps: Steps = 4000
    batch: Annotated[int, Field(ge=1, le=4096, description="patches a step")] = 4
    widths: Widths = (32, 64, 128, 128)
    learning_rate: LearningRate = 1e-3
    gradient_weight: Annotated[
        float, Field(ge=0, le=100, description="weight of the error of neighbours' differences")
    ] = 1.0
    held_out: Annotated[
        float, Field(gt=0, lt=1, description="share of the photographs that only judge")
    ] = 0.1
    seed: Annotated[int, Field(ge=0, lt=2**31, description="of patches and weights")] = 0
