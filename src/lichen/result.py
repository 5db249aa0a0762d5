"""The finished picture and the record of how it was made, which travels with the file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from lichen.atomic import atomic_paths
from lichen.canvas import MethodInit
from lichen.errors import ProvenanceError
from lichen.exemplar import Exemplar
from lichen.image import encode_image, read_text
from lichen.image.writing import DEPTHS
from lichen.source_map import SourceMap

TEXT_KEY = "lichen"


@dataclass(frozen=True)
class Source:
    """A picture that a run read: the exemplar, its mask, or the initial image."""

    name: str
    sha256: str
    path: str | None = None
    mask_path: str | None = None
    mask_sha256: str | None = None
    map_paths: Mapping[str, str] | None = None

    @classmethod
    def of(cls, exemplar: Exemplar) -> Source:
        """Record where an exemplar or initial image came from."""
        return cls(
            name=exemplar.name,
            sha256=exemplar.sha256,
            path=None if exemplar.path is None else exemplar.path.as_posix(),
            mask_path=None if exemplar.mask_path is None else exemplar.mask_path.as_posix(),
            mask_sha256=exemplar.mask_sha256,
            map_paths=None
            if exemplar.map_paths is None
            else {name: path.as_posix() for name, path in exemplar.map_paths.items()},
        )


@dataclass(frozen=True)
class Task:
    """What was asked for, where that is more than exemplars and a canvas's size.

    Attributes
    ----------
    verb
        ``fill``, ``extend``, ``transfer``, ``analogy``, ``apply``.
    pictures
        What it was given, by argument.
    options
        Its other arguments.
    """

    verb: str
    pictures: Mapping[str, Source | tuple[Source, ...]]
    options: Mapping[str, Any]

    def sources(self) -> list[Source]:
        """All its pictures, in order."""
        return [
            source
            for given in self.pictures.values()
            for source in (given if isinstance(given, tuple) else (given,))
        ]


@dataclass(frozen=True)
class Provenance:
    """How a picture was made; enough to make it again on the same machine.

    Attributes
    ----------
    method, parameters
        Registered name and every parameter, defaults included.
    size, wrap, seed, init
        The canvas; ``init`` is a word, the source of a picture, or the method that made one.
    exemplars
        What was read, with SHA-256.
    networks
        Networks used, with the hash of their weights.
    losses, steps, seconds
        Final losses by name, steps taken, wall-clock seconds; those of ``init``'s method included.
    complete
        False when the run was stopped early: the picture is that of step ``steps``.
    resumed
        Steps after which the run went on from a checkpoint, its solver afresh.
    task
        The verb, where it was not plain synthesis.
    threads, version, software
        What bytes depend on beside the above.
    """

    method: str
    parameters: Mapping[str, Any]
    size: tuple[int, int]
    wrap: tuple[bool, bool]
    seed: int
    init: str | Source | MethodInit
    exemplars: tuple[Source, ...]
    version: str
    networks: tuple[str, ...] = ()
    losses: Mapping[str, float] = field(default_factory=dict)
    steps: int = 0
    seconds: float = 0.0
    complete: bool = True
    resumed: tuple[int, ...] = ()
    threads: int = 1
    task: Task | None = None
    software: Mapping[str, str] = field(default_factory=dict)

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    def to_json(self) -> str:
        """One line of JSON with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=True)

    @classmethod
    def from_json(cls, text: str) -> Provenance:
        """Read what :meth:`to_json` wrote."""
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(cls).validate_json(text)
        except ValidationError as error:
            raise ProvenanceError(
                "the record of how the picture was made is damaged or of another version"
            ) from error

    def same_making(self, other: Provenance) -> bool:
        """Whether two records differ in nothing but time taken and where their files are."""
        return self.making() == other.making()

    def making(self) -> dict[str, Any]:
        """Give what must agree for the same picture: a file is its content, wherever it is."""
        record: dict[str, Any] = json.loads(self.to_json())
        del record["seconds"]
        return {name: _unplaced(value) for name, value in record.items()}


