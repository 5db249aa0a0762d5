"""Schedules: groups keep the order of pixels that see each other."""

from __future__ import annotations

from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lichen.patches import scan_order
from lichen.patches.scan_order import grouped, groups_in_order, raster, wavefronts


def sees(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    radius: int,
    wraps: tuple[bool, bool],
    shape: tuple[int, int],
) -> bool:
    """Whether pixel a is in the window of pixel b."""
    apart = np.abs(a - b)
    apart = np.where(wraps, np.minimum(apart, np.array(shape) - apart), apart)
    return bool((apart <= radius).all())


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    radius=st.integers(1, 7),
    rows=st.booleans(),
    columns=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_groups_keep_the_order_of_pixels_that_see_each_other(
    height: int, width: int, radius: int, rows: bool, columns: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    order = rng.permutation(height * width)[: rng.integers(1, height * width + 1)]
    wraps, shape = (rows, columns), (height, width)
    groups = groups_in_order(order, radius, wraps, shape)
    pixels = np.stack(np.divmod(order, width), axis=1)
    for later in range(len(order)):
        before = [
            groups[k] for k in range(later) if sees(pixels[k], pixels[later], radius, wraps, shape)
        ]
        assert groups[later] == max(before, default=-1) + 1


def test_a_schedule_keeps_each_group_in_order() -> None:
    order = np.random.default_rng(2).permutation(80)
    groups = groups_in_order(order, 1, (False, True), (8, 10))
    schedule = grouped(order, 1, (False, True), (8, 10))
    np.testing.assert_array_equal(schedule.runs, np.arange(81))
    assert schedule.groups[0] == 0
    assert schedule.groups[-1] == 80
    for number in range(groups.max() + 1):
        ours = schedule.order[schedule.groups[number] : schedule.groups[number + 1]]
        np.testing.assert_array_equal(ours, order[groups == number])


def test_a_wavefront_sees_only_earlier_ones() -> None:
    free = np.random.default_rng(0).random((9, 13)) < 0.8
    order, _, starts = wavefronts(free, 2)
    assert np.array_equal(np.sort(order), np.flatnonzero(free))
    wave = np.full(free.size, -1)
    wave[order] = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    wave = wave.reshape(free.shape)
    for y, x in np.argwhere(free):
        for dy in range(-2, 1):
            for dx in range(-2, 3 if dy else 0):
                inside = y + dy >= 0 and 0 <= x + dx < 13
                assert not inside or wave[y + dy, x + dx] < wave[y, x]


def test_raster_order_over_a_wrap_of_columns_is_one_by_one() -> None:
    free = np.random.default_rng(1).random((7, 6)) < 0.7
    schedule = raster(free, 2, (False, True))
    np.testing.assert_array_equal(schedule.order, np.flatnonzero(free))
    assert (list(schedule.runs), list(schedule.groups)) == ([0, free.sum()], [0, 1])


@settings(max_examples=30, deadline=None)
@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    radius=st.integers(1, 4),
    tile=st.sampled_from([1, 2, 4]),
    wrap=st.booleans(),
    seed=st.integers(0, 99),
)
def test_raster_schedules_have_the_result_of_raster_order(
    height: int, width: int, radius: int, tile: int, wrap: bool, seed: int
) -> None:
    """Of two pixels that see each other, the first is in an earlier group or earlier in a run."""
    free = np.random.default_rng(seed).random((height, width)) < 0.8
    with mock.patch.object(scan_order, "TILE", tile):
        order, runs, groups = raster(free, radius, (wrap, False))
    assert (np.diff(runs) > 0).all()
    assert (np.diff(groups) > 0).all()
    np.testing.assert_array_equal(np.sort(order), np.flatnonzero(free))
    position, run, group = (np.empty(free.size, int) for _ in range(3))
    position[order] = np.arange(len(order))
    run[order] = np.repeat(np.arange(len(runs) - 1), np.diff(runs))
    of_runs = np.repeat(np.arange(len(groups) - 1), np.diff(groups))
    group[order] = of_runs[run[order]]
    pixels = np.flatnonzero(free)
    places = np.stack(np.divmod(pixels, width), axis=1)
    for k, pixel in enumerate(pixels):
        for n, earlier in enumerate(pixels[:k]):
            if sees(places[n], places[k], radius, (wrap, False), (height, width)):
                same_run = run[earlier] == run[pixel] and position[earlier] < position[pixel]
                assert group[earlier] < group[pixel] or same_run
