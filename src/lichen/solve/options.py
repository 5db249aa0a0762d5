"""Options of what minimizes an objective; a method inherits those that it reads. No torch here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BaseModel, Field, field_validator, model_validator

from lichen.errors import LichenError
from lichen.statistics.catalogue import term_specs

LEAST_SUM = 1e-6
"""Weights of a mixture with a smaller sum are not normalized to sum to 1."""

Iterations = Annotated[int, Field(ge=1, le=100_000, description="iterations at the finest level")]
Optimizer = Annotated[Literal["lbfgs", "adam"], Field(description="solver")]
LearningRate = Annotated[float, Field(gt=0, le=1, description="step size of Adam (optimizer adam)")]
FinalRate = Annotated[
    float,
    Field(
        gt=0,
        le=1,
        description="fraction of the learning rate at the end of a level (optimizer adam)",
    ),
]
Levels = Annotated[
    int | None,
    Field(
        ge=1,
        le=12,
        description="pyramid levels; when not given, as many as have sides of at least 32 px",
    ),
]


class PyramidOptions(BaseModel):
    """Coarse to fine."""

    iterations: Iterations = 60
    coarser: Annotated[
        float, Field(ge=0.1, le=10, description="factor on the iterations per octave")
    ] = 1.5
    levels: Levels = None


class SolverOptions(BaseModel):
    """The solver."""

    optimizer: Optimizer = "lbfgs"
    memory: Annotated[
        int, Field(ge=1, le=200, description="correction pairs kept by L-BFGS (optimizer lbfgs)")
    ] = 20
    learning_rate: LearningRate = 0.02
    final_rate: FinalRate = 1.0


class ColourOptions(BaseModel):
    """Colours to start from and to stay within."""

    noise: Annotated[
        Literal["colour", "faint"],
        Field(
            description="initial noise: Gaussian with the mean and covariance of the exemplar's "
            "colours, or of standard deviation 1/255 about the mean colour of ImageNet"
        ),
    ] = "colour"
    bounds: Annotated[
        Literal["channel", "global", "none"],
        Field(
            description="bounds on pixel values: the exemplar's range in each channel, its range "
            "over all channels, or [0, 1]"
        ),
    ] = "channel"


class MixingOptions(BaseModel):
    """Several exemplars."""

    mix: Annotated[
        tuple[float, ...] | None,
        Field(
            description="weights of several exemplars, normalized to sum to 1; a negative one "
            "extrapolates away from its exemplar; equal when not given"
        ),
    ] = None

    @field_validator("mix")
    @classmethod
    def _positive_sum(cls, mix: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if mix is not None and not (np.isfinite(mix).all() and sum(mix) > LEAST_SUM):
            raise ValueError("the weights have to be numbers that sum to more than 0")
        return mix


class NetworkOptions(BaseModel):
    """A network whose features are matched."""

    network: Annotated[
        str,
        Field(
            description="network whose features are matched: encoder, vgg19, squeezenet, "
            "autoencoder, random-vgg, random-filters or pixels"
        ),
    ] = "encoder"
    weights: Annotated[
        Path | None, Field(description="file of the network's weights; looked up when not given")
    ] = None
    layers: Annotated[
        tuple[str, ...] | None,
        Field(description="layers to match; the network's default layers when not given"),
    ] = None
    layer_weights: Annotated[
        tuple[Annotated[float, Field(ge=0)], ...] | None,
        Field(description="weight of each layer, normalized to sum to 1; equal when not given"),
    ] = None
    relative: Annotated[
        bool, Field(description="divide the loss of each layer by the magnitude of its target")
    ] = True
    pooling: Annotated[Literal["average", "max"], Field(description="pooling of the network")] = (
        "average"
    )
    rescale: Annotated[
        bool, Field(description="rescale each filter to mean activation 1 over natural images")
    ] = True
    standardize: Annotated[
        bool,
        Field(description="map the exemplar's colours to the mean and contrast of photographs"),
    ] = True
    border: Annotated[
        Literal["reflect", "replicate", "zero"],
        Field(description="padding of feature maps along an axis that does not wrap"),
    ] = "reflect"
    precision: Annotated[
        Literal["auto", "float32", "bfloat16", "float64"],
        Field(
            description="precision of the network; auto is bfloat16 where the device multiplies "
            "it natively"
        ),
    ] = "auto"

    @model_validator(mode="after")
    def _weights_match_layers(self) -> Self:
        if self.layer_weights is not None:
            if self.layers is None or len(self.layers) != len(self.layer_weights):
                raise ValueError("give as many layer_weights as layers, and name the layers")
            if not sum(self.layer_weights) > 0:
                raise ValueError("at least one of layer_weights must be above 0")
        if self.layers is not None and not self.layers:
            raise ValueError("name at least one layer")
        return self


class TermOptions(BaseModel):
    """Further terms."""

    term: Annotated[
        dict[str, float],
        Field(description="weights of further terms of the objective, by name (spectrum, swd ...)"),
    ] = {}

    @field_validator("term")
    @classmethod
    def _known_terms(cls, term: dict[str, float]) -> dict[str, float]:
        try:
            term_specs(term)
        except LichenError as error:
            raise ValueError(str(error)) from None
        return term


class ColourTermOptions(BaseModel):
    """The term that matches colours."""

    colour_weight: Annotated[float, Field(ge=0, description="weight of the colour histograms")] = (
        1.0
    )
