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
from lichen.method import Context
from lichen.methods.learning.family import ImageLearning
from lichen.statistics.catalogue import Asked

if TYPE_CHECKING:  # torch is imported when a run begins, not to list the parameters
    from lichen.features.extractor import FeatureExtractor

WHITENED_SHARE = 0.25
"""Weight of the whitened Gram matrices: what is left of that loss at the end is larger than of the
plain one; at 1 it overrules the spectrum and the colours, and bricks leave their courses."""
PAPER_LAYERS = ("relu1_1", "pool1", "pool2", "pool3", "pool4")


class Gatys(ImageLearning):
    """Match statistics of a network's features by optimising the pixels.

    The departures of the default from the paper are listed in
    ``docs/departures.md``; the preset ``paper`` follows it to the letter. The preset ``polish``
    starts from what patchmatch makes and keeps its layout: no coarse level, few iterations.
    """

    name: ClassVar[str] = "gatys"
    citation: ClassVar[str] = (
        "Gatys, Ecker, Bethge: Texture Synthesis Using Convolutional Neural Networks, NIPS 2015; "
        "spectrum: Liu, Gousseau, Xia 2016; coarse to fine: Gonthier, Gousseau, Ladjal 2022"
    )
    presets: ClassVar = {
        "paper": {
            "network": "vgg19",
            "layers": PAPER_LAYERS,
            "statistic": "gram",
            "standardise": False,
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
    honours: ClassVar[frozenset[str]] = ImageLearning.honours | {"counts"}

    statistic: Annotated[
        Literal["gram", "whitened-gram", "covariance", "principal-gram", "means", "histogram"]
        | None,
        Field(
            description="what is matched of each layer; when not given whitened-gram for the "
            "encoder, gram for other networks"
        ),
    ] = None
    components: Annotated[
        int, Field(ge=1, le=4096, description="principal components a layer (principal-gram)")
    ] = 64
    means_weight: Annotated[
        float, Field(ge=0, description="weight of the layers' channel means, beside the statistic")
    ] = 1.0
    colour_weight: Annotated[float, Field(ge=0, description="weight of the colour histograms")] = (
        1.0
    )
    spectrum_weight: Annotated[
        float, Field(ge=0, description="weight of the power-spectrum constraint")
    ] = 0.02

    def own_terms(self) -> list[Asked]:
        """Its statistic, and by their weights means, colours and spectrum."""
        name = self.statistic or entry_named(self.network).statistic
        options = {"components": self.components} if name == "principal-gram" else {}
        return [
            Asked(name, WHITENED_SHARE if name == "whitened-gram" else 1.0, options),
            Asked("means", self.means_weight),
            Asked("colour", self.colour_weight),
            Asked("spectrum", self.spectrum_weight),
        ]

    def _layers(self, features: FeatureExtractor) -> dict[str, float]:
        """Weigh the layers; the network's own, where its entry says so, by how fine they are."""
        if self.layers is not None or not entry_named(self.network).fine_first:
            return super()._layers(features)
        fineness = {name: 1 / features.strides[name] for name in features.default_layers}
        total = sum(fineness.values())
        return {name: share / total for name, share in fineness.items()}

    def count_statistics(self) -> dict[str, int]:
        """Count the numbers that are matched, by layer."""
        from lichen.solve.terms.of_layers import statistic

        features = self._features(Context())
        main = self.own_terms()[0]
        found = statistic(main.name, **main.options)
        return {name: found.count(features.channels(name)) for name in self._layers(features)}
