"""The door between NumPy pictures (H, W, C) and torch images (1, C, H, W)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def to_tensor(pixels: NDArray[np.float32]) -> Tensor:
    """(H, W, C) array to a (1, C, H, W) float32 tensor of its own."""
    return torch.from_numpy(np.array(pixels.transpose(2, 0, 1), dtype=np.float32))[None]


def to_pixels(image: Tensor) -> NDArray[np.float32]:
    """(1, C, H, W) tensor to a contiguous float32 (H, W, C) array, clipped to [0, 1]."""
    array = image.detach()[0].permute(1, 2, 0).to(torch.float32).cpu().numpy()
    return np.ascontiguousarray(array.clip(0, 1))
