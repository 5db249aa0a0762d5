"""What is wanted: size, wrapping, what is known already, where to start, the seed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lichen.errors import CanvasError
from lichen.exemplar import Exemplar

Array = NDArray[np.float32]
Init = Literal["noise", "exemplar"]

MAX_PIXELS = 100_000_000
"""More pixels than this are refused: no method here bounds its memory by a tile yet."""


@dataclass(frozen=True)
class MethodInit:
    """Another method, whose result on the same canvas is the initial image.

    Attributes
    ----------
    method, preset, parameters
        Registered name, and what it is configured with.
    steps
        Steps that it took, in a record; None where it did not get done, or has yet to run.
    """

    method: str
    preset: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    steps: int | None = None


@dataclass(frozen=True, eq=False)
class Canvas:
    """The wanted picture.

    Attributes
    ----------
    size
        Height and width in pixels.
    wrap
        Whether (rows, columns) wrap around, so that the result tiles.
    seed
        The one seed of all randomness, 0 <= seed < 2**63.
    init
        The starting image: ``"noise"``, ``"exemplar"``, a picture of ``size``, or what another
        method makes on this canvas.
    known, known_mask
        float32 (H, W, C) and bool (H, W): pixels that are given and must stay.
    known_sources
        int32 (H, W, 3): exemplar, row and column that known pixels are, -1 for none; so that the
        result's map of sources covers them.
    guide
        float32 (H, W, G) to be followed.
    """

    size: tuple[int, int]
    wrap: tuple[bool, bool] = (False, False)
    seed: int = 0
    init: Init | Exemplar | MethodInit = "noise"
    known: Array | None = None
    known_mask: NDArray[np.bool_] | None = None
    known_sources: NDArray[np.int32] | None = None
    guide: Array | None = None

    def __post_init__(self) -> None:
        height, width = self.size
        if height < 1 or width < 1:
            raise CanvasError(
                f"size {width}x{height} has no pixels", "give a width and height of at least 1"
            )
        if height * width > MAX_PIXELS:
            raise CanvasError(
                f"size {width}x{height} has more than {MAX_PIXELS:,} pixels",
                "ask for a smaller one",
            )
        if not 0 <= self.seed < 2**63:
            raise CanvasError(f"seed {self.seed} is out of range", "use 0 <= seed < 2**63")
        if isinstance(self.init, str) and self.init not in ("noise", "exemplar"):
            raise CanvasError(
                f"init {self.init!r} is not known",
                "use noise, exemplar, a picture file or a method's name",
            )

    def requested(self) -> frozenset[str]:
        """Names of the features that this canvas asks its method to honour."""
        wants = {
            "wrap": any(self.wrap),
            "init": self.init != "noise",
            "known": self.known is not None,
            "guide": self.guide is not None,
        }
        return frozenset(name for name, wanted in wants.items() if wanted)


def parse_wrap(text: str | bool) -> tuple[bool, bool]:
    """Read a wrap: True or ``both``, False or ``none``, ``rows`` (vertical) or ``columns``."""
    known = {
        "both": (True, True),
        "true": (True, True),
        "none": (False, False),
        "false": (False, False),
        "rows": (True, False),
        "columns": (False, True),
    }
    try:
        return known[str(text).lower()]
    except KeyError:
        raise CanvasError(
            f"wrap {text!r} is not known", "use both, none, rows or columns"
        ) from None


def init_from(
    value: str | Path | Exemplar | MethodInit | NDArray[np.float32],
) -> Init | Exemplar | MethodInit:
    """Read an init: ``noise``, ``exemplar``, ``METHOD[:PRESET]``, a picture file or an array.

    A word without dot or slash is a method, not a file, which may be written ``./word``.
    """
    if isinstance(value, Exemplar | MethodInit):
        return value
    if isinstance(value, np.ndarray):
        return Exemplar.from_array(value, name="init")
    if value in ("noise", "exemplar"):
        return value  # type: ignore[return-value]
    if isinstance(value, str) and re.fullmatch(r"[\w-]+(:[\w-]+)?", value):
        method, _, preset = value.partition(":")
        return MethodInit(method, preset or None)
    return Exemplar.read(value)
