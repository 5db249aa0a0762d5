"""Graphcut textures: copies, placements, tasks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from lichen.canvas import Canvas
from lichen.errors import ImageError
from lichen.exemplar import Exemplar
from lichen.method import Context
from lichen.methods.resampling.graphcut import Graphcut, _laid_over, _Work
from lichen.patches import patchwork
from lichen.patches.seam_costs import Links, Source, link_costs
from lichen.step import Step
from running import with_layout

Array = NDArray[np.float32]
PLACEMENTS = ("random", "entire", "subpatch")


def textured(size: tuple[int, int], seed: int = 0) -> Exemplar:
    """Smooth noise, in which no two pixels are alike."""
    noise = np.random.default_rng(seed).random((*size, 3))
    smooth = gaussian_filter(noise, (1.5, 1.5, 0), mode="wrap")
    return Exemplar.from_array((smooth - smooth.min()) / np.ptp(smooth))


def steps(
    method: Graphcut, exemplars: list[Exemplar], canvas: Canvas, threads: int = 1
) -> list[Step]:
    canvas = with_layout(canvas, exemplars)
    method.check(exemplars, canvas)
    return list(method.run(exemplars, canvas, Context(canvas.seed, threads)))


def made(method: Graphcut, exemplars: list[Exemplar], canvas: Canvas, threads: int = 1) -> Step:
    return steps(method, exemplars, canvas, threads)[-1]


def assert_copied(step: Step, exemplars: list[Exemplar]) -> None:
    """Each pixel is the usable one of the exemplars that the map of sources says."""
    assert step.sources is not None
    for number, exemplar in enumerate(exemplars):
        ours = step.sources[..., 0] == number
        y, x = step.sources[ours, 1], step.sources[ours, 2]
        np.testing.assert_array_equal(step.image[ours], exemplar.pixels[y, x])
        assert exemplar.mask is None or exemplar.mask[y, x].all()
    assert (step.sources[..., 0] < len(exemplars)).all()


def roughness(image: Array) -> float:
    """Mean square of second differences: high at seams."""
    return float(sum(np.square(np.diff(image, 2, axis)).mean() for axis in (0, 1)))


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("wrap", [(False, False), (True, True), (True, False)])
def test_every_pixel_is_copied(placement: str, wrap: tuple[bool, bool]) -> None:
    mask = np.ones((30, 26), bool)
    mask[4:9, 15:25] = False
    exemplars = [textured((24, 40), 1), replace(textured((30, 26), 2), mask=mask)]
    method = Graphcut.configure(placement=placement, block=6, mirror=True)
    step = made(method, exemplars, Canvas((47, 61), wrap=wrap, seed=3))
    assert_copied(step, exemplars)
    assert step.sources is not None
    assert (step.sources >= 0).all()


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_small_sizes_work(placement: str) -> None:
    method = Graphcut.configure(placement=placement)
    for extra in range(4):
        side = Graphcut.minimum_size + extra
        exemplar = textured((side, side + 1))
        for wrap in (False, True):
            canvas = Canvas((side + 1, side), wrap=(wrap, wrap), seed=extra)
            assert_copied(made(method, [exemplar], canvas), [exemplar])


def test_a_block_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(ImageError, match="no 20x20 px patch fits"):
        Graphcut.configure(block=20).check(
            [textured((16, 30))], with_layout(Canvas((40, 40)), [textured((16, 30))])
        )


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_known_pixels_stay_and_are_met(placement: str) -> None:
    """A hole in a texture that repeats is filled with what was there."""
    y, x = np.mgrid[:64, :64]
    wave = 0.5 + 0.4 * np.sin(2 * np.pi * x / 8) * np.sin(2 * np.pi * y / 16)
    picture = wave[..., None].astype(np.float32)
    known = np.ones((64, 64), bool)
    known[20:45, 15:50] = False
    exemplar = Exemplar.from_array(picture, known)
    canvas = Canvas((64, 64), known=picture * known[..., None], known_mask=known, seed=2)
    step = made(Graphcut.configure(placement=placement, block=8, randomness=0), [exemplar], canvas)
    np.testing.assert_array_equal(step.image[known], picture[known])
    assert step.sources is not None
    assert (step.sources[known] == -1).all()
    assert_copied(replace(step, image=np.where(known[..., None], picture, step.image)), [exemplar])
    if placement != "random":
        assert np.abs(step.image - picture).max() < 1e-3


def test_a_wrapped_picture_has_no_seam() -> None:
    exemplar = textured((48, 48))
    step = made(Graphcut(), [exemplar], Canvas((70, 90), wrap=(True, True), seed=1))
    rolled = np.roll(step.image, (35, 45), (0, 1))
    across = roughness(rolled[31:39]) + roughness(rolled[:, 41:49])
    assert across < 1.5 * (roughness(step.image[31:39]) + roughness(step.image[:, 41:49]))


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> list[_Work]:
    """What the runs of a test have worked on."""
    seen: list[_Work] = []
    begin = _Work.__init__

    def remember(self: _Work, *args: object) -> None:
        begin(self, *args)  # type: ignore[arg-type]
        seen.append(self)

    monkeypatch.setattr(_Work, "__init__", remember)
    return seen


def test_matched_patches_show_less_than_random_ones(works: list[_Work]) -> None:
    exemplar = textured((48, 48))
    visible = {}
    for placement in PLACEMENTS:
        for seed in range(3):
            method = Graphcut.configure(placement=placement, refinement=0)
            made(method, [exemplar], Canvas((90, 90), seed=seed))
        visible[placement] = sum(work.patchwork.visible.sum() for work in works[-3:])
    assert visible["entire"] < 0.9 * visible["random"]
    assert visible["subpatch"] < 0.9 * visible["random"]


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_refinement_lessens_what_is_visible(placement: str, works: list[_Work]) -> None:
    for refinement in (0, 2):
        method = Graphcut.configure(placement=placement, refinement=refinement)
        made(method, [textured((40, 40))], Canvas((70, 70), seed=4))
    before, after = (work.patchwork.visible.sum() for work in works)
    assert after < before


def test_a_guide_is_followed() -> None:
    left, right = textured((40, 40), 1).pixels * 0.4, textured((40, 40), 2).pixels * 0.4 + 0.6
    labels = np.zeros((40, 80, 1), np.float32)
    labels[:, 40:] = 1
    pixels = np.concatenate([left, right], axis=1)
    exemplar = replace(Exemplar.from_array(pixels), guide=labels)
    wanted = np.zeros((60, 60, 1), np.float32)
    wanted[15:45, 20:50] = 1
    for placement in ("entire", "subpatch"):
        method = Graphcut.configure(placement=placement, guide_weight=2.0)
        step = made(method, [exemplar], Canvas((60, 60), guide=wanted, seed=1))
        assert step.sources is not None
        found = step.sources[..., 2:] >= 40
        assert (found == (wanted > 0.5)).mean() > 0.95, placement


def test_maps_are_copied_together() -> None:
    colour, height = textured((40, 40)).pixels, textured((40, 40), 5).pixels[..., :1]
    stack = Exemplar.from_array(colour).with_maps({"height": height})
    step = made(Graphcut(), [stack], Canvas((60, 60)))
    assert_copied(step, [stack])


@pytest.mark.parametrize("placement", ["entire", "subpatch"])
def test_threads_do_not_change_the_bytes(placement: str) -> None:
    exemplar, canvas = textured((40, 44)), Canvas((80, 70), seed=7)
    method = Graphcut.configure(placement=placement)
    one, two = (made(method, [exemplar], canvas, threads).image for threads in (1, 2))
    assert one.tobytes() == two.tobytes()


def test_the_overlap_is_compared_where_both_are(rng: np.random.Generator) -> None:
    window, patch = (rng.random((*size, 2)).astype(np.float32) for size in ((9, 11), (5, 4)))
    filled, usable = ((rng.random(size) < 0.6).astype(np.float32) for size in ((9, 11), (5, 4)))
    costs, overlaps = _laid_over(window, filled, patch, usable)
    assert costs.shape == (5, 8)
    for i, j in np.ndindex(*costs.shape):
        both = filled[i : i + 5, j : j + 4] * usable
        apart = np.square(window[i : i + 5, j : j + 4] - patch).sum(2)
        assert overlaps[i, j] == both.sum()
        assert costs[i, j] == pytest.approx((apart * both).sum() / max(1, both.sum()), abs=1e-4)


@pytest.mark.parametrize("placement", ["entire", "subpatch"])
def test_the_place_that_continues_a_picture_costs_nothing(placement: str) -> None:
    """Of what lies on a picture the continuation is in the example, and is found."""
    exemplar = textured((30, 34))
    known = np.zeros((60, 60), bool)
    known[20:34, 18:30] = True
    picture = np.zeros((60, 60, 3), np.float32)
    picture[20:34, 18:30] = exemplar.pixels[5:19, 9:21]
    canvas = Canvas((60, 60), known=picture, known_mask=known)
    method = Graphcut.configure(placement=placement, block=8)
    work = _Work(method.atlas([exemplar], with_layout(canvas, [exemplar])), canvas, 8, True, 1)
    at = (28, 26)
    costs = work.costs_of_all(at) if placement == "entire" else work.costs_of_block(at)
    assert tuple(work.anchors[np.argmin(costs)]) == (at[0] - 20 + 5, at[1] - 18 + 9)
    assert costs.min() < 1e-5


def test_a_small_usable_area_costs_no_more_than_it_is_large(
    works: list[_Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What may not be copied is not looked at, however large the example is."""
    mask = np.zeros((300, 320), bool)
    mask[100:110, 200:212] = True
    exemplar = replace(textured((300, 320)), mask=mask)
    compared: list[tuple[int, ...]] = []

    def recorded(source: Source, image: Array, places: NDArray[np.int32], *rest: object) -> Links:
        compared.append(places.shape)
        return link_costs(source, image, places, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(patchwork, "link_costs", recorded)
    step = made(Graphcut(), [exemplar], Canvas((64, 64), seed=1))
    assert_copied(step, [exemplar])
    assert works[0].spectra.size == (10, 12)
    assert compared
    assert max(height for height, _ in compared) <= 10
    assert max(width for _, width in compared) <= 12
