"""Everything needed to make one result, as plain data that converts to and from JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from lichen.arrays import Size
from lichen.canvas import Wrap
from lichen.errors import JobError
from lichen.exemplar import Exemplar
from lichen.image.maps import File
from lichen.source_map import SourceMap

JobInput = Literal[
    "exemplar", "known", "hole", "guide", "follow", "content", "init", "sources", "model"
]
"""Role of an input:

``exemplar`` is what the method learns from; ``known`` a picture whose pixels are kept, and the
exemplar if there is no other; ``hole`` marks the pixels of it that are replaced; ``guide`` labels
the exemplar and ``follow`` the canvas; ``content`` is kept, followed or rendered; ``init`` is the
initial image; ``sources`` says where to copy each pixel from; ``model`` is a trained model.
"""


Verb = Literal["synthesize", "fill", "extend", "transfer", "analogy", "apply", "mix", "strip"]


@dataclass(frozen=True)
class Input:
    """An input of a job, identified by its content.

    Attributes
    ----------
    name
        Short name for templates and messages.
    files
        File of each map, by name: ``{"color": File(...)}``.
    mask
        File of the mask, if it is a separate one.
    loaded
        The content, if it is already in memory; not part of the JSON.
    """

    name: str
    files: Mapping[str, File]
    mask: File | None = None
    loaded: Any = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, picture: Exemplar) -> Self:
        """Record a picture."""
        files = {one.name: one.file for one in picture.maps}
        return cls(picture.name, files, picture.mask_file, picture)

    @classmethod
    def of_sources(cls, source_map: SourceMap, path: str | Path | None) -> Self:
        """Record a source map."""
        name = "sources" if path is None else Path(path).stem
        recorded = File.of_array(source_map.sources)
        if path is not None:
            recorded = replace(recorded, path=Path(path).as_posix())
        return cls(name, {"sources": recorded}, loaded=source_map)

    def paths(self) -> list[Path]:
        """Return the paths of all files."""
        files = [*self.files.values(), *([] if self.mask is None else [self.mask])]
        return [Path(file.path) for file in files if file.path is not None]


@dataclass(frozen=True)
class MethodInit:
    """Another method, whose result on the same canvas is the initial image.

    Attributes
    ----------
    method, parameters
        Registered name, and all of its parameters.
    """

    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CanvasSpec:
    """The canvas of a job; its pictures are among the job's inputs.

    Attributes
    ----------
    size, wrap, seed
        As those of :class:`~lichen.canvas.Canvas`.
    init
        ``"noise"``, ``"exemplar"``, ``"picture"`` (the input ``init``), or a method.
    margins
        Pixels that the canvas has above, below, left and right of the known picture.
    grow
        Pixels by which the unknown region is enlarged.
    """

    size: Size
    wrap: Wrap = (False, False)
    seed: int = 0
    init: Literal["noise", "exemplar", "picture"] | MethodInit = "noise"
    margins: tuple[int, int, int, int] = (0, 0, 0, 0)
    grow: int = 0


@dataclass(frozen=True)
class Job:
    """The complete description of one result: every face writes one, and ``Run`` carries it out.

    Attributes
    ----------
    verb
        ``synthesize``, ``fill``, ``extend``, ``transfer``, ... Only a name: what is done follows
        from the canvas and the inputs.
    inputs
        Inputs by role.
    canvas
        What to make.
    method, parameters
        Registered name, and every parameter, defaults included.
    preset
        Preset that the parameters came from.
    device
        ``auto``, or a device by name: ``cpu``, ``cuda``, ``cuda:1``, ``mps``.
    threads
        Threads to compute with.
    row
        Parameters that change from picture to picture, if the result is a row of several.
    stop_after
        Steps after which to stop, to repeat a run that was interrupted; None to run to the end.
    restarts
        Steps after which the solver restarts, to repeat a run that was resumed.
    loaded
        Exemplars and canvas, if they are already in memory; not part of the JSON.
    """

    verb: Verb
    inputs: Mapping[JobInput, tuple[Input, ...]]
    canvas: CanvasSpec
    method: str
    parameters: Mapping[str, Any]
    preset: str | None = None
    device: str = "auto"
    threads: int = 1
    row: tuple[Mapping[str, Any], ...] = ()
    stop_after: int | None = None
    restarts: tuple[int, ...] = ()
    loaded: Any = field(default=None, compare=False, repr=False)

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    def one(self, role: JobInput) -> Input | None:
        """Return the first input of a role, or None."""
        found = self.inputs.get(role, ())
        return found[0] if found else None

    @property
    def photo(self) -> Input:
        """The picture or model that the result is named after: kept, learnt from, or run."""
        found = self.one("known") if "sources" not in self.inputs else None
        found = found or self.one("exemplar") or self.one("model")
        if found is None:
            raise JobError(f"a job to {self.verb} needs a picture")
        return found

    @property
    def followed(self) -> Input | None:
        """The picture that the result follows, if any."""
        return self.one("content") or self.one("follow")

    def check(self) -> None:
        """Raise for parts that do not go together, before anything is read.

        Raises
        ------
        JobError
            Naming the part.
        """
        canvas, roles = self.canvas, {role for role, given in self.inputs.items() if given}
        for problem, wrong in {
            "`guide` and `follow` belong together": ("guide" in roles) != ("follow" in roles),
            "`guide` needs an exemplar": "guide" in roles and "exemplar" not in roles,
            "`hole` belongs to `known`": "hole" in roles and "known" not in roles,
            "`init` is given, but the canvas does not start from a picture": "init" in roles
            and canvas.init != "picture",
            "the canvas starts from a picture, but there is no `init`": canvas.init == "picture"
            and "init" not in roles,
            "margins are negative": min(canvas.margins) < 0,
            "margins belong to `known`": any(canvas.margins) and "known" not in roles,
            f"`grow` = {canvas.grow} is negative": canvas.grow < 0,
            "`grow` belongs to `known`": canvas.grow > 0 and "known" not in roles,
            f"`threads` = {self.threads} is not at least 1": self.threads < 1,
            f"`stop_after` = {self.stop_after} is not at least 1": self.stop_after is not None
            and self.stop_after < 1,
            f"`restarts` = {self.restarts} are not at least 1": min(self.restarts, default=1) < 1,
            "an input has no file": any(
                not one.files for given in self.inputs.values() for one in given
            ),
        }.items():
            if wrong:
                raise JobError(f"a job to {self.verb}: {problem}", "write it as the verb does")

    def paths(self) -> list[Path]:
        """Return the paths of all files that are read."""
        return [path for given in self._every_input() for path in given.paths()]

    def unloaded(self) -> Self:
        """Return the job without its loaded pictures, since those of a batch may exceed memory."""
        inputs = {
            role: tuple(
                replace(one, loaded=None) if all(f.path for f in one.files.values()) else one
                for one in given
            )
            for role, given in self.inputs.items()
        }
        return replace(self, inputs=inputs)

    def to_dict(self) -> dict[str, Any]:
        """Return the job as plain data."""
        record = asdict(self.without_loaded())
        del record["loaded"]
        for given in record["inputs"].values():
            for one in given:
                del one["loaded"]
        return record

    def to_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=True)

    def without_loaded(self) -> Self:
        """Return the job as it is in JSON."""
        inputs = {
            role: tuple(replace(one, loaded=None) for one in given)
            for role, given in self.inputs.items()
        }
        return replace(self, inputs=inputs, loaded=None)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        JobError
            If it is not a job of this version.
        """
        from pydantic import TypeAdapter, ValidationError

        try:
            job = TypeAdapter(cls).validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise JobError(
                f"not a job of this version of lichen: {where or 'JSON'}: {first['msg']}",
                "write one with Job.to_json",
            ) from None
        if job.loaded is not None or any(one.loaded is not None for one in job._every_input()):
            raise JobError("`loaded` is no part of a job's JSON", "write one with Job.to_json")
        job.check()
        return job

    def _every_input(self) -> Iterator[Input]:
        for given in self.inputs.values():
            yield from given
