"""The levels of the coarse-to-fine pyramid: how many, how large, and images resampled for them."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from lichen.nn.border import Border, border_index, pad

MARGIN = 4
"""Pixels of border that an image is padded by before it is enlarged; the cubic kernel reaches 2."""


def n_levels(
    size: tuple[int, int], exemplar: tuple[int, int], coarsest: int, step: float = 1
) -> int:
    """Count the levels, finest included, whose shortest side is at least ``coarsest`` pixels.

    Parameters
    ----------
    size, exemplar
        Heights and widths of canvas and exemplar.
    coarsest
        In pixels.
    step
        Octaves from level to level.
    """
    octaves = math.log2(max(min(*size, *exemplar) / coarsest, 1))
    return 1 + math.floor(octaves / step + 1e-9)


def level_size(size: tuple[int, int], octaves: float) -> tuple[int, int]:
    """Return the size ``octaves`` octaves below the finest level, at least 1x1."""
    scale = 2**octaves
    return max(1, round(size[0] / scale)), max(1, round(size[1] / scale))


def shrink(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Reduce (1, C, H, W) with an anti-aliasing triangle kernel."""
    if tuple(image.shape[2:]) == tuple(size):
        return image
    return F.interpolate(image, size=size, mode="bilinear", antialias=True)


def enlarge(image: Tensor, size: tuple[int, int], border: Border) -> Tensor:
    """Enlarge (1, C, h, w) by cubic interpolation; a wrapped axis stays wrapped."""
    if tuple(image.shape[2:]) == tuple(size):
        return image
    scale = (size[0] / image.shape[2], size[1] / image.shape[3])
    padded = pad(image, (MARGIN, MARGIN), (MARGIN, MARGIN), border)
    big = F.interpolate(padded, scale_factor=scale, mode="bicubic", recompute_scale_factor=False)
    top, left = round(MARGIN * scale[0]), round(MARGIN * scale[1])
    return torch.clamp(big[:, :, top : top + size[0], left : left + size[1]], 0, 1)


def fit(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Crop (1, C, H, W) about its centre, or extend it by reflection, to ``size``."""
    for axis, wanted in ((2, size[0]), (3, size[1])):
        have = image.shape[axis]
        if have > wanted:
            image = image.narrow(axis, (have - wanted) // 2, wanted)
        elif have < wanted:
            index = torch.tensor(border_index(have, 0, wanted - have, "reflect"))
            image = image.index_select(axis, index.to(image.device))
    return image
