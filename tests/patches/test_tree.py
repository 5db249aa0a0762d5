"""The tree of 2-means: against the nearest of all vectors, and what its leaves hold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lichen.patches.tree import Tree

Array = NDArray[np.float32]


def plain_nearest(vectors: Array, queries: Array) -> tuple[NDArray[np.int64], Array]:
    """Rows and squared distances of the nearest vectors, the first of equal ones."""
    distances = ((queries[:, None].astype(float) - vectors[None]) ** 2).sum(2)
    return distances.argmin(1), distances.min(1)


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 200),
    length=st.integers(1, 9),
    leaf=st.integers(1, 20),
    steps=st.sampled_from([1, 3, 1000]),
    seed=st.integers(0, 1000),
)
def test_all_leaves_give_the_nearest_of_all(
    count: int, length: int, leaf: int, steps: int, seed: int
) -> None:
    """Coarse steps make many equal vectors."""
    rng = np.random.default_rng(seed)
    vectors = (rng.integers(0, steps + 1, (count, length)) / steps).astype(np.float32)
    queries = rng.random((30, length), np.float32)
    tree = Tree.of(vectors.copy(), leaf, seed)
    rows, distances = tree.nearest(queries, len(tree.child))
    _, least = plain_nearest(vectors, queries)
    np.testing.assert_allclose(distances, least, rtol=1e-4, atol=1e-6)
    chosen = ((queries - vectors[rows]) ** 2).sum(1)
    np.testing.assert_allclose(chosen, distances, rtol=1e-4, atol=1e-6)


def test_leaves_hold_each_vector_once_and_are_small() -> None:
    vectors = np.random.default_rng(0).random((700, 5), np.float32)
    tree = Tree.of(vectors.copy(), 12, 0)
    leaves = tree.bounds[tree.child < 0]
    leaves = leaves[np.argsort(leaves[:, 0])]
    np.testing.assert_array_equal(leaves[1:, 0], leaves[:-1, 1])
    assert (leaves[0, 0], leaves[-1, 1]) == (0, 700)
    assert (leaves[:, 1] - leaves[:, 0]).max() <= 12
    np.testing.assert_array_equal(np.sort(tree.rows), np.arange(700))
    np.testing.assert_array_equal(tree.vectors, vectors[tree.rows])
    for node in np.flatnonzero(tree.child >= 0):
        children = tree.bounds[tree.child[node] : tree.child[node] + 2]
        assert (children[0, 0], children[1, 1]) == tuple(tree.bounds[node])
        assert children[0, 1] == children[1, 0]


def test_each_vector_is_with_the_nearer_of_two_centres() -> None:
    """The limit on a branch, the plane between two centres, holds only if this does."""
    tree = Tree.of(np.random.default_rng(2).random((500, 6), np.float32), 10, 0)
    for node in np.flatnonzero(tree.child >= 0):
        ours = tree.child[node]
        for child, other in ((ours, ours + 1), (ours + 1, ours)):
            mine = tree.vectors[slice(*tree.bounds[child])]
            near = ((mine - tree.centres[child]) ** 2).sum(1)
            assert (near <= ((mine - tree.centres[other]) ** 2).sum(1) + 1e-6).all()


def test_of_equal_vectors_the_first_is_found_and_none_is_looked_at_twice() -> None:
    vectors = np.repeat(np.random.default_rng(0).random((3, 4), np.float32), 400, axis=0)
    order = np.random.default_rng(1).permutation(1200)
    tree = Tree.of(vectors[order], 8, 0)
    rows, distances = tree.nearest(vectors[::400], len(tree.child))
    assert (distances == 0).all()
    firsts = [int(np.flatnonzero(order // 400 == k)[0]) for k in range(3)]
    np.testing.assert_array_equal(rows, firsts)
    leaves = tree.bounds[tree.child < 0]
    assert (leaves[:, 1] - leaves[:, 0]).sum() == 3


def test_a_vector_of_the_tree_is_found_in_the_first_leaf() -> None:
    vectors = np.random.default_rng(4).random((600, 8), np.float32)
    tree = Tree.of(vectors.copy(), 10, 0)
    rows, distances = tree.nearest(vectors, 1)
    np.testing.assert_array_equal(rows, np.arange(600))
    assert (distances == 0).all()


def test_more_leaves_are_never_worse_and_eight_are_nearly_exact() -> None:
    """Vectors near a surface of few dimensions, as those of pictures are."""
    rng = np.random.default_rng(5)
    basis = rng.normal(size=(4, 60))
    vectors = np.sin(rng.normal(size=(3000, 4)) @ basis).astype(np.float32)
    queries = np.sin(rng.normal(size=(300, 4)) @ basis).astype(np.float32)
    tree = Tree.of(vectors.copy(), 16, 0)
    found = [tree.nearest(queries, leaves)[1] for leaves in (1, 2, 4, 8, 32)]
    for fewer, more in itertools.pairwise(found):
        assert (more <= fewer).all()
    _, least = plain_nearest(vectors, queries)
    assert np.sqrt(found[3]).mean() < 1.1 * np.sqrt(least).mean()
    assert np.sqrt(found[0]).mean() == pytest.approx(np.sqrt(least).mean(), rel=0.5)
