"""Squares of four samples: whose pixels lie where, and what the cuts cost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.patches.diamond_cut import EAST, NORTH, SOUTH, WEST, diamond_cut


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 12), st.integers(1, 8), st.integers(0, 10_000))
def test_edges_are_whole_and_regions_in_reach(half: int, overlap: int, seed: int) -> None:
    side = 2 * half
    samples = np.random.default_rng(seed).random((4, side, side, 3), np.float32)
    labels, error = diamond_cut(samples, overlap)
    assert (labels[0] == NORTH).all()
    assert (labels[-1] == SOUTH).all()
    assert (labels[1:-1, 0] == WEST).all()
    assert (labels[1:-1, -1] == EAST).all()
    assert np.isfinite(error)
    y, x = np.mgrid[:side, :side]
    reach = half + overlap
    for label, depth in ((NORTH, y), (SOUTH, side - 1 - y), (WEST, x), (EAST, side - 1 - x)):
        assert (depth[labels == label] < reach).all()


def test_pieces_of_one_picture_make_it_whole_at_no_cost() -> None:
    picture = np.random.default_rng(0).random((16, 16, 2), np.float32)
    labels, error = diamond_cut(np.stack([picture] * 4), 4)
    assert error == 0
    assert set(np.unique(labels)) == {NORTH, EAST, SOUTH, WEST}


def test_cuts_go_where_the_samples_agree() -> None:
    rng = np.random.default_rng(1)
    samples = rng.random((4, 20, 20, 1), np.float32)
    narrow, wide = (diamond_cut(samples, overlap)[1] for overlap in (1, 6))
    assert wide < narrow


@pytest.mark.parametrize("label", [NORTH, EAST, SOUTH, WEST])
def test_what_is_out_of_reach_is_not_looked_at(label: int) -> None:
    samples = np.random.default_rng(2).random((4, 12, 12, 1), np.float32)
    expected, cost = diamond_cut(samples, 2)
    y, x = np.mgrid[:12, :12]
    depth = {NORTH: y, SOUTH: 11 - y, WEST: x, EAST: 11 - x}[label]
    changed = samples.copy()
    changed[label, depth >= 6 + 2] = 77
    labels, same = diamond_cut(changed, 2)
    np.testing.assert_array_equal(labels, expected)
    assert same == cost
