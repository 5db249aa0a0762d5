"""Wang tiles: squares with coloured edges that cover the plane without repeating."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import gcd
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from lichen.arrays import Array, IntArray, Mask
from lichen.canvas import Canvas
from lichen.errors import CanvasError, ImageError
from lichen.exemplar import Exemplar
from lichen.kernels import use_threads
from lichen.method import Context
from lichen.methods.resampling.family import ResamplingMethod, copying_step
from lichen.patches.atlas import Atlas
from lichen.patches.diamond_cut import EAST, NORTH, SOUTH, WEST, diamond_cut
from lichen.patches.template_matching import ExemplarSpectra
from lichen.patches.windows import Indices, anchors_of
from lichen.step import Step

Choice = Literal["complete", "compact"]

SWEEPS = 3
"""Times that each sample of a set is moved."""
MOST_SIDE = 128
"""Largest default side of tiles, in pixels: 81 of these are a sheet of 1152 px."""


@dataclass(frozen=True, eq=False)
class TileSet:
    """Tiles that fit together where their edges have the same colour.

    Attributes
    ----------
    tiles
        float32 (N, T, T, C) in [0, 1].
    edges
        int32 (N, 4): colours of the north, east, south and west edge. The north and south ones
        are of one kind, the east and west ones of another.
    sources
        int32 (N, T, T, 3): exemplar, row and column that each pixel comes from.
    error
        Squared differences on all cuts, of the atlas's features.
    """

    tiles: Array
    edges: IntArray
    sources: IntArray
    error: float

    def cover(
        self, size: tuple[int, int], seed: int = 0, wraps: tuple[bool, bool] = (False, False)
    ) -> Array:
        """Cover a picture of any ``size`` (H, W) with tiles drawn by a seed, (H, W, C)."""
        rows, columns = (-(-length // self.tiles.shape[1]) for length in size)
        numbers = lay_tiles(self.edges, (rows, columns), wraps, Context(seed).rng("wang tiling"))
        return join_tiles(self.tiles, numbers)[: size[0], : size[1]]


class WangTiles(ResamplingMethod):
    """Make a few square tiles with coloured edges, then lay them at random, colour to colour.

    Cohen, Shade, Hiller and Deussen, "Wang Tiles for Image and Texture Generation", SIGGRAPH
    2003. Each colour of an edge is a sample of the example; a tile is quilted of four of them, so
    that two tiles with a colour in common continue each other there. The cost of a picture is
    that of the set, however large it is.

    Departures: tiles are cut upright and not turned by 45 degrees, so that pixels are copied as
    they are. The paper chooses among sets of random samples; here each sample in turn is moved to
    where it is most like the others along the diagonals, before the set with the least error of
    several is chosen. Samples of two colours are at least a quarter of a tile apart. The complete
    set has a tile for each four colours (81 of 3 + 3 colours); the compact one has those with north
    + west = east + south, modulo the number of colours: of 2 + 2 colours 8, as many as the paper's,
    two for each north and west. The paper's sets have 2 + 2 colours; three show each stone less
    often.
    """

    name: ClassVar[str] = "wang_tiles"
    citation: ClassVar[str] = (
        "Cohen, Shade, Hiller, Deussen: Wang Tiles for Image and Texture Generation, SIGGRAPH 2003"
    )
    honours: ClassVar[frozenset[str]] = frozenset({"wrap", "mask", "maps", "copies"})
    minimum_size: ClassVar[int] = 4

    tile_size: Annotated[int | None, Field(ge=4, le=1024, multiple_of=2)] = Field(
        None,
        description="side of the tiles, even; for a lattice a multiple of its period; by default "
        "half the exemplar's side, at most 128, or one below that divides a wrapped size",
        json_schema_extra={
            "unit": "px",
            "trades": "larger tiles hold more of the exemplar, which must be larger than one; "
            "smaller ones repeat sooner",
        },
    )
    colours: Annotated[int, Field(ge=1, le=4)] = Field(
        3,
        description="number of colours of the horizontal edges, and of the vertical ones",
        json_schema_extra={
            "trades": "more repeat each stone less often; the tiles grow with their fourth power, "
            "in the compact set the third"
        },
    )
    tile_set: Choice = Field(
        "complete",
        description="a tile for each four colours, or each three of them",
        json_schema_extra={
            "trades": "complete varies more; compact divides the number of tiles by that of colours"
        },
    )
    overlap: Annotated[int | None, Field(ge=1, le=512)] = Field(
        None,
        description="greatest deviation of a cut from the tile's diagonals; by default an eighth "
        "of a tile",
        json_schema_extra={
            "unit": "px",
            "trades": "more gives cuts room for better paths, and needs a larger exemplar",
        },
    )
    attempts: Annotated[int, Field(ge=1, le=1000)] = Field(
        8,
        description="sets of samples tried; the one whose cuts have the least error is kept",
        json_schema_extra={
            "trades": "more find tiles that fit better, in proportionally more time"
        },
    )

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        super().check(exemplars, canvas)
        side = self._side(exemplars, canvas)
        for wraps, length, axis in zip(canvas.wrap, canvas.size, ("height", "width"), strict=True):
            if wraps and length % side:
                whole = -(-length // side) * side
                raise CanvasError(
                    f"`wrap`: the {axis} {length} is not a multiple of `tile_size` = {side}",
                    f"use a {axis} of {whole}, or another `tile_size`",
                )
        window = side + 2 * self._overlap(side)
        if not anchors_of(self.atlas(exemplars, canvas).usable, window).any():
            raise ImageError(
                f"`tile_size` = {side} needs samples of {window} px with their overlaps, and none "
                "fits into what may be copied",
                "use a smaller `tile_size`, or a larger photo",
            )

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield one step: the set is quickly made, and laid at once."""
        use_threads(context.threads)
        atlas = self.atlas(exemplars, canvas)
        side = self._side(exemplars, canvas)
        tiles, edges, _ = self._tiles(atlas, side, context)
        rows, columns = (-(-length // side) for length in canvas.size)
        numbers = lay_tiles(edges, (rows, columns), canvas.wrap, context.rng("wang tiling"))
        joined = join_tiles(tiles, numbers)[: canvas.size[0], : canvas.size[1]]
        yield copying_step(atlas, canvas, np.ascontiguousarray(joined), fraction=1.0, iteration=1)

    def tiles(self, exemplars: Sequence[Exemplar], seed: int = 0) -> TileSet:
        """Make the set of tiles that :meth:`run` lays for a seed.

        Raises
        ------
        ImageError
            If a sample of ``tile_size`` and its overlap fits into no exemplar.
        """
        canvas = Canvas(exemplars[0].size, maps=exemplars[0].formats)
        self.check(exemplars, canvas)
        atlas = self.atlas(exemplars, canvas)
        sources, edges, error = self._tiles(atlas, self._side(exemplars, canvas), Context(seed))
        return TileSet(
            tiles=atlas.copy(sources),
            edges=edges,
            sources=np.stack([atlas.origins(tile) for tile in sources]),
            error=error,
        )

    def _side(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> int:
        """Side of the tiles: one that fits the example and, if there is one, a wrapped canvas."""
        if self.tile_size is not None:
            return self.tile_size
        usable = self.atlas(exemplars, canvas).usable
        most = min(min(min(exemplar.size) for exemplar in exemplars) // 2, MOST_SIDE)
        fitting = (
            side
            for side in range(most // 2 * 2, 3, -2)
            if anchors_of(usable, side + 2 * self._overlap(side)).any()
        )
        largest = next(fitting, 4)
        period = gcd(*(n for n, wraps in zip(canvas.size, canvas.wrap, strict=True) if wraps))
        closing = (side for side in range(largest, largest // 2, -2) if period % side == 0)
        return next(closing, largest)

    def _overlap(self, side: int) -> int:
        return min(self.overlap or max(1, side // 8), side // 2 - 1)

    def _tiles(self, atlas: Atlas, side: int, context: Context) -> tuple[IntArray, IntArray, float]:
        """IntArray (N, T, T) and edges (N, 4) of the tiles, and the error of all cuts."""
        rng = context.rng("wang tiles")
        spectra = ExemplarSpectra(atlas.features, context.threads)
        anchors = atlas.anchors(side + 2 * self._overlap(side))
        # Any two samples meet in tiles of the compact set, too: it tells which samples are good.
        compact = edge_colours(self.colours, "compact")
        least = np.inf
        for _ in range(self.attempts):
            # Two rows of samples: those of north and south edges, those of east and west ones.
            drawn = rng.choice(np.flatnonzero(anchors), (2, self.colours)).astype(np.int32)
            for number in range(SWEEPS * drawn.size):
                kind, colour = number % 2, number // 2 % self.colours
                drawn[kind, colour] = self._better(
                    atlas, spectra, anchors, drawn, kind, colour, side
                )
            found, error = self._quilted(atlas, drawn, compact, side)
            if error < least:
                sources, samples, least = found, drawn, error
        if self.tile_set == "compact":
            return sources, compact, least
        edges = edge_colours(self.colours, self.tile_set)
        sources, error = self._quilted(atlas, samples, edges, side)
        return sources, edges, error

    def _better(
        self,
        atlas: Atlas,
        spectra: ExemplarSpectra,
        anchors: Mask,
        samples: IntArray,
        kind: int,
        colour: int,
        side: int,
    ) -> int:
        """Corner at which a sample is most like those of the other kind along the diagonals."""
        overlap, half = self._overlap(side), side // 2
        window = side + 2 * overlap
        centre = window // 2
        ys, xs = np.divmod(samples, anchors.shape[1])
        others = np.mean(
            [
                atlas.features[y : y + window, x : x + window]
                for y, x in zip(ys[1 - kind], xs[1 - kind], strict=True)
            ],
            axis=0,
        )
        # Around a sample lie four of the other kind, half a tile off on both axes.
        lines = np.arange(window)
        theirs = np.where(lines < centre, lines + half, lines - half)
        away = np.abs(lines - (window - 1) / 2)
        ring = np.abs(away[:, None] + away - half) <= overlap
        errors = spectra.ssd(others[np.ix_(theirs, theirs)], ring.astype(np.float32))
        allowed = anchors[: errors.shape[0], : errors.shape[1]].copy()
        near = side // 4  # colours of nearly the same sample would look the same
        for other in range(self.colours):
            y, x = ys[kind, other], xs[kind, other]
            if other != colour:
                allowed[max(y - near, 0) : y + near + 1, max(x - near, 0) : x + near + 1] = False
        if not allowed.any():
            return int(samples[kind, colour])
        y, x = np.divmod(np.where(allowed, errors, np.inf).argmin(), errors.shape[1])
        return int(y * anchors.shape[1] + x)

    def _quilted(
        self, atlas: Atlas, samples: IntArray, edges: IntArray, side: int
    ) -> tuple[IntArray, float]:
        """Cut all tiles out of these samples."""
        overlap, width = self._overlap(side), atlas.usable.shape[1]
        features = atlas.features.reshape(-1, atlas.features.shape[2])
        square = np.arange(side, dtype=np.int32)[:, None] * width + np.arange(side, dtype=np.int32)
        # From a sample's corner to the tile's, for the north, east, south and west edge.
        across, along = side // 2 + overlap, overlap
        corners = np.array(
            [
                across * width + along,
                along * width + across - side,
                (across - side) * width + along,
                along * width + across,
            ],
            np.int32,
        )
        sources, total = np.empty((len(edges), side, side), np.int32), 0.0
        for number, colours in enumerate(edges):
            chosen = samples[[0, 1, 0, 1], colours] + corners
            candidates = chosen[:, None, None] + square  # (4, T, T)
            # Beyond a sample's reach there may be nothing; it is not read.
            inside = np.clip(candidates, 0, len(features) - 1)
            labels, error = diamond_cut(features[inside], overlap)
            taken = np.take_along_axis(candidates, labels[None].astype(np.int64), 0)
            sources[number] = taken[0]
            total += error
        return sources, total


def edge_colours(colours: int, tile_set: Choice) -> IntArray:
    """Colours of the north, east, south and west edge of each tile of a set, int32 (N, 4)."""
    every = np.array(list(product(range(colours), repeat=4)), np.int32)
    if tile_set == "complete":
        return every
    balance = every[:, NORTH] + every[:, WEST] - every[:, EAST] - every[:, SOUTH]
    return every[balance % colours == 0]


def lay_tiles(
    edges: IntArray, shape: tuple[int, int], wraps: tuple[bool, bool], rng: np.random.Generator
) -> Indices:
    """Number of the tile in each cell of a grid, row by row, so that all colours match.

    Parameters
    ----------
    edges
        int32 (N, 4), from :func:`edge_colours`.
    shape
        Rows and columns of the grid.
    wraps
        Whether the last row meets the first, and the last column.

    Returns
    -------
    NDArray
        int64 (rows, columns).
    """
    rows, columns = shape
    colours = int(edges.max()) + 1
    complete = len(edges) == colours**4
    table = np.full((colours,) * 4, -1)
    table[tuple(edges.T)] = np.arange(len(edges))
    top = north = rng.integers(colours, size=columns)
    numbers = np.empty(shape, np.int64)
    for row in range(rows):
        closing = wraps[0] and row == rows - 1
        upright = rng.integers(colours, size=columns + 1)
        if wraps[1]:
            upright[-1] = upright[0]
        if complete:
            south = top if closing else rng.integers(colours, size=columns)
        elif closing:  # the sum of a row's colours never changes: east closes by itself
            south = top
            upright[1:] = (upright[0] + np.cumsum(north - top)) % colours
        else:
            south = (north + upright[:-1] - upright[1:]) % colours
        numbers[row] = table[north, upright[1:], south, upright[:-1]]
        north = south
    return numbers


def join_tiles(tiles: NDArray[Any], numbers: Indices) -> NDArray[Any]:
    """Put tiles (N, T, T, ...) side by side as the grid of numbers (rows, columns) says."""
    side, (rows, columns) = tiles.shape[1], numbers.shape
    laid = tiles[numbers].swapaxes(1, 2)  # (rows, T, columns, T, ...)
    return laid.reshape(rows * side, columns * side, *tiles.shape[3:])
