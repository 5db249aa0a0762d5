"""Pairs of pictures of one size: A, and what is to become of it, B."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor
from torch.utils.data import Dataset

from lichen.errors import TrainingError
from lichen.model import TrainedOn
from lichen.training.data.folder import PictureSet, TrainingPicture, read_pictures
from lichen.training.data.patches import cut
from lichen.training.step import TrainStep
from lichen.training.trainable import Source


@dataclass(frozen=True, eq=False)
class PairSet:
    """Pairs of pictures, and what was left out.

    Attributes
    ----------
    pairs
        A and B of each.
    left_out
        A line for each file without a partner.
    trained_on
        The record of the two sources.
    """

    pairs: tuple[tuple[TrainingPicture, TrainingPicture], ...]
    left_out: tuple[str, ...]
    trained_on: tuple[TrainedOn, ...]


def read_pairs(
    sources: Sequence[Source], *, smallest: int = 1
) -> Generator[TrainStep, None, PairSet]:
    """Yield a step for each file that is read, and return the pairs.

    Parameters
    ----------
    sources
        A and B: two pictures, or two folders in which the two of a pair have the same name
        without suffix.
    smallest
        Least height and width.

    Raises
    ------
    TrainingError
        When there is no pair, or the two of one differ in size.
    """
    both: PictureSet = yield from read_pictures(sources, smallest=smallest, fewest=2)
    first, second = ([p for p in both.pictures if p.source == side] for side in (0, 1))
    if all(_is_one_picture(source) for source in sources):
        pairs = list(zip(first, second, strict=True))
        lonely: list[TrainingPicture] = []
    else:
        a, b = ({_key(p, source): p for p in side} for side, source in
                zip((first, second), sources, strict=True))  # fmt: skip
        pairs = [(a[key], b[key]) for key in a if key in b]
        lonely = [p for key, p in {**a, **b}.items() if key not in a or key not in b]
    if not pairs:
        raise TrainingError(
            "no picture of A has a partner in B", "let the two of a pair have the same name"
        )
    for one, other in pairs:
        if one.pixels.shape != other.pixels.shape:
            raise TrainingError(
                f"{one.path} and {other.path} are a pair but differ in size", "resize one of them"
            )
    reasons = (*both.left_out, *(f"{p.path} has no partner" for p in lonely))
    return PairSet(tuple(pairs), reasons, both.trained_on)


class PairedPatches(Dataset[tuple[Tensor, Tensor]]):
    """Random patches at the same position of both pictures of a pair, endless.

    Parameters
    ----------
    pairs
        Each is equally likely.
    side
        Height and width of the patches, in pixels.
    seed
        Of the draws.
    mirror
        Whether half of them are mirrored left to right, both alike.
    """

    def __init__(
        self,
        pairs: Sequence[tuple[TrainingPicture, TrainingPicture]],
        side: int,
        seed: int,
        *,
        mirror: bool = True,
    ) -> None:
        self.pairs = pairs
        self.side = side
        self.seed = seed
        self.mirror = mirror

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        """A and B, uint8 (3, side, side) each."""
        rng = np.random.default_rng([self.seed, number])
        one, other = self.pairs[int(rng.integers(len(self.pairs)))]
        top, left = (int(rng.integers(n - self.side + 1)) for n in one.pixels.shape[:2])
        patches = [cut(p.pixels, top, left, self.side) for p in (one, other)]
        if self.mirror and rng.random() < 0.5:
            patches = [patch.flip(2) for patch in patches]
        return patches[0], patches[1]


def _is_one_picture(source: Source) -> bool:
    return not isinstance(source, str | Path) or Path(source).is_file()


def _key(picture: TrainingPicture, source: Source) -> str:
    """Name within its folder, without the suffix."""
    if isinstance(source, str | Path) and picture.path.is_relative_to(source):
        return picture.path.relative_to(source).with_suffix("").as_posix()
    return picture.path.stem
