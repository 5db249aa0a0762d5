"""Two domains of pictures, A and B, of which no two belong together."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from torch import Tensor
from torch.utils.data import Dataset

from lichen.model import TrainedOn
from lichen.training.data.folder import PictureSet, TrainingPicture, read_pictures
from lichen.training.data.patches import Patches
from lichen.training.step import TrainStep
from lichen.training.trainable import Source


@dataclass(frozen=True, eq=False)
class DomainSet:
    """The pictures of two domains, what was left out, and the record of the two sources."""

    a: tuple[TrainingPicture, ...]
    b: tuple[TrainingPicture, ...]
    left_out: tuple[str, ...]
    trained_on: tuple[TrainedOn, ...]


def read_domains(
    sources: Sequence[Source], *, smallest: int = 1, fewest: int = 1
) -> Generator[TrainStep, None, DomainSet]:
    """Yield a step for each file that is read, and return the two domains.

    Parameters
    ----------
    sources
        A and B, each a folder of pictures or a picture.
    smallest, fewest
        Least height and width, and least number of pictures of each domain.

    Raises
    ------
    TrainingError
        When a domain has too few pictures.
    """
    a: PictureSet = yield from read_pictures(sources[:1], smallest=smallest, fewest=fewest)
    b: PictureSet = yield from read_pictures(sources[1:], smallest=smallest, fewest=fewest)
    return DomainSet(
        a.pictures, b.pictures, (*a.left_out, *b.left_out), (*a.trained_on, *b.trained_on)
    )


class UnpairedPatches(Dataset[tuple[Tensor, Tensor]]):
    """A random patch of each domain, drawn independently; endless.

    Parameters
    ----------
    domains
        Each picture of a domain is equally likely.
    side
        Height and width of the patches, in pixels.
    seed
        Of the draws.
    mirror
        Whether half of the patches are mirrored left to right.
    """

    def __init__(self, domains: DomainSet, side: int, seed: int, *, mirror: bool = True) -> None:
        self.sides = [
            Patches(pictures, side, 2 * seed + number, mirror=mirror)
            for number, pictures in enumerate((domains.a, domains.b))
        ]

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        """Patches of A and of B, uint8 (3, side, side) each."""
        return self.sides[0][number], self.sides[1][number]
