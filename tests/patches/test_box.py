"""Box sums against sums square by square."""

from __future__ import annotations

import numpy as np
import pytest

from lichen.patches.box import box_sums


@pytest.mark.parametrize("side", [1, 2, 5, 9])
def test_box_sums_equal_sums_of_slices(side: int) -> None:
    plane = np.random.default_rng(side).random((8, 11))
    wanted = [[plane[y : y + side, x : x + side].sum() for x in range(11)] for y in range(8)]
    np.testing.assert_allclose(box_sums(plane, side), wanted, atol=1e-12)
