"""Similar source pixels equal brute force; known pixels get some that look like them."""

from __future__ import annotations

import numpy as np
import pytest

from lichen.patches.pyramid import Level
from lichen.patches.similarity import Projection, SimilarSources, near_unknown
from lichen.patches.windows import centres_of


@pytest.fixture
def features() -> np.ndarray:
    return np.random.default_rng(3).random((13, 15, 2), np.float32)


@pytest.fixture
def usable() -> np.ndarray:
    usable = np.ones((13, 15), bool)
    usable[4, 9] = False
    return usable


def _windows(features, centres, radius):
    return np.array(
        [
            features[y - radius : y + radius + 1, x - radius : x + radius + 1].ravel()
            for y, x in np.argwhere(centres)
        ]
    )


@pytest.mark.parametrize(("radius", "k"), [(1, 5), (2, 3)])
def test_sets_equal_brute_force(features, usable, radius: int, k: int) -> None:
    centres = centres_of(usable, radius)
    places = np.flatnonzero(centres)
    found = SimilarSources(features, centres, radius).sets(k)
    vectors = _windows(features, centres, radius).astype(float)
    distances = ((vectors[:, None] - vectors[None]) ** 2).sum(2)
    assert np.array_equal(found[places], places[np.argsort(distances, axis=1)[:, :k]])
    assert (found[~centres.ravel()] == -1).all()


def test_a_source_pixel_is_first_of_its_own_set_among_equals() -> None:
    centres = centres_of(np.ones((9, 9), bool), 1)
    found = SimilarSources(np.zeros((9, 9, 1), np.float32), centres, 1, 2).sets(4, tolerance=1.0)
    places = np.flatnonzero(centres)
    assert np.array_equal(found[places, 0], places)
    assert all(len(set(row)) == 4 for row in found[places])


def test_sets_larger_than_the_example_end_in_nothing(features) -> None:
    centres = np.zeros((13, 15), bool)
    centres[5, 5:8] = True
    found = SimilarSources(features, centres, 2).sets(5)
    assert set(found[5 * 15 + 6, :3]) == {5 * 15 + 5, 5 * 15 + 6, 5 * 15 + 7}
    assert (found[5 * 15 + 6, 3:] == -1).all()


def test_projection_is_what_preserves_most_of_the_distances(features) -> None:
    vectors = _windows(features, centres_of(np.ones((13, 15), bool), 1), 1)
    places = np.arange(len(vectors), dtype=np.int32)
    projection = Projection.of(lambda chosen: vectors[chosen], places, 4)
    projected = projection.of_all(lambda chosen: vectors[chosen], places)
    singular = np.linalg.svd(vectors - vectors.mean(0), compute_uv=False)
    kept = np.square(projected, dtype=np.float64).sum()
    assert kept == pytest.approx(np.square(singular[:4]).sum(), rel=1e-4)


def test_known_pixels_get_sources_that_look_like_them() -> None:
    rows, columns = np.mgrid[:40, :40]
    # Two periods, so that each phase is in the example often.
    picture = np.stack([np.sin(rows * 0.7), np.cos(columns * 0.9)], axis=2).astype(np.float32)
    known = np.ones((40, 40), bool)
    known[15:25, 15:25] = False
    centres = centres_of(known, 2)
    image = np.where(known[..., None], picture, np.float32(0))
    wanted = known & (np.abs(rows - 19.5) < 7) & (np.abs(columns - 19.5) < 7)
    level = Level.from_arrays(picture, known, image, known, 2, (False, False))
    found = SimilarSources(picture, centres, 2).of_known(level, wanted)
    assert (found[~wanted] == -1).all()
    assert (found[wanted] >= 0).mean() > 0.9
    chosen = found[found >= 0]
    assert centres.ravel()[chosen].all()
    apart = np.abs(picture.reshape(-1, 2)[chosen] - picture[found >= 0]).mean()
    assert apart < 0.25 * np.abs(picture - picture[::-1, ::-1]).mean()


def test_known_pixels_near_unknown_ones_are_found_over_the_wrap() -> None:
    known = np.ones((8, 8), bool)
    known[0, 4] = False
    near = near_unknown(known, 1, (True, False))
    expected = np.zeros((8, 8), bool)
    expected[[7, 0, 1], 3:6] = True
    expected[0, 4] = False
    assert np.array_equal(near, expected)
