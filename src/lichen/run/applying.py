"""The copying of an earlier run, repeated on other pictures: a run like any other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import PrivateAttr

from lichen.canvas import Canvas
from lichen.errors import ProvenanceError
from lichen.exemplar import Exemplar, as_exemplar, hash_array
from lichen.method import Context, Method
from lichen.result import Source, Task
from lichen.run.loop import Run
from lichen.source_map import SourceMap
from lichen.step import Step

Array = NDArray[np.float32]
Picture = str | Path | NDArray[Any] | Exemplar


class Applying(Method):
    """Copy what a map of sources says; of no paper, and chosen by its command only."""

    name: ClassVar[str] = "apply"
    citation: ClassVar[str] = ""
    honours: ClassVar[frozenset[str]] = frozenset({"known", "mask", "maps", "exemplars"})

    source_map: str
    sha256: str
    _map: SourceMap = PrivateAttr()

    @classmethod
    def of(cls, path: str | Path) -> Applying:
        """Read the map."""
        source_map = SourceMap.read(path)
        method = cls(source_map=Path(path).as_posix(), sha256=hash_array(source_map.sources))
        method._map = source_map
        return method

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of what is made."""
        return self._map.sources.shape[0], self._map.sources.shape[1]

    def check_pictures(self, exemplars: Sequence[Exemplar], known: Array | None) -> None:
        """Raise unless these can be copied from."""
        self._map.check([example.pixels for example in exemplars], known)

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield the picture."""
        image = self._map.apply([example.pixels for example in exemplars], canvas.known)
        yield Step(image, fraction=1.0, sources=self._map.sources)


def apply(
    source_map: str | Path,
    pictures: Sequence[Picture],
    known: Picture | None = None,
    *,
    sha256: str | None = None,
    method: str = Applying.name,
    seed: int = 0,
    threads: int | None = None,
) -> Run:
    """Repeat the copying of an earlier run on other pictures.

    Parameters
    ----------
    source_map
        File that ``--save-map`` wrote.
    pictures
        One for each exemplar of the run, of its size.
    known
        What stands where the run copied nothing: pixels that were known to it.
    sha256
        Of the map's sources, where only one map will do.
    method, seed, threads
        Of the record; there is no choice.

    Raises
    ------
    ImageError
        For pictures of other numbers, sizes or channels than the map needs.
    ProvenanceError
        For a file that is no such map.
    """
    applying = Applying.of(source_map)
    if sha256 not in (None, applying.sha256):
        raise ProvenanceError(
            f"{source_map} is not the map that the picture was made from", "give the original file"
        )
    examples = [as_exemplar(picture) for picture in pictures]
    standing = None if known is None else as_exemplar(known)
    behind = None if standing is None else standing.pixels
    applying.check_pictures(examples, behind)
    sources: dict[str, Source | tuple[Source, ...]] = {
        "pictures": tuple(map(Source.of, examples)),
    }
    if standing is not None:
        sources["known"] = Source.of(standing)
    return Run(
        applying,
        examples,
        Canvas(applying.size, seed=seed, known=behind),
        threads=threads,
        task=Task("apply", sources, {}),
    )
