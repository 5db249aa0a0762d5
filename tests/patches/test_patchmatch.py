"""Search: against brute force over all places; refining and enlarging by what a place means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.kernels import use_threads
from lichen.patches.atlas import anchors_of
from lichen.patches.patchmatch import (
    centre_places,
    distances,
    enlarge,
    occurrences,
    refine,
    sweep,
)
from references.plain_patchmatch import plain_costs, plain_nearest

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

    def true_costs(self) -> np.ndarray:
        return distances(self.atlas, self.image, self.field, self.side, self.penalty)

    def sweep(self, number: int, radius: int = 18, draws: int = 4) -> None:
        sweep(
            self.atlas, self.anchors, self.penalty, self.image, self.active, self.field.copy(),
            self.field, self.costs, self.side, draws, radius, number, number % 2 == 1,
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
        task.sweep(number, draws=0)
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


@settings(deadline=None, max_examples=40)
@given(
    size=st.tuples(st.integers(4, 12), st.integers(4, 12)),
    holes=st.sampled_from([0.0, 0.2]),
    seed=st.integers(0, 2**32),
)
def test_refining_doubles_places(size: tuple[int, int], holes: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = 2 * size[0] - seed % 2, 2 * size[1] - seed // 2 % 2
    coarse = rng.integers(0, 5 * 6, size).astype(np.int32)
    anchors = rng.random((11, 12)) >= holes
    anchors[3, 4] = True
    spare = np.flatnonzero(anchors).astype(np.int32)
    field = refine(coarse, 6, shape, anchors, spare, 16, 0.0, 1)
    y, x = np.mgrid[: shape[0], : shape[1]]
    ay, ax = np.divmod(coarse[y // 2, x // 2], 6)
    doubled = (2 * ay + y % 2) * 12 + 2 * ax + x % 2
    there = anchors.ravel()[doubled]
    np.testing.assert_array_equal(field[there], doubled[there])
    assert anchors.ravel()[field].all()


def test_refining_displaces_a_share_of_the_squares_by_a_pixel() -> None:
    coarse = np.full((160, 160), 10 * 24 + 12, np.int32)  # in the middle of 20 x 24
    anchors = np.ones((40, 48), bool)
    spare = np.zeros(1, np.int32)
    plain, varied = (
        refine(coarse, 24, (320, 320), anchors, spare, 8, share, 5) for share in (0.0, 0.5)
    )
    dy, dx = (ours - others for ours, others in zip(
        np.divmod(varied, 48), np.divmod(plain, 48), strict=True
    ))  # fmt: skip
    assert {-1, 0, 1} == set(np.unique(dy)) == set(np.unique(dx))
    squares = np.stack([dy, dx], -1).reshape(40, 8, 40, 8, 2).swapaxes(1, 2)
    assert (squares == squares[:, :, :1, :1]).all(), "pixels of a square are displaced together"
    moved = squares[:, :, 0, 0].any(-1).mean()
    assert moved == pytest.approx(0.5 * 8 / 9, abs=0.05)  # one of nine displacements is none


@pytest.mark.parametrize("wraps", [(a, b) for a in BOTH for b in BOTH])
@pytest.mark.parametrize("side", [1, 3, 4, 7])
def test_a_pixel_has_its_place_in_the_patch_about_it(side: int, wraps: tuple[bool, bool]) -> None:
    size = (9, 8)
    rows, columns = (n if wrap else n - side + 1 for n, wrap in zip(size, wraps, strict=True))
    field = np.random.default_rng(side).integers(0, 5 * 20, (rows, columns)).astype(np.int32)
    places = centre_places(field, size, side, wraps, 20)
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


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_enlarging_keeps_pixels_of_a_square_together(scale: int) -> None:
    places = np.random.default_rng(scale).integers(0, 5 * 6, (7, 8)).astype(np.int32)
    height, width = 7 * scale - scale // 2, 8 * scale - scale // 3
    enlarged = enlarge(places, (height, width), scale, 6, 6 * scale + 1)
    for y, x in np.ndindex(height, width):
        ay, ax = divmod(int(places[y // scale, x // scale]), 6)
        wanted = (ay * scale + y % scale) * (6 * scale + 1) + ax * scale + x % scale
        assert enlarged[y, x] == wanted
