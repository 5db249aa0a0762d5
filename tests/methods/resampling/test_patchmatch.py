"""PatchMatch synthesis: what it makes is copied, and is what the canvas says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from lichen.canvas import Canvas
from lichen.errors import ImageError
from lichen.exemplar import Exemplar
from lichen.methods.resampling.patchmatch import PatchMatch
from lichen.quality.tileability import seam
from lichen.step import Step
from running import run_of

Array = NDArray[np.float32]


def smooth(size: tuple[int, int], seed: int = 0, channels: int = 3) -> Array:
    """Smooth noise, in which no two pixels are alike."""
    noise = np.random.default_rng(seed).random((*size, channels))
    found = gaussian_filter(noise, (1.5, 1.5, 0), mode="wrap")
    return ((found - found.min()) / np.ptp(found)).astype(np.float32)


def bricks(size: tuple[int, int]) -> Array:
    """Courses of 12 pixels, bricks of 24; no two pixels alike."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    mortar = (rows % 12 < 2) | ((columns + 12 * (rows // 12 % 2)) % 24 < 2)
    colour = np.where(mortar[..., None], [0.85, 0.83, 0.8], [0.55, 0.3, 0.2])
    return (colour + 0.2 * (smooth(size) - 0.5)).clip(0, 1).astype(np.float32)


def waves(size: tuple[int, int], across: float = 8, down: float = 16) -> Array:
    rows, columns = np.mgrid[: size[0], : size[1]]
    wave = np.sin(2 * np.pi * columns / across) * np.sin(2 * np.pi * rows / down)
    return (0.5 + 0.4 * wave)[..., None].astype(np.float32)


def made(exemplars: list[Exemplar], canvas: Canvas, threads: int = 1, **parameters: object) -> Step:
    run = run_of(PatchMatch.configure(**parameters), exemplars, canvas, threads=threads)
    return list(run)[-1]


