"""Sliced patches against a slow loop over patches, and against closed forms."""

from __future__ import annotations

import pytest
import torch

from lichen.errors import ImageError, ParameterError
from lichen.statistics.sliced import SlicedPatches


def picture(seed: int, *shape: int) -> torch.Tensor:
    return torch.rand((1, *shape), generator=torch.Generator().manual_seed(seed)).double()


def test_equals_a_slow_loop() -> None:
    ours, wanted = picture(0, 3, 9, 8), picture(1, 3, 9, 8)
    statistic = SlicedPatches(torch.Generator().manual_seed(5), patch=3, directions=4)
    value = statistic.loss(ours, statistic.target(wanted))

    directions = torch.randn((4, 3, 3, 3), generator=torch.Generator().manual_seed(5)).double()
    total = 0.0
    for direction in directions:
        unit = direction / direction.norm()
        samples = [
            sorted(
                float((image[0, :, y : y + 3, x : x + 3] * unit).sum())
                for y in range(7)
                for x in range(6)
            )
            for image in (ours, wanted)
        ]
        total += sum(abs(a - b) for a, b in zip(*samples, strict=True)) / 42
    assert float(value) == pytest.approx(total / 4)


def test_a_wrapped_picture_may_be_rolled() -> None:
    wanted = picture(2, 3, 12, 12)
    losses = []
    for shift in (0, 5):
        statistic = SlicedPatches(torch.Generator().manual_seed(1), wrap=(True, True))
        ours = torch.roll(picture(3, 3, 12, 12), (shift, shift), (2, 3))
        losses.append(float(statistic.loss(ours, statistic.target(wanted))))
    assert losses[0] == pytest.approx(losses[1])


def test_directions_are_redrawn_and_masked_patches_do_not_count() -> None:
    wanted = picture(4, 1, 16, 16)
    weights = torch.ones(1, 1, 16, 16).double()
    weights[..., 8:] = 0
    spoiled = wanted.clone()
    spoiled[..., 8:] = 9
    clean, masked = (SlicedPatches(torch.Generator().manual_seed(3)) for _ in range(2))
    ours = picture(5, 1, 16, 16)
    first = clean.loss(ours, clean.target(wanted[..., :8]))
    assert float(masked.loss(ours, masked.target(spoiled, weights))) == pytest.approx(float(first))
    assert float(clean.loss(ours, clean.target(wanted[..., :8]))) != float(first)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def features(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn((1, *shape), generator=generator(seed), dtype=torch.float64)


def vectors(power: int, seed: int = 0, directions: int | None = None) -> SlicedPatches:
    """Deep sliced Wasserstein: patches of one position, directions kept with the target."""
    return SlicedPatches(generator(seed), 1, directions, power=power, redraw=False)


@pytest.mark.parametrize("power", [1, 2])
def test_feature_vectors_may_be_permuted_patches_may_not(power: int) -> None:
    maps = features(6, 4, 6, 7)
    shuffled = maps[0].flatten(1)[:, torch.randperm(42, generator=generator())].view_as(maps)
    statistic = vectors(power)
    assert float(statistic.loss(shuffled, statistic.target(maps))) == pytest.approx(0, abs=1e-12)
    patches = SlicedPatches(generator(), 3, power=power)
    assert float(patches.loss(maps, patches.target(maps))) == pytest.approx(0, abs=1e-12)
    assert float(patches.loss(shuffled, patches.target(maps))) > 0.01


def test_a_shuffle_of_each_channel_alone_is_seen() -> None:
    """Correlated channels, shuffled apart: each keeps its distribution, but not their joint one."""
    maps = features(7, 1, 20, 20).expand(-1, 2, -1, -1).clone()
    apart = maps.clone()
    apart[0, 1] = apart[0, 1].flatten()[torch.randperm(400, generator=generator())].view(20, 20)
    statistic = vectors(2, directions=50)
    assert float(statistic.loss(apart, statistic.target(maps))) > 0.05


@pytest.mark.parametrize("power", [1, 2])
def test_distance_of_a_constant_offset(power: int) -> None:
    """Along a unit vector u of n numbers an offset c moves every patch by c sum(u).

    E |sum u|^2 = 1 for u uniform on the sphere.
    """
    maps = features(8, 5, 8, 8)
    statistic = vectors(power, seed=9)
    target = statistic.target(maps)
    assert target.filters is not None
    moved = 0.3 * target.filters.flatten(1).sum(1).abs()
    expected = float(moved.pow(power).mean())
    assert float(statistic.loss(maps + 0.3, target)) == pytest.approx(expected)
    if power == 2:
        many = vectors(2, directions=20_000)
        assert float(many.loss(maps + 0.3, many.target(maps))) == pytest.approx(0.09, rel=0.05)


def test_distance_of_two_gaussians() -> None:
    """N(0, 1) and N(m, s^2) of n independent channels: W2^2 = (m . u)^2 + (s - 1)^2."""
    ours, wanted = features(10, 3, 200, 200) * 1.5 + 0.7, features(11, 3, 200, 200)
    statistic = vectors(2, directions=2000)
    distance = float(statistic.loss(ours, statistic.target(wanted)))
    assert distance == pytest.approx(0.7**2 + 0.5**2, rel=0.03)


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("shape", [(5, 4), (6, 6)])
def test_gradient_equals_finite_differences(power: int, shape: tuple[int, int]) -> None:
    statistic = SlicedPatches(generator(), 2, 5, (True, False), power, redraw=False)
    target = statistic.target(features(12, 3, 6, 5))
    variable = features(13, 3, *shape).requires_grad_()
    assert torch.autograd.gradcheck(lambda maps: statistic.loss(maps, target), variable)


def test_another_size_of_the_same_distribution_is_near() -> None:
    statistic = vectors(2)
    target = statistic.target(features(14, 4, 64, 64))
    near = float(statistic.loss(features(15, 4, 40, 90), target))
    assert near < 0.01 < 0.2 < float(statistic.loss(features(15, 4, 40, 90) + 1, target))


def test_kept_directions_give_one_loss_and_new_targets_have_others() -> None:
    maps, ours = features(16, 4, 9, 9), features(17, 4, 9, 9)
    statistic = vectors(2)
    target = statistic.target(maps)
    first = float(statistic.loss(ours, target))
    assert float(statistic.loss(ours, target)) == first
    assert float(statistic.loss(ours, statistic.target(maps))) != first


def test_energy_is_the_spread() -> None:
    maps = features(18, 4, 50, 50) * 3 + 100
    for power in (1, 2):
        statistic = vectors(power)
        assert statistic.energy(statistic.target(maps)) == pytest.approx(3**power, rel=0.05)


def test_bounds() -> None:
    with pytest.raises(ParameterError, match="patch = 0"):
        SlicedPatches(torch.Generator(), patch=0)
    with pytest.raises(ParameterError, match="power = 3"):
        SlicedPatches(torch.Generator(), power=3)
    with pytest.raises(ParameterError, match="7x7 do not fit maps of 9x6"):
        SlicedPatches(torch.Generator()).target(features(0, 1, 6, 9))
    weights = torch.ones(1, 1, 9, 9)
    weights[..., ::3] = 0
    with pytest.raises(ImageError, match="no whole patch"):
        SlicedPatches(torch.Generator()).target(features(0, 1, 9, 9), weights)
