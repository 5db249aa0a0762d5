"""The spectrum constraint: its invariances, its optimality, and spectra at other sizes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.statistics.spectrum import Spectrum, carry_to_size, project_onto_spectrum

SIZES = [(16, 16), (15, 16), (16, 15), (9, 21), (1, 8)]


def picture(seed: int, height: int, width: int, channels: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, channels, height, width), generator=generator, dtype=torch.float64)


@given(st.sampled_from(SIZES), st.integers(0, 40), st.integers(0, 40), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_any_circular_shift_has_no_loss(
    size: tuple[int, int], dy: int, dx: int, channels: int
) -> None:
    exemplar = picture(0, *size, channels)
    statistic = Spectrum(size)
    shifted = torch.roll(exemplar, (dy, dx), dims=(2, 3))
    assert float(statistic.loss(shifted, statistic.target(exemplar))) < 1e-20


@pytest.mark.parametrize("size", SIZES)
def test_noise_has_a_loss(size: tuple[int, int]) -> None:
    statistic = Spectrum(size)
    assert float(statistic.loss(picture(1, *size), statistic.target(picture(2, *size)))) > 1e-3


@pytest.mark.parametrize("size", SIZES)
def test_projection_has_exactly_the_exemplars_spectrum(size: tuple[int, int]) -> None:
    exemplar, noise = picture(3, *size), picture(4, *size)
    projected = project_onto_spectrum(noise, torch.fft.rfft2(exemplar)).numpy()[0]
    ours, wanted = np.fft.fft2(projected), np.fft.fft2(exemplar.numpy()[0])
    np.testing.assert_allclose(np.abs(ours) ** 2, np.abs(wanted) ** 2, atol=1e-9)
    for a in range(3):  # and its cross spectra: one phase field for all channels
        cross = ours[a] * ours[(a + 1) % 3].conj()
        np.testing.assert_allclose(cross, wanted[a] * wanted[(a + 1) % 3].conj(), atol=1e-9)


def test_projection_is_idempotent_and_nearest() -> None:
    exemplar, noise = picture(5, 12, 14), picture(6, 12, 14)
    nearest = project_onto_spectrum(noise, torch.fft.rfft2(exemplar))
    torch.testing.assert_close(project_onto_spectrum(nearest, torch.fft.rfft2(exemplar)), nearest)
    distance = (nearest - noise).square().sum()
    for seed in range(30):  # other pictures with the same spectrum are never nearer
        other = project_onto_spectrum(picture(100 + seed, 12, 14), torch.fft.rfft2(exemplar))
        assert (other - noise).square().sum() >= distance
        near = project_onto_spectrum(
            nearest + 0.05 * picture(200 + seed, 12, 14), torch.fft.rfft2(exemplar)
        )
        assert (near - noise).square().sum() >= distance - 1e-9


def test_gradient_is_the_distance_to_the_projection() -> None:
    exemplar, variable = picture(7, 8, 10), picture(8, 8, 10).requires_grad_()
    statistic = Spectrum((8, 10))
    target = statistic.target(exemplar)
    (80 * statistic.loss(variable, target)).backward()
    assert variable.grad is not None
    torch.testing.assert_close(
        variable.grad, variable.detach() - project_onto_spectrum(variable.detach(), target)
    )
    assert torch.autograd.gradcheck(lambda x: statistic.loss(x, target), variable, atol=1e-6)


@pytest.mark.parametrize("size", [(24, 24), (25, 24), (24, 31)])
def test_energy_is_the_variance(size: tuple[int, int]) -> None:
    exemplar = picture(9, *size)
    statistic = Spectrum(size)
    variance = exemplar.var(dim=(2, 3), unbiased=False).sum()
    assert statistic.energy(statistic.target(exemplar)) == pytest.approx(float(variance) / 2)


@pytest.mark.parametrize("size", [(64, 64), (100, 70), (20, 64), (24, 24), (32, 32)])
def test_carried_spectrum_keeps_mean_and_variance(size: tuple[int, int]) -> None:
    exemplar = picture(10, 32, 32)
    carried = carry_to_size(exemplar, size)
    assert tuple(carried.shape[2:]) == size
    torch.testing.assert_close(carried.mean((2, 3)), exemplar.mean((2, 3)))
    assert float(carried.var(unbiased=False)) == pytest.approx(
        float(exemplar.var(unbiased=False)), rel=0.02
    )


@pytest.mark.parametrize(("height", "width"), [(96, 80), (128, 200), (40, 48)])
def test_a_lattice_keeps_its_frequency_at_another_size(height: int, width: int) -> None:
    """A wave of period 8 has its peak at size/8 cycles whatever the size."""
    x = torch.arange(64, dtype=torch.float64)
    wave = (0.5 + 0.4 * torch.cos(2 * torch.pi * x / 8)).expand(1, 1, 64, 64)
    power = torch.fft.rfft2(carry_to_size(wave, (height, width)))[0, 0].abs()
    power[0, 0] = 0
    row, column = divmod(int(power.argmax()), power.shape[1])
    assert row == 0
    assert column == width // 8


def test_masked_exemplar_keeps_the_usable_variance() -> None:
    exemplar = picture(11, 32, 32)
    weights = torch.ones(1, 1, 32, 32, dtype=torch.float64)
    weights[..., :10] = 0
    statistic = Spectrum((32, 32))
    energy = statistic.energy(statistic.target(exemplar * weights, weights))
    usable = exemplar[..., 10:].var(dim=(2, 3), unbiased=False).sum() / 2
    assert energy == pytest.approx(float(usable), rel=0.02)
