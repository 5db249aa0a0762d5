"""Pictures to train on: files, folders of them, and pictures in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from lichen.errors import ImageError, TrainingError
from lichen.exemplar import as_exemplar
from lichen.image import read_image
from lichen.model import TrainedOn
from lichen.training.step import TrainStep
from lichen.training.trainable import Source

MEMORY = 2**31
"""Bytes of decoded pictures that are kept; further ones are decoded whenever one is drawn."""


@dataclass(frozen=True, eq=False)
class TrainingPicture:
    """One picture; its pixels, uint8 (H, W, 3), where they are kept in memory.

    Attributes
    ----------
    path
        Its file, or a name for a picture that has none.
    source
        Number of the source that it is of.
    """

    path: Path
    sha256: str
    kept: NDArray[np.uint8] | None
    source: int = 0

    @classmethod
    def read(cls, path: Path, source: int = 0) -> Self:
        """Decode a file; grey becomes three equal channels."""
        file = read_image(path)
        return cls(path, file.sha256, _as_colour(file.pixels), source)

    @classmethod
    def of(cls, source: Source, number: int = 0) -> Self:
        """Take a picture in any form that the public functions accept."""
        picture = as_exemplar(source)
        path = picture.path or Path(picture.name)
        return cls(path, picture.sha256, _as_colour(picture.maps[0].pixels), number)

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
class PictureSet:
    """What sources hold, and what was left out of them, with the reason.

    Attributes
    ----------
    pictures
        Those that can be used, source by source, in the order of their names.
    left_out
        A line for each file that cannot.
    names
        Of the sources.
    """

    pictures: tuple[TrainingPicture, ...]
    left_out: tuple[str, ...]
    names: tuple[str, ...] = ("pictures",)

    @classmethod
    def read(cls, *sources: Source, smallest: int = 1, memory: int = MEMORY) -> PictureSet:
        """Read sources at once; see :func:`read_pictures`."""
        reading = read_pictures(sources, smallest=smallest, memory=memory)
        while True:
            try:
                next(reading)
            except StopIteration as end:
                found: PictureSet = end.value
                return found

    @property
    def trained_on(self) -> tuple[TrainedOn, ...]:
        """The record of each source."""
        found = []
        for number, name in enumerate(self.names):
            own = [one.sha256 for one in self.pictures if one.source == number]
            sha256 = own[0] if len(own) == 1 else checksum(own)
            found.append(TrainedOn(name, sha256, len(own)))
        return tuple(found)

    def split(self, fraction: float, seed: int) -> tuple[list[TrainingPicture], ...]:
        """Split the pictures at random: those to train on, and at least one that is held out."""
        n = len(self.pictures)
        count = min(max(1, round(fraction * n)), n - 1)
        chosen = set(np.random.default_rng(seed).permutation(n)[:count].tolist())
        trained = [one for number, one in enumerate(self.pictures) if number not in chosen]
        return trained, [self.pictures[number] for number in sorted(chosen)]


def checksum(checksums: Sequence[str]) -> str:
    """SHA-256 of checksums, in their order."""
    return hashlib.sha256("\n".join(checksums).encode()).hexdigest()


def read_pictures(
    sources: Sequence[Source], *, smallest: int = 1, fewest: int = 1, memory: int = MEMORY
) -> Generator[TrainStep, None, PictureSet]:
    """Yield a step for each file of the sources that is read, and return the pictures.

    Left out is what cannot be read, and what is smaller than ``smallest`` pixels.

    Parameters
    ----------
    sources
        Pictures, and folders with pictures of any size and kind, in subfolders too.
    smallest
        Least height and width.
    fewest
        How many pictures the training needs.
    memory
        Bytes of pixels to keep.

    Raises
    ------
    TrainingError
        When fewer than ``fewest`` pictures can be used.
    """
    wanted = [(number, one) for number, given in enumerate(sources) for one in _members(given)]
    usable: list[TrainingPicture] = []
    left_out: list[str] = []
    for count, (number, one) in enumerate(wanted, start=1):
        reason = ""
        try:
            picture = (
                TrainingPicture.read(one, number)
                if isinstance(one, Path)
                else TrainingPicture.of(one, number)
            )
        except ImageError as error:
            reason = error.problem
        else:
            height, width = picture.pixels.shape[:2]
            if min(height, width) < smallest:
                reason = f"{picture.path} is {width}x{height}, smaller than {smallest} px"
            else:
                memory -= picture.pixels.nbytes
                kept = memory >= 0 or not isinstance(one, Path)
                usable.append(picture if kept else replace(picture, kept=None))
        if reason:
            left_out.append(reason)
        notes = (f"left out: {reason}",) if reason else ()
        yield TrainStep("reading", count, len(wanted), notes=notes)
    names = tuple(_name(source) for source in sources)
    if len(usable) < fewest:
        raise TrainingError(
            f"{', '.join(names)} holds {len(usable)} pictures of at least {smallest}x{smallest} "
            f"pixels ({len(left_out)} smaller or unreadable) but training needs {fewest}",
            "give more or larger pictures" + (", or use a smaller `patch`" if smallest > 1 else ""),
        )
    return PictureSet(tuple(usable), tuple(left_out), names)


def files_in(folder: Path) -> list[Path]:
    """Return all files in a folder and its subfolders, sorted.

    Raises
    ------
    TrainingError
        When it is no folder.
    """
    if not folder.is_dir():
        raise TrainingError(f"{folder} is not a folder", "name a folder of pictures")
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _members(source: Source) -> Iterator[Source]:
    if not isinstance(source, str | Path):
        yield source
        return
    path = Path(source)
    yield from [path] if path.is_file() else files_in(path)


def _name(source: Source) -> str:
    if isinstance(source, str | Path):
        return Path(source).name or Path(source).resolve().name
    return as_exemplar(source).name


def _as_colour(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """uint8 (H, W, 3) of float (H, W, 1 or 3) in [0, 1]."""
    rounded = np.round(pixels * 255).astype(np.uint8)
    return np.repeat(rounded, 3, axis=2) if rounded.shape[2] == 1 else rounded
