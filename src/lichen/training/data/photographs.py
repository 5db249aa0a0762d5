"""A folder of photographs, and the patches that are cut out of it at random."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from lichen.errors import ImageError, LichenError
from lichen.image import read_image

MEMORY = 2**31
"""Bytes of decoded photographs that are kept; further ones are decoded whenever one is drawn."""


@dataclass(frozen=True, eq=False)
class Photograph:
    """One photograph; its pixels, uint8 (H, W, 3), where they are kept in memory."""

    path: Path
    sha256: str
    kept: NDArray[np.uint8] | None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Decode a file; grey becomes three equal channels."""
        file = read_image(path)
        pixels = np.round(file.pixels * 255).astype(np.uint8)
        return cls(
            path, file.sha256, np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
        )

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """From memory or from the file."""
        if self.kept is not None:
            return self.kept
        again = type(self).read(self.path)
        if again.sha256 != self.sha256 or again.kept is None:
            raise ImageError(f"{self.path} has changed since the training began", "begin again")
        return again.kept


@dataclass(frozen=True, eq=False)
class Photographs:
    """What a folder holds, and what was left out of it, with the reason."""

    usable: tuple[Photograph, ...]
    left_out: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """Checksum of the checksums of all photographs, in the order of their names."""
        return hashlib.sha256("\n".join(p.sha256 for p in self.usable).encode()).hexdigest()

    def split(self, share: float, seed: int) -> tuple[list[Photograph], list[Photograph]]:
        """Part the photographs at random: to train on, and at least one to judge by."""
        count = min(max(1, round(share * len(self.usable))), len(self.usable) - 1)
        chosen = set(np.random.default_rng(seed).permutation(len(self.usable))[:count].tolist())
        trained = [p for number, p in enumerate(self.usable) if number not in chosen]
        return trained, [self.usable[number] for number in sorted(chosen)]


def read_photographs(
    folder: Path,
    side: int,
    report: Callable[[int, int], None] = lambda done, total: None,
    memory: int = MEMORY,
) -> Photographs:
    """Read all photographs in a folder and its subfolders.

    Left out is what cannot be read, and what is smaller than ``side`` pixels.

    Parameters
    ----------
    folder
        Of pictures of any size and kind.
    side
        Of the patches that will be cut out.
    report
        Called with (done, total) after each file.
    memory
        Bytes of pixels to keep.

    Raises
    ------
    LichenError
        If fewer than two photographs can be used: one is needed to judge by.
    """
    if not folder.is_dir():
        raise LichenError(f"{folder} is not a folder", "name a folder of photographs")
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    usable: list[Photograph] = []
    left_out: list[str] = []
    for number, path in enumerate(paths, start=1):
        try:
            photograph = Photograph.read(path)
        except ImageError as error:
            left_out.append(error.problem)
        else:
            height, width = photograph.pixels.shape[:2]
            if min(height, width) < side:
                left_out.append(f"{path} is {width}x{height}, smaller than a patch of {side}")
            else:
                memory -= photograph.pixels.nbytes
                usable.append(photograph if memory >= 0 else replace(photograph, kept=None))
        report(number, len(paths))
    if len(usable) < 2:
        raise LichenError(
            f"{folder} holds {len(usable)} pictures of at least {side}x{side} pixels "
            f"({len(left_out)} smaller or unreadable) but training needs 2",
            "name a folder of photographs, or use a smaller --patch",
        )
    return Photographs(tuple(usable), tuple(left_out))


class Patches(Dataset[Tensor]):
    """Random patches by number: a number gives the same patch in any order and process.

    Parameters
    ----------
    photographs
        Each is drawn as often as any other.
    side
        Height and width of the patches, in pixels.
    seed
        Of the draws.
    """

    def __init__(self, photographs: Sequence[Photograph], side: int, seed: int) -> None:
        self.photographs = photographs
        self.side = side
        self.seed = seed

    def __getitem__(self, number: int) -> Tensor:
        """uint8 (3, side, side); half of them mirrored, half with their channels shuffled.

        Shuffled, so that the few hues of a small folder do not become all that there is.
        """
        rng = np.random.default_rng([self.seed, number])
        pixels = self.photographs[int(rng.integers(len(self.photographs)))].pixels
        top, left = (int(rng.integers(length - self.side + 1)) for length in pixels.shape[:2])
        patch = cut(pixels, top, left, self.side)
        if rng.random() < 0.5:
            patch = patch.flip(2)
        return patch[rng.permutation(3)] if rng.random() < 0.5 else patch


def central_patch(photograph: Photograph, side: int) -> Tensor:
    """Middle of a photograph, uint8 (3, side, side)."""
    top, left = ((length - side) // 2 for length in photograph.pixels.shape[:2])
    return cut(photograph.pixels, top, left, side)


def cut(pixels: NDArray[np.uint8], top: int, left: int, side: int) -> Tensor:
    """Cut (H, W, 3) to (3, side, side)."""
    patch = pixels[top : top + side, left : left + side]
    return torch.from_numpy(np.ascontiguousarray(patch.transpose(2, 0, 1)))
