"""Windows: sums, fits and vectors against loops over pixels."""

from __future__ import annotations

import numpy as np
import pytest

from lichen.errors import ImageError
from lichen.patches.windows import (
    all_anchors,
    box_sums,
    centres_of,
    patch_vectors,
    random_anchors,
    some_centres_of,
)


@pytest.mark.parametrize("side", [1, 2, 5, 9])
def test_box_sums_equal_sums_of_slices(side: int) -> None:
    plane = np.random.default_rng(side).random((8, 11))
    wanted = [[plane[y : y + side, x : x + side].sum() for x in range(11)] for y in range(8)]
    np.testing.assert_allclose(box_sums(plane, side), wanted, atol=1e-12)


def test_centres_have_whole_windows() -> None:
    usable = np.ones((13, 15), bool)
    usable[4, 9] = False
    centres = centres_of(usable, 2)
    for y in range(13):
        for x in range(15):
            inside = 2 <= y < 11 and 2 <= x < 13
            assert centres[y, x] == (inside and usable[y - 2 : y + 3, x - 2 : x + 3].all())


def test_no_room_for_a_window_is_an_error() -> None:
    assert not centres_of(np.ones((4, 9), bool), 2).any()
    with pytest.raises(ImageError, match="5x5"):
        some_centres_of(np.ones((4, 9), bool), 2)


def test_patches_are_the_pixels_at_their_anchors(rng: np.random.Generator) -> None:
    image = rng.random((12, 9, 3)).astype(np.float32)
    anchors = all_anchors(image.shape, 4, 2)
    patches = patch_vectors(image, 4, anchors).reshape(-1, 3, 4, 4)
    assert len(anchors) == 5 * 3
    for (y, x), patch in zip(anchors, patches, strict=True):
        np.testing.assert_array_equal(patch, image[y : y + 4, x : x + 4].transpose(2, 0, 1))
    drawn = random_anchors(image.shape, 4, 1000, rng)
    assert sorted(map(tuple, drawn)) == sorted(map(tuple, all_anchors(image.shape, 4)))


def test_no_anchor_gives_no_patch(rng: np.random.Generator) -> None:
    image = rng.random((12, 9, 3)).astype(np.float32)
    assert patch_vectors(image, 4, np.zeros((0, 2), np.int64)).shape == (0, 48)
