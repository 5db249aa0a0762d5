"""A is to A' as B is to B': filters and styles learned from one pair of pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from lichen.arrays import Array, IntArray, Mask
from lichen.canvas import Canvas
from lichen.errors import CanvasError
from lichen.exemplar import Exemplar
from lichen.image.colour import NTSC, luminance
from lichen.kernels import use_threads
from lichen.method import Context
from lichen.methods.resampling.family import GuidedMethod, Levels, copying_step
from lichen.patches.analogy_search import (
    COARSE_RADIUS,
    RADIUS,
    AnalogySearch,
    analogy_neighbourhood,
)
from lichen.patches.atlas import Atlas
from lichen.patches.pyramid import Jitter, Level, at_full_size, max_levels, pyramid_of, refine
from lichen.patches.windows import some_centres_of
from lichen.step import Step

WINDOW = 2 * RADIUS + 1
STEPS = 8
"""Steps per pass of a level."""


class ImageAnalogies(GuidedMethod):
    """Make B' so that A is to A' as B is to B'.

    Hertzmann, Jacobs, Oliver, Curless and Salesin, "Image Analogies", SIGGRAPH 2001. The example
    is A', which is copied, and its guide A; the canvas's guide is B. Without guides it is texture
    synthesis. Coarse to fine and in scan order, each pixel takes the source pixel with the nearest
    features (5x5 of A and B and the causal half of A' and B', 3x3 of all at the coarser level,
    with Gaussian weights), or the nearest of those that continue its neighbours' sources, if its
    squared distance is up to ``1 + kappa 2^(l - L)`` times as large; ``l`` is the level and ``L``
    the finest.

    ``colours`` "keep" is the paper's way for filters: luminance alone is matched and synthesized,
    A's first brought to B's mean and deviation (``remap``), and I and Q are B's. "copy" copies A'
    as it is: for artistic styles with colours of their own, texture by numbers, and textures; with
    ``remap`` "always" each channel of A is brought to B's for the matching.

    Departures from the paper: pyramids are means of 2x2 pixels; the search is a k-d tree over
    ``components`` principal components of the features; at borders, which the paper searches
    exhaustively with what is left of the window, B and B' are repeated, and B' is, where it is not
    filled yet, the coarser level's, enlarged (random source pixels at the coarsest); where the
    canvas wraps or has known pixels, a second pass at each level sees the whole windows of B'.
    Only pixels of A' whose whole windows may be used are copied: never its outer 2 pixels, nor
    those as near to what is masked.
    """

    name: ClassVar[str] = "image_analogies"
    citation: ClassVar[str] = (
        "Hertzmann, Jacobs, Oliver, Curless, Salesin: Image Analogies, SIGGRAPH 2001"
    )
    honours: ClassVar[frozenset[str]] = frozenset(
        {"wrap", "known", "guide", "mask", "maps", "init", "content", "copies", "video"}
    )
    minimum_size: ClassVar[int] = WINDOW
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "filter": {"colours": "keep", "kappa": 0.5},
        "edges": {"kappa": 0.5, "guide_weight": 100.0},
        "painting": {"kappa": 2.0, "remap": "always", "guide_weight": 4.0},
    }

    kappa: Annotated[float, Field(ge=0, le=1000)] = Field(
        5.0,
        description="preference for continuing what neighbours copy: 0.5 to 5 for textures, 2 to "
        "25 for painted styles, 1 or less for filters",
        json_schema_extra={
            "trades": "more copies larger pieces of A'; less takes the nearest features, pixel by "
            "pixel"
        },
    )
    colours: Literal["copy", "keep"] = Field(
        "copy",
        description="copy A' with its colours, or its luminance only and keep B's colours",
        json_schema_extra={
            "trades": "copy gives B' the palette of A'; keep changes light and dark alone, as a "
            "filter does"
        },
    )
    remap: Literal["kept", "always", "never"] = Field(
        "kept",
        description="when to bring A to B's mean and deviation first: where colours are kept, "
        "always, or never",
        json_schema_extra={
            "trades": "always makes up for A and B of different exposure; never keeps tones and "
            "labels as they are"
        },
    )
    levels: Levels = None
    components: Annotated[int, Field(ge=1, le=4096)] = Field(
        12,
        description="principal components of the features that the search compares",
        json_schema_extra={"trades": "more find nearer features, in more time"},
    )
    tolerance: Annotated[float, Field(ge=0, le=10)] = Field(
        1.0,
        description="fraction by which what the search finds may be farther than the nearest",
        json_schema_extra={"trades": "more searches faster and less exactly"},
    )

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        super().check(exemplars, canvas)
        some_centres_of(self.atlas(exemplars, canvas).usable, RADIUS)
        if self.colours == "copy":
            return
        if canvas.guide is None:
            raise CanvasError(
                "colours = keep needs a guide, whose colours are kept",
                "give B as the guide, or colours = copy",
            )
        first = canvas.maps[0].channels
        if canvas.guide.shape[2] not in (1, 3) or first not in (1, 3):
            raise CanvasError(
                f"colours = keep needs grey or coloured pictures, not a guide of "
                f"{canvas.guide.shape[2]} channels for {first} channels",
                "use colours = copy",
            )

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield about eight steps per level."""
        use_threads(context.threads)
        exemplars, canvas = self.guided(exemplars, canvas)
        copied = self.atlas(exemplars, canvas)
        if self.colours == "copy":
            matched = copied
            if canvas.guide is not None and self.remap == "always":
                guided = [_guide_remapped(exemplar, canvas.guide) for exemplar in exemplars]
                matched = self.atlas(guided, canvas)
            for sources, fraction in self._search(matched, canvas, context):
                yield copying_step(copied, canvas, sources, fraction=fraction)
            return
        grey, grey_canvas = _in_luminance(exemplars, canvas, self.remap != "never")
        matched = self.atlas(grey, grey_canvas)
        for sources, fraction in self._search(matched, grey_canvas, context):
            step = copying_step(copied, canvas, sources, fraction=fraction)
            yield replace(step, image=_recoloured(step.image, matched, sources, canvas))

    def _search(
        self, atlas: Atlas, canvas: Canvas, context: Context
    ) -> Iterator[tuple[IntArray, float]]:
        """Yield the source of each pixel, and the fraction of the work done."""
        rng = context.rng("image_analogies")
        n_levels = min(self.levels or 32, max_levels(atlas.usable, WINDOW))
        pyramid = pyramid_of(atlas, canvas, WINDOW, n_levels)
        # What is ahead in scan order but known already has to be seen.
        n_passes = 2 if any(canvas.wrap) or pyramid[-1].known.any() else 1
        work = n_passes * sum(level.known.size for level in pyramid)
        done = 0
        coarser: Level | None = None
        for number, level in enumerate(pyramid):
            centres = _centres(level, coarser)
            fallback = rng.permutation(np.flatnonzero(centres).astype(np.int32))
            if coarser is None:
                level.sources[:] = fallback[rng.integers(0, len(fallback), level.size)]
            else:
                level.sources[:] = refine(
                    coarser.sources, coarser.width, level.size, centres, fallback, Jitter()
                )
            if coarser is not None or canvas.init == "noise":
                level.set_values(level.copied(level.sources)[..., : level.n_values])
            level.sources[level.known] = -1
            search = AnalogySearch(
                self.kappa / 2 ** (len(pyramid) - 1 - number),
                self.components,
                self.tolerance,
                context.threads,
            )
            for number_of_pass in range(n_passes):
                neighbourhood = analogy_neighbourhood(
                    level.n_values,
                    atlas.n_guide,
                    coarse=coarser is not None,
                    whole=number_of_pass > 0,
                )
                for part in search.scan(level, coarser or level, centres, neighbourhood, STEPS):
                    shown = at_full_size(level.sources, level, pyramid[-1])
                    fraction = (done + part * level.known.size) / work
                    yield shown[: canvas.size[0], : canvas.size[1]], fraction
                done += level.known.size
            coarser = level


