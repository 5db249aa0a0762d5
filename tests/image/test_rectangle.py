"""The largest usable rectangle, against trying all."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from lichen.exemplar import Exemplar
from lichen.image.rectangle import largest_rectangle


@settings(max_examples=60, deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 7), st.integers(1, 7))))
def test_largest_rectangle_is_that_of_brute_force(mask: NDArray[np.bool_]) -> None:
    areas = [
        (bottom - top) * (right - left)
        for top, left in product(range(mask.shape[0]), range(mask.shape[1]))
        for bottom, right in product(
            range(top + 1, mask.shape[0] + 1), range(left + 1, mask.shape[1] + 1)
        )
        if mask[top:bottom, left:right].all()
    ]
    top, left, height, width = largest_rectangle(mask)
    assert height * width == max(areas, default=0)
    assert mask[top : top + height, left : left + width].all()


def test_an_exemplar_gives_the_pixels_of_it(rng: np.random.Generator) -> None:
    pixels, mask = rng.random((9, 12, 3), np.float32), np.ones((9, 12), bool)
    mask[6:, 9:] = False
    exemplar = Exemplar.from_array(pixels, mask)
    np.testing.assert_array_equal(exemplar.rectangle, pixels[:, :9])
    np.testing.assert_array_equal(Exemplar.from_array(pixels).rectangle, pixels)
