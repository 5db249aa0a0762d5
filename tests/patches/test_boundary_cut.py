"""The minimum-error boundary cut, against all cuts there are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.patches.boundary_cut import below, horizontal_cut, right_of, vertical_cut
from references.plain_min_cut import plain_least_cut


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 2**32), st.booleans())
def test_no_cut_is_cheaper(height: int, width: int, seed: int, coarse: bool) -> None:
    errors = np.random.default_rng(seed).random((height, width)).astype(np.float32)
    if coarse:  # many ties
        errors = np.round(errors * 2)
    cut, total = vertical_cut(errors)
    assert total == pytest.approx(plain_least_cut(errors), abs=1e-5)
    assert errors[np.arange(height), cut].sum() == pytest.approx(total, abs=1e-5)
    assert (np.abs(np.diff(cut)) <= 1).all()
    across, same = horizontal_cut(errors.T)
    np.testing.assert_array_equal(across, cut)
    assert same == total


def test_it_keeps_out_of_forbidden_pixels() -> None:
    errors = np.ones((7, 5), np.float32)
    errors[:, 2] = 0
    errors[3, :4] = np.inf
    cut, total = vertical_cut(errors)
    assert cut[3] == 4
    assert np.isfinite(total)


def test_what_lies_right_of_a_cut_begins_on_it() -> None:
    mask = right_of(np.array([1, 0, 3], np.int32), 3)
    np.testing.assert_array_equal(mask, [[0, 1, 1], [1, 1, 1], [0, 0, 0]])
    np.testing.assert_array_equal(below(np.array([1, 0, 3], np.int32), 3), mask.T)
