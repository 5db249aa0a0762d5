"""Texture optimization: the energy falls, patches agree, and the canvas is honoured."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from lichen.canvas import Canvas
from lichen.errors import ImageError, LichenError
from lichen.exemplar import Exemplar
from lichen.methods.resampling import texture_optimization
from lichen.methods.resampling.texture_optimization import TextureOptimization, _Grid, add_patches
from lichen.patches.pyramid import Level
from lichen.quality.tileability import seam
from lichen.step import Step
from running import run_of

Array = NDArray[np.float32]


def smooth(size: tuple[int, int], seed: int = 0, channels: int = 3) -> Array:
    noise = np.random.default_rng(seed).random((*size, channels))
    found = gaussian_filter(noise, (1.5, 1.5, 0), mode="wrap")
    return ((found - found.min()) / np.ptp(found)).astype(np.float32)


def waves(size: tuple[int, int], across: float = 8, down: float = 16) -> Array:
    rows, columns = np.mgrid[: size[0], : size[1]]
    wave = np.sin(2 * np.pi * columns / across) * np.sin(2 * np.pi * rows / down)
    return (0.5 + 0.4 * wave)[..., None].astype(np.float32)


def steps(
    exemplars: list[Exemplar], canvas: Canvas, threads: int = 1, **parameters: object
) -> list[Step]:
    method = TextureOptimization.configure(**parameters)
    return list(run_of(method, exemplars, canvas, threads=threads))


def made(exemplars: list[Exemplar], canvas: Canvas, **parameters: object) -> Array:
    return steps(exemplars, canvas, **parameters)[-1].image


def energies(taken: list[Step]) -> list[list[float]]:
    """Energies of the iterations at each level and patch size."""
    found: list[list[float]] = []
    for step in taken[:-1]:
        if step.iteration == 1:
            found.append([])
        found[-1].append(step.losses["total"])
    return found


@pytest.mark.parametrize("robustness", [0.8, 2.0])
def test_no_turn_raises_the_energy_where_the_search_is_exact(
    robustness: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all of the patches compared, by all places, and means that count pixels alike."""
    monkeypatch.setattr(texture_optimization, "N_COMPONENTS", 192)
    monkeypatch.setattr(texture_optimization, "N_LEAVES", 10_000)
    monkeypatch.setattr(texture_optimization, "FALL_OFF", 1e6)
    exemplar = Exemplar.from_array(smooth((40, 40)))
    for wrap in (False, True):
        taken = steps(
            [exemplar], Canvas((48, 52), (wrap, wrap)), patches=(8,), robustness=robustness
        )
        for turns in energies(taken):
            assert len(turns) > 2
            assert turns[-1] < 0.95 * turns[0]
            assert (np.diff(turns) <= 1e-3 * turns[0]).all()


def test_the_energy_falls_at_each_level_and_width() -> None:
    """As it is used: of a tree some leaves are searched, and the middle of a patch counts more."""
    exemplar = Exemplar.from_array(smooth((64, 64)))
    found = energies(steps([exemplar], Canvas((80, 80))))
    assert len(found) >= 4
    for turns in found:
        assert turns[-1] < turns[0]
        assert max(turns) <= 1.02 * turns[0]
    assert np.mean([turns[-1] / turns[0] for turns in found]) < 0.85


def test_averaging_minimizes_the_weighted_squares(rng: np.random.Generator) -> None:
    """No other picture is nearer to the patches that were found."""
    values = rng.random((20, 22, 2), np.float32)
    picture, known = np.zeros((17, 19, 2), np.float32), np.zeros((17, 19), bool)
    usable = np.ones((20, 22), bool)
    level = Level.from_arrays(values, usable, picture, known, 2, (False, True))
    grid = _Grid(level, 8, rng)
    found = rng.integers(0, len(grid.anchors), len(grid.queries))
    weights = rng.random(len(grid.queries), np.float32) + np.float32(0.1)
    mean = grid.mean(values, found, weights)
    bell = np.exp(-np.square((np.arange(8) - 3.5) / (0.3 * 8)) / 2)

    def energy(image: Array) -> float:
        total = 0.0
        for (y, x), place, weight in zip(grid.queries, grid.anchors[found], weights, strict=True):
            patch = image[np.ix_(np.arange(y, y + 8), np.arange(x, x + 8) % 19)].astype(float)
            there = values[place[0] : place[0] + 8, place[1] : place[1] + 8]
            total += weight * (np.outer(bell, bell)[..., None] * (patch - there) ** 2).sum()
        return total

    least = energy(mean)
    for amount in (0.1, 0.01):
        for _ in range(5):
            assert energy(mean + amount * rng.standard_normal(mean.shape)) > least


