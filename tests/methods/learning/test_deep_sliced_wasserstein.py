"""Deep sliced Wasserstein: a distribution is matched whose Gram matrix others have too."""

from __future__ import annotations

import numpy as np

from lichen.arrays import Array
from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.faces.python import synthesize
from lichen.methods.learning.deep_sliced_wasserstein import DeepSlicedWasserstein
from running import run_of

COLOURS = np.array([[0.9, 0.2, 0.1], [0.2, 0.3, 0.8]])


def two_colours() -> Array:
    """Three in ten pixels of one colour, the others of a second."""
    second = np.random.default_rng(0).random((40, 40)) > 0.3
    return COLOURS[second.astype(int)].astype(np.float32)


def fractions_near(image: Array) -> list[float]:
    """Fraction of the pixels within 0.1 of each of the two colours."""
    return [float((np.abs(image - c).max(2) < 0.1).mean()) for c in COLOURS]


def test_colours_are_matched_as_a_distribution() -> None:
    """Of the pixels alone: Gram matrix and means let colours lie anywhere about the mean."""
    how = {"network": "pixels", "levels": 1, "iterations": 60, "size": (36, 44), "seed": 2}
    ours = synthesize(two_colours(), method="deep_sliced_wasserstein", **how).image
    exact = fractions_near(two_colours())
    np.testing.assert_allclose(fractions_near(ours), exact, atol=0.05)
    gram = synthesize(
        two_colours(), method="objective", term={"gram": 1.0, "means": 1.0}, bounds="none", **how
    ).image
    assert sum(fractions_near(gram)) < 0.6


def test_directions_change_from_round_to_round() -> None:
    """Within a round the loss never rises; a new round has a loss of its own."""
    method = DeepSlicedWasserstein(
        network="random-filters", layers=("filters3",), levels=1, iterations=12, redraw_every=4
    )
    run = run_of(method, [Exemplar.from_array(two_colours())], Canvas((40, 40), seed=1))
    losses = [step.losses["total"] for step in run]
    falls = np.diff(losses) <= 0
    assert len(losses) == 12
    assert all(falls[first : first + 3].all() for first in (0, 4, 8))
    assert losses[-1] < 0.1 * losses[0]
    kept = DeepSlicedWasserstein.configure(**{**method.model_dump(), "redraw_every": 12})
    assert losses[:4] != losses[4:8]
    last = run_of(kept, [Exemplar.from_array(two_colours())], Canvas((40, 40), seed=1))
    assert [step.losses["total"] for step in last][:4] == losses[:4]
