"""VGG-19 as its paper describes it, one line per step: zero padding, float32, NCHW."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

BLOCKS = (2, 2, 4, 4, 4)


def plain_vgg19(
    image: Tensor,
    weights: Mapping[str, Tensor],
    style: Literal["caffe", "torchvision"],
    pooling: Literal["average", "max"],
) -> dict[str, Tensor]:
    """Compute every layer of an image (1, 3, H, W), sRGB in [0, 1]."""
    if style == "caffe":
        red, green, blue = 255 * image[:, 0], 255 * image[:, 1], 255 * image[:, 2]
        x = torch.stack([blue - 103.939, green - 116.779, red - 123.68], dim=1)
    else:
        red = (image[:, 0] - 0.485) / 0.229
        green = (image[:, 1] - 0.456) / 0.224
        blue = (image[:, 2] - 0.406) / 0.225
        x = torch.stack([red, green, blue], dim=1)
    maps = {}
    for block, count in enumerate(BLOCKS, start=1):
        for i in range(1, count + 1):
            name = f"{block}_{i}"
            x = F.conv2d(x, weights[f"conv{name}.weight"], weights[f"conv{name}.bias"], padding=1)
            maps[f"conv{name}"] = x
            x = x.clamp(min=0)
            maps[f"relu{name}"] = x
        x = F.avg_pool2d(x, 2, 2) if pooling == "average" else F.max_pool2d(x, 2, 2)
        maps[f"pool{block}"] = x
    return maps
