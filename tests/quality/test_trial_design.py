"""The human test: the design of its trials, against counting."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.errors import ParameterError
from lichen.quality.trial import _outside, design, largest_crop

CROP = 24


def disjoint(a: tuple[int, int], b: tuple[int, int], crop: int) -> bool:
    """Whether two squares share no pixel, by listing their pixels."""
    pixels = [set(itertools.product(range(r, r + crop), range(c, c + crop))) for r, c in (a, b)]
    return not pixels[0] & pixels[1]


sizes = st.tuples(st.integers(8, 40), st.integers(8, 40))


@given(sizes, sizes, st.integers(8, 20), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_crops_lie_inside_and_apart(
    exemplar: tuple[int, int], result: tuple[int, int], crop: int, seed: int
) -> None:
    crop = min(crop, largest_crop(exemplar, [result]))
    for trial in design(exemplar, [result], n_trials=4, crop=crop, seed=seed):
        for (row, column), size in ((trial.real, exemplar), (trial.made, result)):
            assert 0 <= row <= size[0] - crop
            assert 0 <= column <= size[1] - crop
        assert disjoint(trial.real, trial.made, crop)


@given(
    st.tuples(st.integers(3, 6), st.integers(3, 6)), st.tuples(st.integers(3, 6), st.integers(3, 6))
)
@settings(max_examples=20, deadline=None)
def test_largest_crop_is_the_largest_that_fits_twice(
    exemplar: tuple[int, int], result: tuple[int, int]
) -> None:
    def fits(crop: int) -> bool:
        positions = [
            itertools.product(range(h - crop + 1), range(w - crop + 1))
            for h, w in (exemplar, result)
        ]
        return any(disjoint(a, b, crop) for a, b in itertools.product(*positions))

    largest = largest_crop(exemplar, [result])
    assert [crop for crop in range(1, 8) if fits(crop)] == list(range(1, largest + 1))
    with pytest.raises(ParameterError, match=f"`crop` {largest} or less"):
        design(exemplar, [result], n_trials=1, crop=largest + 1, seed=0)


@pytest.mark.parametrize("hole", [(1, 3, 2, 4), (-2, 2, 1, 9), (0, 9, -3, 2), (3, 1, 0, 2)])
def test_positions_outside_a_rectangle_are_drawn_once_each(hole: tuple[int, int, int, int]) -> None:
    """Every number that the generator can give leads to another place, and all are reached."""

    class Counting:
        def __init__(self, k: int) -> None:
            self.k, self.n = k, 0

        def integers(self, n: int) -> int:
            self.n = n
            return self.k

    rows, columns = range(hole[0], hole[1]), range(hole[2], hole[3])
    wanted = [
        (r, c)
        for r, c in itertools.product(range(4), range(5))
        if r not in rows or c not in columns
    ]
    rngs: list[Any] = [Counting(k) for k in range(len(wanted))]
    assert sorted(_outside((4, 5), [rows, columns], rng) for rng in rngs) == wanted
    assert {rng.n for rng in rngs} == {len(wanted)}


@pytest.mark.parametrize(
    ("exemplar", "result"), [((6, 4), (5, 5)), ((4, 4), (3, 6)), ((6, 3), (5, 4))]
)
def test_every_pair_of_positions_apart_is_drawn(
    exemplar: tuple[int, int], result: tuple[int, int]
) -> None:
    crop = 3
    positions = [
        itertools.product(range(h - crop + 1), range(w - crop + 1)) for h, w in (exemplar, result)
    ]
    wanted = {(a, b) for a, b in itertools.product(*positions) if disjoint(a, b, crop)}
    trials = design(exemplar, [result], n_trials=400, crop=crop, seed=0)
    assert {(trial.real, trial.made) for trial in trials} == wanted


@pytest.mark.parametrize("n_trials", [1, 2, 5, 20])
@pytest.mark.parametrize("seed", range(5))
def test_sides_are_balanced(n_trials: int, seed: int) -> None:
    trials = design((64, 64), [(64, 64)] * 3, n_trials=n_trials, crop=CROP, seed=seed)
    for result in range(3):
        sides = [trial.side_of_real for trial in trials if trial.result == result]
        assert len(sides) == n_trials
        assert abs(sides.count("left") - sides.count("right")) == n_trials % 2
    both = [trial.side_of_real for trial in trials]
    assert abs(both.count("left") - both.count("right")) <= n_trials % 2


def test_the_seed_alone_decides() -> None:
    def made(seed: int) -> list[Any]:
        return design((64, 80), [(64, 64)] * 2, n_trials=10, crop=CROP, seed=seed)

    assert made(3) == made(3)
    assert len({str(made(seed)) for seed in range(20)}) == 20
    orders = {tuple(trial.result for trial in made(seed)) for seed in range(20)}
    assert len(orders) > 15  # shuffled, not result by result
