"""Correction passes equal the slow version, and keep what is already right."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.kernels import use_threads
from lichen.patches.correction import correct
from lichen.patches.pyramid import Level
from lichen.patches.windows import centres_of
from references.plain_patchmatch import plain_correct


@settings(deadline=None, max_examples=25)
@given(
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    wraps=st.tuples(st.booleans(), st.booleans()),
    radius=st.integers(1, 2),
    holes=st.sampled_from([0.0, 0.05]),
    seed=st.integers(0, 2**32),
)
def test_passes_equal_the_plain_ones(
    size: tuple[int, int], wraps: tuple[bool, bool], radius: int, holes: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    usable = rng.random((13, 15)) >= holes
    usable[3:8, 4:9] = True
    centres, atlas = centres_of(usable, radius), rng.random((13, 15, 2), np.float32)
    places = rng.choice(np.flatnonzero(usable), size).astype(np.int32)
    free = rng.random(size) < 0.8
    unknown = rng.random(size) < 0.7
    places[~free & unknown] = -1  # known pixels have no source
    image = atlas.reshape(-1, 2)[places]
    image[places < 0] = rng.random((int((places < 0).sum()), 2), np.float32)
    plain = plain_correct(atlas, centres, places, image, free, wraps, radius, 2)
    for threads in (1, 2):
        use_threads(threads)
        ours, copied = places.copy(), image.copy()
        level = Level.from_arrays(atlas, usable, copied, ~free, 2, wraps)
        correct(level._replace(sources=ours), centres, radius, 2)
        np.testing.assert_array_equal(ours, plain)
        np.testing.assert_array_equal(copied[free], atlas.reshape(-1, 2)[ours[free]])
        np.testing.assert_array_equal(copied[~free], image[~free])


def test_one_wrong_pixel_in_a_copy_is_put_right() -> None:
    atlas = np.random.default_rng(0).random((20, 20, 3), np.float32)
    y, x = np.mgrid[4:14, 5:15]
    right = (y * 20 + x).astype(np.int32)
    places = right.copy()
    places[4, 6] = 7 * 20 + 3
    image = atlas.reshape(-1, 3)[places]
    usable, known = np.ones((20, 20), bool), np.zeros((10, 10), bool)
    level = Level.from_arrays(atlas, usable, image, known, 3, (False, False))
    correct(level._replace(sources=places), centres_of(usable, 2), 2, 1)
    np.testing.assert_array_equal(places, right)