def _centres(level: Level, coarser: Level | None) -> Mask:
    """Source pixels (h, w) with whole windows, at the coarser level, too."""
    centres = some_centres_of(level.usable, RADIUS)
    if coarser is None:
        return centres
    whole = some_centres_of(coarser.usable, COARSE_RADIUS).repeat(2, axis=0).repeat(2, axis=1)
    edges = [(0, n - m) for n, m in zip(centres.shape, whole.shape, strict=True)]
    both: Mask = centres & np.pad(whole, edges)
    return both


def grey_of(pixels: Array) -> Array:
    """Y of YIQ, as the paper has it, (..., 1)."""
    return luminance(pixels, NTSC)[..., None]


def with_luminance(pixels: Array, wanted: Array) -> Array:
    """Colours of pixels (..., 3) or (..., 1) with the luminance ``wanted``, (..., 1).

    Chrominance I and Q stay; the result, (..., 3) or (..., 1), is clipped to [0, 1].
    """
    # Equal steps of R, G and B change Y alone.
    shifted = pixels + (wanted - grey_of(pixels))
    return np.asarray(shifted.clip(0, 1), np.float32)


def luminance_remap(example: Array, target: Array) -> tuple[float, float]:
    """Gain and offset that give an example's luminance a target's mean and deviation.

    ``Y <- sigma_B / sigma_A (Y - mu_A) + mu_B`` (Hertzmann et al. 2001), as ``gain * Y + offset``.
    A flat example is only shifted.
    """
    mean, deviation = float(example.mean()), float(example.std())
    gain = float(target.std()) / deviation if deviation > 1e-6 else 1.0
    return gain, float(target.mean()) - gain * mean


