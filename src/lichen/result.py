"""The finished picture and the record of how it was made, which travels with the file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from lichen.arrays import Array, Size
from lichen.atomic import atomic_paths
from lichen.errors import JobError, ProvenanceError
from lichen.exemplar import split
from lichen.image import encode_image, read_text
from lichen.image.maps import MapFormat
from lichen.image.writing import DEPTHS
from lichen.job import Job
from lichen.source_map import SourceMap

TEXT_KEY = "lichen"


@dataclass(frozen=True)
class Provenance:
    """How a picture was made: the job, and what came of it.

    Attributes
    ----------
    job
        The job; its device is the one that computed.
    networks
        Networks used, with the checksums of their weights.
    losses, steps, seconds
        Final losses by name, steps taken, wall-clock seconds; the steps and seconds of a method
        that made the initial image are among them.
    complete
        False when the run was stopped early: the picture is that of step ``steps``.
    restarts
        Steps after which the run was resumed from a checkpoint, with a fresh solver.
    version, software
        What the bytes depend on besides the job.
    """

    job: Job
    version: str
    networks: tuple[str, ...] = ()
    losses: Mapping[str, float] = field(default_factory=dict)
    steps: int = 0
    seconds: float = 0.0
    complete: bool = True
    restarts: tuple[int, ...] = ()
    software: Mapping[str, str] = field(default_factory=dict)

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    @property
    def seed(self) -> int:
        """The job's seed."""
        return self.job.canvas.seed

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data."""
        return {**asdict(replace(self, job=self.job.without_loaded())), "job": self.job.to_dict()}

    def to_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        ProvenanceError
            If it is damaged, or was written by a version of lichen with other fields.
        """
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(cls).validate_json(text)
        except (ValidationError, JobError) as error:
            raise ProvenanceError(
                "the provenance record is damaged or was written by another version of lichen",
                "make the picture again with this version",
            ) from error

    def again(self) -> Job:
        """Return the job that repeats the run to the step at which it ended."""
        stop_after = None if self.complete else self.steps
        return replace(self.job, stop_after=stop_after, restarts=self.restarts)

    def essentials(self) -> dict[str, Any]:
        """Return what records of equal pictures share: files by content, without their paths."""
        record: dict[str, Any] = json.loads(self.to_json())
        del record["seconds"]
        return {name: _without_paths(value) for name, value in record.items()}


@dataclass(frozen=True, eq=False)
class Result:
    """A new picture with its provenance.

    Attributes
    ----------
    image
        float32 (H, W, C) in [0, 1], all maps stacked; colours in sRGB.
    provenance
        How it was made.
    maps
        The maps in ``image``, in order.
    source_map
        Where each pixel was copied from; None for methods that do not copy.
    """

    image: Array = field(repr=False)
    provenance: Provenance
    maps: tuple[MapFormat, ...] = (MapFormat(),)
    source_map: SourceMap | None = field(default=None, repr=False)

    @property
    def size(self) -> Size:
        """Height and width in pixels."""
        return self.image.shape[0], self.image.shape[1]

    def map_images(self) -> dict[str, Array]:
        """Return each map as a picture of its own, (H, W, C), by name."""
        names = [one.name for one in self.maps]
        return dict(zip(names, split(self.image, self.maps), strict=True))

    def first_map(self) -> Result:
        """Return the result with its first map alone."""
        first = next(iter(self.map_images().values()))
        return replace(self, image=first, maps=self.maps[:1])

    def save(self, path: str | Path, bit_depth: int = 8) -> Path:
        """Write the picture with its provenance: all of its files, or none.

        PNG carries the record as text; for other formats it is a JSON file beside the picture
        (``photo.jpg`` -> ``photo.jpg.json``). Further maps are written beside the first one, with
        their name and the depth of the exemplar's file: ``out.png``, ``out_height.png``.

        Parameters
        ----------
        path
            The file; its suffix names the format: png, jpg, webp, tif.
        bit_depth
            8, 16 (PNG, TIFF) or 32 (float TIFF).

        Raises
        ------
        ImageError
            For an unknown suffix, a depth that the format does not support, or an unwritable
            folder.
        """
        path = Path(path)
        record = self.provenance.to_json()
        first, *others = split(self.image, self.maps)
        files = {path: encode_image(path, first, bit_depth=bit_depth, text={TEXT_KEY: record})}
        for one, image in zip(self.maps[1:], others, strict=True):
            depth = depth_of(path, one.bit_depth)
            files[map_path(path, one.name)] = encode_image(path, image, bit_depth=depth)
        if path.suffix.lower() != ".png":
            files[sidecar(path)] = (record + "\n").encode()
        with atomic_paths(list(files)) as temporaries:
            for temporary, data in zip(temporaries, files.values(), strict=True):
                temporary.write_bytes(data)
        return path


def _without_paths(value: Any) -> Any:
    """Drop names and paths from the records of files, at any depth."""
    if isinstance(value, list):
        return [_without_paths(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "sha256" in value:
        return value["sha256"]
    return {key: _without_paths(item) for key, item in value.items() if key != "name"}


def map_path(path: Path, name: str) -> Path:
    """Name of the file of a further map beside the first one's."""
    return path.with_stem(f"{path.stem}_{name}")


def files_of(path: Path, maps: Iterable[MapFormat]) -> list[Path]:
    """Files that :meth:`Result.save` writes: the picture, its record, the further maps."""
    beside = [] if path.suffix.lower() == ".png" else [sidecar(path)]
    return [path, *beside, *(map_path(path, one.name) for one in list(maps)[1:])]


def depth_of(path: Path, requested: int) -> int:
    """Return the bit depth nearest to ``requested`` that the file's format supports."""
    supported = DEPTHS.get(path.suffix.lower(), (8,))
    if requested in supported:
        return requested
    return max(supported) if requested > max(supported) else min(supported)


def sidecar(path: Path) -> Path:
    """Name of the JSON file beside a picture whose format carries no text."""
    return path.with_name(path.name + ".json")


def read_provenance(path: str | Path) -> Provenance:
    """Read the record of how a picture was made, from its text or the JSON file beside it."""
    path = Path(path)
    if path.is_dir():
        raise ProvenanceError(f"{path} is a folder", "name a picture that lichen wrote")
    if path.suffix.lower() == ".png":
        record = read_text(path).get(TEXT_KEY)
    else:
        beside = sidecar(path)
        record = beside.read_text("utf-8", errors="replace") if beside.is_file() else None
    if record is None:
        raise ProvenanceError(
            f"{path} carries no record of how it was made",
            "give a picture that lichen wrote; formats other than PNG need the .json beside them",
        )
    return Provenance.from_json(record)
