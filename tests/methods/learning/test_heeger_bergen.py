"""Heeger and Bergen: pixel histograms exact, band histograms nearly, all else random."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

import lichen
from lichen.canvas import Canvas
from lichen.errors import ParameterError
from lichen.exemplar import Exemplar
from lichen.features.steerable_pyramid import steerable_pyramid
from lichen.method import Context
from lichen.methods.learning.heeger_bergen import HeegerBergen, match_histogram
from lichen.statistics.random_phase import spot_noise
from references.plain_heeger_bergen import plain_heeger_bergen
from running import run_of

Array = NDArray[np.float32]


def scaled(picture: NDArray[Any], low: float = 0.3, high: float = 0.7) -> Array:
    """Scale values well into [0, 1], where nothing is clipped."""
    unit = (picture - picture.min()) / np.ptp(picture)
    return (low + (high - low) * unit).astype(np.float32)


def blobs(size: tuple[int, int] = (64, 64), seed: int = 0) -> Array:
    """Dark drops on a light background: skewed bands; tiles; (H, W, 1)."""
    noise = np.random.default_rng(seed).random(size) > 0.97
    return scaled(-gaussian_filter(noise.astype(float), 1.5, mode="wrap"))[..., None]


def strokes(size: tuple[int, int] = (64, 64)) -> Array:
    """Horizontal strokes: one orientation; tiles; (H, W, 1)."""
    noise = np.random.default_rng(1).normal(size=size)
    return scaled(np.abs(gaussian_filter(noise, (0.7, 5), mode="wrap")))[..., None]


def coloured(size: tuple[int, int] = (48, 56)) -> Array:
    """Three mixed grains of different scale, (H, W, 3)."""
    rng = np.random.default_rng(2)
    grains = [gaussian_filter(rng.normal(size=size), s, mode="wrap") * s for s in (0.6, 1.5, 3)]
    mixing = [[1, 0.8, 0.2], [0.1, 0.7, -0.6], [0.3, -0.2, 0.9]]
    return scaled(np.stack(grains, -1) ** 3 @ np.array(mixing), 0.4, 0.6)


def principal_planes(image: Array, of: Array) -> NDArray[np.float64]:
    """Image (H, W, C) along the principal axes of another, (C, N)."""
    colours = of.reshape(-1, of.shape[2]).astype(np.float64)
    _, axes = np.linalg.eigh(np.cov(colours.T))
    return ((image.reshape(-1, of.shape[2]) - colours.mean(0)) @ axes).T


def quantiles(values: NDArray[Any], n: int) -> NDArray[np.float64]:
    """Quantiles (i + 1/2) / n."""
    known = (np.arange(values.size) + 0.5) / values.size
    return np.interp((np.arange(n) + 0.5) / n, known, np.sort(values, axis=None))


def distance_of_bands(exemplar: Array, image: Array, scales: int) -> float:
    """Squared Wasserstein distances of all bands of grey images, over the exemplar's power."""

    def bands(picture: Array) -> list[NDArray[Any]]:
        pyramid = steerable_pyramid(torch.from_numpy(picture[..., 0].astype(np.float64)), scales)
        oriented = [band for scale in pyramid.bands for band in scale]
        return [band.numpy() for band in (pyramid.highpass, *oriented, pyramid.lowpass)]

    total = 0.0
    for wanted, given_ in zip(bands(exemplar), bands(image), strict=True):
        total += np.square(quantiles(wanted, given_.size) - np.sort(given_, axis=None)).mean()
    return total / exemplar.var(dtype=np.float64)


def steps(method: HeegerBergen, exemplar: Exemplar, canvas: Canvas) -> list[Any]:
    return list(run_of(method, [exemplar], canvas, threads=1))


