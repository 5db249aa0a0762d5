"""Means and histograms against NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from lichen.errors import ParameterError
from lichen.statistics.histogram import Histogram
from lichen.statistics.means import Means


def maps_of(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn((1, *shape), generator=torch.Generator().manual_seed(seed)).double()


def test_means_are_numpys() -> None:
    maps = maps_of(0, 5, 4, 3)
    np.testing.assert_allclose(Means().target(maps), maps.numpy().mean(axis=(0, 2, 3)))


def test_means_count_of_the_2015_paper() -> None:
    assert sum(Means().count(n) for n in (64, 64, 128, 256, 512)) == 1024


def test_means_gradient_equals_finite_differences() -> None:
    target = Means().target(maps_of(1, 3, 4, 4))
    assert torch.autograd.gradcheck(
        lambda maps: Means().loss(maps, target), maps_of(2, 3, 5, 2).requires_grad_()
    )


def test_masked_means() -> None:
    maps = maps_of(3, 2, 4, 4)
    weights = torch.zeros(1, 1, 4, 4).double()
    weights[:, :, :2] = 1
    torch.testing.assert_close(Means().target(maps, weights), Means().target(maps[:, :, :2]))


def test_histogram_loss_is_zero_for_any_shuffle() -> None:
    maps = maps_of(4, 3, 8, 8)
    shuffled = maps.flatten(2)[..., torch.randperm(64)].reshape(maps.shape)
    statistic = Histogram(64)
    assert float(statistic.loss(shuffled, statistic.target(maps))) == pytest.approx(0, abs=1e-20)


def test_histogram_loss_of_a_shift_is_its_square() -> None:
    maps = maps_of(5, 3, 9, 7)
    statistic = Histogram(63)
    assert float(statistic.loss(maps + 0.3, statistic.target(maps))) == pytest.approx(0.09)


def test_histogram_loss_bounds_scipys_distance_of_the_marginals() -> None:
    """The 2-Wasserstein distance is never below the 1-Wasserstein one (Jensen)."""
    ours, wanted = maps_of(6, 1, 16, 16), 0.5 * maps_of(7, 1, 16, 16) + 0.2
    statistic = Histogram(256)
    w2 = float(statistic.loss(ours, statistic.target(wanted))) ** 0.5
    w1 = wasserstein_distance(ours.flatten().numpy(), wanted.flatten().numpy())
    assert w1 <= w2 < 3 * w1


def test_histogram_of_another_size_and_masked() -> None:
    maps = maps_of(8, 2, 32, 32)
    weights = torch.zeros(1, 1, 32, 32).double()
    weights[:, :, 8:] = 1
    statistic = Histogram(512)
    masked = statistic.target(maps, weights)
    torch.testing.assert_close(masked, statistic.target(maps[:, :, 8:]))
    assert float(statistic.loss(maps[:, :, 8:, ::2], masked)) < 0.02
    assert float(statistic.loss(maps[:, :, 8:, ::2] + 1, masked)) > 0.9


def test_histogram_needs_quantiles() -> None:
    with pytest.raises(ParameterError, match="`quantiles` = 1"):
        Histogram(1)
