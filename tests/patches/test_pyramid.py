"""Levels of example and canvas: halved from what is usable and known, sources carried on."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.patches.pyramid import (
    Jitter,
    Level,
    at_full_size,
    enlarge,
    halve,
    max_levels,
    pad_wraps,
    pyramid_of,
    refine,
)
from references.plain_patchmatch import plain_halve
from running import atlas_of

SIZES = st.tuples(st.integers(1, 14), st.integers(1, 14))
WRAPS = st.tuples(st.booleans(), st.booleans())


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 11), st.integers(2, 11), st.integers(1, 4), st.integers(0, 2**32))
def test_pixels_are_means_of_four(height: int, width: int, channels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    image, usable = (
        rng.random((height, width, channels), np.float32),
        rng.random((height, width)) < 0.8,
    )
    halved, whole = halve(image, usable)
    plain, plain_whole = plain_halve(image, usable)
    np.testing.assert_allclose(halved, plain, rtol=1e-6)
    np.testing.assert_array_equal(whole, plain_whole)


@settings(deadline=None, max_examples=40)
@given(SIZES, st.integers(0, 30), WRAPS)
def test_padding_continues_over_wraps(
    size: tuple[int, int], after: int, wraps: tuple[bool, bool]
) -> None:
    image = np.random.default_rng(after).random((*size, 2))
    longer = pad_wraps(image, after, wraps)
    rows, columns = (np.arange(n + after * wrap) % n for n, wrap in zip(size, wraps, strict=True))
    np.testing.assert_array_equal(longer, image[np.ix_(rows, columns)])


def _exemplar(size: tuple[int, int] = (40, 52)) -> Exemplar:
    return Exemplar.from_array(np.random.default_rng(1).random((*size, 2 + 1), np.float32))


def test_each_level_is_half_of_the_next_finer_one() -> None:
    exemplar = _exemplar()
    atlas = atlas_of([exemplar])
    known = np.ones((90, 77), bool)
    known[10:85, 5:70] = False
    picture = np.random.default_rng(2).random((90, 77, 3), np.float32)
    canvas = Canvas((90, 77), known=picture, known_mask=known)
    levels = pyramid_of(atlas, canvas, 4, 3)
    assert [level.known.shape for level in levels] == [(23, 20), (45, 39), (90, 77)]
    assert [level.features.shape[:2] for level in levels] == [(10, 13), (20, 26), (40, 52)]
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
    atlas = atlas_of([_exemplar()])
    picture = np.zeros((90, 77, 3), np.float32)
    for side, n_levels in ((9, 1), (70, 2)):
        known = np.ones((90, 77), bool)
        known[5 : 5 + side, 5:20] = False
        canvas = Canvas((90, 77), known=picture, known_mask=known)
        assert len(pyramid_of(atlas, canvas, 7, 4)) == n_levels
    for size in ((13, 90), (3, 2)):
        assert len(pyramid_of(atlas, Canvas(size), 7, 4)) == 1


@pytest.mark.parametrize("wrap", [(False, False), (True, False), (True, True)])
def test_a_canvas_smaller_than_a_patch_is_made_larger(wrap: tuple[bool, bool]) -> None:
    level = pyramid_of(atlas_of([_exemplar()]), Canvas((3, 5), wrap), 7, 2)[-1]
    assert level.known.shape == tuple(
        n if wraps else 7 for n, wraps in zip((3, 5), wrap, strict=True)
    )
    assert not level.known.any()


def test_the_initial_image_is_at_all_levels() -> None:
    exemplar = _exemplar((32, 32))
    atlas = atlas_of([exemplar])
    start = Exemplar.from_array(np.full((64, 64, 3), 0.25, np.float32))
    for level in pyramid_of(atlas, Canvas((64, 64), init=start), 4, 3):
        np.testing.assert_allclose(
            level.image, np.broadcast_to(0.25 * atlas.scale, level.image.shape)
        )


def test_levels_end_where_little_of_the_example_is_left() -> None:
    usable = np.ones((128, 128), bool)
    assert [max_levels(usable, patch) for patch in (3, 7, 15, 63)] == [4, 3, 2, 1]
    usable[::9] = False  # no square of more than eight pixels is whole
    assert max_levels(usable, 3) == 1


def test_levels_of_the_example_are_of_usable_pixels_only() -> None:
    mask = np.ones((40, 52), bool)
    mask[7, 9] = False
    atlas = atlas_of([replace(_exemplar(), mask=mask)])
    coarse = pyramid_of(atlas, Canvas((60, 60)), 4, 2)[0]
    assert not coarse.usable[3, 4]
    assert coarse.usable.sum() == coarse.usable.size - 1


@settings(deadline=None, max_examples=40)
@given(
    size=st.tuples(st.integers(4, 12), st.integers(4, 12)),
    holes=st.sampled_from([0.0, 0.2]),
    seed=st.integers(0, 2**32),
)
def test_refining_doubles_sources(size: tuple[int, int], holes: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = 2 * size[0] - seed % 2, 2 * size[1] - seed // 2 % 2
    coarse = rng.integers(0, 5 * 6, size).astype(np.int32)
    anchors = rng.random((11, 12)) >= holes
    anchors[3, 4] = True
    fallback = np.flatnonzero(anchors).astype(np.int32)
    field = refine(coarse, 6, shape, anchors, fallback, Jitter(0.0, 16, 1))
    y, x = np.mgrid[: shape[0], : shape[1]]
    ay, ax = np.divmod(coarse[y // 2, x // 2], 6)
    doubled = (2 * ay + y % 2) * 12 + 2 * ax + x % 2
    there = anchors.ravel()[doubled]
    np.testing.assert_array_equal(field[there], doubled[there])
    assert anchors.ravel()[field].all()


def test_refining_displaces_a_fraction_of_the_squares_by_a_pixel() -> None:
    coarse = np.full((160, 160), 10 * 24 + 12, np.int32)  # in the middle of 20 x 24
    anchors = np.ones((40, 48), bool)
    fallback = np.zeros(1, np.int32)
    plain, varied = (
        refine(coarse, 24, (320, 320), anchors, fallback, Jitter(fraction, 8, 5))
        for fraction in (0.0, 0.5)
    )
    dy, dx = (ours - others for ours, others in zip(
        np.divmod(varied, 48), np.divmod(plain, 48), strict=True
    ))  # fmt: skip
    assert {-1, 0, 1} == set(np.unique(dy)) == set(np.unique(dx))
    squares = np.stack([dy, dx], -1).reshape(40, 8, 40, 8, 2).swapaxes(1, 2)
    assert (squares == squares[:, :, :1, :1]).all(), "pixels of a square are displaced together"
    moved = squares[:, :, 0, 0].any(-1).mean()
    assert moved == pytest.approx(0.5 * 8 / 9, abs=0.05)  # one of nine displacements is none


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_enlarging_keeps_pixels_of_a_square_together(scale: int) -> None:
    sources = np.random.default_rng(scale).integers(0, 5 * 6, (7, 8)).astype(np.int32)
    height, width = 7 * scale - scale // 2, 8 * scale - scale // 3
    enlarged = enlarge(sources, (height, width), scale, 6, 6 * scale + 1)
    for y, x in np.ndindex(height, width):
        ay, ax = divmod(int(sources[y // scale, x // scale]), 6)
        wanted = (ay * scale + y % scale) * (6 * scale + 1) + ax * scale + x % scale
        assert enlarged[y, x] == wanted


@pytest.mark.parametrize("size", [(90, 77), (33, 20), (64, 65)])
def test_sources_at_full_size_are_those_of_the_level_enlarged(size: tuple[int, int]) -> None:
    known = np.zeros(size, bool)
    known[3] = True
    image = np.zeros((*size, 1), np.float32)
    level = Level.from_arrays(
        np.zeros((40, 52, 1), np.float32), np.ones((40, 52), bool), image, known, 1, (False, False)
    )
    finest = level
    for number in range(3):
        sources = np.random.default_rng(number).integers(0, level.usable.size, level.size)
        sources = sources.astype(np.int32)
        wanted = enlarge(sources, size, 2**number, level.width, 52)
        found = at_full_size(sources, level, finest)
        np.testing.assert_array_equal(found[~known], wanted[~known])
        assert (found[known] == -1).all()
        level = level.halved()
