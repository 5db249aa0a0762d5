"""From an sRGB image to the input that a network was trained on."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn


class Normalize(nn.Module):
    """``(scale * x - mean) / std`` of the channels in the network's own order.

    Parameters
    ----------
    order
        Channel order of the network.
    scale
        Factor on values in [0, 1].
    mean, std
        Of each channel, in the network's order, after scaling.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        order: Literal["RGB", "BGR"],
        scale: float,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
    ) -> None:
        super().__init__()
        self.order = order
        self.scale = scale
        # Constants of the architecture, not weights: no file holds them.
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor, dtype: torch.dtype) -> Tensor:
        """(B, 3, H, W) sRGB in [0, 1] to channels-last maps of ``dtype``."""
        if self.order == "BGR":
            image = image.flip(1)
        x = (image * self.scale - self.mean) / self.std
        return x.to(dtype=dtype, memory_format=torch.channels_last)
