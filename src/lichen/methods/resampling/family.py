"""What resampling methods share: what may be copied, what is followed, and the step they yield."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, ClassVar

import numpy as np
from pydantic import AfterValidator, Field

from lichen.arrays import IntArray
from lichen.canvas import Canvas
from lichen.errors import CanvasError
from lichen.exemplar import Exemplar
from lichen.image.colour import luminance
from lichen.method import Method, Takes
from lichen.patches.atlas import Atlas
from lichen.step import Step


def _odd(side: int) -> int:
    if side % 2 == 0:
        raise ValueError("it must be odd, to have a pixel in its centre")
    return side


OddSide = Annotated[int, AfterValidator(_odd), Field(json_schema_extra={"unit": "px"})]
"""Side of a square window that has a pixel in its centre."""
GuideWeight = Annotated[
    float,
    Field(
        ge=0,
        description="weight of the guide relative to the maps, where the canvas has one",
        json_schema_extra={
            "trades": "more follows the guide more closely; less keeps the texture's own structure "
            "whole"
        },
    ),
]
Levels = Annotated[
    int | None,
    Field(
        ge=1,
        le=12,
        description="levels of the pyramid; by default as many as have room for two patches, or "
        "windows, side by side",
        json_schema_extra={
            "trades": "fewer lose structures larger than a patch or window; those without room "
            "are left out"
        },
    ),
]
Variation = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        json_schema_extra={
            "trades": "more breaks up verbatim copies, and may bend what is straight"
        },
    ),
]


class ResamplingMethod(Method):
    """A method that works with patches or pixels of the example as they are, in all its maps."""

    takes: ClassVar[Takes] = "several"

    rotations: bool = Field(
        False,
        description="copy from the exemplar rotated by quarter turns, too",
        json_schema_extra={
            "trades": "four times as much to copy from and to search; light and direction turn "
            "with it"
        },
    )
    mirror: bool = Field(
        False,
        description="copy from the exemplar mirrored, too",
        json_schema_extra={
            "trades": "twice as much to copy from and to search; light and lettering are mirrored "
            "with it"
        },
    )
    map_weights: dict[str, Annotated[float, Field(ge=0)]] = Field(
        {},
        description="weight of each map in the matching, by name; 1 for the first, else 0.5",
        json_schema_extra={
            "trades": "a map of more weight has fewer visible joints, at the others' expense; one "
            "of weight 0 is only copied along"
        },
    )

    def atlas(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> Atlas:
        """Lay out what may be copied."""
        return Atlas.of(
            [exemplar.with_guide(None) for exemplar in exemplars],
            canvas.maps,
            map_weights=self.map_weights,
            rotations=self.rotations,
            mirror=self.mirror,
        )

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        super().check(exemplars, canvas)
        if canvas.known_mask is not None and canvas.known_mask.all():
            raise CanvasError("every pixel is known already", "mark what is to be filled")
        self.atlas(exemplars, canvas)


class GuidedMethod(ResamplingMethod):
    """A method that follows a guide, or the light and dark of another picture."""

    guide_weight: GuideWeight = 1.0
    blur: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        2.0,
        description="standard deviation of the Gaussian blur of luminances before they are "
        "matched, where another picture is rendered",
        json_schema_extra={
            "unit": "px",
            "trades": "more follows only broad light and shade; less follows finer detail of the "
            "picture",
        },
    )

    def atlas(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> Atlas:
        """Lay out what may be copied, with its guide where the canvas has one."""
        return Atlas.of(
            [e if canvas.guide is not None else e.with_guide(None) for e in exemplars],
            canvas.maps,
            map_weights=self.map_weights,
            guide_weight=self.guide_weight,
            rotations=self.rotations,
            mirror=self.mirror,
        )

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        super().check(exemplars, canvas)
        wanted = None if canvas.guide is None else canvas.guide.shape[2]
        if canvas.content is not None:
            if wanted is not None:
                raise CanvasError(
                    "the canvas has both a guide and a content to follow", "give one of them"
                )
            height, width = canvas.content.shape[:2]
            if (height, width) != canvas.size:
                raise CanvasError(
                    f"the content is {width}x{height} but the canvas "
                    f"{canvas.size[1]}x{canvas.size[0]}",
                    "resize one of them",
                )
        guides = {0 if e.guide is None else e.guide.shape[2] for e in exemplars}
        if wanted is not None and guides != {wanted}:
            raise CanvasError(
                f"the canvas has a guide of {wanted} channels, the example one of {guides.pop()}",
                "give both a guide of the same kind",
            )

    def guided(
        self, exemplars: Sequence[Exemplar], canvas: Canvas
    ) -> tuple[Sequence[Exemplar], Canvas]:
        """Turn the content, where there is one, into a guide.

        Both are luminance, blurred; the content's is brought to the example's histogram, so that
        its darkest pixels are as dark as those of the example (Efros and Freeman 2001).
        """
        if canvas.content is None:
            return exemplars, canvas
        from scipy.ndimage import gaussian_filter
        from skimage.exposure import match_histograms

        ours = [
            gaussian_filter(luminance(e.maps[0].pixels), self.blur, mode="reflect")
            for e in exemplars
        ]
        theirs = gaussian_filter(luminance(canvas.content), self.blur, mode="reflect")
        usable = [
            grey.ravel() if e.mask is None else grey[e.mask]
            for grey, e in zip(ours, exemplars, strict=True)
        ]
        matched = match_histograms(theirs, np.concatenate(usable)[None]).astype(np.float32)
        return (
            [
                exemplar.with_guide(grey.clip(0, 1)[..., None])
                for exemplar, grey in zip(exemplars, ours, strict=True)
            ],
            replace(canvas, content=None, guide=matched.clip(0, 1)[..., None]),
        )


def follows(canvas: Canvas) -> bool:
    """Whether a guide, or a content that will become one, is to be followed."""
    return canvas.guide is not None or canvas.content is not None


def copying_step(
    atlas: Atlas,
    canvas: Canvas,
    sources: IntArray,
    *,
    fraction: float,
    iteration: int = 0,
    n_iterations: int = 1,
) -> Step:
    """Return the picture that copies ``sources`` (H, W) of the atlas, known pixels kept.

    Pixels with a source below 0 that are not known have the mean colour: they are still to be
    synthesized.
    """
    image = atlas.copy(np.maximum(sources, 0))
    missing = sources < 0 if canvas.known_mask is None else (sources < 0) & ~canvas.known_mask
    if missing.any():
        image[missing] = atlas.pixels[atlas.usable].mean(0)
    origins = atlas.origins(sources)
    if canvas.known is not None and canvas.known_mask is not None:
        image[canvas.known_mask] = canvas.known[canvas.known_mask]
        here = -1 if canvas.known_sources is None else canvas.known_sources[canvas.known_mask]
        origins[canvas.known_mask] = here
    return Step(
        image=image,
        fraction=fraction,
        iteration=iteration,
        n_iterations=n_iterations,
        sources=origins,
    )


def around_unknown(canvas: Canvas, margin: int) -> tuple[slice, slice]:
    """Rows and columns with all unknown pixels and a margin; all of an axis across its wrap."""
    found = []
    for axis, length in enumerate(canvas.size):
        low, high = 0, length
        if canvas.known_mask is not None:
            lines = np.flatnonzero((~canvas.known_mask).any(axis=1 - axis))
            low, high = int(lines[0]) - margin, int(lines[-1]) + 1 + margin
        if canvas.wrap[axis] and (low < 0 or high > length):
            low, high = 0, length
        found.append(slice(max(low, 0), min(high, length)))
    return found[0], found[1]


def crop(canvas: Canvas, rows: slice, columns: slice) -> Canvas:
    """Part of a canvas; an axis that is cropped no longer wraps."""
    size = (rows.stop - rows.start, columns.stop - columns.start)
    if size == canvas.size:
        return canvas
    init = canvas.init
    if isinstance(init, Exemplar):
        init = init.with_mask(None).with_pixels(init.pixels[rows, columns])
    return replace(
        canvas,
        size=size,
        wrap=(
            canvas.wrap[0] and size[0] == canvas.size[0],
            canvas.wrap[1] and size[1] == canvas.size[1],
        ),
        init=init,
        known=None if canvas.known is None else canvas.known[rows, columns],
        known_sources=None,
        known_mask=None if canvas.known_mask is None else canvas.known_mask[rows, columns],
        guide=None if canvas.guide is None else canvas.guide[rows, columns],
    )
