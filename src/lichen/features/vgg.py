"""VGG-19 (Simonyan and Zisserman, ICLR 2015) with weights trained on ImageNet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lichen.errors import WeightsError
from lichen.features.conv_stack import ConvStack
from lichen.weights.read import read_tensors

if TYPE_CHECKING:
    from lichen.features.load import Order

DEFAULT_LAYERS = ("relu1_1", "pool1", "pool2", "pool3", "pool4")
"""The set of Gatys et al. 2015. Their conv1_1 is read after its ReLU, which works in place."""


def build(order: Order) -> ConvStack:
    """Make VGG-19 out of the order's weights, with the normalisation that belongs to them."""
    file = order.weights
    if file.row.normalisation is None:
        raise WeightsError(f"the row {file.row.name} does not say how its input is normalised")
    return ConvStack(
        file.label, read_tensors(file), file.row.normalisation, order.pooling, DEFAULT_LAYERS
    )
