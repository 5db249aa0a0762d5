"""A fixed set of natural images that every machine with scikit-image has."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

NAMES = (
    "astronaut",
    "brick",
    "camera",
    "chelsea",
    "clock",
    "coffee",
    "coins",
    "grass",
    "gravel",
    "hubble_deep_field",
    "immunohistochemistry",
    "retina",
    "rocket",
)
"""Photographs in the public domain or under CC0 that come within scikit-image's package."""

VERSION = 1
"""Increased whenever the set or its preparation changes, so that no old means are reused."""


def natural_images(longest_side: int = 256) -> Iterator[Tensor]:
    """Yield the images, (1, 3, H, W) float32 sRGB in [0, 1], reduced to a longest side.

    Grey photographs have three equal channels.
    """
    from skimage import data

    for name in NAMES:
        pixels = np.asarray(getattr(data, name)())
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[..., None], 3, axis=2)
        image = torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32) / 255)[None]
        factor = longest_side / max(image.shape[2:])
        size = [max(1, round(side * factor)) for side in image.shape[2:]]
        yield F.interpolate(image, size, mode="bilinear", antialias=True).clamp(0, 1)
