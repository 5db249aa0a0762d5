"""Non-parametric sampling: each pixel is drawn from those whose surroundings look alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numba
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.kernels import use_threads
from lichen.method import Context, Takes
from lichen.methods.resampling.family import CopyingMethod
from lichen.patches.atlas import Atlas
from lichen.patches.exhaustive import CHUNK, Candidates, groups_in_order, grow
from lichen.step import Step

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]

SEED_SIDE = 3
"""Side of the patch of the example that a canvas without known pixels begins with."""
WINDOWS_PER_DEVIATION = 6.4
"""Window's side over the standard deviation of its Gaussian weights."""
RAISE = 1.1
"""What the greatest error is multiplied by when nothing could be placed."""
WORTH_THREADS = 2_000_000
"""Example pixels times window values; with fewer, threads wait for each other more than they do."""
STEPS = 64
"""Steps in all, about."""


class EfrosLeung(CopyingMethod):
    """Grow the picture outwards, pixel by pixel, each drawn from the example by what is around it.

    Efros and Leung, "Texture Synthesis by Non-parametric Sampling", ICCV 1999. The pixels next to
    filled ones are visited in random order, those with most filled neighbours first. The error of
    a place is the Gaussian-weighted mean square difference of the filled part of the window; one
    of the places within ``err_threshold`` of the least error is drawn, and put in if its error is
    below ``max_err_threshold``. Known pixels take the place of the seed, so that the same
    algorithm fills holes and extends pictures.

    All places are looked at for each pixel, and the result is that of the paper's sequence: pixels
    are made at the same time only if their windows do not see each other. Time grows with output
    pixels x example pixels x filled window pixels.

    Departures from the paper: errors below a thousandth of an 8-bit step count as equal, whatever
    the threshold; a guide counts in all of the window, with weights of its own that add up to 1.
    """

    name: ClassVar[str] = "efros_leung"
    citation: ClassVar[str] = (
        "Efros, Leung: Texture Synthesis by Non-parametric Sampling, ICCV 1999"
    )
    honours: ClassVar[frozenset[str]] = frozenset(
        {"wrap", "known", "guide", "mask", "maps", "content", "copies"}
    )
    takes: ClassVar[Takes] = "several"
    minimum_size: ClassVar[int] = SEED_SIDE
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "fine": {"window": 7},
        "coarse": {"window": 23},
    }

    window: Annotated[int, Field(ge=3, le=63, json_schema_extra={"unit": "px"})] = Field(
        11, description="side of the window, odd; as large as the largest feature of the example"
    )
    err_threshold: Annotated[float, Field(ge=0, le=10)] = Field(
        0.1, description="share by which an error may exceed the least and still be drawn"
    )
    max_err_threshold: Annotated[float, Field(gt=0, le=10)] = Field(
        0.3, description="error from which on a pixel is left for a later pass; values are 0 to 1"
    )

    @field_validator("window")
    @classmethod
    def _odd(cls, value: int) -> int:
        if value % 2 == 0:
            raise ValueError("it must be odd, to have a pixel in its centre")
        return value

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        super().check(exemplars, canvas)
        self.atlas(exemplars, canvas).anchors(self.window)

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield a step per ring of new pixels, or per several thin ones."""
        atlas = self.atlas(exemplars, canvas)
        rng = context.rng("efros_leung")
        seed = int(rng.integers(2**31))
        image, filled = atlas.wanted(canvas)
        places = np.full(canvas.size, -1, np.int32)
        if not filled.any():
            plant_seed(atlas, image, filled, places, rng)
        radius = self.window // 2
        candidates = Candidates.of(atlas.features, centres(atlas, self.window))
        window, weights = gaussian_window(self.window)
        n_terms = len(window) * image.shape[2] + 3
        use_threads(context.threads if candidates.count * n_terms > WORTH_THREADS else 1)
        slots = numba.get_num_threads()
        scratch = (
            np.zeros((slots, n_terms), np.int64),
            np.zeros((slots, n_terms), np.float32),
            np.zeros((slots, n_terms), np.float32),
            np.empty((slots, CHUNK), np.float32),
            np.empty((slots, candidates.count), np.int32),
            np.empty((slots, candidates.count), np.float32),
        )
        most, attempt = self.max_err_threshold, 0
        total = missing = int((~filled).sum())
        shown = 0
        while missing:
            order = onion_skin(filled, canvas.wrap, rng)
            groups = groups_in_order(order, radius, canvas.wrap, canvas.size)
            grow(
                order[np.argsort(groups, kind="stable")],
                np.cumsum(np.bincount(groups + 1)),
                seed,
                attempt,
                candidates.planes,
                candidates.width,
                candidates.barrier,
                candidates.spans,
                image,
                filled,
                places,
                window,
                weights,
                canvas.wrap,
                atlas.n_guide,
                self.err_threshold,
                most,
                *scratch,
            )
            placed = missing - int((~filled).sum())
            attempt += 1
            missing -= placed
            if not placed:
                most *= RAISE
            done = total - missing
            if missing and done * STEPS // total > shown:
                shown = done * STEPS // total
                yield self.step(atlas, canvas, places, fraction=done / total)
        yield self.step(atlas, canvas, places, fraction=1.0)


def centres(atlas: Atlas, window: int) -> Mask:
    """Pixels of the atlas whose whole window is usable, (H, W)."""
    found = np.zeros_like(atlas.usable)
    anchors = atlas.anchors(window)
    radius = window // 2
    found[radius:, radius:] = anchors[: len(anchors) - radius, : anchors.shape[1] - radius]
    return found


def gaussian_window(side: int) -> tuple[Ints, NDArray[np.float32]]:
    """Rows and columns of a window about its centre, (side^2, 2), weightiest first; the weights."""
    axis = np.arange(side) - side // 2
    rows, columns = np.meshgrid(axis, axis, indexing="ij")
    offsets = np.stack([rows.ravel(), columns.ravel()], axis=1)
    squares = (offsets**2).sum(1)
    order = np.argsort(squares, kind="stable")
    deviation = side / WINDOWS_PER_DEVIATION
    weights = np.exp(-squares[order] / (2 * deviation**2)).astype(np.float32)
    return np.ascontiguousarray(offsets[order]), weights


def onion_skin(filled: Mask, wraps: tuple[bool, bool], rng: np.random.Generator) -> Ints:
    """Flat indices of the pixels next to filled ones, most filled neighbours first."""
    framed = filled.astype(np.int8)
    for axis, wrap in enumerate(wraps):
        edges = [(0, 0), (0, 0)]
        edges[axis] = (1, 1)
        framed = np.pad(framed, edges, mode="wrap" if wrap else "constant")
    rows = framed[:-2] + framed[1:-1] + framed[2:]
    neighbours = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]).ravel()  # of the 3x3 about it
    order = rng.permutation(np.flatnonzero((neighbours > 0) & ~filled.ravel()))
    return order[np.argsort(-neighbours[order], kind="stable")]


def plant_seed(
    atlas: Atlas,
    image: NDArray[np.float32],
    filled: Mask,
    places: Places,
    rng: np.random.Generator,
) -> None:
    """Put a random patch of the example into the centre of an empty canvas, in place."""
    top, left = (np.array(filled.shape) - SEED_SIDE) // 2
    patch = (slice(top, top + SEED_SIDE), slice(left, left + SEED_SIDE))
    width = atlas.usable.shape[1]
    corner = rng.choice(np.flatnonzero(atlas.anchors(SEED_SIDE)))
    side = np.arange(SEED_SIDE)
    places[patch] = corner + side[:, None] * width + side
    n_values = image.shape[2] - atlas.n_guide
    features = atlas.features.reshape(-1, image.shape[2])
    image[patch][..., :n_values] = features[places[patch], :n_values]
    filled[patch] = True
