"""Image quilting: copies, cuts, torus, holes, transfer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.canvas import Canvas
from lichen.errors import CanvasError, ImageError, ParameterError
from lichen.exemplar import Exemplar
from lichen.method import Context
from lichen.methods.resampling.quilting import Quilting, grid
from lichen.step import Step
from running import with_layout


def textured(size: tuple[int, int], seed: int = 0) -> Exemplar:
    """Smooth noise, in which no two places are alike."""
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(seed).random((*size, 3))
    smooth = gaussian_filter(noise, (2, 2, 0), mode="wrap")
    return Exemplar.from_array((smooth - smooth.min()) / np.ptp(smooth), name=f"texture{seed}")


def made(method: Quilting, exemplars: list[Exemplar], canvas: Canvas, threads: int = 1) -> Step:
    canvas = with_layout(canvas, exemplars)
    method.check(exemplars, canvas)
    return list(method.run(exemplars, canvas, Context(canvas.seed, threads)))[-1]


def copies(step: Step, exemplars: list[Exemplar]) -> bool:
    """Whether the picture is what its map of sources says."""
    assert step.sources is not None
    number, y, x = np.moveaxis(step.sources, 2, 0)
    expected = np.stack([e.pixels[y % e.size[0], x % e.size[1]] for e in exemplars])
    return np.array_equal(np.take_along_axis(expected, number[None, ..., None], 0)[0], step.image)


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 200), st.integers(3, 60), st.booleans(), st.data())
def test_the_grid_covers_its_axis(
    length: int, block: int, wraps: bool, data: st.DataObject
) -> None:
    overlap = data.draw(st.integers(1, block // 2))
    starts, side = grid(length, block, overlap, wraps)
    assert side <= min(block, length)
    ends = starts + side
    assert starts[0] == 0
    if wraps:
        shared = ends - np.append(starts[1:], length)
        assert shared.min() >= min(overlap, length // len(starts) - 2)
        if side > 1:  # every block has a pixel of its own
            assert (shared + np.roll(shared, 1) < side).all()
    else:
        assert ends[-1] == length
        shared = ends[:-1] - starts[1:]
        assert (shared >= overlap).all()
    assert (shared >= 0).all()


@pytest.mark.parametrize("seams", ["cut", "matched", "random"])
@pytest.mark.parametrize("extra", [0, 1, 2, 3])
def test_small_canvases_are_copies(seams: str, extra: int) -> None:
    exemplar = textured((24, 22))
    method = Quilting(block=7, seams=seams)
    size = (method.minimum_size + extra, method.minimum_size + 2 * extra)
    for wrap in ((False, False), (True, True), (True, False)):
        assert copies(made(method, [exemplar], Canvas(size, wrap, seed=extra)), [exemplar])


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000), st.integers(10, 60), st.integers(10, 60), st.booleans())
def test_masked_pixels_are_never_copied(seed: int, height: int, width: int, wrap: bool) -> None:
    mask = np.ones((40, 44), bool)
    mask[5:20, 8:25] = False
    exemplars = [replace(textured((40, 44)), mask=mask), textured((20, 31), 1)]
    step = made(Quilting(block=9), exemplars, Canvas((height, width), (wrap, wrap), seed))
    assert copies(step, exemplars)
    number, y, x = np.moveaxis(step.sources, 2, 0)
    assert mask[y[number == 0], x[number == 0]].all()


def test_the_bytes_do_not_depend_on_the_threads() -> None:
    exemplar = textured((50, 60))
    one, two = (
        made(Quilting(block=12), [exemplar], Canvas((90, 80), seed=3), n).image for n in (1, 2)
    )
    np.testing.assert_array_equal(one, two)


def test_matching_and_cutting_each_hide_the_seams() -> None:
    exemplar = textured((80, 80))

    def visible(seams: str) -> float:
        """Mean step between pixels that were no neighbours, over all seams and seeds."""
        total, count = 0.0, 0
        for seed in range(3):
            step = made(Quilting(block=18, seams=seams), [exemplar], Canvas((120, 120), seed=seed))
            apart = (np.diff(step.sources, axis=1) != [0, 0, 1]).any(2)
            total += np.abs(np.diff(step.image, axis=1)).mean(2)[apart].sum()
            count += apart.sum()
        return total / count

    random, neighbours, cut = (visible(seams) for seams in ("random", "matched", "cut"))
    assert neighbours < 0.7 * random
    assert cut < 0.9 * neighbours


def test_a_tile_has_no_seam() -> None:
    exemplar = textured((90, 90))
    step = made(Quilting(block=18), [exemplar], Canvas((75, 82), (True, True), seed=1))
    for axis in (0, 1):
        inside = np.abs(np.diff(step.image, axis=axis)).mean()
        first, last = np.take(step.image, 0, axis), np.take(step.image, -1, axis)
        assert np.abs(first - last).mean() < 1.5 * inside


def test_a_row_of_blocks_is_not_the_example_line_by_line() -> None:
    exemplar = textured((80, 200))
    step = made(Quilting(block=20), [exemplar], Canvas((20, 180), seed=0))
    going_on = (np.diff(step.sources, axis=1) == [0, 0, 1]).all(2)
    assert (~going_on).any(0).sum() >= 3


def test_known_pixels_stay_and_are_gone_on_with() -> None:
    exemplar = textured((64, 64))
    known = np.ones((64, 64), bool)
    known[20:41, 25:50] = False
    canvas = Canvas((64, 64), seed=2, known=exemplar.pixels, known_mask=known)
    step = made(Quilting(block=12), [replace(exemplar, mask=known)], canvas)
    np.testing.assert_array_equal(step.image[known], exemplar.pixels[known])
    assert (step.sources[known] == -1).all()
    y, x = step.sources[~known, 1], step.sources[~known, 2]
    assert known[y, x].all()
    np.testing.assert_array_equal(step.image[~known], exemplar.pixels[y, x])
    edges = np.abs(step.image[20] - step.image[19]).mean(1)[25:50].mean()
    anything = np.abs(exemplar.pixels[::5, None] - exemplar.pixels[::7][None]).mean()
    assert edges < 0.6 * anything


def test_a_guide_is_followed_and_more_so_by_smaller_blocks() -> None:
    exemplar = textured((80, 80))
    exemplar = exemplar.with_guide(exemplar.pixels.mean(2, keepdims=True))
    rows, columns = np.mgrid[:64, :70]
    wanted = (0.5 + 0.25 * np.sin(rows / 9) * np.sin(columns / 11)).astype(np.float32)[..., None]

    def off(**parameters: int) -> float:
        canvas = Canvas((64, 70), seed=1, guide=wanted)
        step = made(Quilting(block=18, **parameters), [exemplar], canvas)
        assert copies(step, [exemplar])
        return float(np.abs(step.image.mean(2, keepdims=True) - wanted).mean())

    unguided = made(Quilting(block=18), [exemplar.with_guide(None)], Canvas((64, 70), seed=1))
    assert off(passes=3) < off(passes=1) < np.abs(unguided.image.mean(2)[..., None] - wanted).mean()


def test_the_steps_of_several_passes_end_once() -> None:
    exemplar = textured((60, 60)).with_guide(np.zeros((60, 60, 1), np.float32))
    canvas = with_layout(Canvas((50, 50), guide=np.zeros((50, 50, 1), np.float32)), [exemplar])
    steps = list(Quilting(block=20, passes=3).run([exemplar], canvas, Context(0)))
    fractions = [step.fraction for step in steps]
    assert len(steps) >= 3
    assert fractions == sorted(fractions)
    assert [fraction for fraction in fractions if fraction >= 1] == [1.0]


def test_what_does_not_fit_is_an_error() -> None:
    with pytest.raises(ImageError, match="no block of 36x36"):
        Quilting(block=36).check(
            [textured((30, 80))], with_layout(Canvas((64, 64)), [textured((30, 80))])
        )
    with pytest.raises(ParameterError, match="more than half"):
        Quilting.configure(block=10, overlap=6)
    with pytest.raises(ParameterError, match="`overlap` = 40"):
        Quilting(overlap=40, block=None).check(
            [textured((60, 60))], with_layout(Canvas((64, 64)), [textured((60, 60))])
        )
    mask = np.zeros((60, 60), bool)
    mask[10:18, 3:50] = True
    narrow = replace(textured((60, 60)), mask=mask)  # blocks of 12 px do not fit, smaller ones do
    assert copies(made(Quilting(), [narrow], Canvas((30, 30))), [narrow])


def test_an_initial_image_is_followed_by_copies_that_fit() -> None:
    """Each block is chosen by it, too; random ones, which look at nothing, refuse it."""
    exemplar, target = textured((64, 64)), textured((48, 56), seed=1)
    method = Quilting(block=12, overlap=4)

    def likeness(step: Step) -> float:
        return float(np.corrcoef(step.image.ravel(), target.pixels.ravel())[0, 1])

    followed = made(method, [exemplar], Canvas((48, 56), init=target))
    assert copies(followed, [exemplar])
    assert likeness(followed) > likeness(made(method, [exemplar], Canvas((48, 56)))) + 0.2
    with pytest.raises(CanvasError, match="follows no initial image"):
        Quilting(seams="random").check(
            [exemplar], with_layout(Canvas((48, 56), init=target), [exemplar])
        )


def test_in_a_hole_the_initial_image_keeps_its_place() -> None:
    """Only the part of the canvas around the hole is worked on."""
    photo, target = textured((64, 72)), textured((64, 72), seed=1)
    hole = np.zeros((64, 72), bool)
    hole[30:58, 36:68] = True
    canvas = Canvas((64, 72), known=photo.pixels, known_mask=~hole, init=target)
    method = Quilting(block=10, overlap=2)
    filled, blank = (
        made(method, [photo], wanted).image for wanted in (canvas, replace(canvas, init="noise"))
    )
    np.testing.assert_array_equal(filled[~hole], photo.pixels[~hole])
    inner = np.s_[34:54, 40:64]

    def likeness(image: np.ndarray, other: np.ndarray) -> float:
        return float(np.corrcoef(image[inner].ravel(), other[inner].ravel())[0, 1])

    ours = likeness(filled, target.pixels)
    assert ours > likeness(blank, target.pixels) + 0.2
    assert ours > likeness(filled, np.roll(target.pixels, (5, 5), (0, 1))) + 0.2
