"""Random crops of the training pictures, scaled, mirrored and recoloured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

SCALES = (0.6, 1.7)
"""Side of the crop in the picture, relative to the side that the network sees."""


class Crops:
    """An endless source of labelled batches.

    Parameters
    ----------
    pictures
        uint8 (H, W, 3); the label of a crop is its picture's number.
    side
        Height and width of the crops, in pixels.
    rng
        The only source of randomness; its state is the loader's.
    """

    def __init__(
        self, pictures: Sequence[NDArray[np.uint8]], side: int, rng: np.random.Generator
    ) -> None:
        self.pictures = [torch.from_numpy(np.array(p.transpose(2, 0, 1))) for p in pictures]
        self.side = side
        self.rng = rng

    def batch(self, n: int) -> tuple[Tensor, Tensor]:
        """Draw ``n`` crops, float32 (n, 3, side, side) in [0, 1], and labels (n,)."""
        labels = self.rng.integers(0, len(self.pictures), n)
        return torch.cat([self._crop(int(label)) for label in labels]), torch.from_numpy(labels)

    def _crop(self, label: int) -> Tensor:
        picture, rng = self.pictures[label], self.rng
        scale = np.exp(rng.uniform(*np.log(SCALES)))
        side = min(round(self.side * scale), *picture.shape[1:])
        top = int(rng.integers(picture.shape[1] - side + 1))
        left = int(rng.integers(picture.shape[2] - side + 1))
        crop = picture[None, :, top : top + side, left : left + side].float() / 255
        if side != self.side:
            crop = F.interpolate(crop, (self.side, self.side), mode="bilinear", antialias=True)
        if rng.random() < 0.5:
            crop = crop.flip(3)
        return self._recoloured(crop)

    def _recoloured(self, crop: Tensor) -> Tensor:
        """Permute, grey, contrast, brightness: colour alone must not identify a picture."""
        rng = self.rng
        if rng.random() < 0.3:
            crop = crop[:, torch.from_numpy(rng.permutation(3))]
        if rng.random() < 0.3:
            crop = crop.mean(1, keepdim=True).expand(-1, 3, -1, -1)
        mean = crop.mean()
        contrast, brightness = float(np.exp(rng.normal() * 0.25)), float(rng.normal() * 0.08)
        tint = torch.from_numpy(rng.normal(size=(1, 3, 1, 1)).astype(np.float32) * 0.04)
        return ((crop - mean) * contrast + mean + brightness + tint).clamp(0, 1)
