"""Texture synthesis with the channel means of a network's features: global average pooling.

The smallest summary that L. A. Gatys, A. S. Ecker, M. Bethge (NIPS 2015, arXiv 1505.07376)
compare, N numbers a layer in place of N (N + 1) / 2. It is taken of the code of a fully
convolutional autoencoder (``lichen train autoencoder``), or of the deepest layer of any other
network. It fixes how much there is of each feature and not which ones meet, so it catches colour
and roughness and misses structure: docs/pooled.md shows it beside Gram matrices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lichen.methods.learning.family import ImageLearning
from lichen.statistics.catalogue import Asked

if TYPE_CHECKING:
    from lichen.features.extractor import FeatureExtractor


class Pooled(ImageLearning):
    """Make the mean of every channel of a network's code that of the exemplar.

    The descriptor is the (N,) vector of the channels' means over all positions. The network is
    the embedded encoder unless ``network=autoencoder`` and the file of ``weights`` name another;
    its deepest ReLU is the code, unless ``layers`` names others. No colour is matched beside it.
    """

    name: ClassVar[str] = "pooled"
    citation: ClassVar[str] = (
        "the channel means of Gatys, Ecker, Bethge: Texture Synthesis Using Convolutional Neural "
        "Networks, NIPS 2015, on the code of an autoencoder"
    )

    def own_terms(self) -> list[Asked]:
        """The channel means alone."""
        return [Asked("means", 1.0)]

    def _layers(self, features: FeatureExtractor) -> dict[str, float]:
        return (
            {features.default_layers[-1]: 1.0} if self.layers is None else super()._layers(features)
        )
