"""Wang tiles: edges that fit, sets, grids that close."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.canvas import Canvas
from lichen.errors import CanvasError, ImageError
from lichen.exemplar import Exemplar
from lichen.method import Context
from lichen.methods.resampling import wang_tiles
from lichen.methods.resampling.wang_tiles import (
    EAST,
    NORTH,
    SOUTH,
    WEST,
    TileSet,
    WangTiles,
    edge_colours,
    join_tiles,
    lay_tiles,
)
from running import with_layout


def check(method: WangTiles, exemplar: Exemplar, canvas: Canvas) -> None:
    method.check([exemplar], with_layout(canvas, [exemplar]))


def textured(size: tuple[int, int] = (70, 64), seed: int = 0) -> Exemplar:
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(seed).random((*size, 3))
    smooth = gaussian_filter(noise, (2, 2, 0), mode="wrap")
    return Exemplar.from_array((smooth - smooth.min()) / np.ptp(smooth))


@pytest.fixture(scope="module", params=["complete", "compact"])
def tiles(request: pytest.FixtureRequest) -> TileSet:
    method = WangTiles(tile_size=24, colours=2, tile_set=request.param, attempts=3)
    return method.tiles([textured()], seed=4)


def test_the_sets_have_the_papers_sizes_and_choices() -> None:
    assert len(edge_colours(2, "complete")) == 16
    compact = edge_colours(2, "compact")
    assert len(compact) == 8
    for north, west in product(range(2), repeat=2):
        fits = compact[(compact[:, NORTH] == north) & (compact[:, WEST] == west)]
        assert sorted(fits[:, EAST]) == [0, 1]
        assert sorted(fits[:, SOUTH]) == [0, 1]
    assert len(edge_colours(3, "compact")) == 27


def test_tiles_are_copies(tiles: TileSet) -> None:
    pixels = textured().pixels
    assert (tiles.sources[..., 0] == 0).all()
    copied = pixels[tiles.sources[..., 1], tiles.sources[..., 2]]
    np.testing.assert_array_equal(copied, tiles.tiles)


def test_tiles_with_a_colour_in_common_continue_each_other(tiles: TileSet) -> None:
    checked = 0
    for (one, ours), (other, theirs) in product(enumerate(tiles.edges), repeat=2):
        if ours[EAST] == theirs[WEST]:
            step = tiles.sources[other, :, 0] - tiles.sources[one, :, -1]
            # The corners are the north's and south's.
            assert (step[1:-1] == [0, 0, 1]).all()
            checked += 1
        if ours[SOUTH] == theirs[NORTH]:
            step = tiles.sources[other, 0] - tiles.sources[one, -1]
            assert (step == [0, 1, 0]).all()
            checked += 1
    assert checked >= len(tiles.edges) ** 2


def test_a_colour_is_one_sample_of_its_own(tiles: TileSet) -> None:
    for edge, line in ((NORTH, np.s_[0, 12]), (WEST, np.s_[12, 0])):
        middles = {
            (int(colour), *map(int, tile[line]))
            for colour, tile in zip(tiles.edges[:, edge], tiles.sources, strict=True)
        }
        assert len(middles) == 2
        (_, _, y, x), (_, _, v, u) = middles
        assert max(abs(y - v), abs(x - u)) >= 6


@settings(deadline=None, max_examples=100)
@given(
    st.integers(1, 4),
    st.sampled_from(["complete", "compact"]),
    st.integers(1, 6),
    st.integers(1, 6),
    st.tuples(st.booleans(), st.booleans()),
    st.integers(0, 1000),
)
def test_colours_meet_everywhere(
    colours: int,
    kind: str,
    rows: int,
    columns: int,
    wraps: tuple[bool, bool],
    seed: int,
) -> None:
    edges = edge_colours(colours, kind)
    numbers = lay_tiles(edges, (rows, columns), wraps, np.random.default_rng(seed))
    assert (numbers >= 0).all()
    laid = edges[numbers]
    across = laid[:, :, EAST] == np.roll(laid[:, :, WEST], -1, 1)
    down = laid[:, :, SOUTH] == np.roll(laid[:, :, NORTH], -1, 0)
    assert across[:, : None if wraps[1] else -1].all()
    assert down[: None if wraps[0] else -1].all()


@pytest.mark.parametrize("kind", ["complete", "compact"])
def test_all_tiles_are_used(kind: str) -> None:
    edges = edge_colours(2, kind)
    numbers = lay_tiles(edges, (12, 12), (True, True), np.random.default_rng(0))
    assert set(numbers.ravel()) == set(range(len(edges)))


def test_joining_puts_tiles_where_the_grid_says() -> None:
    tiles = np.arange(3 * 2 * 2).reshape(3, 2, 2)
    numbers = np.array([[2, 0], [1, 1], [0, 2]])
    expected = np.block([[tiles[n] for n in row] for row in numbers])
    np.testing.assert_array_equal(join_tiles(tiles, numbers), expected)


@pytest.mark.parametrize("size", [(4, 4), (5, 7), (24, 24), (50, 61)])
def test_any_size_is_covered_by_the_same_set(size: tuple[int, int]) -> None:
    exemplar = textured()
    method = WangTiles(tile_size=24, attempts=2)
    *_, step = method.run(
        [exemplar], with_layout(Canvas(size, seed=4), [exemplar]), Context(4, threads=2)
    )
    number, y, x = np.moveaxis(step.sources, 2, 0)
    assert (number == 0).all()
    np.testing.assert_array_equal(step.image, exemplar.pixels[y, x])
    np.testing.assert_array_equal(step.image, method.tiles([exemplar], 4).cover(size, 4))


def test_a_wrapped_canvas_has_no_seam() -> None:
    exemplar = textured()
    *_, step = WangTiles(tile_size=24, attempts=2).run(
        [exemplar], with_layout(Canvas((48, 72), (True, True), seed=1), [exemplar]), Context(1)
    )
    down = step.sources[0] - step.sources[-1]
    assert (down == [0, 1, 0]).all()
    across = (step.sources[:, 0] - step.sources[:, -1]).reshape(2, 24, 3)
    assert (across[:, 1:-1] == [0, 0, 1]).all()


def test_masked_pixels_are_never_copied() -> None:
    mask = np.ones((70, 64), bool)
    mask[:25, :30] = False
    exemplars = [replace(textured(), mask=mask), textured((40, 50), 1)]
    made = WangTiles(tile_size=16, colours=3, tile_set="compact", attempts=2).tiles(exemplars, 3)
    number, y, x = np.moveaxis(made.sources, 3, 0)
    assert mask[y[number == 0], x[number == 0]].all()
    assert number.min() >= 0


def test_moving_the_samples_makes_the_cuts_cheaper(monkeypatch: pytest.MonkeyPatch) -> None:
    exemplar = textured((90, 90))
    moved = WangTiles(tile_size=24, attempts=3).tiles([exemplar]).error
    monkeypatch.setattr(wang_tiles, "SWEEPS", 0)
    assert moved < 0.7 * WangTiles(tile_size=24, attempts=3).tiles([exemplar]).error


def test_what_does_not_fit_is_an_error() -> None:
    with pytest.raises(ImageError, match="`tile_size` = 64"):
        check(WangTiles(tile_size=64), textured(), Canvas((64, 64)))
    with pytest.raises(ImageError, match="use a smaller `tile_size`, or a larger photo"):
        check(WangTiles(), textured((5, 64)), Canvas((64, 64)))
    with pytest.raises(CanvasError, match="width 61 is not a multiple of `tile_size` = 32"):
        check(WangTiles(), textured(), Canvas((64, 61), (True, True)))
    with pytest.raises(CanvasError, match="width 50 is not a multiple of `tile_size` = 24"):
        WangTiles(tile_size=24).check(
            [textured()], with_layout(Canvas((48, 50), (False, True)), [textured()])
        )
    WangTiles(tile_size=24).check(
        [textured()], with_layout(Canvas((48, 50), (True, False)), [textured()])
    )


@pytest.mark.parametrize(
    ("size", "canvas", "wrap", "side"),
    [
        ((70, 64), (50, 50), False, 32),
        ((70, 63), (50, 50), False, 30),
        ((300, 400), (50, 50), False, 128),
        ((70, 64), (60, 90), True, 30),
        ((70, 64), (50, 75), True, 32),  # only 2 and 10 would close: too small
    ],
)
def test_tiles_are_half_the_example_or_close_the_canvas(
    size: tuple[int, int], canvas: tuple[int, int], wrap: bool, side: int
) -> None:
    exemplars = [Exemplar.from_array(np.zeros((*size, 3)))]
    wanted = with_layout(Canvas(canvas, (wrap, wrap)), exemplars)
    assert WangTiles()._side(exemplars, wanted) == side


def test_tiles_shrink_until_their_samples_fit_beside_the_mask() -> None:
    mask = np.zeros((64, 64), bool)
    mask[:26, 5:45] = True
    method = WangTiles(attempts=1)
    made = method.tiles([replace(textured((64, 64)), mask=mask)])
    side = made.tiles.shape[1]
    assert side + 2 * method._overlap(side) <= 26 < side + 2 + 2 * method._overlap(side + 2)
    assert mask[made.sources[..., 1], made.sources[..., 2]].all()