def sources_of(
    step: Step, exemplars: list[Exemplar], known: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """Give the map of sources, having looked that it is true where pixels are not known."""
    assert step.sources is not None
    assert (step.sources[~known] >= 0).all()
    assert (step.sources[~known, 0] < len(exemplars)).all()
    for number, exemplar in enumerate(exemplars):
        ours = ~known & (step.sources[..., 0] == number)
        y, x = step.sources[ours, 1], step.sources[ours, 2]
        np.testing.assert_array_equal(step.image[ours], exemplar.pixels[y, x])
        assert exemplar.mask is None or exemplar.mask[y, x].all()
    return step.sources


SIDES = st.integers(3, 34)


@settings(deadline=None, max_examples=40)
@given(
    sizes=st.lists(st.tuples(st.integers(7, 30), st.integers(7, 30)), min_size=1, max_size=3),
    size=st.tuples(SIDES, SIDES),
    wrap=st.tuples(st.booleans(), st.booleans()),
    turned=st.tuples(st.booleans(), st.booleans()),
    asked=st.sets(st.sampled_from(["mask", "known", "guide", "maps", "init"])),
    patch=st.integers(3, 7),
    levels=st.sampled_from([None, 1, 2]),
    seed=st.integers(0, 2**31),
)
def test_whatever_is_asked_for_pixels_are_copied_and_known_ones_stay(
    sizes: list[tuple[int, int]],
    size: tuple[int, int],
    wrap: tuple[bool, bool],
    turned: tuple[bool, bool],
    asked: set[str],
    patch: int,
    levels: int | None,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    channels = 4 if "maps" in asked else 3
    exemplars = []
    for shape in sizes:
        mask = rng.random(shape) < 0.97
        mask[:7, :7] = True
        pixels = rng.random((*shape, channels), np.float32)
        one = Exemplar.from_array(pixels[..., :3], mask if "mask" in asked else None)
        if "maps" in asked:
            one = one.with_maps({"height": pixels[..., 3:]})
        if "guide" in asked:
            one = replace(one, guide=rng.random((*shape, 2), np.float32))
        exemplars.append(one)
    known = np.zeros(size, bool)
    canvas = Canvas(size, wrap, seed, init="exemplar" if "init" in asked else "noise")
    if "known" in asked:
        known = rng.random(size) < rng.choice([0.1, 0.9])
        known[rng.integers(0, size[0]), rng.integers(0, size[1])] = False
        picture = np.where(known[..., None], rng.random((*size, channels)), np.nan)
        canvas = replace(canvas, known=picture.astype(np.float32), known_mask=known)
    if "guide" in asked:
        canvas = replace(canvas, guide=rng.random((*size, 2), np.float32))
    rotations, mirror = turned
    step = made(
        exemplars, canvas, iterations=2, patch=patch, levels=levels, rotations=rotations,
        mirror=mirror,
    )  # fmt: skip
    assert step.image.shape == (*size, channels)
    assert step.image.dtype == np.float32
    sources_of(step, exemplars, known)
    if canvas.known is not None:
        np.testing.assert_array_equal(step.image[known], canvas.known[known])


@pytest.mark.parametrize("extra", range(4))
@pytest.mark.parametrize("wrap", [(False, False), (True, True), (False, True)])
def test_smallest_sizes(extra: int, wrap: tuple[bool, bool]) -> None:
    """Examples of little more than a patch; canvases from the smallest, smaller than a patch."""
    for patch in (3, 5):
        exemplar = Exemplar.from_array(smooth((patch + extra, patch + 3 - extra)))
        for side in (3, 4):
            canvas = Canvas((side + extra, side), wrap, seed=extra)
            sources_of(
                made([exemplar], canvas, patch=patch), [exemplar], np.zeros(canvas.size, bool)
            )


def test_an_example_smaller_than_the_patch_is_refused_at_once() -> None:
    mask = np.zeros((30, 30), bool)
    mask[5:11, 8:29] = True  # six rows
    for exemplar in (
        Exemplar.from_array(smooth((6, 30))),
        Exemplar.from_array(smooth((30, 30)), mask),
    ):
        with pytest.raises(ImageError, match="no 7x7 px patch fits"):
            run_of(PatchMatch(), [exemplar], Canvas((40, 40)))
        run_of(PatchMatch.configure(patch=6), [exemplar], Canvas((40, 40)))


@pytest.mark.parametrize("texture", [bricks, smooth])
def test_a_wrapped_picture_has_no_seam(texture: Callable[[tuple[int, int]], Array]) -> None:
    exemplar = texture((72, 72))
    excess = {}
    for wrap in (False, True):
        excess[wrap] = [
            seam(exemplar, step.image, axis).excess
            for seed in (1, 2)
            for step in [
                made([Exemplar.from_array(exemplar)], Canvas((72, 96), (wrap, wrap), seed))
            ]
            for axis in (0, 1)
        ]
    assert np.mean(excess[True]) <= 1.1
    assert np.mean(excess[False]) > np.mean(excess[True]) + 0.15
    if texture is bricks:  # whole bricks fit into the canvas; cut ones show
        assert np.mean(excess[False]) > 2


def test_one_axis_may_wrap_alone() -> None:
    exemplar = smooth((72, 72))
    for wrap in ((True, False), (False, True)):
        image = made([Exemplar.from_array(exemplar)], Canvas((80, 90), wrap, 2)).image
        excess = [seam(exemplar, image, axis).excess for axis in (0, 1)]
        assert excess[wrap.index(True)] + 0.1 < excess[wrap.index(False)]


def hole_in(size: tuple[int, int], top: int, left: int, side: int) -> NDArray[np.bool_]:
    """All known but a square, which may lie across the borders."""
    known = np.ones(size, bool)
    lines = [(first + np.arange(side)) % n for first, n in zip((top, left), size, strict=True)]
    known[np.ix_(*lines)] = False
    return known


@pytest.mark.parametrize("corner", [(20, 17), (55, 50)])
def test_a_hole_is_filled_with_what_was_there(corner: tuple[int, int]) -> None:
    """In a texture that repeats; also where the hole lies across the border of one that tiles."""
    picture, known = waves((64, 64)), hole_in((64, 64), *corner, side=21)
    exemplar = Exemplar.from_array(picture, known)
    canvas = Canvas((64, 64), (True, True), known=np.where(known[..., None], picture, 0),
                    known_mask=known)  # fmt: skip
    step = made([exemplar], canvas)
    np.testing.assert_array_equal(step.image[known], picture[known])
    sources = sources_of(step, [exemplar], known)
    assert (sources[known] == -1).all()
    assert np.abs(step.image - picture).max() < 0.02


def test_a_hole_may_be_filled_from_another_picture() -> None:
    photo, known = smooth((48, 52), 1), hole_in((48, 52), 10, 30, 15)
    other = Exemplar.from_array(waves((40, 30), 9, 11).repeat(3, 2))
    step = made([other], Canvas((48, 52), known=photo, known_mask=known))
    np.testing.assert_array_equal(step.image[known], photo[known])
    sources_of(step, [other], known)


def test_a_picture_is_continued_on_one_side() -> None:
    whole = waves((48, 80))
    known = np.zeros((48, 80), bool)
    known[:, :40] = True
    exemplar = Exemplar.from_array(whole[:, :40])
    canvas = Canvas((48, 80), known=np.where(known[..., None], whole, 0), known_mask=known)
    step = made([exemplar], canvas)
    np.testing.assert_array_equal(step.image[known], whole[known])
    assert np.abs(step.image - whole)[:, 40:60].mean() < 0.05


def test_labels_are_followed() -> None:
    dark, bright = smooth((48, 40), 1), smooth((48, 40), 2)  # alike but for their labels
    labels = np.zeros((48, 80, 1), np.float32)
    labels[:, 40:] = 1
    exemplar = Exemplar.from_array(np.concatenate([dark, bright], 1)).with_guide(labels)
    wanted = np.zeros((60, 60, 1), np.float32)
    wanted[15:45, 20:50] = 1
    for wrap in (False, True):
        step = made([exemplar], Canvas((60, 60), (wrap, wrap), guide=wanted))
        sources = sources_of(step, [exemplar], np.zeros((60, 60), bool))
        assert ((sources[..., 2:] >= 40) == (wanted > 0.5)).mean() > 0.97


def test_the_initial_image_is_followed() -> None:
    texture = np.concatenate([0.4 * smooth((48, 40), 1), 0.4 * smooth((48, 40), 2) + 0.6], axis=1)
    start = np.full((60, 60, 3), 0.2, np.float32)
    start[15:45, 20:50] = 0.8
    canvas = Canvas((60, 60), init=Exemplar.from_array(start))
    step = made([Exemplar.from_array(texture)], canvas)
    assert ((step.image.mean(2) > 0.5) == (start[..., 0] > 0.5)).mean() > 0.85


def test_maps_are_copied_from_the_same_places() -> None:
    colour, height = smooth((40, 44), 1), smooth((40, 44), 2, 1)
    exemplar = Exemplar.from_array(colour).with_maps({"height": height})
    step = made([exemplar], Canvas((60, 50)))
    sources = sources_of(step, [exemplar], np.zeros((60, 50), bool))
    np.testing.assert_array_equal(step.image[..., 3:], height[sources[..., 1], sources[..., 2]])
    other = made([exemplar], Canvas((60, 50)), map_weights={"color": 0, "height": 1})
    alone = made([Exemplar.from_array(height)], Canvas((60, 50)))
    np.testing.assert_array_equal(other.image[..., 3:], alone.image)  # colours counted nothing


def test_all_of_several_examples_are_used() -> None:
    exemplars = [
        Exemplar.from_array(smooth(size, k)) for k, size in enumerate([(40, 30), (25, 48)])
    ]
    sources = sources_of(made(exemplars, Canvas((90, 90))), exemplars, np.zeros((90, 90), bool))
    shares = np.bincount(sources[..., 0].ravel(), minlength=2) / sources[..., 0].size
    assert shares.min() > 0.3


def test_turned_examples_fill_what_upright_ones_cannot() -> None:
    """Stripes across, where the example's are upright."""
    upright = waves((48, 48), 8, 4 * 48)
    picture, known = np.ascontiguousarray(np.rot90(upright)), hole_in((48, 48), 14, 14, 18)
    exemplar, canvas = (
        Exemplar.from_array(upright),
        Canvas((48, 48), known=picture, known_mask=known),
    )
    wrong = {
        turned: np.abs(made([exemplar], canvas, rotations=turned).image - picture).mean()
        for turned in (False, True)
    }
    assert wrong[True] < 0.2 * wrong[False]


def test_more_of_the_example_is_used_where_repetition_costs() -> None:
    exemplar = Exemplar.from_array(smooth((72, 72)))
    used = {}
    for repetition in (0.0, 0.3):
        found = 0
        for seed in (1, 2):
            step = made([exemplar], Canvas((72, 72), seed=seed), repetition=repetition)
            sources = sources_of(step, [exemplar], np.zeros((72, 72), bool))
            found += len(np.unique(sources.reshape(-1, 3), axis=0))
        used[repetition] = found
    assert used[0.3] > 1.05 * used[0.0]


def test_threads_give_the_same_bytes() -> None:
    exemplar = Exemplar.from_array(smooth((64, 60)))
    known = hole_in((90, 100), 3, 2, 80)
    for canvas in (
        Canvas((130, 70), (True, False), 4),
        Canvas((90, 100), (True, True), 5, known=smooth((90, 100), 6), known_mask=known),
    ):
        one, two = (made([exemplar], canvas, threads) for threads in (1, 2))
        assert one.image.tobytes() == two.image.tobytes()
        assert one.sources is not None
        np.testing.assert_array_equal(one.sources, two.sources)


def test_every_step_is_a_picture_of_the_canvas_size() -> None:
    exemplar = Exemplar.from_array(smooth((64, 60)))
    steps = list(run_of(PatchMatch(), [exemplar], Canvas((61, 83)), threads=1))
    fractions = [step.fraction for step in steps]
    assert len(steps) > 2
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    for step in steps:
        sources_of(step, [exemplar], np.zeros((61, 83), bool))
