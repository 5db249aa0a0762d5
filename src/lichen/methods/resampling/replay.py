"""The copying of an earlier result, repeated on other pictures of the exemplars' sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from lichen.canvas import Canvas
from lichen.errors import CanvasError
from lichen.exemplar import Exemplar
from lichen.method import Context, Method, Takes
from lichen.source_map import SourceMap
from lichen.step import Step


class Replay(Method):
    """Copy each pixel from the source that the canvas names; no method of a paper.

    A result that is copied keeps the exemplar, row and column of each pixel. Repeated on other maps
    of the material, or on an edited photo, they give the same arrangement of other pixels.
    """

    name: ClassVar[str] = "replay"
    citation: ClassVar[str] = ""
    honours: ClassVar[frozenset[str]] = frozenset({"sources", "known", "mask", "maps", "copies"})
    takes: ClassVar[Takes] = "several"
    needs: ClassVar[frozenset[str]] = frozenset({"sources"})

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise where sources are outside the exemplars, or pixels have none and are not known."""
        super().check(exemplars, canvas)
        if canvas.sources is not None and canvas.sources.shape[:2] != canvas.size:
            raise CanvasError("the sources are of another size than the canvas")
        self._map(exemplars, canvas).check([one.pixels for one in exemplars], canvas.known)

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield the picture in one step."""
        sources = self._map(exemplars, canvas)
        image = sources.apply([one.pixels for one in exemplars], canvas.known)
        yield Step(image, fraction=1.0, sources=sources.sources)

    def _map(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> SourceMap:
        if canvas.sources is None:
            raise CanvasError("replay needs `sources`", "give a map of sources")
        return SourceMap(canvas.sources, tuple(one.size for one in exemplars))
