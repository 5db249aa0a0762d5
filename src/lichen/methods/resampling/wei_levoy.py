"""Fast synthesis in scan order: the nearest neighbourhood of the example, coarse to fine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from lichen.arrays import Mask
from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.method import Context
from lichen.methods.resampling.family import GuidedMethod, OddSide, copying_step
from lichen.patches.atlas import Atlas
from lichen.patches.exhaustive import Candidates, ExhaustiveSearch, Terms
from lichen.patches.neighbourhood import Neighbourhood, Part
from lichen.patches.pyramid import Level, halve_mask, pyramid_of
from lichen.patches.scan_order import Schedule, scan
from lichen.patches.tree import Tree, TreeScratch, TreeSearch
from lichen.patches.windows import Indices, causal, centres_of, gaussian_weights, square
from lichen.step import Step

LEAST_CANDIDATES = 400
"""A level of the example with fewer whole neighbourhoods is left out: the scan would soon repeat
itself there, and finer levels would follow."""
STEPS = 32
"""Approximate number of steps."""

Scanner = Callable[[Level, Indices], None]


class WeiLevoy(GuidedMethod):
    """Set each pixel, in scan order, to the example's with the nearest neighbourhood.

    Wei and Levoy, "Fast Texture Synthesis using Tree-structured Vector Quantization", SIGGRAPH
    2000. The neighbourhood is the L of pixels above and to the left, and at all but the coarsest
    level the square about the parent in the coarser one. The picture begins as noise of the
    example's colours and is a torus. Nothing is random but the noise. The search compares every
    neighbourhood, or descends a tree of 2-means.

    Departures from the paper: the windows have Gaussian weights, without which most pictures are
    grainy (``deviation=0`` gives the paper's equal weights). Leaves of the tree hold several
    neighbourhoods, and the nearest in the best ``leaves`` of them is taken, where the paper takes
    the one of a single leaf. Levels are means of 2x2 pixels and not Gaussian; only those with
    enough neighbourhoods are used. At each level a second pass with the whole square sets pixels
    again: near borders that wrap, where the scan leaves a seam, and, where pixels are known, all
    others, so that they also agree with what is to the right and below. A guide is compared in the
    whole square. Where pixels are known or a guide is followed, an axis that need not wrap is
    continued by a margin that is cropped in the end.
    """

    name: ClassVar[str] = "wei_levoy"
    citation: ClassVar[str] = (
        "Wei, Levoy: Fast Texture Synthesis using Tree-structured Vector Quantization, "
        "SIGGRAPH 2000"
    )
    honours: ClassVar[frozenset[str]] = frozenset(
        {"wrap", "known", "guide", "mask", "maps", "content", "copies", "video"}
    )
    minimum_size: ClassVar[int] = 3
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "exhaustive": {"search": "exhaustive"},
        "paper": {"deviation": 0, "leaves": 1},
    }

    window: Annotated[OddSide, Field(ge=3, le=41)] = Field(
        9,
        description="side of the square whose part above and to the left is compared, odd",
        json_schema_extra={
            "trades": "larger windows keep larger structures; the search compares more values for "
            "each pixel"
        },
    )
    parent_window: Annotated[OddSide, Field(ge=1, le=41)] = Field(
        5,
        description="side of the square compared at the coarser level, odd",
        json_schema_extra={
            "trades": "larger ones tie the picture more to the coarser level, in more time"
        },
    )
    deviation: Annotated[float, Field(ge=0, le=100)] = Field(
        2.0,
        description="standard deviation of the windows' Gaussian weights; 0 for equal weights, as "
        "in the paper",
        json_schema_extra={
            "unit": "px",
            "trades": "less goes by the nearest pixels; more, and 0 most of all, counts distant "
            "ones, often at the price of grain",
        },
    )
    levels: Annotated[int, Field(ge=1, le=12)] = Field(
        4,
        description="levels of the pyramid, as far as the exemplar is large enough for them",
        json_schema_extra={
            "trades": "more settle larger structures first; with 1 nothing larger than the window "
            "is kept"
        },
    )
    search: Literal["tree", "exhaustive"] = Field(
        "tree",
        description="search for the nearest neighbourhood",
        json_schema_extra={
            "trades": "exhaustive always finds the nearest; tree nearly always does, in far less "
            "time"
        },
    )
    leaves: Annotated[int, Field(ge=1, le=10_000)] = Field(
        8,
        description="leaves of the tree that are searched",
        json_schema_extra={"trades": "more find nearer neighbourhoods, in more time"},
    )
    leaf_size: Annotated[int, Field(ge=1, le=1024)] = Field(
        16,
        description="neighbourhoods in a leaf of the tree, at most",
        json_schema_extra={
            "trades": "larger leaves miss the nearest less often, with more to compare in each"
        },
    )

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        super().check(exemplars, canvas)
        self.atlas(exemplars, canvas).anchors(self.window)

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield steps of the finest level, one every few rows."""
        exemplars, canvas = self.guided(exemplars, canvas)
        atlas = self.atlas(exemplars, canvas)
        rng = context.rng("wei_levoy")
        torus = self._torus(canvas)
        pyramid = pyramid_of(atlas, torus, self.window, self._n_levels(atlas))
        coarser: Level | None = None
        for number, level in enumerate(pyramid):
            for fraction in self._synthesize(level, coarser, canvas.wrap, rng):
                if number == len(pyramid) - 1:
                    sources = np.where(level.known, np.int32(-1), level.sources)
                    shown = sources[: canvas.size[0], : canvas.size[1]]
                    yield copying_step(atlas, canvas, shown, fraction=fraction)
            coarser = level

    def _n_levels(self, atlas: Atlas) -> int:
        """Number of levels, as far as the example has enough neighbourhoods."""
        usable, n_levels = atlas.usable, 1
        while n_levels < self.levels:
            usable = halve_mask(usable)
            centres = centres_of(usable, self.window // 2) if min(usable.shape) else usable
            if centres.sum() < LEAST_CANDIDATES:
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

    def _synthesize(
        self,
        level: Level,
        coarser: Level | None,
        wraps: tuple[bool, bool],
        rng: np.random.Generator,
    ) -> Iterator[float]:
        """Synthesize one level in place; yield the fraction that is done."""
        size, channels = level.size, level.image.shape[2]
        centres = centres_of(level.usable, self.window // 2)
        torus = level._replace(wrap_rows=True, wrap_columns=True)
        if coarser is not None:
            parents = centres_of(coarser.usable, self.parent_window // 2)
            whole = _doubled(parents, level.usable.shape)
            if (centres & whole).any():
                centres &= whole
                above = _doubled(coarser.features, level.usable.shape)
                parent = _doubled(coarser.image, size)
                torus = torus._replace(
                    features=np.concatenate([level.features, above], axis=2),
                    image=np.concatenate([level.image, parent], axis=2),
                )
        candidates = Candidates.of(torus.features, centres)
        level.sources[:] = rng.choice(np.flatnonzero(centres), size)
        torus.set_values(level.copied(level.sources)[..., : level.n_values])
        around = square(self.window)
        passes = [(causal(self.window), level.known)]
        again = self._seen_too_early(level.known, wraps)
        if again.any():
            passes.append((around[np.any(around != 0, axis=1)], ~again))
        rows = -(-size[0] * len(passes) // STEPS)
        for number, (offsets, fixed) in enumerate(passes):
            windows = [
                (range(level.n_values), offsets),
                (range(level.n_values, channels), around),
            ]
            if torus.image.shape[2] > channels:
                windows.append((range(channels, 2 * channels), 2 * square(self.parent_window)))
            deviation = self.deviation or np.inf
            parts: list[Part] = [
                (0, planes, window, gaussian_weights(window, deviation))
                for planes, window in windows
            ]
            neighbourhood = Neighbourhood.of(parts, nearest_first=True)
            scan_pixels = self._scanner(candidates, torus, centres, neighbourhood, rng)
            for first in range(0, size[0], rows):
                last = min(first + rows, size[0])
                scan_pixels(torus, first * size[1] + np.flatnonzero(~fixed[first:last]))
                yield (number + last / size[0]) / len(passes)
        level.image[:] = torus.image[..., :channels]

    def _seen_too_early(self, known: Mask, wraps: tuple[bool, bool]) -> Mask:
        """Pixels whose surroundings were not yet what they are in the end, (H, W).

        Those near a border that wraps, chosen when there was noise beyond it, and where pixels are
        known all others, chosen without those to the right and below.
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
        self,
        candidates: Candidates,
        level: Level,
        centres: Mask,
        neighbourhood: Neighbourhood,
        rng: np.random.Generator,
    ) -> Scanner:
        """Prepare the search; return what sets pixels of the level, one after another."""
        if self.search == "exhaustive":
            search = ExhaustiveSearch(neighbourhood.flat_offsets(centres.size, candidates.width))
            terms = Terms.allocate(neighbourhood.n_terms, candidates.n_candidates)
            return partial(_scan, search, candidates, neighbourhood, terms)
        sources = np.flatnonzero(centres).astype(np.int32)
        features = level.features
        vectors = neighbourhood.vectors(features, features, sources, (False, False))
        tree = Tree.of(vectors, self.leaf_size, int(rng.integers(2**31)))
        tree = tree._replace(rows=sources[tree.rows].astype(np.int64))
        return partial(
            _scan, TreeSearch(self.leaves), tree, neighbourhood, TreeScratch.allocate(tree)
        )


def _scan(
    search: Any,
    index: Any,
    neighbourhood: Neighbourhood,
    scratch: Any,
    level: Level,
    order: Indices,
) -> None:
    scan(Schedule.one_by_one(order), search, index, neighbourhood, level, scratch, 1)


def _doubled(coarse: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Each pixel four times, and 0 where lines are missing at the end, (H, W[, F])."""
    twice = coarse.repeat(2, axis=0).repeat(2, axis=1)[: shape[0], : shape[1]]
    lacking = [(0, shape[axis] - twice.shape[axis]) for axis in (0, 1)]
    return np.pad(twice, [*lacking, *[(0, 0)] * (coarse.ndim - 2)])
