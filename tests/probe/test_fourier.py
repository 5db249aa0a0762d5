"""The Fourier coordinates: an isometry with a gradient."""

from __future__ import annotations

from math import cos, pi, sin

import pytest
import torch

from lichen.probe.fourier import amplitudes, colour_root, draw, hartley


@pytest.mark.parametrize("size", [(8, 8), (7, 12), (5, 9), (1, 6)])
def test_hartley_is_an_isometry_and_its_own_inverse(size: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    one, other = torch.randn((2, 3, *size), generator=generator, dtype=torch.float64)
    torch.testing.assert_close(hartley(hartley(one)), one)
    torch.testing.assert_close((hartley(one) * hartley(other)).sum(), (one * other).sum())


def test_hartley_is_the_slow_sum() -> None:
    maps = torch.randn((5, 4), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    wanted = torch.zeros_like(maps)
    for v in range(5):
        for u in range(4):
            for y in range(5):
                for x in range(4):
                    angle = 2 * pi * (v * y / 5 + u * x / 4)
                    wanted[v, u] += maps[y, x] * (cos(angle) + sin(angle))
    torch.testing.assert_close(hartley(maps), wanted / 20**0.5)


def test_gradient_agrees_with_finite_differences() -> None:
    point = torch.randn((2, 3, 4, 5), generator=torch.Generator().manual_seed(2)).double()
    assert torch.autograd.gradcheck(draw, point.requires_grad_())


def test_white_coordinates_draw_pictures_with_the_spectrum_of_nature() -> None:
    white = torch.randn((1, 200, 32, 32), generator=torch.Generator().manual_seed(3)).double()
    planes = hartley(white * amplitudes((32, 32)))[0]
    power = torch.fft.fft2(planes, norm="ortho").abs().square().mean(0)
    for frequency in (1, 2, 4, 8):  # power goes with 1 / f^2
        assert power[0, frequency] * (frequency / 32) ** 2 == pytest.approx(1, abs=0.35)


def test_colours_have_the_correlation_of_natural_ones() -> None:
    axes = colour_root()
    torch.testing.assert_close(axes, axes.T)
    grey = axes @ torch.ones(3)
    opponent = axes @ torch.tensor([1.0, 0.0, -1.0])
    assert axes.norm(dim=0).max() == pytest.approx(1)
    assert grey.norm() / 3**0.5 > 2 * opponent.norm() / 2**0.5
