"""Options for minimizing an objective; a method inherits those that it reads. No torch here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BaseModel, Field, field_validator, model_validator

from lichen.errors import LichenError
from lichen.statistics.catalogue import term_specs

LEAST_SUM = 1e-6
"""Weights of a mixture with a smaller sum are not normalized to sum to 1."""

Iterations = Annotated[
    int,
    Field(
        ge=1,
        le=100_000,
        description="iterations at the finest level",
        json_schema_extra={
            "trades": "more come nearer to the statistics, in proportionally more time"
        },
    ),
]
Optimizer = Annotated[
    Literal["lbfgs", "adam"],
    Field(
        description="solver",
        json_schema_extra={
            "trades": "lbfgs converges in fewer iterations; adam can draw new random directions "
            "at every one"
        },
    ),
]
LearningRate = Annotated[
    float,
    Field(
        gt=0,
        le=1,
        description="step size of Adam (optimizer adam)",
        json_schema_extra={
            "trades": "larger steps converge sooner but leave noise; smaller ones need more "
            "iterations"
        },
    ),
]
FinalRate = Annotated[
    float,
    Field(
        gt=0,
        le=1,
        description="fraction of the learning rate at the end of a level (optimizer adam)",
        json_schema_extra={
            "trades": "less removes the noise of large steps; 1 keeps the steps, and the noise"
        },
    ),
]
Levels = Annotated[
    int | None,
    Field(
        ge=1,
        le=12,
        description="pyramid levels; by default all with sides of at least 32 px",
        json_schema_extra={
            "trades": "more form larger structures; fewer lose them, but with 1 an initial picture "
            "keeps its layout"
        },
    ),
]
Periodic = Annotated[
    bool,
    Field(
        description="whether the exemplar tiles",
        json_schema_extra={
            "trades": "yes analyses it as it is; no removes the jump across its borders, which "
            "would count as an edge"
        },
    ),
]


class PyramidOptions(BaseModel):
    """Coarse to fine."""

    iterations: Iterations = 60
    coarser: Annotated[
        float,
        Field(
            ge=0.1,
            le=10,
            description="factor on the iterations at each coarser octave",
            json_schema_extra={
                "trades": "more spends more iterations on large structure, where they are cheap"
            },
        ),
    ] = 1.5
    levels: Levels = None


class SolverOptions(BaseModel):
    """The solver."""

    optimizer: Optimizer = "lbfgs"
    memory: Annotated[
        int,
        Field(
            ge=1,
            le=200,
            description="correction pairs kept by L-BFGS (optimizer lbfgs)",
            json_schema_extra={
                "trades": "more may converge in fewer iterations; each takes the memory of two "
                "images"
            },
        ),
    ] = 20
    learning_rate: LearningRate = 0.02
    final_rate: FinalRate = 1.0


class ColourOptions(BaseModel):
    """Initial noise and bounds on colours."""

    noise: Annotated[
        Literal["colour", "faint"],
        Field(
            description="initial noise: Gaussian with the mean and covariance of the exemplar's "
            "colours, or of standard deviation 1/255 about the mean colour of ImageNet",
            json_schema_extra={
                "trades": "colour starts nearer to the goal; faint leaves less noise where the "
                "features are blind to it"
            },
        ),
    ] = "colour"
    bounds: Annotated[
        Literal["channel", "global", "none"],
        Field(
            description="bounds on pixel values: the exemplar's range in each channel, its range "
            "over all channels, or [0, 1]",
            json_schema_extra={
                "trades": "channel leaves the least noise and no tone beyond the exemplar's; none "
                "leaves the solver free"
            },
        ),
    ] = "channel"


class MixingOptions(BaseModel):
    """Several exemplars."""

    mix: Annotated[
        tuple[float, ...] | None,
        Field(
            description="weights of several exemplars, normalized to sum to 1; a negative one "
            "extrapolates away from its exemplar; by default equal",
            json_schema_extra={
                "trades": "more is more like that exemplar; negative weights exaggerate the "
                "difference, seldom into a good texture"
            },
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
            "autoencoder, random-vgg, random-filters or pixels",
            json_schema_extra={
                "trades": "encoder is in the package; vgg19 is slower and is downloaded; random "
                "ones need no training but close no outlines"
            },
        ),
    ] = "encoder"
    weights: Annotated[
        Path | None,
        Field(
            description="file of the network's weights; by default found by the network's name",
            json_schema_extra={
                "trades": "a file of your own replaces the download, and is needed again to "
                "repeat the run"
            },
        ),
    ] = None
    layers: Annotated[
        tuple[str, ...] | None,
        Field(
            description="layers to match; by default those that the network names",
            json_schema_extra={
                "trades": "shallow layers match grain, deep ones larger structure; time grows "
                "with their number and depth"
            },
        ),
    ] = None
    layer_weights: Annotated[
        tuple[Annotated[float, Field(ge=0)], ...] | None,
        Field(
            description="weight of each layer, normalized to sum to 1; by default equal",
            json_schema_extra={
                "trades": "more on shallow layers favours fine detail, more on deep ones large "
                "structure"
            },
        ),
    ] = None
    relative: Annotated[
        bool,
        Field(
            description="divide the loss of each layer by the magnitude of its target",
            json_schema_extra={
                "trades": "yes makes layers count by their weights alone; no leaves it to their "
                "magnitudes, as in the papers"
            },
        ),
    ] = True
    pooling: Annotated[
        Literal["average", "max"],
        Field(
            description="pooling of the network",
            json_schema_extra={
                "trades": "average passes gradients to all pixels; max only to the largest, as "
                "most networks were trained"
            },
        ),
    ] = "average"
    rescale: Annotated[
        bool,
        Field(
            description="rescale each filter to mean activation 1 over natural images",
            json_schema_extra={
                "trades": "yes lets weak filters count as much as strong ones; measuring them "
                "takes some seconds, once"
            },
        ),
    ] = True
    standardize: Annotated[
        bool,
        Field(
            description="map the exemplar's colours to the mean and contrast of photographs",
            json_schema_extra={
                "trades": "yes keeps the structure of dark and flat exemplars; no shows the "
                "network their own colours"
            },
        ),
    ] = True
    border: Annotated[
        Literal["reflect", "replicate", "zero"],
        Field(
            description="padding of feature maps along an axis that does not wrap",
            json_schema_extra={
                "trades": "reflect and replicate continue the texture; zero avoids a torn patch "
                "seen with deep layers of VGG-19"
            },
        ),
    ] = "reflect"
    precision: Annotated[
        Literal["auto", "float32", "bfloat16", "float64"],
        Field(
            description="precision of the network; auto is bfloat16 where the device multiplies "
            "it natively",
            json_schema_extra={
                "trades": "bfloat16 is fastest where native, and its rounding ends the search "
                "early; float64 is slowest"
            },
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
        Field(
            description="weights of further terms of the objective, by name (spectrum, swd ...)",
            json_schema_extra={
                "trades": "each makes one more statistic match, at the others' expense and in more "
                "time"
            },
        ),
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

    colour_weight: Annotated[
        float,
        Field(
            ge=0,
            description="weight of the colour histograms",
            json_schema_extra={
                "trades": "more keeps colours nearer to the exemplar's; with 0 hues drift apart"
            },
        ),
    ] = 1.0
