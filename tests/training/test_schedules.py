"""Learning rates by step."""

from __future__ import annotations

import pytest

from lichen.training.schedules import constant_then_linear, warm_up_cosine


def test_learning_rate_warms_up_and_ends_low() -> None:
    schedule = warm_up_cosine(2e-3, 1000)
    rates = [schedule(step) for step in range(1000)]
    assert rates[0] < 0.05 * 2e-3
    assert max(rates) == pytest.approx(2e-3, rel=0.02)
    assert rates[-1] < 1e-4 * 2e-3


def test_a_constant_rate_that_then_falls_linearly() -> None:
    schedule = constant_then_linear(0.2, constant=3, decay=4)
    assert [schedule(step) for step in range(3)] == [0.2] * 3
    falling = [schedule(step) for step in range(3, 7)]
    assert falling == pytest.approx([0.16, 0.12, 0.08, 0.04])
