"""Autocorrelation against slow sums and against the closed form of a cosine."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d

from lichen.statistics.autocorrelation import Autocorrelation, autocorrelation


def maps_of(seed: int, *shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((1, *shape), generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("wraps", [False, True])
def test_equals_scipys(wraps: bool) -> None:
    maps = maps_of(0, 2, 7, 6)
    found, pairs = autocorrelation(maps, (3, 2), (wraps, wraps))
    for channel, ours in zip(maps[0].numpy(), found.numpy(), strict=True):
        # SciPy's full correlation: R at (y, x) lies at (H - 1 + y, W - 1 + x).
        field = np.tile(channel, (3, 3)) if wraps else channel
        sums = correlate2d(field, channel, mode="full")
        middle = (13, 11) if wraps else (6, 5)
        cut = sums[middle[0] : middle[0] + 4, middle[1] - 2 : middle[1] + 3]
        rows, columns = np.arange(4)[:, None], np.abs(np.arange(-2, 3))
        overlap = np.full((4, 5), 42) if wraps else (7 - rows) * (6 - columns)
        np.testing.assert_allclose(ours, cut / overlap, atol=1e-12)
        np.testing.assert_allclose(pairs, overlap, atol=1e-9)


def test_of_a_cosine_is_half_a_cosine() -> None:
    columns = torch.arange(48, dtype=torch.float64)
    maps = torch.cos(2 * math.pi * columns / 12).expand(1, 1, 24, -1)
    expected = 0.5 * torch.cos(2 * math.pi * torch.arange(-24, 25).double() / 12)
    found, _ = autocorrelation(maps, (12, 24), (True, True))
    torch.testing.assert_close(found, expected.expand(1, 13, -1))
    # Without wrap there is more than whole periods at some lags, and a little is left over.
    found, _ = autocorrelation(maps, (12, 24))
    assert float((found - expected).abs().max()) < 0.05


def test_of_a_constant_is_its_square_at_every_lag() -> None:
    found, _ = autocorrelation(torch.full((1, 1, 9, 10), 3.0).double(), (6, 7))
    torch.testing.assert_close(found, torch.full_like(found, 9))


def test_with_weights_counts_usable_pairs_only() -> None:
    maps, weights = maps_of(1, 2, 8, 9), torch.ones(1, 1, 8, 9).double()
    weights[..., 5:] = 0
    masked, _ = autocorrelation(maps, (4, 3), weights=weights)
    cut, _ = autocorrelation(maps[..., :5], (4, 3))
    torch.testing.assert_close(masked, cut)


@pytest.mark.parametrize("wrap", [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("size", [(8, 7), (5, 12)])
def test_gradient_equals_finite_differences(wrap: tuple[bool, bool], size: tuple[int, int]) -> None:
    statistic = Autocorrelation(wrap)
    target = statistic.target(maps_of(2, 2, 8, 7))
    variable = maps_of(3, 2, *size).requires_grad_()
    assert torch.autograd.gradcheck(lambda maps: statistic.loss(maps, target), variable)


def test_nothing_on_itself_but_something_on_a_shuffle() -> None:
    maps = maps_of(4, 2, 12, 12).cumsum(3)
    statistic = Autocorrelation()
    target = statistic.target(maps)
    assert float(statistic.loss(maps, target)) < 1e-20
    order = torch.randperm(144, generator=torch.Generator().manual_seed(0))
    shuffled = maps[0].flatten(1)[:, order].view_as(maps)
    assert float(statistic.loss(shuffled, target)) > 0.1 * statistic.energy(target)


def test_a_wrapped_map_may_be_rolled() -> None:
    statistic = Autocorrelation((True, True))
    target = statistic.target(maps_of(5, 2, 9, 8))
    maps = maps_of(6, 2, 10, 11)
    rolled = maps.roll((5, 3), (2, 3))
    assert float(statistic.loss(rolled, target)) == pytest.approx(
        float(statistic.loss(maps, target))
    )


@pytest.mark.parametrize("size", [(48, 48), (96, 80), (24, 30)])
def test_the_same_periodic_map_of_another_size_is_near(size: tuple[int, int]) -> None:
    def grid(height: int, width: int, period: int) -> torch.Tensor:
        rows, columns = torch.arange(height).double(), torch.arange(width).double()
        angle = 2 * math.pi / period
        return ((angle * rows).cos()[:, None] * (angle * columns).cos())[None, None] + 1

    statistic = Autocorrelation()
    target = statistic.target(grid(48, 48, 6))
    same = float(statistic.loss(grid(*size, 6), target))
    other = float(statistic.loss(grid(*size, 8), target))
    assert same < 0.02 * statistic.energy(target) < 0.5 * statistic.energy(target) < other


def test_larger_results_are_held_at_longer_lags() -> None:
    """Bars 28 instead of 30 apart: beyond half of a result of 48, not beyond half of one of 64."""
    statistic = Autocorrelation()
    target = statistic.target(_bars(48, 30))
    for side, seen in ((48, False), (64, True)):
        right, wrong = (float(statistic.loss(_bars(side, apart), target)) for apart in (30, 28))
        assert (wrong > 1.01 * right + 1e-9) == seen, side
    assert float(statistic.loss(_bars(48, 20), target)) > 1e-6  # within half of it


def _bars(side: int, apart: int) -> torch.Tensor:
    """Two bars, 4 positions wide, on black."""
    maps = torch.zeros(1, 1, 48, side).double()
    maps[..., 4:8] = maps[..., 4 + apart : 8 + apart] = 1
    return maps


def test_energy_is_the_loss_of_the_mean() -> None:
    """Of a result as large that all its known lags are compared."""
    maps = maps_of(7, 3, 16, 16) + 5
    statistic = Autocorrelation()
    target = statistic.target(maps)
    flat = maps.mean((2, 3), keepdim=True).expand(-1, -1, 24, 24)
    assert statistic.energy(target) == pytest.approx(float(statistic.loss(flat, target)), rel=1e-9)


def test_masked_positions_have_no_influence() -> None:
    one, other = maps_of(8, 2, 16, 16), maps_of(8, 2, 16, 16)
    other[:, :, 9:] = 7
    weights = torch.ones(1, 1, 16, 16).double()
    weights[:, :, 9:] = 0
    statistic = Autocorrelation()
    losses = [
        float(statistic.loss(maps_of(9, 2, 16, 16), statistic.target(maps, weights)))
        for maps in (one, other)
    ]
    assert losses[0] == pytest.approx(losses[1])
    assert losses[0] > 0
