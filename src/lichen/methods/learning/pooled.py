"""Texture synthesis with the channel means of a network's features: global average pooling.

The smallest summary that L. A. Gatys, A. S. Ecker, M. Bethge (NIPS 2015, arXiv 1505.07376)
compare, N numbers per layer instead of N (N + 1) / 2. It is taken of the code of a fully
convolutional autoencoder (``lichen train autoencoder``), or of the deepest layer of any other
network. It fixes how much there is of each feature but not which ones occur together, and so
captures colour and roughness but no structure: docs/pooled.md compares it with Gram matrices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lichen.methods.learning.family import NetworkLearning
from lichen.statistics.catalogue import TermSpec

if TYPE_CHECKING:
    from lichen.features.extractor import FeatureExtractor


class Pooled(NetworkLearning):
    """Match the mean of every channel of a network's code.

    The descriptor is the (N,) vector of the channels' means over all positions. The network is
    the embedded encoder unless ``network=autoencoder`` and the file of ``weights`` name another;
    the code is its deepest ReLU unless ``layers`` names others. Colours are not matched.
    """

    name: ClassVar[str] = "pooled"
    citation: ClassVar[str] = (
        "the channel means of Gatys, Ecker, Bethge: Texture Synthesis Using Convolutional Neural "
        "Networks, NIPS 2015, on the code of an autoencoder"
    )
    honours: ClassVar[frozenset[str]] = NetworkLearning.honours | {"counts"}

    def own_terms(self) -> list[TermSpec]:
        """Return the channel means alone."""
        return [TermSpec("means", 1.0)]

    def _layers(self, features: FeatureExtractor) -> dict[str, float]:
        """Return the deepest layer, unless others are named."""
        if self.layers is None:
            return {features.default_layers[-1]: 1.0}
        return super()._layers(features)

    def count_statistics(self) -> dict[str, int]:
        """Count the channel means, by layer."""
        return self._counts(TermSpec("means", 1.0))
