"""Shifted Gram matrices against slow sums; what they see that a Gram matrix does not."""

from __future__ import annotations

import math

import pytest
import torch

from lichen.errors import ParameterError
from lichen.statistics.gram import gram
from lichen.statistics.shifted_gram import ShiftedGram, shifted_gram

WRAPS = [(False, False), (True, True), (True, False)]


def maps_of(seed: int, *shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((1, *shape), generator=generator, dtype=torch.float64)


def slow(
    maps: torch.Tensor, axis: int, by: int, wraps: bool, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """Sum over pairs of positions, one by one."""
    channels, height, width = maps.shape[1:]
    total = torch.zeros(channels, channels, dtype=torch.float64)
    amount = 0.0
    for y in range(height):
        for x in range(width):
            to = [y + by * (axis == 0), x + by * (axis == 1)]
            if wraps:
                to = [to[0] % height, to[1] % width]
            if to[0] >= height or to[1] >= width:
                continue
            weight = 1.0 if weights is None else float(weights[0, 0, y, x] * weights[0, 0, *to])
            total += weight * torch.outer(maps[0, :, y, x], maps[0, :, to[0], to[1]])
            amount += weight
    return total / amount


@pytest.mark.parametrize("wraps", [False, True])
@pytest.mark.parametrize("shift", [(0, 1), (0, 3), (1, 2)])
def test_is_the_mean_of_products_of_pairs(shift: tuple[int, int], wraps: bool) -> None:
    maps = maps_of(0, 3, 5, 4)
    weights = maps_of(1, 1, 5, 4).abs()
    for given in (None, weights):
        expected = slow(maps, *shift, wraps, given)
        torch.testing.assert_close(shifted_gram(maps, shift, (wraps, wraps), given), expected)


def test_no_shift_is_the_gram_matrix() -> None:
    maps = maps_of(2, 4, 6, 5)
    torch.testing.assert_close(shifted_gram(maps, (0, 0)), gram(maps))


@pytest.mark.parametrize("wrap", WRAPS)
def test_gradient_equals_finite_differences(wrap: tuple[bool, bool]) -> None:
    statistic = ShiftedGram(wrap=wrap)
    target = statistic.target(maps_of(3, 3, 6, 5))
    variable = maps_of(4, 3, 4, 7).requires_grad_()
    assert torch.autograd.gradcheck(lambda maps: statistic.loss(maps, target), variable)


def test_nothing_on_itself_but_something_on_a_shuffle() -> None:
    maps = maps_of(5, 3, 8, 8).cumsum(3)  # smooth along rows
    statistic = ShiftedGram()
    target = statistic.target(maps)
    assert float(statistic.loss(maps, target)) < 1e-20
    order = torch.randperm(64, generator=torch.Generator().manual_seed(0))
    shuffled = maps[0].flatten(1)[:, order].view_as(maps)
    torch.testing.assert_close(gram(shuffled), gram(maps))
    assert float(statistic.loss(shuffled, target)) > 0.1 * statistic.energy(target)


def test_a_wrapped_map_may_be_rolled() -> None:
    statistic = ShiftedGram(wrap=(True, True))
    target = statistic.target(maps_of(6, 3, 9, 8))
    maps = maps_of(7, 3, 12, 10)
    rolled = maps.roll((5, 3), (2, 3))
    assert float(statistic.loss(rolled, target)) == pytest.approx(
        float(statistic.loss(maps, target))
    )


def test_waves_of_another_period_differ_by_the_closed_form() -> None:
    """cos and sin of a wave of period 8 and 16: G_d is half a rotation by 2 pi d / period."""
    columns = torch.arange(32, dtype=torch.float64)

    def wave(period: int) -> torch.Tensor:
        angle = (2 * math.pi * columns / period).expand(32, -1)
        return torch.stack([angle.cos(), angle.sin()])[None]

    def rotation(angle: float) -> torch.Tensor:
        c, s = math.cos(angle), math.sin(angle)
        return 0.5 * torch.tensor([[c, s], [-s, c]], dtype=torch.float64)

    statistic = ShiftedGram(wrap=(True, True))
    value = float(statistic.loss(wave(16), statistic.target(wave(8))))
    shifts = (1, 2, 4, 8, 16)  # along rows nothing changes in either
    apart = [
        (rotation(2 * math.pi * d / 16) - rotation(2 * math.pi * d / 8)).square().sum()
        for d in shifts
    ]
    # The target is of a map that does not wrap, at some shifts of parts of periods.
    assert value == pytest.approx(float(sum(apart)) / (4 * 2**2 * 10), rel=2e-3)


def test_masked_positions_have_no_say() -> None:
    one, other = maps_of(8, 3, 8, 8), maps_of(8, 3, 8, 8)
    other[..., 5:] = 9
    weights = torch.ones(1, 1, 8, 8, dtype=torch.float64)
    weights[..., 5:] = 0
    statistic, ours = ShiftedGram(), maps_of(9, 3, 8, 8)
    targets = [statistic.target(maps, weights) for maps in (one, other)]
    assert torch.equal(targets[0].grams, targets[1].grams)
    assert float(statistic.loss(ours, targets[0])) > 0


def test_shifts_without_usable_pairs_and_beyond_the_map_are_left_out() -> None:
    weights = torch.zeros(1, 1, 16, 16, dtype=torch.float64)
    weights[:, :, :3, :3] = 1
    statistic = ShiftedGram()
    target = statistic.target(maps_of(10, 2, 16, 16), weights)
    assert target.shifts == ((0, 1), (0, 2), (1, 1), (1, 2))
    single = maps_of(11, 2, 1, 1).requires_grad_()
    loss = statistic.loss(single, target)
    loss.backward()
    assert float(loss.detach()) == 0


def test_energy_is_the_loss_of_zero() -> None:
    statistic = ShiftedGram()
    target = statistic.target(maps_of(12, 3, 8, 6))
    zero = statistic.loss(torch.zeros(1, 3, 8, 6, dtype=torch.float64), target)
    assert statistic.energy(target) == pytest.approx(float(zero))


def test_reach_is_a_share() -> None:
    assert [by for axis, by in ShiftedGram(0.25)._shifts((32, 8)) if axis == 0] == [1, 2, 4, 8]
    with pytest.raises(ParameterError, match="reach = 1"):
        ShiftedGram(1)
