"""From an sRGB image to what a network was trained to see."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lichen.weights.catalogue import InputNormalisation


class Normalise(nn.Module):
    """Order the channels, scale, take the mean off and divide by the standard deviation."""

    mean: Tensor
    std: Tensor

    def __init__(self, how: InputNormalisation) -> None:
        super().__init__()
        self.how = how
        self.register_buffer("mean", torch.tensor(how.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(how.std).view(1, 3, 1, 1))

    def forward(self, image: Tensor, dtype: torch.dtype) -> Tensor:
        """(B, 3, H, W) sRGB in [0, 1] to channels-last maps of ``dtype``."""
        if self.how.order == "BGR":
            image = image.flip(1)
        x = (image * self.how.scale - self.mean) / self.std
        return x.to(dtype=dtype, memory_format=torch.channels_last)
