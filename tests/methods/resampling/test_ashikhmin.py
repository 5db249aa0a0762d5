"""Ashikhmin's method: the passes equal a slow version, and what a canvas says is honoured."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lichen import registry
from lichen.canvas import Canvas
from lichen.errors import ImageError, ParameterError
from lichen.exemplar import Exemplar
from lichen.kernels import use_threads
from lichen.patches import scan_order
from lichen.patches.windows import centres_of
from lichen.step import Step
from references.plain_k_coherence import fast_scan, plain_scan
from running import run_of


def _made(exemplars, canvas: Canvas, threads: int = 1, **parameters) -> Step:
    run = run_of(
        registry.method("ashikhmin").configure(**parameters), exemplars, canvas, threads=threads
    )
    return list(run)[-1]


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(1).random((17, 19, 3), np.float32)


@pytest.mark.parametrize("wraps", list(itertools.product((False, True), repeat=2)))
@pytest.mark.parametrize(("n_guide", "tile"), [(0, 32), (1, 4)])
def test_passes_equal_the_slow_version(
    picture, wraps, n_guide: int, tile: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_threads(2)
    monkeypatch.setattr(scan_order, "TILE", tile)  # tiles must not show in the result
    n_values = 3 - n_guide
    centres = centres_of(np.ones(picture.shape[:2], bool), 2)
    alone = np.arange(centres.size, dtype=np.int32)[:, None]
    rng = np.random.default_rng(2)
    outcomes = []
    given = rng.random((12, 9, 3), np.float32)
    for one in (fast_scan, plain_scan):
        image, made = given.copy(), np.zeros((12, 9), bool)
        places = np.full((12, 9), -1, np.int32)
        for number in range(2):
            one(
                picture, centres, alone, image, made, places, ~np.zeros((12, 9), bool),
                n_values=n_values, radius=2, wraps=wraps, noise=number == 0, started=False,
                seed=number,
            )  # fmt: skip
        outcomes.append((places, image))
    assert np.array_equal(outcomes[0][0], outcomes[1][0])
    assert np.array_equal(outcomes[0][1], outcomes[1][1])


def test_an_initial_image_and_known_pixels_in_the_slow_version(picture) -> None:
    centres = centres_of(np.ones(picture.shape[:2], bool), 1)
    alone = np.arange(centres.size, dtype=np.int32)[:, None]
    rng = np.random.default_rng(3)
    known = rng.random((10, 11)) < 0.2
    given = rng.random((10, 11, 3), np.float32)
    lent = np.where(known, rng.choice(np.flatnonzero(centres), known.shape), -1).astype(np.int32)
    outcomes = []
    for one in (fast_scan, plain_scan):
        image, made, places = given.copy(), known.copy(), lent.copy()
        one(
            picture, centres, alone, image, made, places, ~known,
            n_values=3, radius=1, wraps=(False, True), noise=False, started=True, seed=5,
        )  # fmt: skip
        assert np.array_equal(image[known], given[known])
        outcomes.append(places)
    assert np.array_equal(*outcomes)


@pytest.mark.parametrize("wrap", [(False, False), (True, False)])
def test_every_pixel_is_the_examples_and_the_map_agrees(picture, wrap) -> None:
    mask = np.ones(picture.shape[:2], bool)
    mask[3, 4] = False
    other = np.random.default_rng(9).random((9, 12, 3), np.float32)
    exemplars = [Exemplar.from_array(picture, mask), Exemplar.from_array(other)]
    step = _made(exemplars, Canvas((20, 23), wrap, seed=4))
    number, y, x = step.sources[..., 0], step.sources[..., 1], step.sources[..., 2]
    assert set(np.unique(number)) == {0, 1}
    for which, exemplar in enumerate(exemplars):
        ours = number == which
        assert np.array_equal(step.image[ours], exemplar.pixels[y[ours], x[ours]])
    assert not ((number == 0) & (y == 3) & (x == 4)).any()


def test_known_pixels_stay(picture) -> None:
    known = np.zeros((24, 22), bool)
    known[:9] = True
    given = np.random.default_rng(7).random((24, 22, 3), np.float32)
    step = _made([Exemplar.from_array(picture)], Canvas((24, 22), known=given, known_mask=known))
    assert np.array_equal(step.image[known], given[known])
    assert (step.sources[known] == -1).all()
    assert (step.sources[~known] >= 0).all()


def test_threads_give_the_same_bytes() -> None:
    photo = Exemplar.from_array(np.random.default_rng(1).random((30, 30, 3), np.float32))
    one, two = (_made([photo], Canvas((150, 140), seed=2), threads=n).image for n in (1, 2))
    assert np.array_equal(one, two)


def test_a_guide_is_followed() -> None:
    rng = np.random.default_rng(0)
    labels = np.zeros((32, 32, 1), np.float32)
    labels[:, 16:] = 1
    photo = Exemplar.from_array((0.4 * rng.random((32, 32, 1)) + 0.6 * labels).astype(np.float32))
    wanted = np.zeros((40, 40, 1), np.float32)
    wanted[20:] = 1
    step = _made([photo.with_guide(labels)], Canvas((40, 40), guide=wanted))
    agrees = (step.image[..., 0] > 0.5) == (wanted[..., 0] > 0.5)
    assert agrees.mean() > 0.85


def test_refusals(picture) -> None:
    with pytest.raises(ImageError):
        _made([Exemplar.from_array(picture[:4])], Canvas((20, 20)))
    with pytest.raises(ParameterError, match="odd"):
        registry.method("ashikhmin").configure(window=4)


@pytest.mark.parametrize("size", [(3, 3), (4, 3), (5, 6)])
def test_smallest_sizes(picture, size: tuple[int, int]) -> None:
    step = _made([Exemplar.from_array(picture[:5, :5])], Canvas(size, (True, True)))
    assert np.array_equal(step.image, np.broadcast_to(picture[2, 2], step.image.shape))
