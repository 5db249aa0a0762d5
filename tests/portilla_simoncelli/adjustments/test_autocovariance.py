"""Autocovariances after the adjustment, computed by shifting and multiplying, are the targets."""

from __future__ import annotations

import pytest
import torch

from lichen.portilla_simoncelli.adjustments import adjust_autocovariance


def picture(size: tuple[int, int], seed: int) -> torch.Tensor:
    values = torch.rand(size, generator=torch.Generator().manual_seed(seed))
    blurred = values + values.roll(1, 0) + seed * values.roll((1, 2), (0, 1))
    image = (blurred > 1.0 + seed / 2).float() + 0.4 * values**2
    return image - image.mean()


def spectrum(images: torch.Tensor) -> torch.Tensor:
    return torch.fft.rfft2(images, norm="forward")


def autocovariance(images: torch.Tensor, n: int) -> torch.Tensor:
    """(B, n, n), shift by shift."""
    reach, images = n // 2, images.double()
    shifts = range(-reach, reach + 1)
    rows = [
        torch.stack([(images * images.roll((-y, -x), (1, 2))).mean((1, 2)) for x in shifts], 1)
        for y in shifts
    ]
    return torch.stack(rows, 1)


@pytest.mark.parametrize("size", [(64, 64), (61, 50), (33, 40)])
@pytest.mark.parametrize("n", [1, 3, 7])
def test_autocovariances_become_the_targets(size: tuple[int, int], n: int) -> None:
    given = torch.stack([picture(size, seed) for seed in (0, 1, 2)])
    wanted = autocovariance(torch.stack([picture(size, seed) for seed in (3, 0, 1)]), n)
    made = adjust_autocovariance(spectrum(given), wanted, size)
    found = autocovariance(torch.fft.irfft2(made, s=size, norm="forward"), n)
    variance = wanted[:, n // 2, n // 2, None, None]
    torch.testing.assert_close(found / variance, wanted / variance, rtol=0, atol=1e-4)


def test_phases_are_kept_and_maps_with_the_target_do_not_change() -> None:
    size = (40, 51)
    given = spectrum(picture(size, 1)[None])
    made = adjust_autocovariance(given, autocovariance(picture(size, 2)[None], 5), size)
    ratio = (made / given)[0].flatten()[1:]  # frequency 0 is empty
    assert float(ratio.imag.abs().max()) < 1e-3
    assert float(ratio.real.min()) >= 0
    same = adjust_autocovariance(given, autocovariance(picture(size, 1)[None], 5), size)
    torch.testing.assert_close(same, given, rtol=1e-4, atol=1e-7)


def test_maps_without_variance_stay() -> None:
    """Next to one with variance, which keeps all of it."""
    size = (32, 32)
    wanted = autocovariance(torch.stack([picture(size, 0), picture(size, 1)]), 7)
    given = spectrum(torch.stack([torch.zeros(size), picture(size, 2)]))
    made = adjust_autocovariance(given, wanted, size)
    assert float(made[0].abs().max()) == 0
    found = autocovariance(torch.fft.irfft2(made, s=size, norm="forward"), 7)
    torch.testing.assert_close(found[1], wanted[1], rtol=0, atol=1e-4 * float(wanted[1].max()))
