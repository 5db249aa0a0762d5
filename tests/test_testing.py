"""The contract's checker: an honest method passes, one that breaks a promise does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from lichen import registry
from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.method import Context, Method, Takes
from lichen.methods.resampling.family import GuidedMethod, copying_step
from lichen.step import Step
from lichen.testing import check_method

ALL = frozenset({"wrap", "init", "known", "guide", "mask", "maps", "content", "copies"})


class Shuffle(GuidedMethod):
    """Copies a usable pixel for each, with the guide nearest what is wanted; keeps all promises."""

    name: ClassVar[str] = "shuffle"
    citation: ClassVar[str] = "nobody 1900"
    honours: ClassVar[frozenset[str]] = ALL
    minimum_size: ClassVar[int] = 2

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        exemplars, canvas = self.guided(exemplars, canvas)
        atlas = self.atlas(exemplars, canvas)
        wanted, known = atlas.features_of(canvas)
        values = atlas.pixels.shape[2]
        usable = context.rng("shuffle").permutation(np.flatnonzero(atlas.usable))
        features = atlas.features.reshape(-1, wanted.shape[2])
        places = context.rng("places").choice(usable, canvas.size).astype(np.int32)
        if canvas.guide is not None:
            apart = wanted[..., None, values:] - features[usable, values:]
            places = usable[np.square(apart).sum(3).argmin(2)].astype(np.int32)
        places[known] = -1
        yield copying_step(atlas, canvas, places, fraction=1.0)


class Repainted(Shuffle):
    """Changes pixels that are known."""

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        for step in super().run(exemplars, canvas, context):
            image = step.image.copy()
            if canvas.known_mask is not None:
                image[canvas.known_mask] *= 0.5
            yield replace(step, image=image)


class Unfilled(Shuffle):
    """Leaves a pixel as it was."""

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        for step in super().run(exemplars, canvas, context):
            if canvas.known is None or canvas.known_mask is None:
                yield step
                continue
            image, hole = step.image.copy(), np.argwhere(~canvas.known_mask)[0]
            image[tuple(hole)] = canvas.known[tuple(hole)]
            yield replace(step, image=image)


class Unmasked(Shuffle):
    """Copies what is masked."""

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        yield from super().run([replace(e, mask=None) for e in exemplars], canvas, context)


class Astray(Shuffle):
    """Does not follow the guide."""

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        yield from super().run(exemplars, replace(canvas, guide=None), context)


class Unguided(Shuffle):
    """Takes any guide."""

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        Method.check(self, exemplars, canvas)


class OutOfStep(Shuffle):
    """Copies the second map from elsewhere, and does not say from where."""

    honours: ClassVar[frozenset[str]] = ALL - {"copies"}

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        for step in super().run(exemplars, canvas, context):
            image = step.image.copy()
            if len(exemplars[0].maps) > 1 and canvas.known is None:
                image[..., -1] = image[::-1, ::-1, -1]
            yield replace(step, image=image, sources=None)


class WrongMap(Shuffle):
    """Copies from other places than it says."""

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        for step in super().run(exemplars, canvas, context):
            assert step.sources is not None
            yield replace(step, sources=step.sources[:, ::-1])


class Threaded(Shuffle):
    """Makes another picture with more threads."""

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        yield from super().run(
            exemplars, canvas, replace(context, seed=context.threads + canvas.seed)
        )


class Silent(Shuffle):
    """Takes one exemplar, and does not refuse more."""

    takes: ClassVar[Takes] = "one"

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Take everything."""


class Mute(Shuffle):
    """Says that it copies, and does not say from where."""

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        for step in super().run(exemplars, canvas, context):
            yield replace(step, sources=None)


class Stuttering(Shuffle):
    """Takes two steps, and does not say that it shows them."""

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        for step in super().run(exemplars, canvas, context):
            yield replace(step, fraction=0.5)
            yield step


class Grey(Shuffle):
    """Is out of range."""

    honours: ClassVar[frozenset[str]] = ALL - {"copies"}

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        for step in super().run(exemplars, canvas, context):
            yield replace(step, image=step.image + np.float32(1), sources=None)


def run_contract(method: type[Method], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "method", lambda name: method)
    check_method(method.name)


def test_an_honest_method_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    run_contract(Shuffle, monkeypatch)


@pytest.mark.parametrize(
    ("method", "message"),
    [
        (Repainted, "known: known pixels have changed"),
        (Unfilled, "known: not finite"),
        (Unmasked, "mask: masked pixels are copied"),
        (Astray, "guide: it is not followed"),
        (Unguided, "guide is neither honoured nor refused"),
        (OutOfStep, "maps: the maps are not in register"),
        (WrongMap, "pixels differ from the exemplar's at their sources"),
        (Threaded, "the number of threads changes the picture"),
        (Silent, "is neither honoured nor refused"),
        (Grey, "above 1"),
        (Mute, "it copies without declaring `copies`"),
        (Stuttering, "it shows its steps without declaring `video`"),
    ],
)
def test_a_broken_promise_is_noticed(
    method: type[Method], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AssertionError, match=message):
        run_contract(method, monkeypatch)
