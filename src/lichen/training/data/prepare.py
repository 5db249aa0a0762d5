"""Clean a folder of texture photos: crop, resize, drop what is bad, keep a record.

Made for collections such as the Describable Textures Dataset: folders of JPEGs of many sizes,
some damaged, some twice.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lichen.atomic import atomic_path
from lichen.errors import ImageError, LichenError, ParameterError
from lichen.image import read_image, resize_image, write_image

MANIFEST = "manifest.csv"
LEAST_CONTRAST = 4 / 255
"""Pictures of a smaller standard deviation show nothing."""

SAME_BITS = 16
"""Pictures whose 256-bit outlines differ in no more bits are taken for the same."""


@dataclass(frozen=True)
class Entry:
    """What became of one picture: its crop's file, or the reason why it was dropped."""

    source: str
    sha256: str
    file: str
    reason: str

    @property
    def kept(self) -> bool:
        """Whether a crop was written."""
        return not self.reason


def prepare_folder(
    source: Path,
    target: Path,
    *,
    size: int = 256,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> list[Entry]:
    """Write a square centre crop of every good picture, under the same subfolders, as PNG.

    Dropped, with the reason in ``manifest.csv``: what cannot be read, what is smaller than
    ``size``, what shows next to nothing, and what is there twice. A second call takes what the
    manifest lists as done.

    Parameters
    ----------
    source, target
        Folder of photos, at any depth, and folder for the crops.
    size
        Side of the crops, in pixels.
    report
        Called with (done, total) after each picture.

    Returns
    -------
    list of Entry
        One for each picture, in the order of their names.
    """
    if size < 16:
        raise ParameterError(f"`size` = {size} is not allowed", "use 16 or more")
    if not source.is_dir():
        raise LichenError(f"{source} is not a folder", "name a folder of photos")
    if target.resolve().is_relative_to(source.resolve()):
        raise LichenError(f"{target} lies in {source}", "choose a folder outside it")
    paths = sorted(path for path in source.rglob("*") if path.is_file())
    if not paths:
        raise LichenError(f"{source} holds no files", "name a folder of photos")
    target.mkdir(parents=True, exist_ok=True)
    done = {entry.source: entry for entry in read_manifest(target)}
    seen = [_outline(read_image(target / e.file).pixels) for e in done.values() if e.kept]
    entries = []
    for number, path in enumerate(paths, start=1):
        name = path.relative_to(source).as_posix()
        entry = done.get(name) or _prepare_one(path, name, target, size, seen)
        entries.append(entry)
        if name not in done and number % 20 == 0:
            _write_manifest(target, entries)
        report(number, len(paths))
    _write_manifest(target, entries)
    return entries


def _prepare_one(
    path: Path, name: str, target: Path, size: int, seen: list[NDArray[np.bool_]]
) -> Entry:
    try:
        picture = read_image(path)
    except ImageError as error:
        return Entry(name, "", "", error.problem)
    height, width = picture.pixels.shape[:2]
    if min(height, width) < size:
        return Entry(name, picture.sha256, "", f"{width}x{height} is smaller than {size}")
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    crop = resize_image(picture.pixels[top : top + side, left : left + side], (size, size))
    if float(crop.std(axis=(0, 1)).max()) < LEAST_CONTRAST:
        return Entry(name, picture.sha256, "", "next to no contrast")
    outline = _outline(crop)
    if any(int((outline != other).sum()) <= SAME_BITS for other in seen):
        return Entry(name, picture.sha256, "", "the same as an earlier picture")
    file = Path(name).with_suffix(".png")
    if (target / file).exists():  # a.jpg and a.png in one folder
        file = Path(name + ".png")
    (target / file).parent.mkdir(parents=True, exist_ok=True)
    write_image(target / file, crop)
    seen.append(outline)
    return Entry(name, picture.sha256, file.as_posix(), "")


def _outline(pixels: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Signs of the horizontal differences of a 16x17 grey thumbnail: 256 bits."""
    grey = pixels.mean(axis=2, keepdims=True)
    thumbnail = resize_image(np.ascontiguousarray(grey), (16, 17))[..., 0]
    return np.asarray(np.diff(thumbnail, axis=1) > 0).ravel()


def read_manifest(target: Path) -> Iterator[Entry]:
    """Entries of an earlier call; a kept one counts only while its file is there."""
    path = target / MANIFEST
    if not path.is_file():
        return
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            try:
                entry = Entry(**row)
            except TypeError:
                raise LichenError(f"{path} is not a manifest of lichen", "delete it") from None
            if not entry.kept or (target / entry.file).is_file():
                yield entry


def _write_manifest(target: Path, entries: list[Entry]) -> None:
    with (
        atomic_path(target / MANIFEST) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow([field.name for field in fields(Entry)])
        writer.writerows(astuple(entry) for entry in entries)
