"""Search of all places: against the plain sum over all of them, early exits and all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lichen.patches.exhaustive import Candidates, Terms, error_of, nearest_sources

Array = NDArray[np.float32]
RADIUS = 3


def found_sources(
    candidates: Candidates,
    offsets: NDArray[np.int64],
    values: Array,
    roots: Array,
    *,
    bound: float = np.inf,
    tolerance: float = 0.1,
) -> tuple[NDArray[np.int32], Array]:
    """Run the kernel with scratch of the sizes that it needs."""
    terms = terms_of(candidates, offsets, values, roots)
    count = nearest_sources(candidates, terms, len(offsets), bound, tolerance)
    return terms.found[:count], terms.errors[:count]


def terms_of(
    candidates: Candidates, offsets: NDArray[np.int64], values: Array, roots: Array
) -> Terms:
    room_of_all = Terms.room(len(offsets), candidates.n_candidates)
    terms = Terms(*(rows[0] for rows in room_of_all))
    for room, given_terms in (
        (terms.offsets, offsets),
        (terms.values, values),
        (terms.roots, roots),
    ):
        room[: len(offsets)] = given_terms
        room[len(offsets) :] = 7
    return terms


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(2 * RADIUS + 1, 24),
    width=st.integers(2 * RADIUS + 1, 40),
    channels=st.integers(1, 4),
    n_terms=st.integers(1, 70),
    tolerance=st.sampled_from([0.0, 0.1, 2.0]),
    holes=st.sampled_from([0.0, 0.3, 0.97]),
    bounded=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_equals_the_sum_over_all_places(
    height: int,
    width: int,
    channels: int,
    n_terms: int,
    tolerance: float,
    holes: float,
    bounded: bool,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    planes = rng.random((height, width, channels), np.float32)
    centres = np.zeros((height, width), bool)
    inner = centres[RADIUS : height - RADIUS, RADIUS : width - RADIUS]
    inner[...] = rng.random(inner.shape) >= holes
    inner[0, 0] = True
    candidates = Candidates.of(planes, centres)
    assert candidates.n_candidates == centres.sum()
    dy, dx = rng.integers(-RADIUS, RADIUS + 1, (2, n_terms))
    plane = rng.integers(0, channels, n_terms)
    roots, values = rng.random((2, n_terms), np.float32)
    offsets = plane * height * width + dy * width + dx

    places = np.flatnonzero(centres)
    y, x = np.divmod(places, width)
    wanted = sum(
        (float(roots[t]) * planes[y + dy[t], x + dx[t], plane[t]].astype(float) - values[t]) ** 2
        for t in range(n_terms)
    )
    bound = float(wanted[rng.integers(len(places))]) if bounded else np.inf
    found, errors = found_sources(
        candidates, offsets, values, roots, bound=bound, tolerance=tolerance
    )
    limit = wanted.min() * (1 + tolerance)
    sure = places[wanted <= limit * (1 - 1e-4)]
    possible = places[wanted <= limit * (1 + 1e-4)]
    assert set(sure) <= set(found) <= set(possible)
    assert len(found) > 0
    assert (np.diff(found) > 0).all()
    np.testing.assert_allclose(errors, wanted[np.searchsorted(places, found)], rtol=1e-4)
    assert error_of(candidates.planes, found[0], offsets, values, roots, n_terms) == pytest.approx(
        errors[0], rel=1e-4
    )


def test_equal_neighbourhoods_are_all_found() -> None:
    """In a periodic picture the same neighbourhood is at one place in each period, no more."""
    rows, columns = np.mgrid[:40, :40]
    picture = np.random.default_rng(1).random((5, 4, 3), np.float32)[rows % 5, columns % 4]
    centres = np.zeros((40, 40), bool)
    centres[1:-1, 1:-1] = True
    candidates = Candidates.of(picture, centres)
    dy, dx, plane = (a.ravel() for a in np.mgrid[-1:2, -1:2, :3])
    values = picture[20 + dy, 20 + dx, plane]
    found, errors = found_sources(
        candidates, plane * 1600 + dy * 40 + dx, values, np.ones(27, np.float32)
    )
    y, x = np.divmod(found, 40)
    np.testing.assert_array_equal(np.unique(y), np.arange(5, 39, 5))
    np.testing.assert_array_equal(np.unique(x), np.arange(4, 39, 4))
    assert len(found) == 7 * 9
    assert (errors == 0).all()
