"""Levels of a canvas: what is known at each, which patches are searched, what is cut out."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.patches.atlas import Atlas
from lichen.patches.levels import (
    active_queries,
    around_unknown,
    cut,
    level_pyramid,
    most_levels,
    padded,
)

SIZES = st.tuples(st.integers(1, 14), st.integers(1, 14))
WRAPS = st.tuples(st.booleans(), st.booleans())


@settings(deadline=None, max_examples=60)
@given(SIZES, st.integers(1, 6), WRAPS, st.sampled_from([0.0, 0.5, 0.97]), st.integers(0, 2**32))
def test_patches_that_see_an_unknown_pixel_are_active(
    size: tuple[int, int], side: int, wraps: tuple[bool, bool], share: float, seed: int
) -> None:
    height, width = (n if wrap else max(n, side) for n, wrap in zip(size, wraps, strict=True))
    known = np.random.default_rng(seed).random((height, width)) < share
    rows = height if wraps[0] else height - side + 1
    columns = width if wraps[1] else width - side + 1
    active = active_queries(known, side, wraps)
    assert active.shape == (rows, columns)
    for y, x in np.ndindex(rows, columns):
        lines = np.ix_((y + np.arange(side)) % height, (x + np.arange(side)) % width)
        assert active[y, x] == (not known[lines].all())


@settings(deadline=None, max_examples=40)
@given(SIZES, st.integers(0, 30), WRAPS)
def test_padding_continues_over_wraps(
    size: tuple[int, int], after: int, wraps: tuple[bool, bool]
) -> None:
    image = np.random.default_rng(after).random((*size, 2))
    longer = padded(image, after, wraps)
    rows, columns = (np.arange(n + after * wrap) % n for n, wrap in zip(size, wraps, strict=True))
    np.testing.assert_array_equal(longer, image[np.ix_(rows, columns)])


@settings(deadline=None, max_examples=60)
@given(SIZES, WRAPS, st.integers(0, 6), st.integers(0, 2**32))
def test_all_that_is_unknown_is_cut_out_with_what_is_around_it(
    size: tuple[int, int], wraps: tuple[bool, bool], margin: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    known = rng.random(size) < 0.9
    known[rng.integers(0, size[0]), rng.integers(0, size[1])] = False
    picture, guide = rng.random((*size, 3), np.float32), rng.random((*size, 1), np.float32)
    start = Exemplar.from_array(rng.random((*size, 3), np.float32))
    canvas = Canvas(size, wraps, seed=3, init=start, known=picture, known_mask=known, guide=guide)
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
    part = cut(canvas, *here)
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


def test_without_known_pixels_all_is_made() -> None:
    canvas = Canvas((7, 9), wrap=(True, False))
    here = around_unknown(canvas, 3)
    assert here == (slice(0, 7), slice(0, 9))
    assert cut(canvas, *here) is canvas


def _exemplar(size: tuple[int, int] = (40, 52)) -> Exemplar:
    return Exemplar.from_array(np.random.default_rng(1).random((*size, 2 + 1), np.float32))


def test_each_level_is_half_of_the_next_finer_one() -> None:
    exemplar = _exemplar()
    atlas = Atlas.of([exemplar])
    known = np.ones((90, 77), bool)
    known[10:85, 5:70] = False
    picture = np.random.default_rng(2).random((90, 77, 3), np.float32)
    canvas = Canvas((90, 77), known=picture, known_mask=known)
    levels = level_pyramid(atlas, canvas, 4, 3)
    assert [level.known.shape for level in levels] == [(23, 20), (45, 39), (90, 77)]
    assert [level.atlas.shape[:2] for level in levels] == [(10, 13), (20, 26), (40, 52)]
    np.testing.assert_array_equal(levels[-1].image[known], (picture * atlas.scale)[known])
    for coarse, fine in pairwise(levels):
        y, x = np.nonzero(coarse.known)
        for down in (0, 1):
            for right in (0, 1):
                rows = np.minimum(2 * y + down, fine.known.shape[0] - 1)
                columns = np.minimum(2 * x + right, fine.known.shape[1] - 1)
                assert fine.known[rows, columns].all(), "what is unknown is known at half the size"
        inner = coarse.known[:22, :19]
        means = fine.image[:44, :38].reshape(22, 2, 19, 2, 3).mean((1, 3))
        np.testing.assert_allclose(coarse.image[:22, :19][inner], means[inner], rtol=1e-5)


def test_small_holes_and_canvases_have_few_levels() -> None:
    atlas = Atlas.of([_exemplar()])
    picture = np.zeros((90, 77, 3), np.float32)
    for side, n_levels in ((9, 1), (70, 2)):
        known = np.ones((90, 77), bool)
        known[5 : 5 + side, 5:20] = False
        canvas = Canvas((90, 77), known=picture, known_mask=known)
        assert len(level_pyramid(atlas, canvas, 7, 4)) == n_levels
    for size in ((13, 90), (3, 2)):
        assert len(level_pyramid(atlas, Canvas(size), 7, 4)) == 1


@pytest.mark.parametrize("wrap", [(False, False), (True, False), (True, True)])
def test_a_canvas_smaller_than_a_patch_is_made_larger(wrap: tuple[bool, bool]) -> None:
    level = level_pyramid(Atlas.of([_exemplar()]), Canvas((3, 5), wrap), 7, 2)[-1]
    assert level.known.shape == tuple(
        n if wraps else 7 for n, wraps in zip((3, 5), wrap, strict=True)
    )
    assert not level.known.any()


def test_the_initial_image_is_at_all_levels() -> None:
    exemplar = _exemplar((32, 32))
    atlas = Atlas.of([exemplar])
    start = Exemplar.from_array(np.full((64, 64, 3), 0.25, np.float32))
    for level in level_pyramid(atlas, Canvas((64, 64), init=start), 4, 3):
        np.testing.assert_allclose(
            level.image, np.broadcast_to(0.25 * atlas.scale, level.image.shape)
        )


def test_levels_end_where_little_of_the_example_is_left() -> None:
    usable = np.ones((128, 128), bool)
    assert [most_levels(usable, patch) for patch in (3, 7, 15, 63)] == [4, 3, 2, 1]
    usable[::9] = False  # no square of more than eight pixels is whole
    assert most_levels(usable, 3) == 1


def test_levels_of_the_example_are_of_usable_pixels_only() -> None:
    mask = np.ones((40, 52), bool)
    mask[7, 9] = False
    atlas = Atlas.of([replace(_exemplar(), mask=mask)])
    coarse = level_pyramid(atlas, Canvas((60, 60)), 4, 2)[0]
    assert not coarse.usable[3, 4]
    assert coarse.usable.sum() == coarse.usable.size - 1
