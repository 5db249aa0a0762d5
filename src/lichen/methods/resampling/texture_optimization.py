"""Texture optimization (Kwatra et al. 2005)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.image import resize_image
from lichen.kernels import use_threads
from lichen.method import Context, Takes
from lichen.methods.resampling.family import ExampleMethod
from lichen.patches.atlas import Atlas, anchors_of
from lichen.patches.levels import Level, Wraps, level_pyramid, most_levels
from lichen.patches.patch_grid import gather_patches
from lichen.patches.principal import one_thread, principal_components
from lichen.patches.tree import Tree
from lichen.patches.voting import add_patches
from lichen.step import Step

Array = NDArray[np.float32]
Places = NDArray[np.int64]

N_COMPONENTS = 32
N_SAMPLES = 700
"""Patches from which the principal components are taken."""
LEAF, N_LEAVES = 32, 16
"""Patches in a leaf of the tree at most, and leaves that are looked at for each patch."""
FALL_OFF = 0.3
"""Standard deviation of a patch's weight about its centre, over its width."""


class TextureOptimization(ExampleMethod):
    """Minimise the distances of the picture's patches from the example's, by turns.

    Patches stand on a grid a quarter of their width apart. Searching takes the nearest patch of
    the example for each; averaging sets each pixel to the mean of the patches over it, weighed
    by ``distance^(r - 2)`` and by a Gaussian about their centres. Widths go from large to small
    at each level of a pyramid, and a level ends when no patch changes. As in the paper a tree of
    clusters is searched; here it holds the patches' 32 principal components, nodes have two
    branches instead of four, and several of the most promising leaves are looked at.
    """

    name: ClassVar[str] = "texture_optimization"
    citation: ClassVar[str] = (
        "Kwatra, Essa, Bobick, Kwatra: Texture Optimization for Example-based Synthesis, "
        "SIGGRAPH 2005"
    )
    honours: ClassVar[frozenset[str]] = frozenset(
        {"wrap", "known", "guide", "mask", "maps", "init", "content"}
    )
    takes: ClassVar[Takes] = "several"
    minimum_size: ClassVar[int] = 8
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    levels: Annotated[int, Field(ge=1, le=12)] = Field(
        3, description="sizes of the pyramid, at most; fewer for small examples"
    )
    widths: tuple[Annotated[int, Field(ge=4, le=128, multiple_of=4)], ...] = Field(
        (32, 16, 8),
        description="of the patches, in turn; those that do not fit into a level are left out",
        json_schema_extra={"unit": "px"},
    )
    iterations: Annotated[int, Field(ge=1, le=200)] = Field(
        10, description="turns at each level and width, at most"
    )
    robustness: Annotated[float, Field(gt=0, le=2)] = Field(
        0.8, description="power r of the distances that are summed"
    )

    @field_validator("widths")
    @classmethod
    def _at_least_one(cls, widths: tuple[int, ...]) -> tuple[int, ...]:
        if not widths:
            raise ValueError("give one or more")
        return widths

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        super().check(exemplars, canvas)
        self.atlas(exemplars, canvas).anchors(min(self.widths))

    def optimizes(self) -> frozenset[str]:
        """Its energy is the distance of patches."""
        return frozenset({"patches"})

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield a step per turn; the loss is the energy, summed over the grid."""
        use_threads(context.threads)
        narrowest = min(self.widths)
        atlas = self.atlas(exemplars, canvas)
        n_levels = min(self.levels, most_levels(atlas.usable, narrowest))
        pyramid = level_pyramid(atlas, canvas, narrowest, n_levels)
        rng = context.rng(self.name)
        image = self._first(pyramid[0], canvas, atlas.n_guide, rng)
        work = len(self.widths) * sum(level.known.size for level in pyramid)
        done = 0.0
        for number, level in enumerate(pyramid):
            if number:
                image = _keep(level, _enlarged(image, level.known.shape), atlas.n_guide)
            for width in self.widths:
                if width == narrowest or _fits(level, width, canvas.wrap):
                    grid = _Grid(level, width, canvas.wrap, rng)
                    found = np.empty(0, np.int64)
                    for turn in range(self.iterations):
                        before = found
                        found, distance = grid.nearest(image)
                        weights = self._weights(distance, width)
                        image = _keep(level, grid.mean(level.atlas, found, weights), atlas.n_guide)
                        yield Step(
                            image=_shown(atlas, canvas, image),
                            losses={"total": float((distance ** (self.robustness / 2)).sum())},
                            level=number,
                            n_levels=len(pyramid),
                            iteration=turn + 1,
                            n_iterations=self.iterations,
                            fraction=0.99
                            * (done + (turn + 1) / self.iterations * level.known.size)
                            / work,
                        )
                        if np.array_equal(found, before):
                            break
                done += level.known.size
        pixels = grid.mean(atlas.pixels, found, weights)[: canvas.size[0], : canvas.size[1]]
        if canvas.known is not None and canvas.known_mask is not None:
            pixels[canvas.known_mask] = canvas.known[canvas.known_mask]
        yield Step(image=np.ascontiguousarray(pixels.clip(0, 1)), fraction=1.0)

    def _first(self, level: Level, canvas: Canvas, n_guide: int, rng: np.random.Generator) -> Array:
        """Random patches side by side, or the initial image."""
        if canvas.init != "noise":
            return level.image.copy()
        width = min(self.widths)
        height, columns = level.known.shape
        corners = np.argwhere(anchors_of(level.usable, width))
        down, across = -(-height // width), -(-columns // width)
        chosen = corners[rng.integers(0, len(corners), down * across)]
        patches = gather_patches(level.atlas, width, chosen)
        patches = patches.reshape(down, across, -1, width, width).transpose(0, 3, 1, 4, 2)
        laid = patches.reshape(down * width, across * width, -1)[:height, :columns]
        return _keep(level, laid, n_guide)

    def _weights(self, distance: Array, width: int) -> Array:
        """Iteratively reweighted least squares: distance^(r - 2) of squared distances."""
        least = 1e-6 * width**2
        return ((distance + least) ** (self.robustness / 2 - 1)).astype(np.float32)


class _Grid:
    """Patches of a level on a grid, and what they may be replaced by."""

    def __init__(self, level: Level, width: int, wraps: Wraps, rng: np.random.Generator) -> None:
        self.level, self.width, self.wraps = level, width, wraps
        starts = [
            _starts(length, width, wrap)
            for length, wrap in zip(level.known.shape, wraps, strict=True)
        ]
        self.queries = np.stack(np.meshgrid(*starts, indexing="ij"), axis=-1).reshape(-1, 2)
        self.places = np.argwhere(anchors_of(level.usable, width))
        few = self.places[rng.permutation(len(self.places))[:N_SAMPLES]]
        _, self.axes, _ = principal_components(
            gather_patches(level.atlas, width, few), N_COMPONENTS
        )
        described = self._describe(level.atlas, self.places)
        self.tree = Tree.of(described, LEAF, int(rng.integers(2**31)))

    def nearest(self, image: Array) -> tuple[Places, Array]:
        """Number of the place nearest each query, and the squared distance, (N,)."""
        edges = [(0, self.width if wrap else 0) for wrap in self.wraps]
        continued = np.pad(image, [*edges, (0, 0)], mode="wrap")
        return self.tree.nearest(self._describe(continued, self.queries), N_LEAVES)

    def mean(self, values: Array, found: Places, weights: Array) -> Array:
        """Weighted mean of the places' patches of ``values`` (h, w, C), (H, W, C)."""
        height, columns = self.level.known.shape
        sums = np.zeros((height, columns, values.shape[2]), np.float32)
        totals = np.zeros((height, columns), np.float32)
        offset = (np.arange(self.width) - (self.width - 1) / 2) / (FALL_OFF * self.width)
        bell = np.exp(-np.square(offset) / 2)
        window = np.outer(bell, bell).astype(np.float32)
        add_patches(values, self.places[found], self.queries, weights, window, sums, totals)
        return sums / totals[..., None]

    def _describe(self, image: Array, places: Places) -> Array:
        """Principal components of patches; a part at a time, all would fill the memory."""
        size = self.width**2 * image.shape[2]
        parts = np.array_split(places, 1 + len(places) * size // 10_000_000)
        with one_thread():
            return np.concatenate([gather_patches(image, self.width, p) @ self.axes for p in parts])


def _starts(length: int, width: int, wrap: bool) -> NDArray[np.int64]:
    """First pixels of patches a quarter of their width apart, and a last one at the border."""
    step = width // 4
    if wrap:
        return np.arange(0, length, step)
    return np.unique(np.append(np.arange(0, length - width + 1, step), length - width))


def _fits(level: Level, width: int, wraps: Wraps) -> bool:
    """Whether patches fit into the canvas, and at least a few into the example."""
    room = all(
        wrap or length >= width for length, wrap in zip(level.known.shape, wraps, strict=True)
    )
    return room and int(anchors_of(level.usable, width).sum()) >= 16


def _enlarged(features: Array, size: tuple[int, int]) -> Array:
    """Enlarge features, which exceed 1 where a map's weight does."""
    most = max(1.0, float(features.max()))
    return resize_image(features / np.float32(most), size) * np.float32(most)


def _keep(level: Level, image: Array, n_guide: int) -> Array:
    """Put back what the canvas says: known pixels, and the guide everywhere."""
    n_values = image.shape[2] - n_guide
    image = np.where(level.known[..., None], level.image, image)
    image[..., n_values:] = level.image[..., n_values:]
    return image


def _shown(atlas: Atlas, canvas: Canvas, image: Array) -> Array:
    """Give a level's features as a picture; maps that do not count show grey."""
    scale = np.where(atlas.scale > 0, atlas.scale, np.inf)
    shown = image[..., : len(atlas.scale)] / scale + np.where(atlas.scale > 0, 0, 0.5)
    if shown.shape[0] > canvas.size[0] or shown.shape[1] > canvas.size[1]:
        shown = shown[: canvas.size[0], : canvas.size[1]]
    return np.ascontiguousarray(shown.clip(0, 1).astype(np.float32))
