"""Graphcut textures: whole examples laid over each other and cut along the best seams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.ndimage import distance_transform_cdt, find_objects, label
from scipy.signal import fftconvolve

from lichen.arrays import Array, Mask
from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.method import Context
from lichen.methods.resampling.family import GuidedMethod, copying_step
from lichen.patches.atlas import Atlas
from lichen.patches.patchwork import Patchwork
from lichen.patches.seam_costs import Source
from lichen.patches.template_matching import ExemplarSpectra
from lichen.patches.windows import Indices, anchors_of
from lichen.step import Step

Point = tuple[int, int]
Placement = Literal["random", "entire", "subpatch"]

BLOCKS = (3, 32)
"""Least and largest default side of the blocks."""
STEPS = 10
"""Number of steps while the picture is filled, and again while it is refined."""
PATIENCE = 0.5
"""Factor on a cell's cost each time that nothing better was found for it."""
REACH = 2
"""How far a patch may extend beyond its block in refinement, in blocks."""
INVISIBLE = 1e-6
"""Cost of a cell below which it is not refined."""
LEAST_OVERLAP = 0.25
"""Overlap, relative to the largest, below which placements of the whole example are excluded."""


class Graphcut(GuidedMethod):
    """Lay examples over each other, each cut out where its seam shows least.

    Kwatra, Schödl, Essa, Turk and Bobick, "Graphcut Textures: Image and Video Synthesis Using
    Graph Cuts", SIGGRAPH 2003. The seam is a minimum cut and may have any shape; old seams are in
    the graph too, and a new patch may replace them.

    Departures. Old seams are costs of pairs of pixels in the graph, not nodes (see
    ``lichen.patches.graph_cut``), which has the same minimum cut; cuts of more than 2000 pixels
    are found coarse to fine and may cost a little more. A seam on no gradient at all costs five
    times that on a mean one, not infinitely more. The picture is filled outwards from its middle
    or from what is known. Refinement cuts patches near the worst seam, places them by its block
    unless placement is random, and forces nothing: the visible cost never grows. The guide, which
    the paper does not have, counts in the placement and in the cut.
    """

    name: ClassVar[str] = "graphcut"
    citation: ClassVar[str] = (
        "Kwatra, Schödl, Essa, Turk, Bobick: Graphcut Textures: Image and Video Synthesis Using "
        "Graph Cuts, SIGGRAPH 2003"
    )
    honours: ClassVar[frozenset[str]] = frozenset(
        {"wrap", "known", "guide", "mask", "maps", "content", "copies", "video"}
    )
    minimum_size: ClassVar[int] = 6
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "best": {"placement": "entire", "refinement": 1.0}
    }

    placement: Placement = Field(
        "subpatch",
        description="where patches are laid: at random; where they match all that they cover; "
        "or where they match the block that is to be filled or refined",
        json_schema_extra={
            "trades": "random is fastest, for stochastic textures; entire keeps lattices in step "
            "and is slowest; subpatch lies between"
        },
    )
    block: Annotated[int | None, Field(ge=3, le=512)] = Field(
        None,
        description="side of that block; by default a quarter of the exemplar's side, at most 32",
        json_schema_extra={
            "unit": "px",
            "trades": "larger blocks match more of the surroundings and take fewer patches; "
            "smaller ones mend smaller faults",
        },
    )
    randomness: Annotated[float, Field(ge=0, le=10)] = Field(
        0.01,
        description="how much worse than the best a match may be, in variances of the exemplar",
        json_schema_extra={
            "trades": "more varies the result; less matches better and may settle on few offsets"
        },
    )
    gradients: bool = Field(
        True,
        description="make seams cheaper along strong edges",
        json_schema_extra={
            "trades": "yes moves seams onto edges, where they hide; no goes by the difference of "
            "colours alone"
        },
    )
    refinement: Annotated[float, Field(ge=0, le=100)] = Field(
        0.25,
        description="patches laid over the worst seams in the end, per block of the picture",
        json_schema_extra={
            "trades": "more mend more of the worst seams, in more time; 0 leaves all of them"
        },
    )

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield steps while the picture is filled and while its seams are refined."""
        exemplars, canvas = self.guided(exemplars, canvas)
        atlas = self.atlas(exemplars, canvas)
        work = _Work(atlas, canvas, self._side(atlas, canvas), self.gradients, context.threads)
        rng = context.rng("graphcut")
        filled = 0.5 if self.refinement else 1.0
        cells = work.empty_cells()
        for done, cell in enumerate(cells):
            if _is_due(done, len(cells)):
                yield self._shown(atlas, canvas, work, filled * done / len(cells))
            if work.has_empty(cell):
                work.lay(cell, self.placement, self.randomness, rng, max(atlas.usable.shape))
        placement: Placement = "random" if self.placement == "random" else "subpatch"
        patience = np.ones_like(work.patchwork.cell_costs)
        count = int(np.ceil(self.refinement * patience.size * work.pitch**2 / work.side**2))
        for done in range(count):
            if _is_due(done, count):
                yield self._shown(atlas, canvas, work, filled + (1 - filled) * done / count)
            costs = work.patchwork.cell_costs
            cell = divmod(int(np.argmax(costs * patience)), costs.shape[1])
            before = costs[cell]
            if before < INVISIBLE:
                break
            # Where the best matches did not help, allow worse ones.
            randomness = self.randomness / patience[cell]
            work.lay(cell, placement, randomness, rng, REACH * work.side)
            patience[cell] = 1 if costs[cell] < before else patience[cell] * PATIENCE
        yield self._shown(atlas, canvas, work, 1.0)

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        super().check(exemplars, canvas)
        self._side(self.atlas(exemplars, canvas), canvas)

    def _side(self, atlas: Atlas, canvas: Canvas) -> int:
        """Side of the blocks: the parameter, or the largest of which there are some."""
        if self.block is not None:
            side = min(self.block, *canvas.size)
        else:
            regions = find_objects(label(atlas.usable)[0])
            least = max(min(s.stop - s.start for s in region) for region in regions)
            side = min(*canvas.size, max(BLOCKS[0], min(BLOCKS[1], least // 4)))
            while side > BLOCKS[0] and not anchors_of(atlas.usable, side).any():
                side = max(BLOCKS[0], side // 2)
        atlas.anchors(side)
        return side

    def _shown(self, atlas: Atlas, canvas: Canvas, work: _Work, fraction: float) -> Step:
        return copying_step(atlas, canvas, work.patchwork.sources, fraction=fraction)


class _Work:
    """The picture, and how well each square of the example would match it."""

    def __init__(
        self, atlas: Atlas, canvas: Canvas, side: int, gradients: bool, threads: int
    ) -> None:
        values = atlas.n_values
        self.side = side
        self.pitch = (side + 1) // 2
        self.region = label(atlas.usable)[0].astype(np.int32)
        self.features = np.ascontiguousarray(atlas.features[..., :values])
        self.guide = np.ascontiguousarray(atlas.features[..., values:])
        self.variance = float(self.features[atlas.usable].var(0).sum())
        self.anchors = np.argwhere(atlas.anchors(side))  # (N, 2)
        # What is outside of everything that may be copied would only cost time.
        box = find_objects(atlas.usable.astype(np.int8))[0]
        self.anchors_in_box = tuple((self.anchors - [rows.start for rows in box]).T)
        self.spectra = ExemplarSpectra(self.features[box], threads)
        self.guide_spectra = ExemplarSpectra(self.guide[box], threads) if atlas.n_guide else None
        self.wanted, known = atlas.features_of(canvas)
        gradient = _mean_gradient(self.features, atlas.usable) if gradients else 0.0
        self.patchwork = Patchwork(
            Source(self.features, self.region, gradient),
            self.wanted,
            known,
            canvas.wrap,
            self.guide,
            self.pitch,
        )

    def lay(
        self,
        cell: Point,
        placement: Placement,
        randomness: float,
        rng: np.random.Generator,
        reach: int,
    ) -> None:
        """Choose what to lay on the block around a cell, and lay it."""
        at = self.corner(cell)
        if placement == "random":
            costs = np.zeros(len(self.anchors))
        elif placement == "entire":
            costs = self.costs_of_all(at)
        else:
            costs = self.costs_of_block(at)
        row, column = self.anchors[_draw(costs, randomness * self.variance, rng)]
        self.patchwork.lay(at, (int(row), int(column)), self.side, reach)

    def corner(self, cell: Point) -> Point:
        """Top left pixel of the block around a cell."""
        margin = (self.side - self.pitch) // 2
        row, column = (
            (i * self.pitch - margin) % n
            if wrap
            else min(max(i * self.pitch - margin, 0), n - self.side)
            for i, n, wrap in zip(cell, self.patchwork.size, self.patchwork.wraps, strict=True)
        )
        return row, column

    def empty_cells(self) -> list[Point]:
        """Cells to be filled, outwards from what is known or from the middle."""
        known = self.patchwork.known
        filled = known.copy()
        if not known.any():
            filled[known.shape[0] // 2, known.shape[1] // 2] = True
        distance = distance_transform_cdt(~filled, "chessboard")
        cells = np.argwhere(np.ones_like(self.patchwork.cell_costs, bool))
        middle = np.minimum(cells * self.pitch + self.pitch // 2, np.array(known.shape) - 1)
        order = np.argsort(distance[middle[:, 0], middle[:, 1]], kind="stable")
        ordered = [(int(i), int(j)) for i, j in cells[order]]
        return [cell for cell in ordered if self.has_empty(cell)]

    def has_empty(self, cell: Point) -> bool:
        """Whether a cell has a pixel that is not filled yet."""
        rows, columns = (slice(i * self.pitch, (i + 1) * self.pitch) for i in cell)
        return not self.patchwork.filled[rows, columns].all()

    def costs_of_block(self, at: Point) -> NDArray[np.float64]:
        """Mean squared difference of a block of the picture from each square, (N,)."""
        rows, columns = (
            (i + np.arange(self.side)) % n for i, n in zip(at, self.patchwork.size, strict=True)
        )
        here = np.ix_(rows, columns)
        filled = self.patchwork.filled[here].astype(np.float32)
        costs = np.zeros(len(self.anchors))
        in_box = self.anchors_in_box
        if filled.any():
            costs += self.spectra.ssd(self.patchwork.image[here], filled)[in_box] / filled.sum()
        if self.guide_spectra is not None:
            wanted = self.wanted[here][..., self.features.shape[2] :]
            costs += self.guide_spectra.ssd(wanted, np.ones_like(filled))[in_box] / filled.size
        return costs

    def costs_of_all(self, at: Point) -> NDArray[np.float64]:
        """Mean squared difference of all that a region would cover, laid by each square, (N,)."""
        costs = np.full(self.region.shape, np.inf)
        overlaps = np.zeros(self.region.shape)
        for number, box in enumerate(find_objects(self.region), start=1):
            usable = (self.region[box] == number).astype(np.float32)
            height, width = usable.shape
            if min(height, width) < self.side:
                continue
            rows, within_rows = self._window(0, at[0], height)
            columns, within_columns = self._window(1, at[1], width)
            here = np.ix_(rows, columns)
            within = within_rows[:, None] & within_columns
            filled = (self.patchwork.filled[here] & within).astype(np.float32)
            cost, overlap = _laid_over(
                self.patchwork.image[here], filled, self.features[box], usable
            )
            if self.guide_spectra is not None:
                wanted = self.wanted[here][..., self.features.shape[2] :]
                cost += _laid_over(wanted, within.astype(np.float32), self.guide[box], usable)[0]
            # The further down in the window the example is, the higher up in it the block is.
            inner = (slice(0, height - self.side + 1), slice(0, width - self.side + 1))
            costs[box][inner], overlaps[box][inner] = cost[::-1, ::-1], overlap[::-1, ::-1]
        y, x = self.anchors.T
        costs, overlaps = costs[y, x], overlaps[y, x]
        return np.where(overlaps >= LEAST_OVERLAP * overlaps.max(), costs, np.inf)

    def _window(self, axis: int, at: int, length: int) -> tuple[Indices, Mask]:
        """Lines that a region may cover while it covers a block, and whether they exist."""
        size = self.patchwork.size[axis]
        lines = at + np.arange(self.side - length, length)
        inside = (
            np.full(lines.shape, True)
            if self.patchwork.wraps[axis]
            else (lines >= 0) & (lines < size)
        )
        return lines % size, inside


def _laid_over(
    window: Array, filled: Array, patch: Array, usable: Array
) -> tuple[NDArray[np.float64], Array]:
    """Mean squared difference of a patch and what it covers at each offset, and on how much.

    ``filled`` (H, W) and ``usable`` (h, w) are 1 where the window and the patch have pixels. The
    mean is 0 where nothing is covered.
    """
    middle = patch[usable > 0].mean(0)
    shown = (window - middle) * filled[..., None]
    patch = patch - middle
    overlap = fftconvolve(filled, usable[::-1, ::-1], "valid").round()
    squares = np.square(patch).sum(2) * usable
    beside = fftconvolve(1 - filled, squares[::-1, ::-1], "valid")
    apart = ExemplarSpectra(shown).ssd(patch, usable) - beside
    return np.maximum(apart, 0) / np.maximum(overlap, 1), overlap


def _draw(costs: NDArray[np.float64], temperature: float, rng: np.random.Generator) -> int:
    """Draw an index with a chance that falls with the exponential of its cost."""
    excess = costs - costs.min()
    if temperature > 0:
        excess = excess / temperature
    else:
        excess[excess > 0] = np.inf
    total = np.cumsum(np.exp(-excess))
    return int(np.searchsorted(total, rng.random() * total[-1], side="right"))


def _is_due(done: int, count: int) -> bool:
    return done > 0 and done * STEPS // count > (done - 1) * STEPS // count


def _mean_gradient(features: Array, usable: Mask) -> float:
    """Mean length of the differences of usable neighbours."""
    lengths = []
    for axis in (0, 1):
        both = np.diff(usable.astype(np.int8), axis=axis) == 0
        both &= np.delete(usable, 0, axis)
        lengths.append(np.linalg.norm(np.diff(features, axis=axis), axis=2)[both])
    every = np.concatenate(lengths)
    return float(every.mean()) if len(every) else 0.0
