"""What resampling methods share: the part of a canvas that is unknown, and what is followed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from lichen import registry
from lichen.canvas import Canvas
from lichen.errors import CanvasError
from lichen.exemplar import Exemplar
from lichen.methods.resampling.family import around_unknown, crop
from lichen.methods.resampling.patchmatch import PatchMatch

SIZES = st.tuples(st.integers(1, 14), st.integers(1, 14))
WRAPS = st.tuples(st.booleans(), st.booleans())


@settings(deadline=None, max_examples=60)
@given(SIZES, WRAPS, st.integers(0, 6), st.integers(0, 2**32))
def test_all_that_is_unknown_is_cropped_with_what_is_around_it(
    size: tuple[int, int], wraps: tuple[bool, bool], margin: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    known = rng.random(size) < 0.9
    known[rng.integers(0, size[0]), rng.integers(0, size[1])] = False
    picture, guide = rng.random((*size, 3), np.float32), rng.random((*size, 1), np.float32)
    start = Exemplar.from_array(rng.random((*size, 3), np.float32))
    canvas = Canvas(
        size, wrap=wraps, seed=3, init=start, known=picture, known_mask=known, guide=guide
    )
    here = around_unknown(canvas, margin)
    outside = np.ones(size, bool)
    outside[here] = False
    assert known[outside].all()
    for axis, lines in enumerate(here):
        unknown = np.flatnonzero((~known).any(1 - axis))
        whole = lines == slice(0, size[axis])
        before, after = unknown[0] - lines.start, lines.stop - 1 - unknown[-1]
        if not whole:
            assert before >= min(margin, unknown[0])
            assert after >= min(margin, size[axis] - 1 - unknown[-1])
        if wraps[axis] and not whole:
            assert min(before, after) >= margin, "what is across the wrap is not seen"
    part = crop(canvas, *here)
    assert part.known is not None
    assert part.known_mask is not None
    assert part.guide is not None
    assert isinstance(part.init, Exemplar)
    np.testing.assert_array_equal(part.known, picture[here])
    np.testing.assert_array_equal(part.known_mask, known[here])
    np.testing.assert_array_equal(part.guide, guide[here])
    np.testing.assert_array_equal(part.init.pixels, start.pixels[here])
    assert part.size == part.known_mask.shape
    assert part.seed == 3
    for axis in (0, 1):
        assert part.wrap[axis] == (wraps[axis] and part.size[axis] == size[axis])


def test_without_known_pixels_nothing_is_cropped() -> None:
    canvas = Canvas((7, 9), wrap=(True, False))
    here = around_unknown(canvas, 3)
    assert here == (slice(0, 7), slice(0, 9))
    assert crop(canvas, *here) is canvas


def test_content_becomes_a_guide_with_the_distribution_of_the_example(
    rng: np.random.Generator,
) -> None:
    photo = rng.random((24, 30, 3), np.float32)
    mask = np.ones((24, 30), bool)
    mask[:6] = False
    content = rng.random((20, 26, 3), np.float32) ** 3
    canvas = Canvas((20, 26), content=content)
    exemplars, guided = PatchMatch.configure(blur=1.5).guided(
        [Exemplar.from_array(photo, mask)], canvas
    )
    weights = np.array([0.2126, 0.7152, 0.0722])
    ours = gaussian_filter(photo @ weights, 1.5, mode="reflect")
    theirs = gaussian_filter(content @ weights, 1.5, mode="reflect")
    assert exemplars[0].guide is not None
    assert guided.guide is not None
    assert guided.content is None
    np.testing.assert_allclose(exemplars[0].guide[..., 0], ours, atol=1e-6)
    found = guided.guide[..., 0]
    np.testing.assert_array_equal(np.argsort(found.ravel()), np.argsort(theirs.ravel()))
    quantiles = np.linspace(0.02, 0.98, 20)
    np.testing.assert_allclose(
        np.quantile(found, quantiles), np.quantile(ours[mask], quantiles), atol=0.01
    )


def test_without_content_nothing_changes() -> None:
    exemplars, canvas = [Exemplar.from_array(np.zeros((8, 8, 3), np.float32))], Canvas((9, 9))
    same, canvas_too = PatchMatch().guided(exemplars, canvas)
    assert same is exemplars
    assert canvas_too is canvas


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        ({"content": np.zeros((9, 10, 3), np.float32)}, "the content is 10x9"),
        (
            {
                "content": np.zeros((12, 12, 3), np.float32),
                "guide": np.zeros((12, 12, 1), np.float32),
            },
            "both a guide and a content",
        ),
    ],
)
def test_refused_contents(named: dict[str, np.ndarray], problem: str) -> None:
    exemplar = Exemplar.from_array(np.zeros((12, 12, 3), np.float32))
    with pytest.raises(CanvasError, match=problem):
        PatchMatch().check([exemplar], Canvas((12, 12), maps=exemplar.formats, **named))


def test_parameters_that_do_nothing_are_not_there() -> None:
    guided = {"guide_weight", "blur"}
    for name, row in registry.rows().items():
        if row.family != "resampling" or name == "replay":
            continue
        method = registry.method(name)
        fields = set(method.model_fields)
        assert {"rotations", "mirror", "map_weights"} <= fields
        assert (guided <= fields) == bool({"guide", "content"} & method.honours)
        assert (guided & fields == set()) == (not {"guide", "content"} & method.honours)
