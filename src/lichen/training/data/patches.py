"""Random patches of pictures: a number gives the same patch in any order and in any process."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from lichen.training.data.folder import TrainingPicture


class Patches(Dataset[Tensor]):
    """Random patches of pictures, endless.

    Parameters
    ----------
    pictures
        Each is equally likely.
    side
        Height and width of the patches, in pixels.
    seed
        Of the draws.
    mirror, shuffle_channels
        Whether half of the patches are mirrored left to right, and half have their channels
        permuted, so that the few hues of a small folder do not become all that there is.
    """

    def __init__(
        self,
        pictures: Sequence[TrainingPicture],
        side: int,
        seed: int,
        *,
        mirror: bool = True,
        shuffle_channels: bool = False,
    ) -> None:
        self.pictures = pictures
        self.side = side
        self.seed = seed
        self.mirror = mirror
        self.shuffle_channels = shuffle_channels

    def __getitem__(self, number: int) -> Tensor:
        """uint8 (3, side, side)."""
        rng = np.random.default_rng([self.seed, number])
        pixels = self.pictures[int(rng.integers(len(self.pictures)))].pixels
        patch = random_patch(pixels, self.side, rng)
        if self.mirror and rng.random() < 0.5:
            patch = patch.flip(2)
        if self.shuffle_channels and rng.random() < 0.5:
            patch = patch[rng.permutation(3)]
        return patch


def random_patch(pixels: NDArray[np.uint8], side: int, rng: np.random.Generator) -> Tensor:
    """Cut a random patch out of (H, W, 3), uint8 (3, side, side)."""
    top, left = (int(rng.integers(length - side + 1)) for length in pixels.shape[:2])
    return cut(pixels, top, left, side)


def central_patch(picture: TrainingPicture, side: int) -> Tensor:
    """Cut out the middle of a picture, uint8 (3, side, side)."""
    top, left = ((length - side) // 2 for length in picture.pixels.shape[:2])
    return cut(picture.pixels, top, left, side)


def cut(pixels: NDArray[np.uint8], top: int, left: int, side: int) -> Tensor:
    """Cut (H, W, 3) to (3, side, side)."""
    patch = pixels[top : top + side, left : left + side]
    return torch.from_numpy(np.ascontiguousarray(patch.transpose(2, 0, 1)))
