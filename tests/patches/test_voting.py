"""Votes are weighted means; weights are those of the robust energy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.kernels import use_threads
from lichen.patches.voting import add_patches, robust_weights, vote
from references.plain_patchmatch import plain_vote


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
        vote(atlas, field, weights, known, side, wraps, 2, voted)
        np.testing.assert_allclose(voted, plain, rtol=1e-5)
        np.testing.assert_array_equal(voted[known], image[known])
        np.testing.assert_array_equal(voted[..., 2:], image[..., 2:])


def test_a_picture_votes_for_itself() -> None:
    picture = np.random.default_rng(0).random((9, 11, 3), np.float32)
    y, x = np.mgrid[:5, :7]
    field, weights = (y * 11 + x).astype(np.int32), np.ones((5, 7), np.float32)
    made = np.zeros_like(picture)
    vote(picture, field, weights, np.zeros((9, 11), bool), 5, (False, False), 3, made)
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
    """What the weights are for: turns of weighing and averaging minimise sum |distance|^r."""
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


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32), st.integers(1, 6))
def test_added_patches_wrap_around(seed: int, side: int) -> None:
    rng = np.random.default_rng(seed)
    values, window = rng.random((8, 9, 2), np.float32), rng.random((side, side), np.float32)
    places, queries = (
        rng.integers(0, (9 - side, 10 - side), (6, 2)),
        rng.integers(0, (5, 7), (6, 2)),
    )
    weights = rng.random(6, np.float32)
    sums, totals = np.zeros((5, 7, 2), np.float32), np.zeros((5, 7), np.float32)
    add_patches(values, places, queries, weights, window, sums, totals)
    plain, plain_totals = np.zeros((5, 7, 2)), np.zeros((5, 7))
    for (ay, ax), (qy, qx), weight in zip(places, queries, weights, strict=True):
        for i, j in np.ndindex(side, side):
            at = (qy + i) % 5, (qx + j) % 7
            plain[at] += weight * window[i, j] * values[ay + i, ax + j]
            plain_totals[at] += weight * window[i, j]
    np.testing.assert_allclose(sums, plain, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(totals, plain_totals, rtol=1e-4, atol=1e-6)
