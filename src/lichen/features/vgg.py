"""VGG-19 as φ: its default layers are those of Gatys, Ecker and Bethge (2015)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lichen.features.extractor import NetworkFeatures
from lichen.networks.vgg import VGG19
from lichen.weights.read import normalization_of, read_tensors

if TYPE_CHECKING:
    from lichen.features.load import Request

DEFAULT_LAYERS = ("relu1_1", "pool1", "pool2", "pool3", "pool4")
"""Their conv1_1 is read after its ReLU, which works in place."""


def build(request: Request) -> NetworkFeatures:
    """Make VGG-19 from a file, with the normalization that belongs to its weights."""
    file = request.weights
    network = VGG19(read_tensors(file), normalization_of(file), request.pooling)
    return NetworkFeatures(file.label, network, DEFAULT_LAYERS)
