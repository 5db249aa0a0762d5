"""Copying repeated: each pixel from where an earlier result was copied, of other pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np

from lichen.canvas import Canvas
from lichen.errors import CanvasError
from lichen.exemplar import Exemplar
from lichen.method import Context, Method, Takes
from lichen.step import Step


class Replay(Method):
    """Copy each pixel from the source that the canvas names.

    A result that is copied keeps the exemplar, row and column of each pixel. Replayed on other
    maps of the same material, or on an edited photo, they give the same arrangement of other
    pixels. Where nothing was copied the known pixels stand. Nothing is searched or drawn: it is
    no published method.
    """

    name: ClassVar[str] = "replay"
    citation: ClassVar[str] = ""
    honours: ClassVar[frozenset[str]] = frozenset({"sources", "known", "mask", "maps", "copies"})
    needs: ClassVar[frozenset[str]] = frozenset({"sources"})
    takes: ClassVar[Takes] = "several"

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        super().check(exemplars, canvas)
        sources = canvas.sources
        if sources is None:
            raise CanvasError("replay needs the sources of the pixels", "give `sources`")
        height, width = sources.shape[:2]
        if (height, width) != canvas.size:
            raise CanvasError(
                f"the map of sources is {width}x{height} but the canvas "
                f"{canvas.size[1]}x{canvas.size[0]}",
                "leave `size` out",
            )
        number = sources[..., 0]
        if number.max() >= len(exemplars):
            raise CanvasError(
                f"the map copies from {number.max() + 1} exemplars, {len(exemplars)} are given",
                "give one for each exemplar, in the order in which they were given",
            )
        for index, exemplar in enumerate(exemplars):
            ours = sources[number == index][:, 1:]
            if (ours >= exemplar.size).any():
                raise CanvasError(
                    f"the map copies from beyond {exemplar.name}, which is "
                    f"{exemplar.size[1]}x{exemplar.size[0]}",
                    "give a picture of the exemplar's size",
                )
        missing = number < 0
        if canvas.known_mask is not None:
            missing &= ~canvas.known_mask
        if missing.any() and (canvas.known is None or canvas.known_mask is not None):
            raise CanvasError(
                f"{int(missing.sum()):,} pixels of the map have no source",
                f"give a {width}x{height} picture that has them as `known`",
            )

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield the picture."""
        assert canvas.sources is not None
        number, rows, columns = np.moveaxis(canvas.sources, 2, 0)
        image = np.zeros((*canvas.size, exemplars[0].channels), np.float32)
        for index, exemplar in enumerate(exemplars):
            ours = number == index
            image[ours] = exemplar.pixels[rows[ours], columns[ours]]
        if canvas.known is not None:
            image[number < 0] = canvas.known[number < 0]
        yield Step(image, fraction=1.0, sources=canvas.sources)
