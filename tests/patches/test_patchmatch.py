"""Search: against brute force over all anchors. Votes: weighted means with robust weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.kernels import use_threads
from lichen.patches.patchmatch import (
    Patches,
    RandomSearch,
    active_queries,
    central_sources,
    costs_of,
    occurrences,
    robust_weights,
    sweep,
    vote,
)
from lichen.patches.pyramid import Level
from lichen.patches.windows import anchors_of
from references.plain_patchmatch import plain_costs, plain_nearest, plain_vote

BOTH = (False, True)


class Search:
    """A small task: an atlas with holes, penalties, a picture, and a field to begin with."""

    def __init__(self, seed: int, side: int = 3, queries: tuple[int, int] = (20, 14)) -> None:
        rng = np.random.default_rng(seed)
        self.side = side
        self.atlas = rng.random((16, 18, 2), np.float32)
        self.anchors = anchors_of(rng.random((16, 18)) < 0.98, side)
        self.penalty = rng.random((16, 18), np.float32) * 0.1
        self.image = rng.random((queries[0] + side - 1, queries[1] + side - 1, 2), np.float32)
        self.active = rng.random(queries) < 0.8
        places = np.flatnonzero(self.anchors).astype(np.int32)
        self.field = places[rng.integers(0, len(places), queries)]
        self.costs = self.true_costs()

    @property
    def patches(self) -> Patches:
        return Patches(self.atlas, self.anchors, self.penalty, self.side)

    def true_costs(self) -> np.ndarray:
        return costs_of(self.patches, self.image, self.field)

    def sweep(self, number: int, radius: int = 18, candidates: int = 4) -> None:
        sweep(
            self.patches, self.image, self.active, self.field, self.costs,
            RandomSearch(candidates, radius, number), backwards=number % 2 == 1,
        )  # fmt: skip


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32), st.integers(1, 6))
def test_costs_are_the_plain_ones(seed: int, side: int) -> None:
    task = Search(seed, side, (4, 5))
    plain = plain_costs(task.atlas, task.image, task.field, side, task.penalty)
    np.testing.assert_allclose(task.costs, plain, rtol=1e-5)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(0, 6), st.integers(1, 18))
def test_a_sweep_makes_no_cost_worse(seed: int, side: int, draws: int, radius: int) -> None:
    task = Search(seed, side)
    for number in range(3):
        costs, field = task.costs.copy(), task.field.copy()
        task.sweep(number, radius, draws)
        assert (task.costs <= costs).all()
        assert task.anchors.ravel()[task.field].all(), "a patch that may not be copied"
        np.testing.assert_allclose(task.costs, task.true_costs(), rtol=1e-5)
        np.testing.assert_array_equal(task.field[~task.active], field[~task.active])
        if number == 0 and draws:
            assert (task.costs < costs).any()


def test_enough_sweeps_find_most_of_the_nearest_patches() -> None:
    """In a picture of pieces of the atlas, as all are that are searched, but not exactly so."""
    task, rng = Search(1), np.random.default_rng(7)
    task.image = np.ascontiguousarray(_pieces(task.atlas, task.image.shape[:2], rng))
    task.image += rng.normal(0, 0.05, task.image.shape).astype(np.float32)
    task.costs = task.true_costs()
    nearest = plain_nearest(
        task.atlas, task.anchors, task.image, task.field.shape, task.side, task.penalty
    )
    found = []
    for number in range(30):
        task.sweep(number)
        found.append((task.costs <= nearest + 1e-5)[task.active].mean())
    assert (task.costs >= nearest - 1e-5).all()
    assert found[0] < found[3] < found[-1]
    assert found[-1] > 0.85


def _pieces(atlas: np.ndarray, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Squares of the atlas, six pixels wide, side by side."""
    picture = np.empty((*size, atlas.shape[2]), np.float32)
    for top in range(0, size[0], 6):
        for left in range(0, size[1], 6):
            y, x = rng.integers(0, atlas.shape[0] - 6), rng.integers(0, atlas.shape[1] - 6)
            here = picture[top : top + 6, left : left + 6]
            here[:] = atlas[y : y + here.shape[0], x : x + here.shape[1]]
    return picture


def test_what_is_copied_from_the_atlas_is_found_there() -> None:
    """One seed of the right place spreads over all that goes on from it."""
    task = Search(2, side=4, queries=(9, 9))
    task.anchors[:] = anchors_of(np.ones((16, 18), bool), 4)
    task.penalty[:] = 0
    task.image = np.ascontiguousarray(task.atlas[2:14, 3:15])
    task.active[:] = True
    task.field[4, 5] = (4 + 2) * 18 + 5 + 3
    task.costs = task.true_costs()
    for number in range(4):
        task.sweep(number, candidates=0)
    y, x = np.mgrid[:9, :9]
    np.testing.assert_array_equal(task.field, (y + 2) * 18 + x + 3)


def test_a_penalty_sends_elsewhere() -> None:
    task = Search(3)
    task.penalty[:, :9] = 100
    task.costs = task.true_costs()
    for number in range(10):
        task.sweep(number)
    assert (task.field[task.active] % 18 >= 9).all()


def test_threads_give_the_same_field() -> None:
    fields = []
    for threads in (1, 2):
        use_threads(threads)
        task = Search(4, queries=(70, 11))  # several stripes
        for number in range(4):
            task.sweep(number)
        fields.append(task.field)
    np.testing.assert_array_equal(*fields)


def test_occurrences_are_counted() -> None:
    rng = np.random.default_rng(0)
    field, active = rng.integers(0, 12, (9, 8)).astype(np.int32), rng.random((9, 8)) < 0.7
    counts = np.bincount(field[active], minlength=12).reshape(3, 4)
    np.testing.assert_array_equal(occurrences(field, active, (3, 4)), counts)