@pytest.mark.parametrize("extra", range(4))
@pytest.mark.parametrize("wrap", [(False, False), (True, True), (True, False)])
def test_smallest_sizes(extra: int, wrap: tuple[bool, bool]) -> None:
    """Few patches, one alone in the smallest example; canvases narrower than a patch, too."""
    exemplar = Exemplar.from_array(smooth((8 + extra, 8)))
    for size in ((8, 8 + extra), (11, 9)):
        image = made([exemplar], Canvas(size, wrap, extra))
        assert image.shape == (*size, 3)
        assert image.min() >= exemplar.pixels.min() - 1e-6
        assert image.max() <= exemplar.pixels.max() + 1e-6
    wide = Exemplar.from_array(smooth((16 + extra, 16)))
    assert made([wide], Canvas((9, 8), wrap), patches=(16,)).shape == (9, 8, 3)


def test_an_example_smaller_than_the_narrowest_patch_is_refused_at_once() -> None:
    mask = np.zeros((30, 30), bool)
    mask[3:14, 5:25] = True  # eleven rows
    for exemplar in (
        Exemplar.from_array(smooth((11, 30))),
        Exemplar.from_array(smooth((30, 30)), mask),
    ):
        with pytest.raises(ImageError, match="no 12x12 px patch fits"):
            run_of(TextureOptimization.configure(patches=(16, 12)), [exemplar], Canvas((40, 40)))
        run_of(TextureOptimization.configure(patches=(16, 8)), [exemplar], Canvas((40, 40)))
    with pytest.raises(LichenError, match="give one or more"):
        TextureOptimization.configure(patches=())


def test_masked_pixels_leave_no_trace() -> None:
    pixels = 0.5 * smooth((50, 50))
    mask = np.ones((50, 50), bool)
    mask[:14, 30:] = mask[40, 8] = False
    pixels[~mask] = 1
    image = made([Exemplar.from_array(pixels, mask)], Canvas((60, 60)))
    assert image.max() <= 0.5 + 1e-6


def test_a_wrapped_picture_has_no_seam() -> None:
    exemplar = smooth((72, 72))
    example, excess = Exemplar.from_array(exemplar), {}
    for wrap in (False, True):
        excess[wrap] = [
            seam(exemplar, image, axis).excess
            for image in [made([example], Canvas((72, 90), (wrap, wrap), 1), patches=(16, 8))]
            for axis in (0, 1)
        ]
    assert max(excess[True]) <= 1.1
    assert np.mean(excess[False]) > np.mean(excess[True]) + 0.1


@pytest.mark.parametrize("corner", [(20, 17), (55, 50)])
def test_a_hole_is_filled_with_what_was_there(corner: tuple[int, int]) -> None:
    """In a texture that repeats; also where the hole lies across the border of one that tiles."""
    picture, known = waves((64, 64)), np.ones((64, 64), bool)
    known[np.ix_(*[(first + np.arange(14)) % 64 for first in corner])] = False
    canvas = Canvas(
        (64, 64), (True, True), known=np.where(known[..., None], picture, np.nan), known_mask=known
    )
    image = made([Exemplar.from_array(picture, known)], canvas)
    np.testing.assert_array_equal(image[known], picture[known])
    assert np.abs(image - picture).max() < 0.05


def test_a_hole_may_be_filled_from_another_picture() -> None:
    photo, known = smooth((48, 52), 1), np.ones((48, 52), bool)
    known[10:25, 30:45] = False
    other = Exemplar.from_array(0.3 * smooth((40, 30), 2))
    image = made([other], Canvas((48, 52), known=photo, known_mask=known))
    np.testing.assert_array_equal(image[known], photo[known])
    assert image[~known].max() <= 0.3 + 1e-6


def test_labels_are_followed() -> None:
    dark, bright = 0.4 * smooth((48, 40), 1), 0.4 * smooth((48, 40), 2) + 0.6
    labels = np.zeros((48, 80, 1), np.float32)
    labels[:, 40:] = 1
    exemplar = Exemplar.from_array(np.concatenate([dark, bright], 1)).with_guide(labels)
    wanted = np.zeros((60, 60, 1), np.float32)
    wanted[15:45, 20:50] = 1
    image = made([exemplar], Canvas((60, 60), guide=wanted))
    assert ((image.mean(2) > 0.5) == (wanted[..., 0] > 0.5)).mean() > 0.95


