"""Sliced patches against a slow loop over patches."""

from __future__ import annotations

import pytest
import torch

from lichen.errors import ParameterError
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


def test_directions_are_new_each_time_and_masked_patches_do_not_count() -> None:
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


def test_bounds() -> None:
    with pytest.raises(ParameterError, match="patch = 0"):
        SlicedPatches(torch.Generator(), patch=0)
