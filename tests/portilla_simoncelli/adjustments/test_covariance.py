"""Covariances after the adjustment are the targets; maps that have them do not change."""

from __future__ import annotations

import pytest
import torch

from lichen.portilla_simoncelli.adjustments import (
    adjust_covariance,
    adjust_cross_covariance,
)


def samples(count: int, seed: int, n: int = 3000, scale: float = 1.0) -> torch.Tensor:
    """Correlated, skewed samples of mean 0; the first map is a hundred times the last."""
    generator = torch.Generator().manual_seed(seed)
    maps = torch.rand(count, n, generator=generator) ** 2
    maps = torch.randn(count, count, generator=generator) @ maps
    maps = maps - maps.mean(1, keepdim=True)
    return scale * maps * torch.logspace(0, -2, count)[:, None]


def covariance(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return one.double() @ other.double().mT / one.shape[-1]


def correlation(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    deviations = [x.double().square().mean(-1).sqrt() for x in (one, other)]
    return covariance(one, other) / deviations[0][..., :, None] / deviations[1][..., None, :]


@pytest.mark.parametrize("count", [1, 2, 4, 12])
def test_covariance_becomes_the_target(count: int) -> None:
    maps, wanted = samples(count, 0), covariance(*2 * [samples(count, 1, scale=3.0)])
    found = correlation(*2 * [adjust_covariance(maps, wanted)])
    deviation = wanted.diagonal().sqrt()
    torch.testing.assert_close(found, wanted / torch.outer(deviation, deviation), rtol=0, atol=1e-4)
    made = adjust_covariance(maps, wanted).double().square().mean(1)
    torch.testing.assert_close(made, wanted.diagonal(), rtol=1e-4, atol=0)


def test_maps_with_the_target_covariances_do_not_change() -> None:
    maps, parents = samples(4, 0), samples(6, 1)
    same = adjust_covariance(maps, covariance(maps, maps))
    torch.testing.assert_close(same, maps, rtol=1e-4, atol=1e-5)
    same = adjust_cross_covariance(
        maps, parents, covariance(maps, maps), correlation(maps, parents)
    )
    torch.testing.assert_close(same, maps, rtol=1e-4, atol=1e-5)


def test_both_covariances_become_the_targets() -> None:
    """For a batch with common parents; the targets are other samples' and therefore consistent."""
    maps = torch.stack([samples(3, 0), samples(3, 1)])
    parents = samples(5, 2)
    others = samples(11, 3)
    own = torch.stack([others[:3], others[3:6]])
    wanted = covariance(own, own)
    cross = correlation(own, others[6:])
    # Not of the given parents but of others: scaled down to be consistent with the covariance.
    made = adjust_cross_covariance(maps, parents, wanted, 0.2 * cross)
    torch.testing.assert_close(correlation(made, made), correlation(own, own), rtol=0, atol=1e-4)
    torch.testing.assert_close(
        made.double().square().mean(-1), wanted.diagonal(0, -2, -1), rtol=1e-4, atol=0
    )
    found = correlation(made, parents.expand(2, -1, -1))
    torch.testing.assert_close(found, 0.2 * cross, rtol=0, atol=1e-4)


def test_units_do_not_matter() -> None:
    maps, wanted = samples(4, 0).double(), covariance(*2 * [samples(4, 1)])
    units = torch.tensor([1.0, 20.0, 0.3, 1e3]).double()
    one = adjust_covariance(maps, wanted) * units[:, None]
    other = adjust_covariance(maps * units[:, None], wanted * torch.outer(units, units))
    torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9)


def test_flat_and_dependent_maps_stay_finite() -> None:
    maps = samples(3, 0)
    maps[2] = 0
    made = adjust_covariance(maps, torch.eye(3))
    assert bool(made.isfinite().all())
    assert float(made[2].abs().max()) == 0
    maps[2] = 2 * maps[0]
    parents = torch.cat([maps[:1], torch.zeros(1, maps.shape[1])])
    made = adjust_cross_covariance(maps, parents, torch.eye(3), torch.zeros(3, 2))
    assert bool(made.isfinite().all())
    assert float(adjust_covariance(maps, torch.zeros(3, 3)).abs().max()) == 0