@pytest.mark.parametrize("wraps", [(a, b) for a in BOTH for b in BOTH])
@pytest.mark.parametrize("side", [1, 3, 4, 7])
def test_a_pixel_has_its_place_in_the_patch_about_it(side: int, wraps: tuple[bool, bool]) -> None:
    size = (9, 8)
    rows, columns = (n if wrap else n - side + 1 for n, wrap in zip(size, wraps, strict=True))
    field = np.random.default_rng(side).integers(0, 5 * 20, (rows, columns)).astype(np.int32)
    places = central_sources(field, size, side, wraps, 20)
    for y, x in np.ndindex(size):
        corner = []
        for at, wrap, count in zip((y, x), wraps, (rows, columns), strict=True):
            first = at - side // 2
            corner.append((first % count) if wrap else min(max(first, 0), count - 1))
        dy = (y - corner[0]) % size[0] if wraps[0] else y - corner[0]
        dx = (x - corner[1]) % size[1] if wraps[1] else x - corner[1]
        assert 0 <= dy < side
        assert 0 <= dx < side
        assert places[y, x] == field[tuple(corner)] + dy * 20 + dx


SIZES = st.tuples(st.integers(1, 14), st.integers(1, 14))
WRAPS = st.tuples(st.booleans(), st.booleans())


@settings(deadline=None, max_examples=60)
@given(SIZES, st.integers(1, 6), WRAPS, st.sampled_from([0.0, 0.5, 0.97]), st.integers(0, 2**32))
def test_patches_that_see_an_unknown_pixel_are_active(
    size: tuple[int, int], side: int, wraps: tuple[bool, bool], fraction: float, seed: int
) -> None:
    height, width = (n if wrap else max(n, side) for n, wrap in zip(size, wraps, strict=True))
    known = np.random.default_rng(seed).random((height, width)) < fraction
    rows = height if wraps[0] else height - side + 1
    columns = width if wraps[1] else width - side + 1
    active = active_queries(known, side, wraps)
    assert active.shape == (rows, columns)
    for y, x in np.ndindex(rows, columns):
        lines = np.ix_((y + np.arange(side)) % height, (x + np.arange(side)) % width)
        assert active[y, x] == (not known[lines].all())


@settings(deadline=None, max_examples=40)
@given(
    size=st.tuples(st.integers(4, 12), st.integers(4, 12)),
    side=st.integers(1, 7),
    wraps=st.tuples(st.booleans(), st.booleans()),
    guide=st.integers(0, 1),
    seed=st.integers(0, 2**32),
)
def test_a_pixel_is_the_mean_of_the_patches_over_it(
    size: tuple[int, int], side: int, wraps: tuple[bool, bool], guide: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    size = tuple(n if wrap else max(n, side) for n, wrap in zip(size, wraps, strict=True))
    shape = tuple(n if wrap else n - side + 1 for n, wrap in zip(size, wraps, strict=True))
    atlas = rng.random((10, 9, 2 + guide), np.float32)
    y, x = rng.integers(0, 10 - side + 1, shape), rng.integers(0, 9 - side + 1, shape)
    field = (y * 9 + x).astype(np.int32)
    weights = rng.random(shape, np.float32) + np.float32(0.1)
    image, known = rng.random((*size, 2 + guide), np.float32), rng.random(size) < 0.3
    plain = plain_vote(atlas, field, weights, known, side, wraps, 2, image)
    for threads in (1, 2):
        use_threads(threads)
        voted = image.copy()
        level = Level.from_arrays(atlas, np.ones((10, 9), bool), voted, known, 2, wraps)
        vote(level, field, weights, side)
        np.testing.assert_allclose(voted, plain, rtol=1e-5)
        np.testing.assert_array_equal(voted[known], image[known])
        np.testing.assert_array_equal(voted[..., 2:], image[..., 2:])


def test_a_picture_votes_for_itself() -> None:
    picture = np.random.default_rng(0).random((9, 11, 3), np.float32)
    y, x = np.mgrid[:5, :7]
    field, weights = (y * 11 + x).astype(np.int32), np.ones((5, 7), np.float32)
    made = np.zeros_like(picture)
    usable, known = np.ones((9, 11), bool), np.zeros((9, 11), bool)
    vote(Level.from_arrays(picture, usable, made, known, 3, (False, False)), field, weights, 5)
    np.testing.assert_allclose(made, picture, rtol=1e-5)


def test_weights_are_a_power_of_the_distance() -> None:
    rng = np.random.default_rng(1)
    field = rng.integers(0, 12, (5, 6)).astype(np.int32)
    penalty, distance = rng.random((3, 4), np.float32), rng.random((5, 6), np.float32)
    distance[0, 0] = 0
    costs = distance + penalty.ravel()[field]
    robust_weights(costs, penalty, field, 1e-3, -0.6)
    np.testing.assert_allclose(costs, (distance + 1e-3) ** -0.6, rtol=1e-3)


def test_weighted_mean_is_where_the_robust_energy_is_least() -> None:
    """What the weights are for: alternate weights and averages minimize sum |distance|^r."""
    rng = np.random.default_rng(2)
    values, r = rng.random((7, 1)), 1.2
    mean = values.mean()
    for _ in range(200):
        costs = ((values - mean) ** 2).astype(np.float32)
        robust_weights(
            costs, np.zeros((1, 1), np.float32), np.zeros((7, 1), np.int32), 1e-9, r / 2 - 1
        )
        mean = (costs * values).sum() / costs.sum()
    grid = np.linspace(0, 1, 20_001)
    energy = (np.abs(values - grid) ** r).sum(0)
    assert mean == pytest.approx(grid[energy.argmin()], abs=1e-3)
