"""SqueezeNet 1.1 as φ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lichen.features.extractor import NetworkFeatures
from lichen.networks.squeezenet import SqueezeNet
from lichen.weights.read import normalization_of, read_tensors

if TYPE_CHECKING:
    from lichen.features.load import Request

DEFAULT_LAYERS = ("relu1", "fire2", "fire3", "fire4", "fire5")
"""From the first layer to the last before stride 16: 2 to 8 pixels per position."""


def build(request: Request) -> NetworkFeatures:
    """Make SqueezeNet from a file, with the normalization that belongs to its weights."""
    file = request.weights
    network = SqueezeNet(read_tensors(file), normalization_of(file), request.pooling)
    return NetworkFeatures(file.label, network, DEFAULT_LAYERS)
