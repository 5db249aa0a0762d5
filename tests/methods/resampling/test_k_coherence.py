"""k-coherence: passes equal a slow version, k 1 is Ashikhmin's, and it keeps structure better."""

from __future__ import annotations

import numpy as np
import pytest

from lichen import registry
from lichen.canvas import Canvas
from lichen.errors import ImageError
from lichen.exemplar import Exemplar
from lichen.patches.similarity import SimilarSources
from lichen.patches.windows import centres_of
from lichen.step import Step
from references.plain_k_coherence import fast_scan, plain_scan
from running import run_of


def _made(exemplars, canvas: Canvas, threads: int = 1, name="k_coherence", **parameters) -> Step:
    run = run_of(registry.method(name).configure(**parameters), exemplars, canvas, threads=threads)
    return list(run)[-1]


def _bricks(height: int = 64, width: int = 64) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    course = rows // 8
    mortar = (rows % 8 == 0) | ((columns + 8 * (course % 2)) % 16 == 0)
    noise = np.random.default_rng(0).normal(0, 0.02, (height, width))
    return (np.where(mortar, 0.9, 0.3) + noise).clip(0, 1).astype(np.float32)[..., None]


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(1).random((15, 17, 3), np.float32)


def _scanned(one, picture, sets, wraps=(False, False)) -> np.ndarray:
    centres = centres_of(np.ones(picture.shape[:2], bool), 2)
    size = (11, 12)
    image, made = np.zeros((*size, 3), np.float32), np.zeros(size, bool)
    places = np.full(size, -1, np.int32)
    for number in range(2):
        one(
            picture, centres, sets, image, made, places, np.ones(size, bool),
            n_values=3, radius=2, wraps=wraps, noise=number == 0, started=False, seed=number,
        )  # fmt: skip
    return places


@pytest.mark.parametrize("wraps", [(False, False), (True, True)])
def test_passes_equal_the_slow_version(picture, wraps) -> None:
    centres = centres_of(np.ones(picture.shape[:2], bool), 2)
    sets = SimilarSources(picture, centres, 2).sets(3)
    fast, slow = (_scanned(one, picture, sets, wraps) for one in (fast_scan, plain_scan))
    assert np.array_equal(fast, slow)


def test_k_of_one_is_ashikhmin(picture) -> None:
    centres = centres_of(np.ones(picture.shape[:2], bool), 2)
    ones = SimilarSources(picture, centres, 2).sets(1)
    alone = np.arange(centres.size, dtype=np.int32)[:, None]
    assert np.array_equal(_scanned(fast_scan, picture, ones), _scanned(fast_scan, picture, alone))


def _courses(image: np.ndarray) -> float:
    """How well rows of mortar, the brightest part of the example, go through the picture."""
    bright = np.sort((image[..., 0] > 0.6).mean(1))[::-1]
    return float(bright[: len(bright) // 8].mean())


def test_structure_is_kept_better_than_by_ashikhmin() -> None:
    photo, canvas = Exemplar.from_array(_bricks()), Canvas((96, 96), seed=1)
    ours, theirs = (
        _courses(_made([photo], canvas, name=name).image) for name in ("k_coherence", "ashikhmin")
    )
    assert _courses(photo.pixels) > 0.95
    assert ours > theirs + 0.1


@pytest.mark.parametrize("wrap", [(False, False), (True, True)])
def test_every_pixel_is_the_examples_and_the_map_agrees(wrap) -> None:
    rng = np.random.default_rng(5)
    picture, other = rng.random((33, 40, 3), np.float32), rng.random((21, 22, 3), np.float32)
    mask = np.ones((33, 40), bool)
    mask[10:14, 20] = False
    exemplars = [Exemplar.from_array(picture, mask), Exemplar.from_array(other)]
    step = _made(exemplars, Canvas((37, 51), wrap, seed=4))
    number, y, x = step.sources[..., 0], step.sources[..., 1], step.sources[..., 2]
    assert set(np.unique(number)) <= {0, 1}
    for which, exemplar in enumerate(exemplars):
        ours = number == which
        assert np.array_equal(step.image[ours], exemplar.pixels[y[ours], x[ours]])
    assert mask[y[number == 0], x[number == 0]].all()


def test_a_hole_is_filled_and_the_rest_stays() -> None:
    photo = _bricks()
    known = np.ones((64, 64), bool)
    known[20:44, 22:41] = False
    step = _made(
        [Exemplar.from_array(photo, known)], Canvas((64, 64), known=photo, known_mask=known)
    )
    assert np.array_equal(step.image[known], photo[known])
    assert (step.sources[~known] >= 0).all()
    mean = np.abs(photo[~known] - photo[known].mean()).mean()
    assert np.abs(step.image[~known] - photo[~known]).mean() < 0.5 * mean


def test_threads_give_the_same_bytes() -> None:
    photo = Exemplar.from_array(_bricks())
    one, two = (_made([photo], Canvas((130, 120), seed=2), threads=n).image for n in (1, 2))
    assert np.array_equal(one, two)


def test_an_example_smaller_than_the_window_is_refused(picture) -> None:
    with pytest.raises(ImageError):
        _made([Exemplar.from_array(picture[:4])], Canvas((20, 20)))


@pytest.mark.parametrize("size", [(3, 3), (4, 5), (6, 3)])
def test_smallest_sizes(picture, size: tuple[int, int]) -> None:
    for wrap in ((False, False), (True, True)):
        step = _made([Exemplar.from_array(picture[:7, :6])], Canvas(size, wrap))
        assert step.image.shape == (*size, 3)
        assert (step.sources >= 0).all()
