"""The figures measure what they claim: pictures with known faults, on real exemplars."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import spearmanr

from lichen.arrays import Array
from lichen.exemplar import Exemplar
from lichen.quality import fidelity, structure, tileability
from lichen.quality.anchors import anchors, tiled
from lichen.quality.diversity import diversity
from lichen.quality.figures import measure
from lichen.quality.innovation import copies
from lichen.quality.parametric import portilla_simoncelli_distance
from lichen.statistics.random_phase import periodic_component, random_phase

NAMES = ("regular/brick_mx", "cellular/red_peppers_tn", "cellular/nuts_ps")
SIDE = 192
LAG, WINDOW = 48, 96


@pytest.fixture(scope="module", params=NAMES)
def exemplar(request: pytest.FixtureRequest, exemplars_dir: Path) -> Array:
    pixels = Exemplar.read(exemplars_dir / f"{request.param}.png").pixels
    return np.ascontiguousarray(pixels[:SIDE, :SIDE])


@pytest.fixture(scope="module")
def anchor(exemplar: Array) -> Mapping[str, Mapping[str, float]]:
    """All figures of all anchors."""
    return {
        name: measure(ours, theirs, LAG, WINDOW).figures
        for name, (ours, theirs) in anchors(exemplar, (SIDE, SIDE)).items()
    }


def above(what: str, value: float, limit: float) -> None:
    """Assert that one value is above another, and print by how much."""
    print(f"{what}: {value:.4g} > {limit:.4g}, margin {value - limit:.3g}")
    assert value > limit, f"{what}: {value} is not above {limit}"


def test_a_copy_is_copied_whole(anchor: Mapping[str, Mapping[str, float]]) -> None:
    assert anchor["copy"]["copied fraction"] == 1
    assert anchor["copy"]["largest copy"] == 1
    for distance in ("sliced patches", "portilla-simoncelli", "autocorrelation", "spectrum"):
        above(f"{distance}: half, copy", anchor["half"][distance], anchor["copy"][distance])


def test_rotated_and_mirrored_copies_are_copies(exemplar: Array) -> None:
    for rotated in (np.rot90(exemplar), exemplar[:, ::-1], np.rot90(exemplar, 3)[::-1]):
        found = copies(exemplar, np.ascontiguousarray(rotated))
        above("fraction of a rotated copy", found.fraction, 0.99)
        above("largest region of a rotated copy", found.largest, 0.99)


def test_pieces_are_measured(exemplar: Array) -> None:
    """A wall of four copies: each a quarter, whatever the noise of rounding."""
    wall = np.tile(exemplar, (2, 2, 1))
    wall = np.round(wall * 255) / 255
    found = copies(exemplar, wall.astype(np.float32))
    above("fraction", found.fraction, 0.9)
    assert found.largest == pytest.approx(0.25, abs=0.02)


def test_noise_copies_nothing(anchor: Mapping[str, Mapping[str, float]]) -> None:
    assert anchor["random phase"]["copied fraction"] <= 0.01
    assert anchor["blurred copy"]["copied fraction"] <= 0.35


def test_copies_have_no_diversity(exemplar: Array) -> None:
    shifted = np.roll(exemplar, (17, 40), (0, 1))
    assert diversity(exemplar, [exemplar, exemplar])["distance"] <= 1e-3
    assert diversity(exemplar, [exemplar, shifted])["distance"] <= 1e-3
    noises = [random_phase(exemplar, seed) for seed in range(2)]
    figures = diversity(exemplar, noises)
    above("diversity of noise", figures["distance"], 0.7)
    assert figures["shared"] == 0


def test_random_phase_keeps_the_spectrum_and_fails_elsewhere(
    exemplar: Array, anchor: Mapping[str, Mapping[str, float]]
) -> None:
    periodic = periodic_component(exemplar)
    noise = random_phase(exemplar)
    for channel in range(exemplar.shape[2]):
        power = [np.abs(np.fft.rfft2(image[..., channel])) for image in (periodic, noise)]
        np.testing.assert_allclose(power[1], power[0], atol=2e-3 * power[0].max())
    noise_figures, half = anchor["random phase"], anchor["half"]
    above("spectrum: half, noise", half["spectrum"], noise_figures["spectrum"])
    parametric = "portilla-simoncelli"
    above(f"{parametric}: noise, half", noise_figures[parametric], 2 * half[parametric])
    above("precision: half, noise", half["patch precision"], noise_figures["patch precision"])


def test_blur_fails_coverage(anchor: Mapping[str, Mapping[str, float]]) -> None:
    half, blurred = anchor["half"]["patch coverage"], anchor["blurred copy"]["patch coverage"]
    above("coverage: half, blur", half, blurred + 0.04)


def test_a_shuffle_fails_structure(anchor: Mapping[str, Mapping[str, float]]) -> None:
    for figure in ("autocorrelation", "spectrum"):
        shuffled = anchor["shuffled"][figure]
        above(f"{figure}: shuffled, half", shuffled, anchor["half"][figure])


def test_seams_are_found_and_only_seams(exemplar: Array) -> None:
    """A rolled photo wraps without a seam; the photo itself has one, smoothed or not."""
    rolled = np.roll(exemplar, (SIDE // 2, SIDE // 2), (0, 1))
    blurred = gaussian_filter(exemplar, (0, 3, 0), mode="wrap")
    from_edge = np.minimum(np.arange(SIDE), SIDE - 1 - np.arange(SIDE))
    weight = np.clip(1 - from_edge / 6, 0, 1)[None, :, None].astype(np.float32)
    smoothed = exemplar * (1 - weight) + blurred * weight
    passes = tileability.seam(exemplar, rolled, 1)
    print("periodic", passes, "seam", tileability.seam(exemplar, exemplar, 1))
    assert passes.percentile <= 97.5
    for picture in (exemplar, smoothed):
        seam = tileability.seam(exemplar, picture, 1)
        above("percentile of a seam", seam.percentile, 97.5)


def test_a_tiled_block_repeats_itself(rng: np.random.Generator) -> None:
    """Noise with a block tiled: its peak is 1; the noise itself has none."""
    noise = gaussian_filter(rng.random((SIDE, SIDE, 1)), (1.5, 1.5, 0)).astype(np.float32)
    wall = tiled(noise[:48, :48], (SIDE, SIDE))
    assert tileability.repetition(noise, wall) == pytest.approx(1, abs=0.1)
    assert abs(tileability.repetition(noise, noise[::-1])) <= 0.02


def test_shift_crop_and_rounding_change_nothing(exemplar: Array) -> None:
    """For a picture that tiles, relative to what separates each figure from that of a copy."""
    picture = random_phase(exemplar, 3).clip(0, 1)
    plain = measure(exemplar, picture, LAG, WINDOW).figures
    copied = measure(exemplar, exemplar, LAG, WINDOW).figures
    changed = {
        "shift": np.roll(picture, (31, 77), (0, 1)),
        "crop": picture[5:-4, 7:-8],
        "rounding": (np.round(picture * 255) / 255).astype(np.float32),
    }
    for change, image in changed.items():
        figures = measure(exemplar, np.ascontiguousarray(image), LAG, WINDOW).figures
        for name in ("sliced patches", "portilla-simoncelli", "patch precision", "patch coverage"):
            span = abs(plain[name] - copied[name])
            moved = abs(figures[name] - plain[name])
            print(f"{change}, {name}: {moved:.3g} of {span:.3g}")
            assert moved <= 0.15 * span + 0.01
        assert figures["copied fraction"] <= 0.01


def blur(exemplar: Array, amount: float) -> Array:
    return gaussian_filter(exemplar, (3 * amount, 3 * amount, 0), mode="reflect")


def noise(exemplar: Array, amount: float) -> Array:
    drawn = np.random.default_rng(0).standard_normal(exemplar.shape)
    return (exemplar + 0.3 * amount * drawn).astype(np.float32)


def foreign(exemplar: Array, amount: float) -> Array:
    """Squares of 16 px of another texture, its negative's noise, over a fraction of the picture."""
    other = 1 - random_phase(exemplar)
    order = np.random.default_rng(0).permutation((SIDE // 16) ** 2)
    chosen = order.reshape(SIDE // 16, SIDE // 16) < amount * order.size
    return np.where(np.kron(chosen, np.ones((16, 16)))[..., None] > 0, other, exemplar)


FIGURES: dict[str, Callable[[Array, Array], float]] = {
    "coverage": lambda e, r: -fidelity.precision_and_coverage(e, r)[1],
    "precision": lambda e, r: -fidelity.precision_and_coverage(e, r)[0],
    "sliced": fidelity.sliced_wasserstein,
    "parametric": lambda e, r: portilla_simoncelli_distance(e, r, WINDOW),
    "spectrum": lambda e, r: structure.spectrum_distance(e, r, WINDOW),
}


@pytest.mark.parametrize(
    ("fault", "figure"),
    [
        (blur, "coverage"),
        (blur, "sliced"),
        (blur, "spectrum"),
        (noise, "precision"),
        (noise, "sliced"),
        (noise, "parametric"),
        (noise, "spectrum"),
        (foreign, "precision"),
        (foreign, "sliced"),
    ],
)
def test_figures_grow_with_the_fault(
    exemplar: Array, fault: Callable[[Array, float], Array], figure: str
) -> None:
    amounts = np.linspace(0, 1, 6)
    values = [FIGURES[figure](exemplar, fault(exemplar, amount)) for amount in amounts]
    rank = float(spearmanr(amounts, values).statistic)
    print(f"{figure} by {fault.__name__}: {np.round(values, 3)}, rank correlation {rank:.3f}")
    assert rank >= 0.95
