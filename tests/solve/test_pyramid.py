"""Levels of the pyramid: number, sizes, iterations; images resampled between them."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.solve.coarse_to_fine import plan_levels
from lichen.solve.pyramid import enlarge, fit, level_size, n_levels, shrink

WRAP = ("circular", "circular")
PLAIN = ("reflect", "reflect")


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(8, 64))
@settings(deadline=None)
def test_coarsest_level_is_as_small_as_allowed(height: int, width: int, coarsest: int) -> None:
    levels = n_levels((height, width), (height, width), coarsest)
    smallest = min(height, width)
    assert levels == 1 or smallest / 2 ** (levels - 1) >= coarsest * (1 - 1e-6)
    assert smallest / 2**levels < coarsest
    assert min(level_size((height, width), levels - 1)) >= 1


@pytest.mark.parametrize("border", [WRAP, PLAIN])
@pytest.mark.parametrize(("small", "large"), [((16, 16), (32, 32)), ((5, 9), (11, 17))])
def test_a_flat_picture_stays_flat(
    border: tuple[str, str], small: tuple[int, int], large: tuple[int, int]
) -> None:
    flat = torch.full((1, 3, *small), 0.25)
    torch.testing.assert_close(enlarge(flat, large, border), torch.full((1, 3, *large), 0.25))
    torch.testing.assert_close(shrink(enlarge(flat, large, border), small), flat)


def test_enlarging_a_wrapped_picture_commutes_with_rolling() -> None:
    image = torch.rand((1, 3, 12, 10), generator=torch.Generator().manual_seed(0))
    rolled_first = enlarge(torch.roll(image, (3, 4), (2, 3)), (24, 20), WRAP)
    rolled_after = torch.roll(enlarge(image, (24, 20), WRAP), (6, 8), (2, 3))
    torch.testing.assert_close(rolled_first, rolled_after)


def test_a_wave_keeps_its_phase() -> None:
    def wave(n: int) -> torch.Tensor:
        centres = (torch.arange(n) + 0.5) / n
        return (0.5 + 0.3 * torch.sin(2 * torch.pi * centres)).expand(1, 1, n, n).contiguous()

    torch.testing.assert_close(enlarge(wave(32), (64, 64), WRAP), wave(64), atol=5e-3, rtol=0)
    torch.testing.assert_close(shrink(wave(64), (32, 32)), wave(32), atol=2e-2, rtol=0)


def test_fit_crops_the_centre_and_mirrors_beyond() -> None:
    image = torch.arange(16.0).view(1, 1, 4, 4)
    torch.testing.assert_close(fit(image, (2, 2))[0, 0], torch.tensor([[5.0, 6.0], [9.0, 10.0]]))
    torch.testing.assert_close(fit(image, (4, 6))[0, 0, 0], torch.tensor([0.0, 1, 2, 3, 2, 1]))


@pytest.mark.parametrize("step", [1, 0.5, 0.25])
def test_levels_are_evenly_spaced_and_the_coarsest_is_as_small_as_allowed(step: float) -> None:
    count = n_levels((96, 130), (128, 128), 20, step)
    levels = plan_levels((96, 130), count, iterations=10, coarser=2.0, step=step)
    assert levels[-1].octaves == 0
    assert levels[-1].size == (96, 130)
    assert [level.octaves for level in levels] == [step * n for n in reversed(range(count))]
    assert 96 / 2 ** levels[0].octaves >= 20 > 96 / 2 ** (levels[0].octaves + step)
    assert [level.iterations for level in levels] == [
        round(10 * 2**level.octaves) for level in levels
    ]
