"""VGG-19 with random weights (He, Wang and Hopcroft 2016, arXiv 1606.04801).

That random weights fail in Gatys, Ecker and Bethge (2015) is a matter of scale: with every layer's
filters brought to mean activation 1, and every layer's loss divided by the size of its target, they
give textures too.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lichen.features.conv_stack import ConvStack
from lichen.features.vgg import DEFAULT_LAYERS
from lichen.weights.architecture import shapes_of
from lichen.weights.catalogue import InputNormalisation

if TYPE_CHECKING:
    from lichen.features.load import Order

NORMALISATION = InputNormalisation("RGB", 255.0, (123.68, 116.779, 103.939))
"""Pixels less the mean colour of ImageNet, as for the network of Gatys et al."""


def random_weights(seed: int) -> dict[str, Tensor]:
    """Draw the convolutions of VGG-19: normal of variance 2 / fan-in (He et al. 2015), no bias."""
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for name, shape in shapes_of("vgg19").items():
        if name.endswith(".bias"):
            weights[name] = torch.zeros(shape)
        else:
            fan_in = shape[1] * shape[2] * shape[3]
            weights[name] = torch.randn(shape, generator=generator) * sqrt(2 / fan_in)
    return weights


def build(order: Order) -> ConvStack:
    """Make a VGG-19 out of the order's seed."""
    return ConvStack(
        f"random-vgg seed {order.seed}",
        random_weights(order.seed),
        NORMALISATION,
        order.pooling,
        DEFAULT_LAYERS,
    )