def test_the_initial_image_is_followed() -> None:
    pixels = np.concatenate([0.4 * smooth((48, 40), 1), 0.4 * smooth((48, 40), 2) + 0.6], axis=1)
    for first in (15, 45):
        start = np.where(np.arange(60)[:, None] < first, 0.2, 0.8) * np.ones((60, 1, 3))
        canvas = Canvas((60, 60), init=Exemplar.from_array(start))
        image = made([Exemplar.from_array(pixels)], canvas)
        assert ((image.mean(2) > 0.5) == (start[..., 0] > 0.5)).mean() > 0.9


def test_maps_stay_in_step() -> None:
    """Means of maps that are one linear function of another still are."""
    colour = smooth((48, 48))
    exemplar = Exemplar.from_array(colour).with_maps({"height": 1 - colour.mean(2, keepdims=True)})
    image = made([exemplar], Canvas((50, 60), (True, True)))
    np.testing.assert_allclose(image[..., 3], 1 - image[..., :3].mean(2), atol=1e-5)


def test_what_maps_count_together_does_not_matter() -> None:
    """Features of weights above one are not cut off at white between levels."""
    exemplar = Exemplar.from_array(smooth((64, 64)))
    heavy, light = (
        steps([exemplar], Canvas((70, 70)), map_weights={"color": weight}, iterations=3)
        for weight in (48, 3)
    )
    assert max(step.n_levels for step in heavy) > 1
    assert np.abs(heavy[-1].image - light[-1].image).mean() < 0.02


def test_all_of_several_examples_are_used() -> None:
    dark, bright = 0.4 * smooth((40, 30), 1), 0.4 * smooth((25, 48), 2) + 0.6
    image = made([Exemplar.from_array(dark), Exemplar.from_array(bright)], Canvas((90, 90)))
    shares = (image < 0.45).all(2).mean(), (image > 0.55).all(2).mean()
    assert min(shares) > 0.1


def test_turned_examples_fill_what_upright_ones_cannot() -> None:
    """Stripes across, where the example's are upright."""
    upright = waves((48, 48), 8, 4 * 48)
    picture, known = np.ascontiguousarray(np.rot90(upright)), np.ones((48, 48), bool)
    known[16:30, 16:30] = False
    exemplar, canvas = (
        Exemplar.from_array(upright),
        Canvas((48, 48), known=picture, known_mask=known),
    )
    wrong = {
        turned: np.abs(made([exemplar], canvas, rotations=turned) - picture).mean()
        for turned in (False, True)
    }
    assert wrong[True] < 0.3 * wrong[False]


def test_threads_give_the_same_bytes() -> None:
    exemplar = Exemplar.from_array(smooth((64, 60)))
    canvas = Canvas((70, 60), (True, False), 4)
    one, two = (steps([exemplar], canvas, threads, iterations=3)[-1].image for threads in (1, 2))
    assert one.tobytes() == two.tobytes()


def test_the_fraction_done_never_falls() -> None:
    fractions = [
        s.fraction for s in steps([Exemplar.from_array(smooth((64, 64)))], Canvas((70, 70)))
    ]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32), st.integers(1, 6))
def test_added_patches_wrap_around(seed: int, side: int) -> None:
    rng = np.random.default_rng(seed)
    values, window = rng.random((8, 9, 2), np.float32), rng.random((side, side), np.float32)
    places, queries = (
        rng.integers(0, (9 - side, 10 - side), (6, 2)),
        rng.integers(0, (5, 7), (6, 2)),
    )
    weights = rng.random(6, np.float32)
    sums, totals = np.zeros((5, 7, 2), np.float32), np.zeros((5, 7), np.float32)
    add_patches(values, places, queries, weights, window, sums, totals)
    plain, plain_totals = np.zeros((5, 7, 2)), np.zeros((5, 7))
    for (ay, ax), (qy, qx), weight in zip(places, queries, weights, strict=True):
        for i, j in np.ndindex(side, side):
            at = (qy + i) % 5, (qx + j) % 7
            plain[at] += weight * window[i, j] * values[ay + i, ax + j]
            plain_totals[at] += weight * window[i, j]
    np.testing.assert_allclose(sums, plain, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(totals, plain_totals, rtol=1e-4, atol=1e-6)