@dataclass(frozen=True, eq=False)
class Result:
    """A new picture with its provenance.

    Attributes
    ----------
    image
        float32 (H, W, C) in [0, 1], sRGB.
    provenance
        How it was made.
    maps
        Channels of each map in ``image``, in order; of one when empty.
    bit_depths
        Bits per sample of the exemplar's files, by map.
    source_map
        Where each pixel was copied from; None of methods that do not copy.
    """

    image: NDArray[np.float32]
    provenance: Provenance
    maps: Mapping[str, int] = field(default_factory=dict)
    bit_depths: Mapping[str, int] = field(default_factory=dict)
    source_map: SourceMap | None = None

    def map_images(self) -> dict[str, NDArray[np.float32]]:
        """Give each map as a picture of its own, (H, W, C)."""
        if not self.maps:
            return {"color": self.image}
        ends = np.cumsum(list(self.maps.values()))[:-1]
        return dict(zip(self.maps, np.split(self.image, ends, axis=2), strict=True))

    def save(self, path: str | Path, bit_depth: int = 8) -> Path:
        """Write the picture with its provenance: all files of it, or none.

        PNG carries the record as text; for other formats it is a JSON file beside the picture
        (``photo.jpg`` -> ``photo.jpg.json``). Further maps are written beside the first one, with
        their name and the depth of the exemplar's file: ``out.png``, ``out_height.png``.

        Parameters
        ----------
        path
            Where to; the suffix names the format: png, jpg, webp, tif.
        bit_depth
            8, 16 (PNG, TIFF) or 32 (float TIFF).

        Raises
        ------
        ImageError
            For an unknown suffix, a depth that the format lacks, or an unwritable folder.
        """
        path = Path(path)
        record = self.provenance.to_json()
        (_, first), *others = self.map_images().items()
        files = {path: encode_image(path, first, bit_depth=bit_depth, text={TEXT_KEY: record})}
        for name, image in others:
            depth = depth_of(path, self.bit_depths.get(name, 8))
            files[map_path(path, name)] = encode_image(path, image, bit_depth=depth)
        if path.suffix.lower() != ".png":
            files[sidecar(path)] = (record + "\n").encode()
        with atomic_paths(list(files)) as temporaries:
            for temporary, data in zip(temporaries, files.values(), strict=True):
                temporary.write_bytes(data)
        return path


def _unplaced(value: Any) -> Any:
    """Leave name and path out of the records of files, at any depth."""
    if isinstance(value, list):
        return [_unplaced(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "sha256" in value:
        return {key: value.get(key) for key in ("sha256", "mask_sha256")}
    return {key: _unplaced(item) for key, item in value.items()}


def map_path(path: Path, name: str) -> Path:
    """Name of the file of a further map beside the first one's."""
    return path.with_stem(f"{path.stem}_{name}")


def files_of(path: Path, maps: Iterable[str]) -> list[Path]:
    """Files that :meth:`Result.save` writes: the picture, its record, the further maps."""
    beside = [] if path.suffix.lower() == ".png" else [sidecar(path)]
    return [path, *beside, *(map_path(path, name) for name in list(maps)[1:])]


def depth_of(path: Path, wanted: int) -> int:
    """Give the depth nearest to the wanted one that the file's format holds."""
    able = DEPTHS.get(path.suffix.lower(), (8,))
    return wanted if wanted in able else max(able) if wanted > max(able) else min(able)


def sidecar(path: Path) -> Path:
    """Name of the JSON file beside a picture whose format carries no text."""
    return path.with_name(path.name + ".json")


def read_provenance(path: str | Path) -> Provenance:
    """Read the record of how a picture was made, from its text or the JSON file beside it."""
    path = Path(path)
    if path.suffix.lower() == ".png":
        record = read_text(path).get(TEXT_KEY)
    else:
        beside = sidecar(path)
        record = beside.read_text("utf-8", errors="replace") if beside.is_file() else None
    if record is None:
        raise ProvenanceError(
            f"{path} carries no record of how it was made",
            "give a picture that lichen wrote, other formats than PNG with the .json beside",
        )
    return Provenance.from_json(record)
