"""The report card's parts against closed forms and brute force."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import sqrtm

from lichen.errors import ImageError, ParameterError
from lichen.exemplar import Exemplar
from lichen.image import write_image
from lichen.quality import fidelity, structure
from lichen.quality.anchors import shuffled, tiled
from lichen.quality.card import compare, score
from lichen.quality.diversity import distance_after_shift
from lichen.quality.parametric import gram_distances, portilla_simoncelli_distance
from lichen.statistics.random_phase import periodic_component


def test_autocorrelation_of_a_wave_is_its_cosine() -> None:
    x = np.arange(240)
    wave = np.repeat(np.sin(2 * np.pi * x / 24)[None], 120, axis=0).astype(np.float32)
    found = structure.autocorrelation(wave, 40)
    lags = np.arange(-40, 41)
    np.testing.assert_allclose(found[40], np.cos(2 * np.pi * lags / 24), atol=0.03)
    np.testing.assert_allclose(found[0], found[40], atol=1e-3)
    assert found[40, 40] == pytest.approx(1, abs=1e-3)


def test_autocorrelation_is_the_sum_over_each_overlap(rng: np.random.Generator) -> None:
    image = rng.random((13, 17)).astype(np.float32)
    centred = image - image.mean()
    found = structure.autocorrelation(image, 5)
    for dy, dx in product(range(-5, 6), range(-5, 6)):
        here = centred[max(0, -dy) : 13 - max(0, dy), max(0, -dx) : 17 - max(0, dx)]
        there = centred[max(0, dy) : 13 + min(0, dy), max(0, dx) : 17 + min(0, dx)]
        slow = (here * there).mean() / centred.var()
        assert found[5 + dy, 5 + dx] == pytest.approx(slow, abs=1e-4)


def test_peaks_are_the_lattice() -> None:
    """Dots every 16 rows and 12 columns: the nearest peaks are there, and moving them is seen."""
    dots = np.zeros((192, 192, 1), np.float32)
    dots[::16, ::12] = 1
    from scipy.ndimage import gaussian_filter

    dots = gaussian_filter(dots, (1.5, 1.5, 0), mode="wrap")
    correlation = structure.autocorrelation(dots[..., 0], 40)
    found = {(y - 40, x - 40) for y, x in structure.peaks(correlation)}
    assert {(0, 12), (0, 24), (16, 0), (16, 12), (16, -12), (32, 0)} <= found
    assert structure.lattice_errors(dots, dots, 40) == (0, 0)
    wider = np.repeat(dots[:, :96], 2, axis=1)
    shift, height = structure.lattice_errors(dots, wider, 40)
    assert max(shift, 8 * height) > 1


def test_welch_spectrum_keeps_the_power_of_noise(rng: np.random.Generator) -> None:
    noise = rng.normal(0, 0.2, (256, 256)).astype(np.float32)
    assert structure.welch_spectrum(noise, 64)[4:-4, 4:-4].mean() == pytest.approx(0.04, rel=0.05)


def test_drift_sees_a_slope_and_not_the_texture(rng: np.random.Generator) -> None:
    noise = rng.random((128, 128, 1)).astype(np.float32)
    again = rng.random((128, 128, 1)).astype(np.float32)
    slope = np.linspace(-0.3, 0.3, 128, dtype=np.float32)[:, None, None]
    assert structure.drift(noise, again) < 1.5
    assert structure.drift(noise, again + slope) > 4


def test_colour_distances_of_gaussians_are_their_closed_forms(rng: np.random.Generator) -> None:
    mixing = rng.standard_normal((2, 3, 3)) / 20
    pictures = [
        (0.5 + shift + rng.standard_normal((300, 300, 3)) @ mix.T).astype(np.float32)
        for shift, mix in zip((0, 0.1), mixing, strict=True)
    ]
    found = fidelity.colour(*pictures)
    a, b = (mix @ mix.T for mix in mixing)
    bures = np.sqrt(np.trace(a + b - 2 * sqrtm(sqrtm(a) @ b @ sqrtm(a)).real))
    assert found["mean"] == pytest.approx(255 * 0.1 * np.sqrt(3), rel=0.02)
    assert found["covariance"] == pytest.approx(255 * bures, rel=0.02)
    moved = fidelity.colour(pictures[0], pictures[0] + np.float32(0.04))
    assert moved["histogram"] == pytest.approx(255 * 0.04, rel=1e-3)
    assert moved["covariance"] == pytest.approx(0, abs=0.05)


def test_distance_after_shift_is_that_of_all_shifts(rng: np.random.Generator) -> None:
    a, b = rng.random((2, 6, 7, 3)).astype(np.float32)
    slow = min(
        np.sqrt(np.square(a - np.roll(b, (dy, dx), (0, 1))).mean())
        for dy, dx in product(range(6), range(7))
    )
    assert distance_after_shift(a, b) == pytest.approx(slow, rel=1e-5)


def test_periodic_component_and_smooth_one_add_up(rng: np.random.Generator) -> None:
    """Moisan: a picture that already tiles without a jump is its own periodic component."""
    y, x = np.mgrid[:32, :48]
    wave = np.cos(2 * np.pi * (y / 32 + 2 * x / 48))[..., None].astype(np.float32)
    jump = np.abs(wave[0] - wave[-1]).max()
    assert np.abs(periodic_component(wave) - wave).max() < jump
    slope = (wave + 0.05 * x[..., None]).astype(np.float32)
    before, after = (np.abs(p[:, 0] - p[:, -1]).mean() for p in (slope, periodic_component(slope)))
    assert after < 0.15 * before


def test_shuffle_keeps_the_pixels_and_tiles_are_periodic(rng: np.random.Generator) -> None:
    image = rng.random((40, 48, 3)).astype(np.float32)
    mixed = shuffled(image)
    assert not np.array_equal(mixed, image)
    np.testing.assert_array_equal(np.sort(mixed, axis=None), np.sort(image, axis=None))
    wall = tiled(image, (100, 90))
    assert wall.shape == (100, 90, 3)
    np.testing.assert_array_equal(wall[40:], wall[:-40])
    np.testing.assert_array_equal(wall[:, 48:], wall[:, :-48])


def test_scores() -> None:
    assert score(0.3, 0.1, 0.5) == pytest.approx(0.5)
    assert score(0.9, 0.95, 0.45) == pytest.approx(0.1)
    assert score(0.3, 0.5, 0.52) is None


def test_comparing_takes_masks_grey_and_other_sizes(
    rng: np.random.Generator, tmp_path_factory: pytest.TempPathFactory
) -> None:
    grey = rng.random((96, 160, 1)).astype(np.float32)
    mask = np.ones((96, 160), bool)
    mask[:, :40] = False
    exemplar = Exemplar.from_array(grey, mask)
    coloured = rng.random((70, 81, 3)).astype(np.float32)
    comparison = compare(exemplar, coloured, grey, names=["a", "b"])
    assert comparison.pixels.shape == (96, 120, 3)
    np.testing.assert_array_equal(comparison.pixels[..., 2], grey[:, 40:, 0])
    assert [card.name for card in comparison.cards] == ["a", "b"]
    assert all(np.isfinite(f.value) for card in comparison.cards for f in card.figures.values())
    flat = compare(np.full((64, 64), 0.5), np.full((64, 64), 0.5)).cards[0]
    assert all(np.isfinite(figure.value) for figure in flat.figures.values())
    path = tmp_path_factory.mktemp("small") / "small.png"
    write_image(path, coloured[:63])
    with pytest.raises(ImageError, match="at least 64x64"):
        compare(exemplar, path)
    with pytest.raises(ParameterError, match="`results` is empty"):
        compare(exemplar)
    with pytest.raises(ParameterError, match="1 entries for 2"):
        compare(exemplar, grey, grey, names=["a"])


def test_parametric_distances_do_not_depend_on_the_device(
    device: str, rng: np.random.Generator, weights_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LICHEN_WEIGHTS", str(weights_dir))
    one, other = rng.random((2, 64, 64, 3)).astype(np.float32)
    expected, found = (
        portilla_simoncelli_distance(one, other, 64, where) for where in ("cpu", device)
    )
    assert found == pytest.approx(expected, rel=1e-2)
    grams = [gram_distances(one, other, where) for where in ("cpu", device)]
    assert grams[0] is not None
    assert grams[1] == pytest.approx(grams[0], rel=1e-2)
