"""Texture synthesis with the Gram matrices of a network's features.

L. A. Gatys, A. S. Ecker, M. Bethge, "Texture Synthesis Using Convolutional Neural Networks",
NIPS 2015 (arXiv 1505.07376); with the spectrum constraint of G. Liu, Y. Gousseau, G.-S. Xia
(2016, arXiv 1605.01141) and the coarse-to-fine scheme of N. Gonthier, Y. Gousseau, S. Ladjal
(2022, arXiv 2008.01808).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from lichen.features.catalogue import entry_named
from lichen.methods.learning.family import NetworkLearning, normalized
from lichen.solve.options import ColourTermOptions
from lichen.statistics.catalogue import TermSpec

if TYPE_CHECKING:  # torch is imported when a run begins, not to list the parameters
    from lichen.features.extractor import FeatureExtractor

WHITENED_WEIGHT = 0.25
"""Weight of the whitened Gram matrices. Their loss converges to a larger value than that of plain
ones; at 1 it outweighs spectrum and colours, and courses of bricks are lost."""
PAPER_LAYERS = ("relu1_1", "pool1", "pool2", "pool3", "pool4")


class Gatys(ColourTermOptions, NetworkLearning):
    """Match statistics of a network's features, by default with means, colours and spectrum.

    Departures of the default from the paper are listed in ``docs/departures.md``; the preset
    ``paper`` follows it to the letter. The preset ``polish`` starts from the result of patchmatch
    and keeps its layout: one level, few iterations.
    """

    name: ClassVar[str] = "gatys"
    citation: ClassVar[str] = (
        "Gatys, Ecker, Bethge: Texture Synthesis Using Convolutional Neural Networks, NIPS 2015; "
        "spectrum: Liu, Gousseau, Xia 2016; coarse to fine: Gonthier, Gousseau, Ladjal 2022"
    )
    honours: ClassVar[frozenset[str]] = NetworkLearning.honours | {"counts"}
    presets: ClassVar = {
        "paper": {
            "network": "vgg19",
            "layers": PAPER_LAYERS,
            "statistic": "gram",
            "standardize": False,
            "means_weight": 0.0,
            "colour_weight": 0.0,
            "spectrum_weight": 0.0,
            "levels": 1,
            "iterations": 2000,
            "relative": False,
            "border": "zero",
            "precision": "float32",
            "bounds": "global",
            "noise": "faint",
        },
        "spectrum": {"spectrum_weight": 1.0},
        # Ustyuzhaninov et al. 2017, and He, Wang and Hopcroft 2016: no training is needed.
        "random-filters": {"network": "random-filters", "spectrum_weight": 0.0},
        "random-vgg": {"network": "random-vgg", "spectrum_weight": 0.0},
        "polish": {"levels": 1, "iterations": 30},
    }
    starts_from: ClassVar = {"polish": "patchmatch"}

    statistic: Annotated[
        Literal["gram", "whitened-gram", "covariance", "principal-gram", "means", "histogram"]
        | None,
        Field(
            description="statistic of each layer; by default whitened-gram for the encoder, gram "
            "for other networks",
            json_schema_extra={
                "trades": "gram is the paper's; whitened-gram counts weak directions, too; means "
                "keep little but colour and grain"
            },
        ),
    ] = None
    components: Annotated[
        int,
        Field(
            ge=1,
            le=4096,
            description="principal components per layer (statistic principal-gram)",
            json_schema_extra={
                "trades": "more match more of each layer; fewer describe the texture in fewer "
                "numbers"
            },
        ),
    ] = 64
    means_weight: Annotated[
        float,
        Field(
            ge=0,
            description="weight of the layers' channel means",
            json_schema_extra={
                "trades": "more removes the specks that Gram matrices leave; 0 is the paper's"
            },
        ),
    ] = 1.0
    spectrum_weight: Annotated[
        float,
        Field(
            ge=0,
            description="weight of the power-spectrum constraint",
            json_schema_extra={
                "trades": "more keeps courses of bricks; from 0.1 on rounded shapes lose their "
                "outlines"
            },
        ),
    ] = 0.02

    def own_terms(self) -> list[TermSpec]:
        """Return its statistic, and means, colours and spectrum by their weights."""
        return [
            self._main_term(),
            TermSpec("means", self.means_weight),
            TermSpec("colour", self.colour_weight),
            TermSpec("spectrum", self.spectrum_weight),
        ]

    def _main_term(self) -> TermSpec:
        name = self.statistic or entry_named(self.network).statistic
        options = {"components": self.components} if name == "principal-gram" else {}
        return TermSpec(name, WHITENED_WEIGHT if name == "whitened-gram" else 1.0, options)

    def _layers(self, features: FeatureExtractor) -> dict[str, float]:
        """Weight the default layers by the inverse of their strides where their network says so."""
        if self.layers is not None or not entry_named(self.network).fine_first:
            return super()._layers(features)
        return normalized({name: 1 / features.strides[name] for name in features.default_layers})

    def count_statistics(self) -> dict[str, int]:
        """Count the numbers that its statistic matches, by layer."""
        return self._counts(self._main_term())
