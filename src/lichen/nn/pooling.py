"""2x2 pooling that drops no pixels and keeps a wrapped map wrapped."""

from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn import functional as F

from lichen.nn.border import Border, pad, zero_as_replicate

Pooling = Literal["average", "max"]


def pool(x: Tensor, pooling: Pooling, border: Border) -> Tensor:
    """Pool (B, C, H, W) maps to (B, C, ceil(H / 2), ceil(W / 2)).

    An odd last row or column is pooled with its neighbour beyond the border, so that no pixel is
    dropped and a wrapped map stays wrapped; beyond a zero border that is a copy of itself.
    """
    x = pad(x, (0, x.shape[2] % 2), (0, x.shape[3] % 2), zero_as_replicate(border))
    return F.avg_pool2d(x, 2) if pooling == "average" else F.max_pool2d(x, 2)
