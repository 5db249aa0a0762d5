"""Half the size, of usable pixels only."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.patches.pyramid import halve
from references.plain_patchmatch import plain_halve


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 11), st.integers(2, 11), st.integers(1, 4), st.integers(0, 2**32))
def test_pixels_are_means_of_four(height: int, width: int, channels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    image, usable = (
        rng.random((height, width, channels), np.float32),
        rng.random((height, width)) < 0.8,
    )
    halved, whole = halve(image, usable)
    plain, plain_whole = plain_halve(image, usable)
    np.testing.assert_allclose(halved, plain, rtol=1e-6)
    np.testing.assert_array_equal(whole, plain_whole)
