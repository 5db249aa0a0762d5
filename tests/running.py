"""Runs of what tests lay out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.method import Method
from lichen.patches.atlas import Atlas
from lichen.run import verbs
from lichen.run.loop import Run


def prepare(*arguments: Any, **named: Any) -> Run:
    """Return the run of a synthesis, not yet started."""
    return Run(verbs.synthesize(*arguments, **named))


def run_of(
    method: Method,
    exemplars: Sequence[Exemplar],
    canvas: Canvas,
    stop_after: int | None = None,
    **named: Any,
) -> Run:
    """Return the run of a method on a canvas."""
    return Run(replace(verbs.job_of(method, exemplars, canvas, **named), stop_after=stop_after))


def with_layout(canvas: Canvas, exemplars: Sequence[Exemplar]) -> Canvas:
    """Return the canvas with the maps of the exemplars, as a run fills them in."""
    return replace(canvas, maps=exemplars[0].formats)


def atlas_of(exemplars: Sequence[Exemplar], **options: Any) -> Atlas:
    """Return the atlas of exemplars, for a canvas of the first one's maps."""
    return Atlas.of(exemplars, exemplars[0].formats, **options)