@pytest.mark.parametrize("orientations", [1, 4])
def test_agrees_with_the_plain_version(orientations: int) -> None:
    rng = np.random.default_rng(0)
    exemplar, start = scaled(rng.normal(size=(32, 48, 1))), scaled(rng.normal(size=(64, 32, 1)))
    exemplar = scaled(gaussian_filter(exemplar.astype(float), (1, 2, 0), mode="wrap"))
    for picture in (exemplar, start):
        assert len(np.unique(picture)) == picture.size  # ties would be ranked arbitrarily
    result = lichen.synthesize(
        exemplar, method="heeger_bergen", size=(64, 32), init=start, periodic=True,
        scales=2, orientations=orientations, iterations=4, precision="float64",
    )  # fmt: skip
    plain = plain_heeger_bergen(
        exemplar[..., 0].astype(float), start[..., 0].astype(float), 2, orientations, 4
    )
    np.testing.assert_allclose(result.image[..., 0], plain, rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", [(48, 56), (33, 90)])
@pytest.mark.parametrize("decorrelate", [True, False])
def test_planes_have_the_histogram_exactly(size: tuple[int, int], decorrelate: bool) -> None:
    exemplar = coloured()
    image = lichen.synthesize(
        exemplar, method="heeger_bergen", size=size, decorrelate=decorrelate, iterations=3
    ).image
    assert 0 < image.min() < image.max() < 1  # nothing is clipped
    if decorrelate:
        ours, theirs = principal_planes(exemplar, exemplar), principal_planes(image, exemplar)
    else:
        ours, theirs = (picture.reshape(-1, 3).T for picture in (exemplar, image))
    for wanted, made in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(np.sort(made), quantiles(wanted, made.size), rtol=0, atol=2e-6)


@pytest.mark.parametrize("exemplar", [blobs(), strokes(), blobs((64, 64), 5) * strokes()])
def test_bands_converge_and_the_loss_is_their_distance(exemplar: Array) -> None:
    method = HeegerBergen(scales=3, periodic=True)
    canvas = Canvas((64, 64), seed=3)
    noise = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
    start = match_histogram(noise, np.sort(exemplar, axis=None))[..., None]
    before = distance_of_bands(exemplar, start, 3)
    made = steps(method, Exemplar.from_array(exemplar), canvas)
    after = [distance_of_bands(exemplar, step.image, 3) for step in made]
    assert after[0] < before / 5
    assert after[-1] < before / 100
    assert after[-1] < after[0] / 5
    for step, distance in zip(made, after, strict=True):
        assert step.losses["total"] == pytest.approx(distance, rel=1e-3)


def test_gaussian_noise_is_resynthesized() -> None:
    """Its distribution is determined by its spectrum, so the power of the bands suffices."""
    spot = blobs((96, 96))
    exemplar = spot_noise(spot, np.random.default_rng(0))
    made = lichen.synthesize(
        exemplar, method="heeger_bergen", size=(128, 128), periodic=True, seed=1
    ).image
    ours, theirs = (picture[..., 0] - picture.mean() for picture in (exemplar, made))
    assert theirs.var() == pytest.approx(ours.var(), rel=0.02)

    def correlation(picture: Array, y: int, x: int) -> float:
        return float((picture * np.roll(picture, (y, x), (0, 1))).mean() / picture.var())

    for shift in ((0, 1), (1, 0), (2, 2), (3, -1), (0, 4), (6, 0)):
        assert correlation(theirs, *shift) == pytest.approx(correlation(ours, *shift), abs=0.08)
    pyramid = steerable_pyramid(torch.from_numpy(np.ascontiguousarray(theirs)), 2)
    for band in pyramid.bands[1]:
        kurtosis = float((band**4).mean() / band.square().mean() ** 2)
        assert kurtosis == pytest.approx(3, abs=0.4)


def test_orientation_is_kept_by_oriented_bands() -> None:
    oriented, isotropic = (
        lichen.synthesize(strokes(), method="heeger_bergen", preset=preset, size=(80, 80)).image
        for preset in (None, "isotropic")
    )
    assert ratio_of_slopes(oriented) > 3
    assert ratio_of_slopes(isotropic) == pytest.approx(1, abs=0.2)


def ratio_of_slopes(image: Array) -> float:
    down, along = (float(np.square(np.diff(image, axis=axis)).mean()) for axis in (0, 1))
    return down / along


def test_brightness_and_contrast_carry_over() -> None:
    exemplar = coloured()
    how: dict[str, Any] = {"method": "heeger_bergen", "size": (40, 40), "iterations": 3}
    made, darker = (lichen.synthesize(x, **how).image for x in (exemplar, 0.5 * exemplar + 0.1))
    np.testing.assert_allclose(darker, 0.5 * made + 0.1, atol=2e-3)


def test_shifts() -> None:
    """A shift of a periodic exemplar changes nothing; that of an initial image, the result."""
    exemplar, start = blobs(), strokes()
    how: dict[str, Any] = {"method": "heeger_bergen", "scales": 3, "periodic": True}
    how["precision"] = "float64"
    made = lichen.synthesize(exemplar, init=start, **how).image
    same = lichen.synthesize(np.roll(exemplar, (8, 24), (0, 1)), init=start, **how).image
    np.testing.assert_allclose(same, made, atol=1e-6)
    moved = lichen.synthesize(exemplar, init=np.roll(start, (16, 8), (0, 1)), **how).image
    np.testing.assert_allclose(moved, np.roll(made, (16, 8), (0, 1)), atol=1e-6)


def test_the_border_of_a_photo_leaves_no_trace() -> None:
    """The jump across the border is not part of the material: clouds have no grain."""
    noise = np.random.default_rng(0).normal(size=(96, 96, 1))
    exemplar = scaled(gaussian_filter(noise, (5, 5, 0)))[:64, :64]

    def grain(periodic: bool) -> float:
        made = lichen.synthesize(exemplar, method="heeger_bergen", scales=3, periodic=periodic)
        plane = torch.from_numpy(made.image[..., 0].copy())
        return float(steerable_pyramid(plane, 1).bands[0].square().sum(0).mean())

    assert grain(periodic=False) < grain(periodic=True) / 3


def test_masked_pixels_do_not_count() -> None:
    exemplar = coloured((64, 64))
    mask = np.ones((64, 64), bool)
    mask[:, :24] = False
    mask[40:, 40:] = False
    spoiled = exemplar.copy()
    spoiled[~mask] = 1.0
    method, canvas = HeegerBergen(iterations=3), Canvas((48, 48), seed=1)
    clean, same = (
        steps(method, Exemplar.from_array(image, mask), canvas)[-1].image
        for image in (exemplar, spoiled)
    )
    np.testing.assert_array_equal(clean, same)
    usable = exemplar[mask][:, None]
    for wanted, made in zip(
        principal_planes(usable, usable), principal_planes(clean, usable), strict=True
    ):
        np.testing.assert_allclose(np.sort(made), quantiles(wanted, made.size), atol=2e-6)


def test_filled_pixels_are_in_no_band() -> None:
    """With half of a grain usable, the result is as rough as from all of it."""
    noise = np.random.default_rng(4).normal(size=(96, 96, 1))
    exemplar = Exemplar.from_array(scaled(noise))
    half = np.zeros((96, 96), bool)
    half[:, :48] = True
    canvas = Canvas((96, 96), seed=2)
    method = HeegerBergen(scales=3)
    for mask in (None, half):
        made = steps(method, replace(exemplar, mask=mask), canvas)[-1].image[..., 0]
        rough = np.square(np.diff(made, axis=0)).mean() / made.var()
        assert rough == pytest.approx(2, rel=0.06)  # white


def test_grey_stays_grey_and_maps_stay_in_step() -> None:
    grey = np.repeat(blobs(), 3, axis=2)
    made = lichen.synthesize(grey, method="heeger_bergen", iterations=2).image
    np.testing.assert_allclose(made, np.repeat(made[..., :1], 3, axis=2), atol=1e-6)
    colour = coloured()
    material = Exemplar.from_array(colour).with_maps({"height": 0.9 - colour[..., 1:2]})
    made = lichen.synthesize(material, method="heeger_bergen", iterations=2, wrap=True).image
    np.testing.assert_allclose(made[..., 3], 0.9 - made[..., 1], atol=1e-6)


def test_a_plain_exemplar_gives_itself() -> None:
    plain = np.full((16, 16, 3), (0.2, 0.5, 0.7), np.float32)
    made = steps(HeegerBergen(iterations=2), Exemplar.from_array(plain), Canvas((9, 20)))
    assert [step.losses["total"] for step in made] == [0, 0]
    np.testing.assert_allclose(made[-1].image, np.broadcast_to(plain[0, 0], (9, 20, 3)), atol=1e-6)


def test_resumes_from_a_step() -> None:
    exemplar, canvas = Exemplar.from_array(coloured()), Canvas((40, 48), seed=1)
    method = HeegerBergen(iterations=5)
    whole = steps(method, exemplar, canvas)
    rest = list(method.run([exemplar], canvas, Context(seed=1, resume=whole[1])))
    assert [step.iteration for step in rest] == [3, 4, 5]
    np.testing.assert_allclose(rest[-1].image, whole[-1].image, atol=2e-3)
    assert rest[-1].losses["total"] == pytest.approx(whole[-1].losses["total"], rel=0.01)


def test_it_continues_from_an_image() -> None:
    exemplar, method = Exemplar.from_array(blobs()), HeegerBergen(iterations=5, periodic=True)
    canvas = Canvas((64, 64), seed=1)
    before = steps(method, exemplar, canvas)[-1]
    further = method.continued(3)
    assert further == HeegerBergen(iterations=3, periodic=True)
    after = steps(further, exemplar, replace(canvas, init=Exemplar.from_array(before.image)))
    assert [step.iteration for step in after] == [1, 2, 3]
    assert after[-1].losses["total"] < before.losses["total"]
    with pytest.raises(ParameterError, match="`iterations` = 0"):
        method.continued(0)


def test_the_number_of_threads_changes_nothing() -> None:
    exemplar, canvas, method = Exemplar.from_array(coloured()), Canvas((70, 64)), HeegerBergen()
    before = torch.get_num_threads()
    one, four = (list(run_of(method, [exemplar], canvas, threads=n))[-1].image for n in (1, 4))
    assert one.tobytes() == four.tobytes()
    assert torch.get_num_threads() == before


def test_too_many_scales_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"scales = 5 .* use at most 4"):
        lichen.synthesize(blobs(), method="heeger_bergen", size=(64, 31), scales=5)


@given(st.data(), st.sampled_from([np.float32, np.float64]))
@settings(deadline=None)
def test_matching_is_by_rank(data: st.DataObject, dtype: type) -> None:
    floats = st.floats(-1e3, 1e3, width=32)
    values = data.draw(arrays(dtype, st.integers(1, 50), elements=floats))
    wanted = np.sort(data.draw(arrays(dtype, st.integers(1, 50), elements=floats)))
    order = values.argsort(kind="stable")
    matched = match_histogram(values + 0.0, wanted)  # -0 ranks before 0
    expected = quantiles(wanted, values.size)
    np.testing.assert_allclose(matched[order], expected, rtol=1e-6, atol=1e-30)
    if len(wanted) == len(values):
        np.testing.assert_array_equal(matched[order], wanted)
