"""Patch distribution matching (Elnekave and Weiss 2022) as one would write it in plain PyTorch.

Float32, the paper's constants: a pyramid of factor 0.85, 300 steps of Adam at each level, 64 random
directions of 7x7 patches drawn at every step, from Gaussian noise about the mean colour.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

PATCH, DIRECTIONS, FACTOR, STEPS, COARSEST = 7, 64, 0.85, 300, 21


def sliced_distance(image: Tensor, exemplar: Tensor) -> Tensor:
    """Mean absolute difference of sorted projections of all patches, both (1, 3, H, W)."""
    directions = torch.randn(DIRECTIONS, 3, PATCH, PATCH, device=image.device)
    directions = directions / directions.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    ours, theirs = (F.conv2d(x, directions).flatten(2)[0].sort(1).values for x in (image, exemplar))
    return (ours - theirs).abs().mean()


def sizes(size: int) -> list[int]:
    """Sides of the levels, coarsest first."""
    found = [size]
    while round(found[-1] * FACTOR) >= COARSEST:
        found.append(round(found[-1] * FACTOR))
    return found[::-1]


class PlainLevel:
    """One level: call it for a step of Adam."""

    def __init__(self, exemplar: Tensor, start: Tensor | None, side: int) -> None:
        self.exemplar = F.interpolate(exemplar, (side, side), mode="bilinear", antialias=True)
        if start is None:
            mean = self.exemplar.mean((2, 3), keepdim=True)
            start = mean + 0.1 * torch.randn_like(self.exemplar)
        else:
            start = F.interpolate(start, (side, side), mode="bicubic")
        self.image = start.detach().requires_grad_()
        self.optimizer = torch.optim.Adam([self.image], 0.01)

    def __call__(self) -> None:
        self.optimizer.zero_grad()
        sliced_distance(self.image, self.exemplar).backward()
        self.optimizer.step()
