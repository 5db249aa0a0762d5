"""What to make: size, maps, axes that wrap, known pixels, guides and the seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lichen.arrays import Array, IntArray, Mask, Size
from lichen.errors import CanvasError
from lichen.exemplar import Exemplar, split
from lichen.image.maps import MapFormat

Wrap = tuple[bool, bool]
"""Whether rows (top meets bottom) and columns (left meets right) wrap around."""

Init = Literal["noise", "exemplar"]

MAX_PIXELS = 100_000_000
"""Larger canvases are refused: no method works tile by tile in bounded memory yet."""

WRAPS: dict[str, Wrap] = {
    "none": (False, False),
    "both": (True, True),
    "rows": (True, False),
    "columns": (False, True),
}
"""Axes that wrap, by name."""


@dataclass(frozen=True, eq=False)
class Canvas:
    """The picture to be made.

    Attributes
    ----------
    size
        Height and width in pixels.
    wrap
        Whether (rows, columns) wrap around, so that the result tiles.
    seed
        The only source of randomness, 0 <= seed < 2**63.
    init
        The initial image: ``"noise"``, ``"exemplar"``, or a picture of ``size``.
    known, known_mask
        float32 (H, W, C) and bool (H, W): pixels that are given and are kept.
    known_sources
        int32 (H, W, 3): exemplar, row and column of each known pixel, -1 for none.
    guide
        float32 (H, W, G), matched against the exemplar's guide.
    content
        float32 (h, w, 1 or 3): a picture to be kept, followed or rendered, unprocessed.
    sources
        int32 (H, W, 3): exemplar, row and column to copy each pixel from, -1 for none.
    maps
        Maps of the result, in the order of its channels. If empty, a run fills in those of the
        exemplars before its method sees the canvas.
    """

    size: Size
    wrap: Wrap = (False, False)
    seed: int = 0
    init: Init | Exemplar = "noise"
    known: Array | None = None
    known_mask: Mask | None = None
    known_sources: IntArray | None = None
    guide: Array | None = None
    content: Array | None = None
    sources: IntArray | None = None
    maps: tuple[MapFormat, ...] = ()

    def __post_init__(self) -> None:
        check_size(self.size)
        if not 0 <= self.seed < 2**63:
            raise CanvasError(f"`seed` {self.seed} is out of range", "use 0 <= seed < 2**63")
        if isinstance(self.init, str) and self.init not in ("noise", "exemplar"):
            raise CanvasError(
                f"`init` {self.init!r} is not known",
                "use noise, exemplar, a picture file or the name of a method",
            )

    def requested(self) -> frozenset[str]:
        """Capabilities that this canvas requires of its method."""
        requests = {
            "wrap": any(self.wrap),
            "maps": len(self.maps) > 1,
            "init": self.init != "noise",
            "known": self.known is not None,
            "guide": self.guide is not None,
            "content": self.content is not None,
            "sources": self.sources is not None,
        }
        return frozenset(name for name, requested in requests.items() if requested)

    @property
    def channels(self) -> int:
        """Total number of channels of all maps."""
        return sum(one.channels for one in self.maps)

    def split(self, pixels: Array) -> dict[str, Array]:
        """Split pixels (H, W, C) into the maps, by name."""
        names = [one.name for one in self.maps]
        return dict(zip(names, split(pixels, self.maps), strict=True))


def check_size(size: Size) -> None:
    """Raise for a size without pixels, or with more than :data:`MAX_PIXELS`."""
    height, width = size
    if height < 1 or width < 1:
        raise CanvasError(
            f"`size` {width}x{height} has no pixels", "give a width and height of at least 1"
        )
    if height * width > MAX_PIXELS:
        raise CanvasError(
            f"`size` {width}x{height} has more than {MAX_PIXELS:,} pixels", "choose a smaller size"
        )


def parse_wrap(value: str | bool | Wrap) -> Wrap:
    """Parse which axes wrap: True or ``both``, False or ``none``, ``rows`` or ``columns``."""
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(v, bool) for v in value):
        return value
    word = {"true": "both", "false": "none"}.get(str(value).lower(), str(value).lower())
    try:
        return WRAPS[word]
    except KeyError:
        raise CanvasError(
            f"`wrap` {value!r} is not known", f"use {', '.join(list(WRAPS)[:-1])} or columns"
        ) from None
