"""Texture optimization (Kwatra et al. 2005)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, field_validator

from lichen.arrays import Array
from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.image import resize_image
from lichen.image.colour import one_blas_thread, principal_axes
from lichen.kernels import kernel, use_threads
from lichen.method import Context
from lichen.methods.resampling.family import GuidedMethod
from lichen.patches.atlas import Atlas
from lichen.patches.pyramid import Level, max_levels, pad_wraps, pyramid_of
from lichen.patches.tree import Tree
from lichen.patches.windows import Indices, anchors_of, patch_vectors
from lichen.step import Step

N_COMPONENTS = 32
N_SAMPLES = 700
"""Patches from which the principal components are taken."""
LEAF, N_LEAVES = 32, 16
"""Patches in a leaf of the tree at most, and leaves that are searched for each patch."""
FALL_OFF = 0.3
"""Standard deviation of a patch's weight about its centre, over its width."""


class TextureOptimization(GuidedMethod):
    """Minimize the distances of the picture's patches from the example's, alternately.

    Patches are a quarter of their side apart on a grid. The search takes the nearest patch of the
    example for each; the average sets each pixel to the mean of the patches over it, weighted by
    ``distance^(r - 2)`` and by a Gaussian about their centres. Patches go from large to small at
    each level of a pyramid, and a level ends when no patch changes. As in the paper a tree of
    clusters is searched; here it holds the patches' 32 principal components, nodes have two
    branches instead of four, and several of the most promising leaves are searched.
    """

    name: ClassVar[str] = "texture_optimization"
    citation: ClassVar[str] = (
        "Kwatra, Essa, Bobick, Kwatra: Texture Optimization for Example-based Synthesis, "
        "SIGGRAPH 2005"
    )
    honours: ClassVar[frozenset[str]] = frozenset(
        {"wrap", "known", "guide", "mask", "maps", "init", "content", "video"}
    )
    minimum_size: ClassVar[int] = 8
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    levels: Annotated[int, Field(ge=1, le=12)] = Field(
        3,
        description="levels of the pyramid, at most; fewer for small exemplars",
        json_schema_extra={
            "trades": "more settle larger structures first; with 1 the result is blurred",
        },
    )
    patches: tuple[Annotated[int, Field(ge=4, le=128, multiple_of=4)], ...] = Field(
        (32, 16, 8),
        description="sides of the patches, in turn; those that do not fit a level are left out",
        json_schema_extra={
            "unit": "px",
            "trades": "large patches settle structure, small ones sharpen detail; each side adds "
            "its own iterations",
        },
    )
    iterations: Annotated[int, Field(ge=1, le=200)] = Field(
        10,
        description="iterations at each level and patch size, at most",
        json_schema_extra={
            "trades": "more let patches agree, in more time, until none changes any more; few "
            "leave the result blurred"
        },
    )
    robustness: Annotated[float, Field(gt=0, le=2)] = Field(
        0.8,
        description="power r of the distances that are summed",
        json_schema_extra={
            "trades": "less lets the best matches decide, and is sharper; 2 takes plain means, "
            "which blur"
        },
    )

    @field_validator("patches")
    @classmethod
    def _at_least_one(cls, patches: tuple[int, ...]) -> tuple[int, ...]:
        if not patches:
            raise ValueError("give one or more")
        return patches

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        super().check(exemplars, canvas)
        self.atlas(exemplars, canvas).anchors(min(self.patches))

    def optimizes(self) -> frozenset[str]:
        """Its energy is the distance of patches."""
        return frozenset({"patches"})

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield a step per iteration; the loss is the energy, summed over the grid."""
        use_threads(context.threads)
        narrowest = min(self.patches)
        exemplars, canvas = self.guided(exemplars, canvas)
        atlas = self.atlas(exemplars, canvas)
        n_levels = min(self.levels, max_levels(atlas.usable, narrowest))
        pyramid = pyramid_of(atlas, canvas, narrowest, n_levels)
        rng = context.rng(self.name)
        image = self._first(pyramid[0], canvas, rng)
        work = len(self.patches) * sum(level.known.size for level in pyramid)
        done = 0.0
        for number, level in enumerate(pyramid):
            if number:
                image = _keep(level, _enlarged(image, level.size))
            for width in self.patches:
                if width == narrowest or _fits(level, width):
                    grid = _Grid(level, width, rng)
                    found = np.empty(0, np.int64)
                    for turn in range(self.iterations):
                        before = found
                        found, distance = grid.nearest(image)
                        weights = self._weights(distance, width)
                        image = _keep(level, grid.mean(level.features, found, weights))
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

    def _first(self, level: Level, canvas: Canvas, rng: np.random.Generator) -> Array:
        """Random patches side by side, or the initial image."""
        if canvas.init != "noise":
            return level.image.copy()
        width = min(self.patches)
        height, columns = level.known.shape
        corners = np.argwhere(anchors_of(level.usable, width))
        down, across = -(-height // width), -(-columns // width)
        chosen = corners[rng.integers(0, len(corners), down * across)]
        patches = patch_vectors(level.features, width, chosen)
        patches = patches.reshape(down, across, -1, width, width).transpose(0, 3, 1, 4, 2)
        laid = patches.reshape(down * width, across * width, -1)[:height, :columns]
        return _keep(level, laid)

    def _weights(self, distance: Array, width: int) -> Array:
        """Iteratively reweighted least squares: distance^(r - 2) of squared distances."""
        least = 1e-6 * width**2
        return ((distance + least) ** (self.robustness / 2 - 1)).astype(np.float32)


class _Grid:
    """Patches of a level on a grid, and those of the example that may replace them."""

    def __init__(self, level: Level, width: int, rng: np.random.Generator) -> None:
        self.level, self.width = level, width
        starts = [
            _starts(length, width, wrap)
            for length, wrap in zip(level.size, level.wraps, strict=True)
        ]
        self.queries = np.stack(np.meshgrid(*starts, indexing="ij"), axis=-1).reshape(-1, 2)
        self.anchors = np.argwhere(anchors_of(level.usable, width))
        few = self.anchors[rng.permutation(len(self.anchors))[:N_SAMPLES]]
        _, self.axes, _ = principal_axes(patch_vectors(level.features, width, few), N_COMPONENTS)
        described = self._describe(level.features, self.anchors)
        self.tree = Tree.of(described, LEAF, int(rng.integers(2**31)))

    def nearest(self, image: Array) -> tuple[Indices, Array]:
        """Number of the patch nearest each query's, and the squared distance, (N,)."""
        continued = pad_wraps(image, self.width, self.level.wraps)
        return self.tree.nearest(self._describe(continued, self.queries), N_LEAVES)

    def mean(self, values: Array, found: Indices, weights: Array) -> Array:
        """Weighted mean of the patches found, of ``values`` (h, w, C), (H, W, C)."""
        height, columns = self.level.known.shape
        sums = np.zeros((height, columns, values.shape[2]), np.float32)
        totals = np.zeros((height, columns), np.float32)
        offset = (np.arange(self.width) - (self.width - 1) / 2) / (FALL_OFF * self.width)
        bell = np.exp(-np.square(offset) / 2)
        window = np.outer(bell, bell).astype(np.float32)
        add_patches(values, self.anchors[found], self.queries, weights, window, sums, totals)
        return sums / totals[..., None]

    def _describe(self, image: Array, anchors: Indices) -> Array:
        """Principal components of patches, of which a part is in memory at a time."""
        size = self.width**2 * image.shape[2]
        parts = np.array_split(anchors, 1 + len(anchors) * size // 10_000_000)
        with one_blas_thread():
            return np.concatenate([patch_vectors(image, self.width, p) @ self.axes for p in parts])


def _starts(length: int, width: int, wrap: bool) -> Indices:
    """First pixels of patches a quarter of their width apart, and a last one at the border."""
    step = width // 4
    if wrap:
        return np.arange(0, length, step)
    return np.unique(np.append(np.arange(0, length - width + 1, step), length - width))


def _fits(level: Level, width: int) -> bool:
    """Whether patches fit into the canvas, and at least a few into the example."""
    room = all(
        wrap or length >= width for length, wrap in zip(level.size, level.wraps, strict=True)
    )
    return room and int(anchors_of(level.usable, width).sum()) >= 16


def _enlarged(features: Array, size: tuple[int, int]) -> Array:
    """Enlarge features, which exceed 1 where a map's weight does."""
    most = max(1.0, float(features.max()))
    return resize_image(features / np.float32(most), size) * np.float32(most)


def _keep(level: Level, image: Array) -> Array:
    """Restore what the canvas gives: known pixels, and the guide everywhere."""
    n_values = level.n_values
    image = np.where(level.known[..., None], level.image, image)
    image[..., n_values:] = level.image[..., n_values:]
    return image


def _shown(atlas: Atlas, canvas: Canvas, image: Array) -> Array:
    """Turn a level's features into a picture; maps of weight 0 are grey."""
    scale = np.where(atlas.scale > 0, atlas.scale, np.inf)
    shown = image[..., : len(atlas.scale)] / scale + np.where(atlas.scale > 0, 0, 0.5)
    if shown.shape[0] > canvas.size[0] or shown.shape[1] > canvas.size[1]:
        shown = shown[: canvas.size[0], : canvas.size[1]]
    return np.ascontiguousarray(shown.clip(0, 1).astype(np.float32))


@kernel()
def add_patches(
    values: Array,
    anchors: Indices,
    queries: Indices,
    weights: Array,
    window: Array,
    sums: Array,
    totals: Array,
) -> None:
    """Add weighted patches to an image in place; those that reach beyond its end wrap around.

    Parameters
    ----------
    values
        (h, w, C).
    anchors, queries
        (N, 2): top left pixels of the patches in ``values`` and in the image.
    weights, window
        (N,) of the patches, and (side, side) of the pixels in a patch.
    sums, totals
        (H, W, C) weighted values and (H, W) weights; changed.
    """
    side = len(window)
    height, width, channels = sums.shape
    for n in range(len(queries)):
        for i in range(side):
            y = (queries[n, 0] + i) % height
            for j in range(side):
                x = (queries[n, 1] + j) % width
                weight = weights[n] * window[i, j]
                totals[y, x] += weight
                for c in range(channels):
                    sums[y, x, c] += weight * values[anchors[n, 0] + i, anchors[n, 1] + j, c]
