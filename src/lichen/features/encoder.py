"""Networks that Lichen trains as φ: the embedded encoder, and the encoder of an autoencoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lichen.features.extractor import NetworkFeatures
from lichen.networks.conv_stack import ConvStack
from lichen.weights.read import normalization_of, read_tensors

if TYPE_CHECKING:
    from lichen.features.load import Request


def build(request: Request) -> NetworkFeatures:
    """Make the encoder of a file, without a decoder; all its ReLU layers are default layers."""
    file = request.weights
    normalization = normalization_of(file)
    weights = {n: tensor for n, tensor in read_tensors(file).items() if n.startswith("conv")}
    network = ConvStack(weights, normalization, request.pooling)
    relus = [name for name in network.layers if name.startswith("relu")]
    return NetworkFeatures(file.label, network, relus)
