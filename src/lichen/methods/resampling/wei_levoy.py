"""Fast synthesis in scan order: the nearest neighbourhood of the example, coarse to fine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.method import Context, Takes
from lichen.methods.resampling.family import CopyingMethod
from lichen.patches.atlas import Atlas, anchors_of
from lichen.patches.exhaustive import Candidates, scan
from lichen.patches.levels import Level, level_pyramid
from lichen.patches.neighbourhood import Neighbourhood, causal, square
from lichen.patches.tree import Tree, scan_by_tree
from lichen.step import Step

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]
Places = NDArray[np.int32]

LEAST_CANDIDATES = 400
"""A level of the example with fewer whole neighbourhoods is left out: the scan would soon repeat
itself there, and finer levels would follow."""
STEPS = 32
"""Steps in all, about."""


class WeiLevoy(CopyingMethod):
    """Set each pixel, in scan order, to the example's with the nearest neighbourhood.

    Wei and Levoy, "Fast Texture Synthesis using Tree-structured Vector Quantization", SIGGRAPH
    2000. The neighbourhood is the L of pixels above and to the left, and at all but the coarsest
    level the square about the parent in the level before. The picture begins as noise of the
    example's colours and is a torus. Nothing is random but the noise. The search looks at every
    neighbourhood, or goes down a tree of 2-means.

    Departures from the paper: the windows are weighed by a Gaussian, without which most pictures
    are grainy (``deviation=0`` gives the paper's equal weights). Leaves of the tree hold several
    neighbourhoods, and the nearest in the best ``leaves`` of them is taken, where the paper takes
    the one of a single leaf. Levels are means of 2x2 pixels and not Gaussian; only those with
    enough neighbourhoods are used. At each level a second pass with the whole square sets pixels
    again near borders that are to wrap, where the scan leaves a seam, and where pixels are known
    all new ones, so that they also agree with what is to the right and below. A guide is compared
    in the whole square. Where pixels are known or a guide is followed, an axis that need not wrap
    is continued by a margin that is cut off in the end.
    """

    name: ClassVar[str] = "wei_levoy"
    citation: ClassVar[str] = (
        "Wei, Levoy: Fast Texture Synthesis using Tree-structured Vector Quantization, "
        "SIGGRAPH 2000"
    )
    honours: ClassVar[frozenset[str]] = frozenset(
        {"wrap", "known", "guide", "mask", "maps", "content", "copies"}
    )
    takes: ClassVar[Takes] = "several"
    minimum_size: ClassVar[int] = 3
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "exhaustive": {"search": "exhaustive"},
        "paper": {"deviation": 0, "leaves": 1},
    }

    window: Annotated[int, Field(ge=3, le=41, json_schema_extra={"unit": "px"})] = Field(
        9, description="side of the square whose part above and to the left is compared, odd"
    )
    parent_window: Annotated[int, Field(ge=1, le=41, json_schema_extra={"unit": "px"})] = Field(
        5, description="side of the square compared at the level before, odd"
    )
    deviation: Annotated[float, Field(ge=0, le=100, json_schema_extra={"unit": "px"})] = Field(
        2.0, description="of the Gaussian weights in the windows; 0 weighs all alike, as the paper"
    )
    levels: Annotated[int, Field(ge=1, le=12)] = Field(
        4, description="sizes of the pyramid, as far as the example is large enough for them"
    )
    search: Literal["tree", "exhaustive"] = Field(
        "tree", description="tree is fast and nearly always finds the nearest, exhaustive always"
    )
    leaves: Annotated[int, Field(ge=1, le=10_000)] = Field(
        8, description="leaves of the tree that are looked into"
    )
    leaf_size: Annotated[int, Field(ge=1, le=1024)] = Field(
        16, description="neighbourhoods in a leaf of the tree, at most"
    )

    @field_validator("window", "parent_window")
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
        """Yield steps of the finest level, one every few rows."""
        atlas = self.atlas(exemplars, canvas)
        rng = context.rng("wei_levoy")
        torus = self._torus(canvas)
        pyramid = level_pyramid(atlas, torus, self.window, self._n_levels(atlas))
        below: tuple[Array, Mask, Array] | None = None
        for number, level in enumerate(pyramid):
            finest = number == len(pyramid) - 1
            for places, fraction in self._made(level, below, atlas.n_guide, canvas.wrap, rng):
                if finest:
                    places[level.known] = -1
                    shown = places[: canvas.size[0], : canvas.size[1]]
                    yield self.step(atlas, canvas, shown, fraction=fraction)
            below = (level.atlas, level.usable, level.image)

    def _n_levels(self, atlas: Atlas) -> int:
        """Levels that are asked for and at which the example still has enough neighbourhoods."""
        usable, n_levels = atlas.usable, 1
        while n_levels < self.levels:
            even = usable[: usable.shape[0] // 2 * 2, : usable.shape[1] // 2 * 2]
            usable = even[::2, ::2] & even[1::2, ::2] & even[::2, 1::2] & even[1::2, 1::2]
            if min(usable.shape) < 1 or _centres(usable, self.window).sum() < LEAST_CANDIDATES:
                break
            n_levels += 1
        return n_levels

    def _torus(self, canvas: Canvas) -> Canvas:
        """Continue a canvas on axes that do not wrap, where its two ends would see each other."""
        if canvas.known is None and canvas.guide is None:
            return canvas
        margin = max(self.window // 2, self.parent_window) * 2
        edges = [(0, 0 if wrap else margin) for wrap in canvas.wrap]
        return replace(
            canvas,
            size=(canvas.size[0] + edges[0][1], canvas.size[1] + edges[1][1]),
            known=None if canvas.known is None else np.pad(canvas.known, [*edges, (0, 0)]),
            known_mask=None if canvas.known_mask is None else np.pad(canvas.known_mask, edges),
            known_sources=None,
            guide=None
            if canvas.guide is None
            else np.pad(canvas.guide, [*edges, (0, 0)], mode="edge"),
        )

    def _made(
        self,
        level: Level,
        below: tuple[Array, Mask, Array] | None,
        n_guide: int,
        wraps: tuple[bool, bool],
        rng: np.random.Generator,
    ) -> Iterator[tuple[Places, float]]:
        """Make one level's image in place; yield its places and the share that is done."""
        shape, channels = level.known.shape, level.image.shape[2]
        values = channels - n_guide
        centres = _centres(level.usable, self.window)
        atlas, image = level.atlas, level.image
        if below is not None:
            coarse_atlas, coarse_usable, coarse_image = below
            whole = _doubled(_centres(coarse_usable, self.parent_window), level.usable.shape)
            if (centres & whole).any():
                centres &= whole
                atlas = np.concatenate([atlas, _doubled(coarse_atlas, atlas.shape[:2])], axis=2)
                image = np.concatenate([image, _doubled(coarse_image, shape)], axis=2)
        candidates = Candidates.of(atlas, centres)
        places = rng.choice(np.flatnonzero(centres), shape).astype(np.int32)
        noise = level.atlas.reshape(-1, channels)[places]
        image[..., :values] = np.where(
            level.known[..., None], image[..., :values], noise[..., :values]
        )
        canvas = np.ascontiguousarray(image.transpose(2, 0, 1))
        around = square(self.window)
        passes = [(causal(self.window), level.known)]
        again = self._seen_too_early(level.known, wraps)
        if again.any():
            passes.append((around[np.any(around != 0, axis=1)], ~again))
        rows = -(-shape[0] * len(passes) // STEPS)
        for number, (offsets, fixed) in enumerate(passes):
            parts = [(range(values), offsets), (range(values, channels), around)]
            if atlas.shape[2] > channels:
                parts.append((range(channels, 2 * channels), 2 * square(self.parent_window)))
            neighbourhood = Neighbourhood.of(parts, self.deviation or np.inf)
            scanner = self._scanner(candidates, neighbourhood, rng)
            for first in range(0, shape[0], rows):
                last = min(first + rows, shape[0])
                scanner(canvas, values, fixed, places, first, last)
                yield places, (number + last / shape[0]) / len(passes)
        level.image[:] = canvas[:channels].transpose(1, 2, 0)

    def _seen_too_early(self, known: Mask, wraps: tuple[bool, bool]) -> Mask:
        """Pixels whose surroundings were not what they are in the end, (H, W).

        Those near a border that wraps, made when there was noise beyond it, and where pixels are
        known all others, made without those to the right and below.
        """
        if known.any():
            return ~known
        early = np.zeros_like(known)
        radius = self.window // 2
        for axis in (0, 1):
            if wraps[axis]:
                edges = early.swapaxes(0, axis)
                edges[:radius] = edges[-radius:] = True
        return early

    def _scanner(
        self, candidates: Candidates, neighbourhood: Neighbourhood, rng: np.random.Generator
    ) -> Callable[[Array, int, Mask, Places, int, int], None]:
        """Prepare the search: what sets some rows of a canvas, given that and its places."""
        terms = (neighbourhood.plane, neighbourhood.dy, neighbourhood.dx, neighbourhood.root)
        size, width = candidates.size, candidates.width
        if self.search == "exhaustive":
            offsets = neighbourhood.offsets(size, width)
            return partial(
                scan,
                candidates.planes,
                width,
                candidates.barrier,
                candidates.spans,
                offsets,
                *terms,
            )
        places = np.flatnonzero(candidates.barrier == 0).astype(np.int32)
        vectors = neighbourhood.vectors(candidates.planes, size, width, places)
        tree = Tree.of(vectors, self.leaf_size, int(rng.integers(2**31)))
        return partial(
            scan_by_tree,
            tree.vectors,
            tree.rows,
            tree.centres,
            tree.child,
            tree.bounds,
            self.leaves,
            places,
            candidates.planes.reshape(-1, size),
            *terms,
        )


def _centres(usable: Mask, window: int) -> Mask:
    """Pixels whose whole window is usable, (h, w)."""
    radius = window // 2
    found = np.zeros_like(usable)
    anchors = anchors_of(usable, window)
    rows, columns = max(len(usable) - radius, 0), max(usable.shape[1] - radius, 0)
    found[radius:, radius:] = anchors[:rows, :columns]
    return found


def _doubled(coarse: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Each pixel four times, and what lacks at the end as 0, (H, W[, F])."""
    twice = coarse.repeat(2, axis=0).repeat(2, axis=1)[: shape[0], : shape[1]]
    lacking = [(0, shape[axis] - twice.shape[axis]) for axis in (0, 1)]
    return np.pad(twice, [*lacking, *[(0, 0)] * (coarse.ndim - 2)])
