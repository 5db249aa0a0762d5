"""Chaos mosaic: a bijection, copies only, and tiles no longer seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from lichen.canvas import Canvas
from lichen.errors import ParameterError
from lichen.exemplar import Exemplar
from lichen.method import Context
from lichen.methods.resampling import chaos_mosaic
from lichen.methods.resampling.chaos_mosaic import ChaosMosaic, cat_map, cat_map_orbit
from lichen.step import Step
from running import with_layout


def textured(size: tuple[int, int], seed: int = 0) -> Exemplar:
    """Smooth noise, in which no two pixels are alike."""
    noise = np.random.default_rng(seed).random((*size, 3))
    smooth = gaussian_filter(noise, (1.5, 1.5, 0), mode="wrap")
    return Exemplar.from_array((smooth - smooth.min()) / np.ptp(smooth))


def steps(
    method: ChaosMosaic, exemplars: list[Exemplar], canvas: Canvas, threads: int = 1
) -> list[Step]:
    canvas = with_layout(canvas, exemplars)
    method.check(exemplars, canvas)
    return list(method.run(exemplars, canvas, Context(canvas.seed, threads)))


def assert_copied(step: Step, exemplars: list[Exemplar]) -> None:
    assert step.sources is not None
    assert (step.sources >= 0).all()
    for number, exemplar in enumerate(exemplars):
        ours = step.sources[..., 0] == number
        y, x = step.sources[ours, 1], step.sources[ours, 2]
        np.testing.assert_array_equal(step.image[ours], exemplar.pixels[y, x])
        assert exemplar.mask is None or exemplar.mask[y, x].all()
    assert (step.sources[..., 0] < len(exemplars)).all()


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 40), st.integers(1, 40))
def test_the_cat_map_moves_every_pixel_to_a_place_of_its_own(height: int, width: int) -> None:
    points = np.argwhere(np.ones((height, width), bool))
    moved = cat_map(points, (height, width))
    assert len(np.unique(moved[:, 0] * width + moved[:, 1])) == height * width
    assert (moved >= 0).all()
    assert (moved < (height, width)).all()


@pytest.mark.parametrize("side", [5, 8, 101])
def test_on_squares_it_is_arnolds(side: int) -> None:
    y, x = np.mgrid[:side, :side]
    moved = cat_map(np.stack([y, x], -1), (side, side))
    np.testing.assert_array_equal(moved[..., 1], (x + y) % side)
    np.testing.assert_array_equal(moved[..., 0], (x + 2 * y) % side)


def test_its_period_on_101_pixels_is_25() -> None:
    """As Dyson and Falk (1992) found: the map's periods are those of Fibonacci numbers."""
    points = np.argwhere(np.ones((101, 101), bool))
    orbit = cat_map_orbit(points, (101, 101), 25)
    np.testing.assert_array_equal(orbit[:, -1], points)
    assert all((orbit[:, n] != points).any() for n in range(24))


@pytest.mark.parametrize("wrap", [(False, False), (True, True), (False, True)])
@pytest.mark.parametrize("size", [(40, 50), (97, 61), (150, 33)])
def test_every_pixel_is_copied(size: tuple[int, int], wrap: tuple[bool, bool]) -> None:
    mask = np.ones((30, 36), bool)
    mask[4:9, 15:25] = False
    exemplars = [textured((44, 40), 1), replace(textured((30, 36), 2), mask=mask)]
    for chosen in ([exemplars[0]], [exemplars[1]], exemplars):
        for coverage in (0, 3):
            method = ChaosMosaic.configure(coverage=coverage, rotations=True)
            assert_copied(steps(method, chosen, Canvas(size, wrap=wrap, seed=3))[-1], chosen)


def test_small_sizes_work() -> None:
    for extra in range(4):
        side = ChaosMosaic.minimum_size + extra
        exemplar = textured((side, side + 1))
        for wrap in (False, True):
            canvas = Canvas((side + 1, side), wrap=(wrap, wrap), seed=extra)
            assert_copied(steps(ChaosMosaic(), [exemplar], canvas)[-1], [exemplar])


def repeated(step: Step, period: tuple[int, int]) -> float:
    """Share of pixels that come from the same place as those one period away."""
    assert step.sources is not None
    same = [
        (step.sources == np.roll(step.sources, n, axis)).all(2).mean()
        for axis, n in enumerate(period)
    ]
    return float(np.mean(same))


def test_moved_blocks_hide_the_tiles() -> None:
    exemplar = textured((48, 48))
    canvas = Canvas((168, 168), wrap=(True, True), seed=1)
    shares = []
    for coverage in (0, 2, 6):
        step = steps(ChaosMosaic.configure(coverage=coverage), [exemplar], canvas)[-1]
        shares.append(repeated(step, (42, 42)))
    assert shares[0] > 0.6
    assert shares[1] < 0.2
    assert shares[2] < 0.02


def test_all_of_the_picture_is_visited_evenly() -> None:
    """Of 16 parts of a picture of 8 x 8 tiles, each has about as much of the moved blocks."""
    exemplar = textured((32, 32))
    canvas = Canvas((256, 256), wrap=(True, True), seed=2)
    tiled, moved = (
        steps(ChaosMosaic.configure(coverage=c, candidates=1), [exemplar], canvas)[-1].sources
        for c in (0, 1)
    )
    assert tiled is not None
    assert moved is not None
    changed = (tiled != moved).any(2).reshape(4, 64, 4, 64).mean((1, 3))
    assert 0.3 < changed.min() < changed.max() < 0.9


def test_looking_for_a_fit_lessens_the_jumps() -> None:
    exemplar = textured((48, 48))
    jumps = []
    for candidates in (1, 8):
        image = steps(ChaosMosaic.configure(candidates=candidates), [exemplar], Canvas((200, 200)))[
            -1
        ].image
        jumps.append(sum(np.square(np.diff(image, 2, axis)).mean() for axis in (0, 1)))
    assert jumps[1] < jumps[0]


def test_a_wrapped_picture_has_no_seam() -> None:
    exemplar = textured((48, 48))
    canvas = Canvas((130, 150), wrap=(True, True), seed=1)
    image = steps(ChaosMosaic(), [exemplar], canvas)[-1].image
    rough = np.square(np.diff(image, 2, 0, prepend=image[-1:], append=image[:1])).mean((1, 2))
    assert rough[[0, -1]].mean() < 1.5 * rough[1:-1].mean()


def test_a_large_run_tells_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chaos_mosaic, "PIXELS_PER_STEP", 4000)
    exemplar, canvas = textured((40, 40)), Canvas((100, 100), seed=1)
    told = steps(ChaosMosaic(), [exemplar], canvas)
    assert len(told) > 3
    monkeypatch.undo()
    np.testing.assert_array_equal(
        told[-1].image, steps(ChaosMosaic(), [exemplar], canvas)[-1].image
    )


def test_maps_are_copied_together_and_threads_change_nothing() -> None:
    colour, height = textured((40, 40)).pixels, textured((40, 40), 5).pixels[..., :1]
    stack = Exemplar.from_array(colour).with_maps({"height": height})
    one, two = (steps(ChaosMosaic(), [stack], Canvas((60, 60)), threads)[-1] for threads in (1, 2))
    assert_copied(one, [stack])
    assert one.image.tobytes() == two.image.tobytes()


def test_sides_of_blocks_in_the_wrong_order_are_an_error() -> None:
    with pytest.raises(ParameterError, match="smallest_block"):
        ChaosMosaic.configure(smallest_block=0.6)
