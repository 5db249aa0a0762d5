"""Weights of mixtures of textures: in even steps, and drawn at random."""

from __future__ import annotations

import numpy as np

from lichen.errors import ParameterError

DIGITS = 3
"""Decimal places of random weights, so that they can be typed again."""


def strip_weights(n_exemplars: int, steps: int) -> list[tuple[float, float]]:
    """Return weights of two textures, in even steps from the first alone to the second alone."""
    if n_exemplars != 2:
        raise ParameterError(
            f"a strip leads from one texture to another, not {n_exemplars}", "give two pictures"
        )
    if steps < 2:
        raise ParameterError(f"a strip of {steps} pictures leads nowhere", "give 2 or more")
    return [(1 - weight, weight) for weight in (k / (steps - 1) for k in range(steps))]


def random_weights(n_exemplars: int, seed: int = 0, extrapolate: float = 0.0) -> tuple[float, ...]:
    """Draw weights of a mixture that sum to 1.

    They are uniform on the simplex (Dirichlet, all parameters 1), enlarged about its centre.

    Parameters
    ----------
    n_exemplars
        Number of exemplars, 2 or more.
    seed
        Same seed, same weights.
    extrapolate
        How far beyond a texture its weight may go: from -extrapolate / (n - 1) to 1 + extrapolate.
    """
    if n_exemplars < 2:
        raise ParameterError("one texture alone cannot be mixed", "give two or more pictures")
    if not 0 <= extrapolate <= 2:
        raise ParameterError(f"`extrapolate` = {extrapolate} is not allowed", "give 0 to 2")
    drawn = np.random.default_rng([seed, n_exemplars]).dirichlet(np.ones(n_exemplars))
    beyond = extrapolate / (n_exemplars - 1)
    first = np.round((1 + n_exemplars * beyond) * drawn - beyond, DIGITS)[:-1]
    return (*map(float, first), round(1 - float(first.sum()), DIGITS))
