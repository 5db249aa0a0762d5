"""Random phase noise: what it preserves exactly, and what on average."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

import lichen
from lichen.exemplar import Exemplar
from lichen.statistics.random_phase import (
    extended_spot,
    periodic_component,
    random_phase,
    spot_noise,
)

Array = NDArray[np.float32]


@pytest.fixture(scope="module")
def exemplar() -> Array:
    """A grain of coloured dashes, far from 0 and 1, whose channels are correlated."""
    noise = np.random.default_rng(3).normal(0, 1, (60, 77, 2))
    grain = gaussian_filter(noise, (1, 3, 0), mode="wrap") * 0.4
    mixed = grain @ np.array([[1.0, 0.6, 0.1], [0.0, -0.5, 0.7]]) * 0.4 + (0.5, 0.4, 0.6)
    assert 0.1 < mixed.min() < mixed.max() < 0.9
    return mixed.astype(np.float32)


def cross_spectra(image: Array) -> NDArray[np.complex128]:
    """Products of all pairs of channels' transforms, (H, W, C, C)."""
    spectrum = np.fft.fft2(image - image.mean((0, 1)), axes=(0, 1))
    return spectrum[..., :, None] * spectrum[..., None, :].conj()


def covariance(image: Array) -> Array:
    return np.cov(image.reshape(-1, image.shape[2]).T)


def test_random_phase_has_the_spectra_and_cross_spectra(exemplar: Array) -> None:
    wanted = cross_spectra(periodic_component(exemplar))
    made = random_phase(exemplar, 1)
    np.testing.assert_allclose(cross_spectra(made), wanted, atol=1e-4 * np.abs(wanted).max())
    np.testing.assert_allclose(made.mean((0, 1)), exemplar.mean((0, 1)), atol=1e-5)
    np.testing.assert_allclose(
        covariance(made), covariance(periodic_component(exemplar)), rtol=1e-3, atol=1e-7
    )
    other = random_phase(exemplar, 2)
    assert abs(np.corrcoef(made[..., 0].ravel(), other[..., 0].ravel())[0, 1]) < 0.3


def test_spot_noise_has_the_spectra_on_average(exemplar: Array) -> None:
    """Each power is the exemplar's times an exponential variable of mean and deviation 1."""
    count = 400
    rng = np.random.default_rng(0)
    spectra = [cross_spectra(spot_noise(exemplar, rng, kind="adsn")) for _ in range(count)]
    wanted = cross_spectra(periodic_component(exemplar))
    power = np.abs(wanted[..., 0, 0])
    strong = power > 0.01 * power.max()
    ratio = np.mean(spectra, 0)[strong] / wanted[strong]
    assert abs(ratio[:, 0, 0].mean() - 1) < 0.02
    assert np.abs(ratio[:, 0, 0] - 1).max() < 6 / np.sqrt(count) * np.sqrt(2)
    spread = np.std([s[..., 0, 0].real for s in spectra], 0)[strong] / power[strong]
    assert np.median(spread) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("kind", ["random_phase", "adsn"])
@pytest.mark.parametrize("size", [(131, 200), (60, 140), (40, 50), (35, 150)])
def test_other_sizes_keep_mean_and_covariance(
    exemplar: Array, kind: str, size: tuple[int, int]
) -> None:
    rng = np.random.default_rng(5)
    made = [spot_noise(exemplar, rng, kind=kind, size=size) for _ in range(30)]  # type: ignore[arg-type]
    assert all(image.shape == (*size, 3) for image in made)
    np.testing.assert_allclose(np.mean(made, (0, 1, 2)), exemplar.mean((0, 1)), atol=1e-4)
    wanted = covariance(exemplar)
    found = np.mean([covariance(image) for image in made], 0)
    np.testing.assert_allclose(found, wanted, atol=0.2 * np.abs(wanted).max())


def test_a_larger_size_keeps_the_autocorrelation(exemplar: Array) -> None:
    def correlation(image: Array, shift: tuple[int, int]) -> float:
        grey = image[..., 0] - image[..., 0].mean()
        return float((grey * np.roll(grey, shift, (0, 1))).mean() / np.square(grey).mean())

    made = spot_noise(exemplar, np.random.default_rng(0), size=(240, 300))
    for shift in ((0, 1), (0, 4), (1, 0), (2, 0), (3, 8)):
        assert correlation(made, shift) == pytest.approx(correlation(exemplar, shift), abs=0.08)


def test_a_larger_size_shows_no_edges_of_the_spot() -> None:
    """The jump at the border of a ramp would otherwise dominate the noise."""
    slope = np.broadcast_to(np.linspace(0, 1, 64, dtype=np.float32)[:, None, None], (64, 64, 1))
    fine = 0.02 * np.random.default_rng(0).normal(size=(64, 64, 1))
    spot = extended_spot((slope + fine).astype(np.float32), (160, 160))
    jumps = np.abs(np.diff(spot[..., 0], axis=0))
    assert jumps[[63, -1]].max() < jumps.max()


def test_masked_pixels_do_not_count(exemplar: Array) -> None:
    mask = np.ones(exemplar.shape[:2], bool)
    mask[:25, 10:50] = False
    spoiled = exemplar.copy()
    spoiled[~mask] = 1.0
    for size in (exemplar.shape[:2], (90, 100)):
        clean, same = (
            spot_noise(image, np.random.default_rng(1), size=size, mask=mask)
            for image in (exemplar, spoiled)
        )
        np.testing.assert_array_equal(clean, same)
        np.testing.assert_allclose(clean.mean((0, 1)), exemplar[mask].mean(0), atol=1e-5)
        assert np.square(clean - clean.mean((0, 1))).mean() == pytest.approx(
            np.square(exemplar[mask] - exemplar[mask].mean(0)).mean(), rel=1e-3
        )


def test_result_tiles_and_maps_stay_in_step(exemplar: Array) -> None:
    """A second map that is half the first stays so: one phase for all channels."""
    material = Exemplar.from_array(exemplar).with_maps({"height": exemplar[..., :1] / 2 + 0.2})
    image = lichen.synthesize(material, method="random_phase", size=(90, 130), wrap=True).image
    np.testing.assert_allclose(image[..., 3], image[..., 0] / 2 + 0.2, atol=1e-4)
    across = np.abs(image[0] - image[-1]).mean()
    assert across < 1.5 * np.abs(np.diff(image, axis=0)).mean()


def test_it_does_not_import_torch() -> None:
    code = (
        "import sys, numpy, lichen;"
        "exemplar = numpy.random.default_rng(0).random((16, 16, 3), numpy.float32);"
        "lichen.synthesize(exemplar, method='random_phase');"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
