"""Learning rates by step."""

from __future__ import annotations

import math
from collections.abc import Callable

Schedule = Callable[[int], float]
"""Learning rate of a step, counted from 0."""

WARM_UP = 50
"""Steps."""


def warm_up_cosine(rate: float, steps: int, warm_up: int = WARM_UP) -> Schedule:
    """Linear warm-up, times half a cosine to zero (Loshchilov, Hutter 2017).

    Parameters
    ----------
    rate
        Learning rate at its peak.
    steps
        Of the whole training.
    warm_up
        Steps until the rate is reached.
    """

    def at(step: int) -> float:
        warm = min(1.0, (step + 1) / warm_up)
        return rate * warm * (0.5 + 0.5 * math.cos(math.pi * step / steps))

    return at


def constant_then_linear(rate: float, constant: int, decay: int) -> Schedule:
    """A constant rate, then linearly to zero: the schedule of CycleGAN (Zhu et al. 2017)."""

    def at(step: int) -> float:
        return rate * (1 - max(0, step - constant + 1) / (decay + 1))

    return at
