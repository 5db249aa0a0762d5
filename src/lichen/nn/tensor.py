"""NumPy images (H, W, C) to torch images (1, C, H, W) on a device, and back."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from lichen.arrays import Array


def to_tensor(pixels: Array, device: str = "cpu") -> Tensor:
    """Copy an (H, W, C) array to a (1, C, H, W) float32 tensor on ``device``."""
    return torch.from_numpy(np.array(pixels.transpose(2, 0, 1), dtype=np.float32))[None].to(device)


def to_pixels(image: Tensor) -> Array:
    """Copy a (1, C, H, W) tensor to a contiguous float32 (H, W, C) array, clipped to [0, 1]."""
    array = image.detach()[0].permute(1, 2, 0).to(torch.float32).cpu().numpy()
    return np.ascontiguousarray(array.clip(0, 1))


def torch_generator(rng: np.random.Generator) -> torch.Generator:
    """Return a generator on the CPU, seeded by ``rng``: every device then gets the same numbers."""
    return torch.Generator().manual_seed(int(rng.integers(2**63)))
