"""3x3 convolutions with a border mode of the caller's choice."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from lichen.nn.border import Border, pad_by_one


def convolve(x: Tensor, weight: Tensor, bias: Tensor, border: Border) -> Tensor:
    """Convolve (B, C, H, W) maps with (C', C, 3, 3) filters to (B, C', H, W)."""
    if border == ("zero", "zero"):
        return F.conv2d(x, weight, bias, padding=1)
    return F.conv2d(pad_by_one(x, border), weight, bias)