def _guide_remapped(exemplar: Exemplar, target: Array) -> Exemplar:
    """Bring each channel of A to B's mean and deviation, for the matching alone."""
    assert exemplar.guide is not None
    used = exemplar.guide if exemplar.mask is None else exemplar.guide[exemplar.mask]
    channels = range(target.shape[2])
    changes = [luminance_remap(used[..., c], target[..., c]) for c in channels]
    gains, offsets = np.array(changes, np.float32).T
    return replace(exemplar, guide=gains * exemplar.guide + offsets)


def _in_luminance(
    exemplars: Sequence[Exemplar], canvas: Canvas, remap: bool
) -> tuple[list[Exemplar], Canvas]:
    """Replace the first map and the guide by their luminance, A's remapped to B's."""
    assert canvas.guide is not None
    target = grey_of(canvas.guide)
    channels = canvas.maps[0].channels
    formats = (replace(canvas.maps[0], channels=1), *canvas.maps[1:])
    grey = []
    for exemplar in exemplars:
        assert exemplar.guide is not None
        guide = grey_of(exemplar.guide)
        used = guide if exemplar.mask is None else guide[exemplar.mask]
        gain, offset = luminance_remap(used, target) if remap else (1.0, 0.0)
        values = gain * grey_of(exemplar.pixels[..., :channels]) + offset
        grey.append(
            replace(
                exemplar.with_pixels(
                    np.concatenate([values, exemplar.pixels[..., channels:]], axis=2), formats
                ),
                guide=np.asarray(gain * guide + offset, np.float32),
            )
        )
    known, init = canvas.known, canvas.init
    if known is not None:
        known = np.concatenate([grey_of(known[..., :channels]), known[..., channels:]], axis=2)
    if isinstance(init, Exemplar):
        values = grey_of(init.pixels[..., :channels])
        init = init.with_pixels(
            np.concatenate([values, init.pixels[..., channels:]], axis=2), formats
        )
    return grey, replace(canvas, known=known, init=init, guide=target, maps=formats)


def _recoloured(image: Array, matched: Atlas, sources: IntArray, canvas: Canvas) -> Array:
    """Set unknown pixels to the matched luminance and the guide's colours."""
    assert canvas.guide is not None
    channels = image.shape[2] - matched.pixels.shape[2] + 1
    wanted = matched.copy(np.maximum(sources, 0))[..., :1]
    colours = canvas.guide if channels == 3 else grey_of(canvas.guide)
    coloured = np.broadcast_to(with_luminance(colours, wanted), (*sources.shape, channels))
    image[..., :channels] = np.where(sources[..., None] >= 0, coloured, image[..., :channels])
    return image
