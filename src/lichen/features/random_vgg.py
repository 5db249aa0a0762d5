"""VGG-19 with random weights as φ (He, Wang and Hopcroft 2016, arXiv 1606.04801).

The failure of random weights in Gatys, Ecker and Bethge (2015) is a matter of scale: with every
layer's filters rescaled to mean activation 1, and every layer's loss divided by the size of its
target, they synthesize textures too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lichen.features.extractor import NetworkFeatures
from lichen.features.vgg import DEFAULT_LAYERS
from lichen.networks.vgg import VGG19, random_weights
from lichen.weights.catalogue import InputNormalization

if TYPE_CHECKING:
    from lichen.features.load import Request

NORMALIZATION = InputNormalization("RGB", 255.0, (123.68, 116.779, 103.939))
"""The mean colour of ImageNet is subtracted, as for the network of Gatys et al."""


def build(request: Request) -> NetworkFeatures:
    """Make VGG-19 from a seed."""
    network = VGG19(random_weights(request.seed), NORMALIZATION, request.pooling)
    return NetworkFeatures(f"random-vgg seed {request.seed}", network, DEFAULT_LAYERS)
