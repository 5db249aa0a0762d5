"""Moments after the adjustment, computed by NumPy, are the targets."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import kurtosis, skew

from lichen.portilla_simoncelli.adjustments import (
    adjust_kurtosis,
    adjust_skewness,
    adjust_variance,
)

SHAPES = ("normal", "uniform", "exponential", "two-valued")


def samples(shape: str, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    rng = np.random.default_rng(0)
    values = {
        "normal": rng.normal(size=(50, 60)),
        "uniform": rng.random((50, 60)),
        "exponential": rng.exponential(size=(50, 60)),
        "two-valued": (rng.random((50, 60)) < 0.3) + 0.1 * rng.normal(size=(50, 60)),
    }[shape]
    return torch.from_numpy(0.2 * values + 0.4).to(dtype)


def numbers(image: torch.Tensor) -> np.ndarray:
    return image.double().numpy().ravel()


def test_mean_and_variance() -> None:
    made = numbers(adjust_variance(samples("exponential"), 0.3, 4.0))
    assert made.mean() == pytest.approx(0.3, abs=1e-6)
    assert made.var() == pytest.approx(4, rel=1e-5)
    flat = adjust_variance(torch.full((4, 4), 0.5), 0.3, 4.0)
    assert flat.tolist() == torch.full((4, 4), 0.3).tolist()


@pytest.mark.parametrize("shape", ["normal", "uniform", "exponential"])
@pytest.mark.parametrize("wanted", [-0.4, 0.0, 0.3, 0.6])
def test_skewness_becomes_the_target(shape: str, wanted: float) -> None:
    image = samples(shape)
    made = adjust_skewness(image, wanted)
    assert skew(numbers(made)) == pytest.approx(wanted, abs=1e-4)
    assert numbers(made).mean() == pytest.approx(numbers(image).mean(), abs=1e-6)
    assert numbers(made).var() == pytest.approx(numbers(image).var(), rel=1e-4)


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ("normal", 2.0),
        ("normal", 6.0),
        ("uniform", 1.6),
        ("uniform", 3.0),
        ("exponential", 4.0),
        ("exponential", 20.0),
        ("two-valued", 3.0),
        ("two-valued", 6.0),
    ],
)
def test_kurtosis_becomes_the_target(shape: str, wanted: float) -> None:
    image = samples(shape)
    made = adjust_kurtosis(image, wanted)
    assert kurtosis(numbers(made), fisher=False) == pytest.approx(wanted, abs=1e-3)
    assert numbers(made).mean() == pytest.approx(numbers(image).mean(), abs=1e-6)
    assert numbers(made).var() == pytest.approx(numbers(image).var(), rel=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_samples_with_the_target_moments_do_not_change(shape: str) -> None:
    image = samples(shape, torch.float64)
    same = adjust_skewness(image, float(skew(numbers(image))))
    torch.testing.assert_close(same, image, rtol=1e-6, atol=1e-7)
    same = adjust_kurtosis(image, float(kurtosis(numbers(image), fisher=False)))
    torch.testing.assert_close(same, image, rtol=1e-6, atol=1e-7)


def scan(image: torch.Tensor, side: int, power: int) -> float:
    """First extremum of the moment on a side of t = 0, by steps of 0.5%."""
    u = numbers(image - image.mean()) / numbers(image).std()
    moments = [(u**n).mean() for n in range(5)]
    step = u**2 - 1 - moments[3] * u if power == 3 else u**3 - moments[4] * u - moments[3]
    best = -np.inf
    for t in side * np.geomspace(1e-4, 1e3, 3000):
        made = u + t * step
        value = side * (made**power).mean() / (made**2).mean() ** (power / 2)
        if value < best:
            break
        best = value
    return float(side * best)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("side", [-1, 1])
def test_an_unreachable_moment_is_approached(shape: str, side: int) -> None:
    """As near as any length of the step gets."""
    image = samples(shape, torch.float64)
    before, found = skew(numbers(image)), skew(numbers(adjust_skewness(image, side * 50.0)))
    most = scan(image, side, 3)
    assert abs(found - most) <= 0.02 * abs(most - before) + 1e-4
    before = kurtosis(numbers(image), fisher=False)
    found = kurtosis(numbers(adjust_kurtosis(image, 500.0 * (side + 1))), fisher=False)
    most = scan(image, side, 4)
    assert abs(found - most) <= 0.02 * abs(most - before) + 1e-4


def test_the_shortest_step_is_taken() -> None:
    """For small steps the change is along the statistic's gradient: u^2 - 1 - g u."""
    image = samples("exponential", torch.float64)
    g = skew(numbers(image))
    change = (adjust_skewness(image, g + 1e-4) - image).flatten()
    u = (image - image.mean()) / image.std(correction=0)
    gradient = (u.square() - 1 - g * u).flatten()
    cosine = change @ gradient / change.norm() / gradient.norm()
    assert float(cosine) == pytest.approx(1, abs=1e-5)


def test_flat_samples_stay() -> None:
    flat = torch.full((4, 4), 0.5)
    assert adjust_kurtosis(adjust_skewness(flat, 1.0), 5.0) is flat
