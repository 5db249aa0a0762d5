"""VGG-19 (Simonyan and Zisserman, ICLR 2015, arXiv 1409.1556) without its classifier."""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor

from lichen.networks.conv_stack import ConvStack
from lichen.weights.stored import Shape

BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
"""Channels and number of convolutions of each block."""


class VGG19(ConvStack):
    """Sixteen convolutions in five blocks."""

    @classmethod
    def shapes(cls) -> dict[str, Shape]:
        """Return the shapes of all tensors by name."""
        shapes: dict[str, Shape] = {}
        channels_in = 3
        for block, (channels, count) in enumerate(BLOCKS, start=1):
            for i in range(1, count + 1):
                shapes[f"conv{block}_{i}.weight"] = (channels, channels_in, 3, 3)
                shapes[f"conv{block}_{i}.bias"] = (channels,)
                channels_in = channels
        return shapes

    @classmethod
    def torchvision_names(cls) -> dict[str, str]:
        """Names in torchvision's state dict -> Lichen's."""
        names: dict[str, str] = {}
        position = 0
        for block, (_, count) in enumerate(BLOCKS, start=1):
            for i in range(1, count + 1):
                for part in ("weight", "bias"):
                    names[f"features.{position}.{part}"] = f"conv{block}_{i}.{part}"
                position += 2  # the convolution and its ReLU
            position += 1  # the pooling
        return names


def random_weights(seed: int) -> dict[str, Tensor]:
    """Draw the convolutions of VGG-19: normal of variance 2 / fan-in (He et al. 2015), no bias.

    They are drawn on the CPU, so that a seed gives the same ones on every device.
    """
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for name, shape in VGG19.shapes().items():
        if name.endswith(".bias"):
            weights[name] = torch.zeros(shape)
        else:
            fan_in = shape[1] * shape[2] * shape[3]
            weights[name] = torch.randn(shape, generator=generator) * sqrt(2 / fan_in)
    return weights
