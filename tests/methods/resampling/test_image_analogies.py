"""Image analogies: a level equals exhaustive search; filters are learned; colours are kept."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from lichen import registry
from lichen.canvas import Canvas
from lichen.errors import CanvasError, ImageError
from lichen.exemplar import Exemplar
from lichen.methods.resampling.image_analogies import grey_of, luminance_remap, with_luminance
from lichen.patches.analogy_search import AnalogySearch, analogy_neighbourhood
from lichen.patches.pyramid import Level
from lichen.patches.scan_order import wavefronts
from lichen.patches.windows import centres_of
from lichen.step import Step
from references.plain_image_analogies import plain_level
from running import run_of

TO_YIQ = np.array(
    [[0.299, 0.587, 0.114], [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]]
)
"""Luminance and the two chrominances of NTSC, by row, from R, G and B."""


def _made(exemplars, canvas: Canvas, threads: int = 1, **parameters) -> Step:
    method = registry.method("image_analogies").configure(**parameters)
    return list(run_of(method, exemplars, canvas, threads=threads))[-1]


def _clouds(seed: int, size: tuple[int, int], detail: float = 1.0) -> np.ndarray:
    """Smooth noise of several scales (H, W, 1) in 0.1 .. 0.9."""
    rng = np.random.default_rng(seed)
    noise = sum(s * gaussian_filter(rng.normal(size=size), s * detail) for s in (0.7, 2, 6))
    noise = (noise - noise.min()) / np.ptp(noise)
    return (0.1 + 0.8 * noise).astype(np.float32)[..., None]


def _psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((one - other) ** 2)))


@pytest.mark.parametrize("coarse", [False, True])
@pytest.mark.parametrize(("wraps", "whole"), [((False, False), False), ((True, True), True)])
@pytest.mark.parametrize("kappa", [0.0, 0.7])
def test_a_level_equals_exhaustive_search(coarse: bool, wraps, whole: bool, kappa: float) -> None:
    rng = np.random.default_rng(4)
    n_values, n_guide = 2, 1
    atlas, below = (rng.random((*size, 3), np.float32) for size in ((12, 14), (6, 7)))
    given, coarse_image = (rng.random((*size, 3), np.float32) for size in ((8, 10), (4, 5)))
    centres = centres_of(np.ones((12, 14), bool), 2)
    free = np.ones((8, 10), bool)
    free[3:5, 4] = False
    start = rng.choice(np.flatnonzero(centres), (8, 10)).astype(np.int32)
    start[~free] = -1
    neighbourhood = analogy_neighbourhood(n_values, n_guide, coarse=coarse, whole=whole)
    level = Level.from_arrays(atlas, np.ones((12, 14), bool), given.copy(), ~free, n_values, wraps)
    level.sources[:] = start
    coarser = Level.from_arrays(
        below, np.ones((6, 7), bool), coarse_image, np.zeros((4, 5), bool), n_values, wraps
    )
    search = AnalogySearch(kappa, components=4096, tolerance=0.0)
    for _ in search.scan(level, coarser, centres, neighbourhood, 3):
        pass
    places, image = level.sources, level.image
    slow, slow_image = start.copy(), given.copy()
    parent_atlas, parent = (below, coarse_image) if coarse else (None, None)
    if wraps == (False, False):
        plain_level(
            atlas, parent_atlas, centres, slow_image, parent, slow, free,
            ~free, n_values=n_values, kappa=kappa, wraps=wraps, whole=whole,
        )  # fmt: skip
    else:  # over a wrap the order is that of the groups, one by one
        order, _, starts = wavefronts(free, 2)
        slow_made = ~free
        for first, last in itertools.pairwise(starts):
            before = slow.copy(), slow_image.copy(), slow_made.copy()
            for pixel in order[first:last]:
                alone = np.zeros(free.size, bool)
                alone[pixel] = True
                seen = [part.copy() for part in before]
                plain_level(
                    atlas, parent_atlas, centres, seen[1], parent, seen[0],
                    alone.reshape(free.shape), seen[2],
                    n_values=n_values, kappa=kappa, wraps=wraps, whole=whole,
                )  # fmt: skip
                y, x = divmod(pixel, free.shape[1])
                slow[y, x], slow_image[y, x], slow_made[y, x] = (part[y, x] for part in seen)
    assert np.array_equal(places, slow)
    assert np.array_equal(image, slow_image)


def test_windows_weigh_equally() -> None:
    terms = analogy_neighbourhood(2, 3, coarse=True)
    for level in (0, 1):
        for channel in range(5):
            ours = (terms.coarse == level) & (terms.plane == channel)
            assert np.square(terms.root[ours]).sum() == pytest.approx(1, abs=1e-5)


def test_a_blur_is_learned() -> None:
    a, b = _clouds(1, (90, 90)), _clouds(2, (64, 70))
    filtered, wanted = (gaussian_filter(picture, (1.5, 1.5, 0)) for picture in (a, b))
    example = Exemplar.from_array(filtered).with_guide(a)
    made = _made([example], Canvas(b.shape[:2], guide=b), colours="keep", kappa=0.5).image
    assert _psnr(made, wanted) > _psnr(b, wanted) + 3


def test_texture_by_numbers_follows_the_labels() -> None:
    rng = np.random.default_rng(0)
    labels, wanted = np.zeros((48, 48, 1), np.float32), np.zeros((40, 56, 1), np.float32)
    labels[:, 24:], wanted[20:] = 1, 1
    photo = Exemplar.from_array((0.4 * rng.random((48, 48, 1)) + 0.6 * labels).astype(np.float32))
    step = _made([photo.with_guide(labels)], Canvas((40, 56), guide=wanted))
    assert ((step.image > 0.5) == (wanted > 0.5)).mean() > 0.95


@pytest.mark.parametrize("wrap", [(False, False), (True, False)])
def test_every_pixel_is_the_examples_and_the_map_agrees(wrap) -> None:
    rng = np.random.default_rng(5)
    picture, other = rng.random((33, 40, 4), np.float32), rng.random((21, 22, 4), np.float32)
    mask = np.ones((33, 40), bool)
    mask[10:14, 20] = False
    exemplars = [
        Exemplar.from_array(pixels[..., :3], usable).with_maps({"height": pixels[..., 3:]})
        for pixels, usable in ((picture, mask), (other, None))
    ]
    step = _made(exemplars, Canvas((37, 31), wrap, seed=4))
    number, y, x = step.sources[..., 0], step.sources[..., 1], step.sources[..., 2]
    for which, exemplar in enumerate(exemplars):
        ours = number == which
        assert np.array_equal(step.image[ours], exemplar.pixels[y[ours], x[ours]])
    assert mask[y[number == 0], x[number == 0]].all()
    assert (number >= 0).all()


@pytest.mark.parametrize("colours", ["copy", "keep"])
def test_known_pixels_stay(colours: str) -> None:
    rng = np.random.default_rng(2)
    a, b, given = (rng.random((30, 30, 3), np.float32) for _ in range(3))
    known = np.zeros((30, 30), bool)
    known[:, 20:] = True
    canvas = Canvas((30, 30), guide=b, known=given, known_mask=known)
    step = _made([Exemplar.from_array(a[::-1]).with_guide(a)], canvas, colours=colours)
    assert np.array_equal(step.image[known], given[known])
    assert (step.sources[known] == -1).all()
    assert (step.sources[~known] >= 0).all()


def test_colours_are_kept_of_the_guide() -> None:
    a, b = (0.3 + 0.4 * np.random.default_rng(s).random((30, 32, 3)) for s in (1, 2))
    a, b = a.astype(np.float32), b.astype(np.float32)
    example = Exemplar.from_array(gaussian_filter(a, (1, 1, 0))).with_guide(a)
    step = _made([example], Canvas((30, 32), guide=b), colours="keep", remap="never")
    inside = (step.image > 0).all(2) & (step.image < 1).all(2)
    assert inside.mean() > 0.9
    chrominance = (step.image @ TO_YIQ.T)[..., 1:], (b @ TO_YIQ.T)[..., 1:]
    assert np.allclose(*(part[inside] for part in chrominance), atol=1e-5)
    copied = example.pixels[step.sources[..., 1], step.sources[..., 2]]
    assert np.allclose(grey_of(step.image)[inside], grey_of(copied)[inside], atol=1e-5)


def test_luminance_and_its_remap() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random((9, 9, 1)), 0.2 + 0.1 * rng.random((9, 9, 1))
    gain, offset = luminance_remap(a, b)
    assert (gain * a + offset).mean() == pytest.approx(b.mean())
    assert (gain * a + offset).std() == pytest.approx(b.std())
    assert luminance_remap(np.ones((3, 3)), b)[0] == 1
    pixels = (0.4 + 0.2 * rng.random((5, 5, 3))).astype(np.float32)
    wanted = np.full((5, 5, 1), 0.45, np.float32)
    changed = with_luminance(pixels, wanted)
    assert np.allclose(grey_of(changed), wanted, atol=1e-6)


def test_without_a_guide_there_are_no_colours_to_keep() -> None:
    photo = Exemplar.from_array(_clouds(1, (30, 30)))
    with pytest.raises(CanvasError, match="guide"):
        _made([photo], Canvas((20, 20)), colours="keep")
    labels = replace(photo, guide=np.zeros((30, 30, 2), np.float32))
    with pytest.raises(CanvasError, match="2 channels"):
        _made([labels], Canvas((20, 20), guide=np.zeros((20, 20, 2), np.float32)), colours="keep")


def test_an_example_smaller_than_the_window_is_refused() -> None:
    with pytest.raises(ImageError):
        _made([Exemplar.from_array(_clouds(1, (4, 30)))], Canvas((20, 20)))


def test_threads_give_the_same_bytes() -> None:
    photo = Exemplar.from_array(_clouds(1, (64, 64)))
    one, two = (_made([photo], Canvas((90, 260), seed=2), threads=n).image for n in (1, 2))
    assert np.array_equal(one, two)


@pytest.mark.parametrize("size", [(5, 5), (6, 8), (7, 5)])
@pytest.mark.parametrize("wrap", [(False, False), (True, True)])
def test_smallest_sizes(size: tuple[int, int], wrap) -> None:
    photo = Exemplar.from_array(_clouds(1, (8, 7)))
    step = _made([photo], Canvas(size, wrap))
    assert step.image.shape == (*size, 1)
    assert (step.sources >= 0).all()
