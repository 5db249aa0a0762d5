"""Chaos mosaic: tiles of the example whose blocks a chaotic map moves all over the picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, model_validator

from lichen.arrays import Mask
from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.method import Context
from lichen.methods.resampling.family import ResamplingMethod, copying_step
from lichen.patches.atlas import Atlas
from lichen.patches.cut_blocks import Mosaic, lay_cut_blocks
from lichen.patches.windows import Indices, anchors_of
from lichen.step import Step

Point = tuple[int, int]

LEAST_SIDE = 3
"""Of blocks, in pixels."""
PIXELS_PER_STEP = 10_000_000
"""Approximate number of pixels that are moved between two steps."""


class ChaosMosaic(ResamplingMethod):
    """Tile the picture with the example, then move blocks by iterations of Arnold's cat map.

    Xu, Guo and Shum, "Chaos Mosaic: Fast and Memory Efficient Texture Synthesis", Microsoft
    Research MSR-TR-2000-32. The map (x, y) -> (x + y, x + 2y) sends blocks that lie side by side
    far apart and visits all of the picture evenly. There is no search of the example: for
    stochastic textures, and where time counts.

    Departures. The report smooths across the edges of blocks, whose pixels would then not be the
    example's; here each edge is a minimum error boundary cut through a border (Efros and Freeman
    2001). Of several iterates of the map the one is taken where the border fits best
    (``candidates`` of 1 takes the first). Sizes and number of blocks and of iterations, for which
    no source was available, were chosen by eye. The map is two shears, which are one to one on
    pictures of any shape, and the cat map on square ones. Tiles overlap and are cut like blocks;
    where some of the example may not be used, the tile is its largest usable square.
    """

    name: ClassVar[str] = "chaos_mosaic"
    citation: ClassVar[str] = (
        "Xu, Guo, Shum: Chaos Mosaic: Fast and Memory Efficient Texture Synthesis, "
        "Microsoft Research MSR-TR-2000-32, 2000"
    )
    honours: ClassVar[frozenset[str]] = frozenset({"wrap", "mask", "maps", "copies"})
    minimum_size: ClassVar[int] = 6

    smallest_block: Annotated[float, Field(gt=0, le=1)] = Field(
        0.25,
        description="shortest side of a block, relative to the tile's",
        json_schema_extra={
            "trades": "larger blocks cut through fewer features and copy larger pieces verbatim"
        },
    )
    largest_block: Annotated[float, Field(gt=0, le=1)] = Field(
        0.5,
        description="longest side of a block, relative to the tile's",
        json_schema_extra={
            "trades": "larger ones move larger features whole, in fewer pieces; smaller ones mix "
            "the exemplar more thoroughly"
        },
    )
    coverage: Annotated[float, Field(ge=0, le=100)] = Field(
        2.0,
        description="area of all moved blocks together, in areas of the picture",
        json_schema_extra={
            "trades": "more hides the tiling better, with more cuts and in more time; 0 leaves the "
            "bare tiling"
        },
    )
    iterations: Annotated[int, Field(ge=1, le=1000)] = Field(
        3,
        description="applications of the map to a block's position",
        json_schema_extra={
            "trades": "more scatter neighbouring blocks farther, until the map's period brings "
            "them back"
        },
    )
    candidates: Annotated[int, Field(ge=1, le=1000)] = Field(
        8,
        description="successive iterates of the map, of which the one whose border fits best is "
        "taken",
        json_schema_extra={
            "trades": "more fit the borders better, in more time; very many put blocks back where "
            "they were"
        },
    )
    border: Annotated[int | None, Field(ge=1, le=256)] = Field(
        None,
        description="width of the border that is cut through; by default a quarter of the shortest "
        "side",
        json_schema_extra={
            "unit": "px",
            "trades": "a wider border hides the cut better and leaves less of the block whole",
        },
    )

    @model_validator(mode="after")
    def _ordered(self) -> ChaosMosaic:
        if self.smallest_block > self.largest_block:
            raise ValueError(f"smallest_block {self.smallest_block} is above {self.largest_block}")
        return self

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield a step for every 10 million pixels that are moved, and the last one."""
        atlas = self.atlas(exemplars, canvas)
        corner, tile = _tile(atlas.usable)
        shortest, longest = (
            max(LEAST_SIDE, round(fraction * min(tile)))
            for fraction in (self.smallest_block, self.largest_block)
        )
        border = min(self.border or max(1, shortest // 4), *(n // 4 for n in (*tile, *canvas.size)))
        sources = np.full(canvas.size, -1, np.int32)
        features = np.ascontiguousarray(atlas.features.reshape(-1, atlas.features.shape[2]))
        mosaic = Mosaic(features, atlas.usable.shape[1], sources, *canvas.wrap, border)
        lay_cut_blocks(mosaic, *_tiling(corner, tile, canvas, border))

        moved = self._moved(atlas, canvas, tile, (shortest, longest), context.rng("chaos mosaic"))
        areas = moved[0][:, 2:].prod(1)
        parts = max(1, int(areas.sum()) // PIXELS_PER_STEP)
        for part, chosen in enumerate(np.array_split(np.arange(len(areas)), parts), start=1):
            lay_cut_blocks(mosaic, moved[0][chosen], moved[1][chosen])
            yield copying_step(atlas, canvas, sources, fraction=part / parts)

    def _moved(
        self,
        atlas: Atlas,
        canvas: Canvas,
        tile: Point,
        sides: tuple[int, int],
        rng: np.random.Generator,
    ) -> tuple[Indices, Indices]:
        """Blocks of the example, (N, 4), and where the map sends them, (N, K, 2)."""
        wanted = self.coverage * canvas.size[0] * canvas.size[1]
        squares = np.argwhere(atlas.anchors(sides[1]))
        most = int(wanted / min(sides[0], *canvas.size) ** 2) + 1
        sizes = np.minimum(rng.integers(sides[0], sides[1] + 1, (most, 2)), canvas.size)
        before = np.cumsum(sizes.prod(1)) - sizes.prod(1)
        sizes = sizes[before < wanted]
        count = len(sizes)
        corner = squares[rng.integers(len(squares), size=count)]
        corner = corner + rng.integers(0, np.maximum(sides[1] - sizes, 0) + 1)
        # Each block is in some tile, where it is in the example.
        stands = rng.integers(0, canvas.size, (count, 2)) // tile * tile + corner % tile
        orbit = cat_map_orbit(stands, canvas.size, self.iterations + self.candidates - 1)
        return np.concatenate([corner, sizes], axis=1), orbit[:, self.iterations - 1 :]


def cat_map(points: Indices, size: Point) -> Indices:
    """Apply Arnold's cat map once: x becomes x + y, then y becomes y + x, modulo the size.

    Parameters
    ----------
    points
        (..., 2): rows and columns, y and x.
    size
        Of the picture, (H, W).

    Returns
    -------
    NDArray
        (..., 2): a permutation of the picture's pixels, as each shear is one.
    """
    x = (points[..., 1] + points[..., 0]) % size[1]
    y = (points[..., 0] + x) % size[0]
    return np.stack([y, x], axis=-1)


def cat_map_orbit(points: Indices, size: Point, count: int) -> Indices:
    """Apply the map ``count`` times to points (N, 2), and return all images, (N, count, 2)."""
    orbit = []
    for _ in range(count):
        points = cat_map(points, size)
        orbit.append(points)
    return np.ascontiguousarray(np.stack(orbit, axis=1))


def _tiling(corner: Point, tile: Point, canvas: Canvas, border: int) -> tuple[Indices, Indices]:
    """Cover a picture with copies of a rectangle that overlap by a border or more."""
    starts, sides = [], []
    for size, side, wrap in zip(canvas.size, tile, canvas.wrap, strict=True):
        if wrap:
            count = max(2, -(-size // (side - border)))
            starts.append(np.arange(count) * size // count)
            sides.append(-(-size // count) + border)
        else:
            starts.append(np.arange(0, max(1, size - border), side - border))
            sides.append(min(side, size))
    targets = np.stack(np.meshgrid(*starts, indexing="ij"), axis=-1).reshape(-1, 1, 2)
    return np.tile(np.array([*corner, *sides]), (len(targets), 1)), targets


def _tile(usable: Mask) -> tuple[Point, Point]:
    """Corner and size of all of the example, or of its largest usable square."""
    if usable.all():
        return (0, 0), (usable.shape[0], usable.shape[1])
    least, most = 1, min(usable.shape)
    while least < most:
        side = (least + most + 1) // 2
        if anchors_of(usable, side).any():
            least = side
        else:
            most = side - 1
    row, column = np.argwhere(anchors_of(usable, least))[0]
    return (int(row), int(column)), (least, least)
