"""Blocks are laid where they fit, up to the least visible edges."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.patches.boundary_cut import right_of, vertical_cut
from lichen.patches.cut_blocks import Mosaic, lay_cut_blocks


def plain_lay(
    features: np.ndarray,
    places: np.ndarray,
    wraps: tuple[bool, bool],
    border: int,
    block: np.ndarray,
    target: np.ndarray,
) -> None:
    """Lay one block, edge by edge, with whole arrays."""
    size = places.shape
    height, width = (
        n if wrap else min(n, limit - start)
        for n, start, limit, wrap in zip(block[2:], target, size, wraps, strict=True)
    )
    here = np.ix_(
        (target[0] + np.arange(height)) % size[0], (target[1] + np.arange(width)) % size[1]
    )
    rows, columns = block[0] + np.arange(height), block[1] + np.arange(width)
    laid = (rows[:, None] * features.shape[1] + columns).astype(np.int32)
    old = places[here]
    pixels = features.reshape(-1, features.shape[2])
    errors = np.where(old < 0, 0, np.square(pixels[old] - pixels[laid]).sum(2))
    inside = np.ones(old.shape, bool)
    for axis, far in ((1, False), (1, True), (0, False), (0, True)):
        meets = target[axis] + old.shape[axis] < size[axis] if far else target[axis] > 0
        # Seen so that the edge is the left one; along it as it is, for among equals that counts.
        errors_here, inside_here = (
            (array if axis else array.T)[:, :: -1 if far else 1] for array in (errors, inside)
        )
        thickness = min(border, errors_here.shape[1] // 2)
        if (meets or wraps[axis]) and thickness:
            cut, _ = vertical_cut(errors_here[:, :thickness].astype(np.float32))
            inside_here[:, :thickness] &= right_of(cut, thickness)
    places[here] = np.where(inside | (old < 0), laid, old)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 2**32),
    st.tuples(st.booleans(), st.booleans()),
    st.integers(0, 4),
    st.booleans(),
)
def test_blocks_lie_as_the_plain_version_lays_them(
    seed: int, wraps: tuple[bool, bool], border: int, some_empty: bool
) -> None:
    rng = np.random.default_rng(seed)
    features = rng.random((14, 15, 2)).astype(np.float32)
    places = rng.integers(0, 14 * 15, (11, 12)).astype(np.int32)
    places[(rng.random(places.shape) < 0.3) & some_empty] = -1
    sizes = rng.integers(3, 10, (5, 2))
    blocks = np.concatenate([rng.integers(0, (14, 15) - sizes + 1), sizes], axis=1)
    targets = rng.integers(0, (11, 12), (5, 1, 2))
    plain = places.copy()
    for block, target in zip(blocks, targets[:, 0], strict=True):
        plain_lay(features, plain, wraps, border, block, target)
    mosaic = Mosaic(features.reshape(-1, 2), 15, places, *wraps, border)
    lay_cut_blocks(mosaic, blocks, targets)
    np.testing.assert_array_equal(places, plain)


def test_of_several_targets_that_is_taken_where_the_border_fits() -> None:
    rng = np.random.default_rng(1)
    features = rng.random((30, 30, 3)).astype(np.float32)
    places = np.arange(900, dtype=np.int32).reshape(30, 30)
    places[12:15, 12:15] = rng.integers(0, 900, (3, 3))  # inside the border
    targets = np.array([[[2, 3], [20, 7], [8, 9], [0, 21]]])
    mosaic = Mosaic(features.reshape(-1, 3), 30, places, False, False, 2)
    lay_cut_blocks(mosaic, np.array([[8, 9, 9, 9]]), targets)
    expected = np.arange(900).reshape(30, 30)
    np.testing.assert_array_equal(places, expected)
