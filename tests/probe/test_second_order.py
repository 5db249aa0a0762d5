"""Spectrum, autocorrelation, and the groups of Portilla and Simoncelli."""

from __future__ import annotations

import numpy as np
import pytest

import lichen
from lichen.errors import ImageError
from lichen.probe import portilla_simoncelli_groups, second_order
from lichen.statistics.second_order import FLOOR, autocorrelation, welch_spectrum


@pytest.mark.parametrize("side", [32, 33])
def test_power_sums_to_the_variance_of_the_window(side: int) -> None:
    """Parseval: the mean of the whole spectrum is the windowed picture's mean square."""
    plane = np.random.default_rng(0).random((side, side), np.float32)
    found = second_order(plane, window=side)
    power = 10 ** (found.spectrum[0].astype(np.float64) / 10) - FLOOR
    window = np.outer(np.hanning(side), np.hanning(side))
    windowed = (plane - plane.mean()) * window
    wanted = np.square(windowed).sum() / np.square(window).sum()
    assert power.mean() == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("side", [32, 33])
def test_the_whole_spectrum_is_that_of_the_complex_transform(side: int) -> None:
    plane = np.random.default_rng(1).random((side, side), np.float32)
    found = second_order(plane, window=side)
    window = np.outer(np.hanning(side), np.hanning(side))
    power = np.abs(np.fft.fft2((plane - plane.mean()) * window)) ** 2 / np.square(window).sum()
    wanted = 10 * np.log10(np.fft.fftshift(power) + FLOOR)
    np.testing.assert_allclose(found.spectrum[0], wanted, atol=1e-3)


def test_a_grating_is_a_peak_of_its_frequency() -> None:
    wave = 0.5 + 0.4 * np.sin(2 * np.pi * np.arange(64) / 8)
    grating = np.tile(wave.astype(np.float32), (64, 1))
    found = second_order(grating, grating.T)
    for radial in found.radial:
        assert found.frequency[radial.argmax()] == pytest.approx(1 / 8)
    across, down = (np.argwhere(plane == plane.max()) - 32 for plane in found.spectrum)
    assert [0, 8] in np.abs(across).tolist()
    assert [8, 0] in np.abs(down).tolist()
    middle = found.autocorrelation[0].shape[0] // 2
    assert found.autocorrelation[0][middle, middle + 8] == pytest.approx(1, abs=0.02)
    assert found.autocorrelation[0][middle, middle + 4] == pytest.approx(-1, abs=0.1)


def test_autocorrelation_is_the_slow_sum() -> None:
    plane = np.random.default_rng(2).random((9, 7), np.float32)
    centred = plane.astype(np.float64) - plane.mean()
    found = autocorrelation(plane, 2)
    for dy in range(3):
        for dx in range(3):
            product = centred[dy:, dx:] * centred[: 9 - dy, : 7 - dx]
            wanted = product.mean() / centred.var()
            assert found[2 + dy, 2 + dx] == pytest.approx(wanted, abs=1e-5)


def test_windows_of_a_large_picture_are_averaged() -> None:
    noise = np.random.default_rng(3).standard_normal((200, 180)).astype(np.float32)
    assert welch_spectrum(noise, 16)[2:, 2:].mean() == pytest.approx(1, abs=0.1)


def test_groups_are_those_of_the_statistics() -> None:
    one, other = (lichen.textures.julesz("even", 128, seed=seed) for seed in (0, 1))
    found = portilla_simoncelli_groups(one, other)
    wanted = lichen.portilla_simoncelli_statistics(other).groups
    assert found.n_scales == 4
    assert {name: values.shape for name, values in found.values.items()} == {
        "marginals": (2, 17),
        "autocorrelation": (2, 125),
        "magnitudes": (2, 472),
        "phase": (2, 96),
    }
    for name, group in wanted.items():
        np.testing.assert_allclose(found.values[name][1], group.values)
        assert found.labels[name] == group.labels
    assert portilla_simoncelli_groups(one[:60], other).n_scales == 3


def test_pictures_that_are_too_small() -> None:
    with pytest.raises(ImageError, match="window"):
        second_order(np.zeros((7, 30), np.float32))
    with pytest.raises(ImageError, match="lag"):
        second_order(np.zeros((30, 30), np.float32), lag=40)
