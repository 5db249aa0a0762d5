"""The nearest of many vectors, by a tree of 2-means: tree-structured vector quantisation.

The root holds all vectors; each node's are divided between two centres, its two children, until
few are left (Wei and Levoy 2000, after Gersho and Gray 1992). A query descends to the nearer centre
each time, and then returns to the most promising branches that it passed by.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lichen.arrays import Array
from lichen.kernels import kernel, mix
from lichen.patches.neighbourhood import Neighbourhood, gather
from lichen.patches.pyramid import Level
from lichen.patches.scan_order import searches
from lichen.patches.windows import Indices

SAMPLE, ROUNDS = 512, 6
"""Vectors of a node by which its two centres are found, and rounds of the Lloyd iteration."""


class Tree(NamedTuple):
    """Vectors in the order of the leaves, and the nodes above them.

    Attributes
    ----------
    vectors, rows
        float32 (N, D), and which vector each was, int64 (N,).
    centres
        float32 (M, D): centre of each node's vectors; node 0 is the root.
    child
        int64 (M,): the first of a node's two children, which are adjacent; -1 for a leaf.
    bounds
        int64 (M, 2): first and one past last of each node's vectors.
    """

    vectors: Array
    rows: Indices
    centres: Array
    child: Indices
    bounds: Indices

    @classmethod
    def of(cls, vectors: Array, leaf: int, seed: int) -> Tree:
        """Build the tree of vectors (N, D), with at most ``leaf`` in each leaf.

        The array is taken over and sorted in place, as it may fill most of the memory. Of vectors
        that are all equal a leaf keeps the first.
        """
        rows = np.arange(len(vectors))
        n_nodes, centres, child, bounds = _divide(vectors, rows, leaf, seed)
        return cls(vectors, rows, centres[:n_nodes].copy(), child[:n_nodes], bounds[:n_nodes])

    def nearest(self, queries: Array, n_leaves: int) -> tuple[Indices, Array]:
        """Rows and squared distances of the vectors nearest to queries (Q, D), (Q,) and (Q,).

        The nearest in the ``n_leaves`` best leaves; with as many leaves as the tree has, of all.
        """
        rows, distances = np.empty(len(queries), np.int64), np.empty(len(queries), np.float32)
        _search_all(self, queries, n_leaves, TreeScratch.room(self), rows, distances)
        return rows, distances


class TreeScratch(NamedTuple):
    """Scratch of a search, with a row for each slot: branches that wait, and a query."""

    waiting: Indices
    least: Array
    query: Array

    @classmethod
    def room(cls, tree: Tree, n_slots: int = 1) -> TreeScratch:
        """Allocate rows for a tree."""
        n_nodes, length = tree.centres.shape
        return cls(
            np.empty((n_slots, n_nodes), np.int64),
            np.empty((n_slots, n_nodes), np.float32),
            np.empty((n_slots, length), np.float32),
        )


@kernel(allocates=False)
def _distance(a: Array, b: Array) -> Any:
    """Sum of squared differences of two vectors."""
    total = np.float32(0)
    for k in range(len(a)):
        difference = a[k] - b[k]
        total += difference * difference
    return total


@kernel()
def _two_means(
    vectors: Array, first: int, last: int, seed: int, one: Array, two: Array, sums: Array
) -> bool:
    """Write the centres of two halves of the vectors; False if these are all equal."""
    n = last - first
    one[:] = vectors[first + np.int64(mix(seed, first) % np.uint64(n))]
    farthest, distance = first, np.float32(-1)
    for i in range(first, last):
        found = _distance(vectors[i], one)
        if found > distance:
            farthest, distance = i, found
    if distance == 0:
        return False
    two[:] = vectors[farthest]
    count = min(n, SAMPLE)
    for _ in range(ROUNDS):
        sums[:] = 0
        n_two = 0
        for s in range(count):
            i = first + s * n // count
            half = 1 if _distance(vectors[i], two) < _distance(vectors[i], one) else 0
            n_two += half
            sums[half] += vectors[i]
        if n_two == 0 or n_two == count:
            break
        one[:] = sums[0] / np.float32(count - n_two)
        two[:] = sums[1] / np.float32(n_two)
    return True


@kernel()
def _divide(
    vectors: Array, rows: Indices, leaf: int, seed: int
) -> tuple[int, Array, Indices, Indices]:
    """Sort vectors and rows by leaf, in place; return the number of nodes and their arrays."""
    n, length = vectors.shape
    most = 2 * n
    centres = np.zeros((most, length), np.float32)
    child = np.full(most, -1, np.int64)
    bounds = np.zeros((most, 2), np.int64)
    bounds[0, 1] = n
    sums = np.empty((2, length), np.float32)
    swap = np.empty(length, np.float32)
    n_nodes, node = 1, 0
    while node < n_nodes:
        first, last = bounds[node, 0], bounds[node, 1]
        if last - first > leaf:
            one, two = centres[n_nodes], centres[n_nodes + 1]
            if _two_means(vectors, first, last, seed, one, two, sums):
                low, high = first, last
                while low < high:
                    if _distance(vectors[low], two) < _distance(vectors[low], one):
                        high -= 1
                        swap[:] = vectors[low]
                        vectors[low] = vectors[high]
                        vectors[high] = swap
                        rows[low], rows[high] = rows[high], rows[low]
                    else:
                        low += 1
                if first < low < last:
                    child[node] = n_nodes
                    bounds[n_nodes, 0], bounds[n_nodes, 1] = first, low
                    bounds[n_nodes + 1, 0], bounds[n_nodes + 1, 1] = low, last
                    n_nodes += 2
            else:
                rows[first] = rows[first:last].min()
                bounds[node, 1] = first + 1
        node += 1
    return n_nodes, centres, child, bounds


@kernel(allocates=False)
def nearest_vector(
    tree: Tree, query: Array, n_leaves: int, scratch: TreeScratch, slot: int
) -> tuple[int, Any]:
    """Row and squared distance of the nearest vector in the ``n_leaves`` best leaves.

    A branch that is passed by waits with the least distance that its vectors can have, that of
    the query to the plane half-way between the two centres, and is left if a vector is as near.
    """
    vectors, rows, centres, child, bounds = tree
    waiting, least = scratch.waiting[slot], scratch.least[slot]
    best, distance = -1, np.float32(np.inf)
    waiting[0], least[0] = 0, 0
    n_waiting = 1
    for _ in range(n_leaves):
        if n_waiting == 0:
            break
        next_one = 0
        for k in range(1, n_waiting):
            if least[k] < least[next_one]:
                next_one = k
        node, bound = waiting[next_one], least[next_one]
        if bound > distance:
            break
        n_waiting -= 1
        waiting[next_one], least[next_one] = waiting[n_waiting], least[n_waiting]
        while child[node] >= 0:
            one = child[node]
            to_one, to_two = _distance(query, centres[one]), _distance(query, centres[one + 1])
            apart = _distance(centres[one], centres[one + 1])
            aside = (to_two - to_one) * (to_two - to_one) / (np.float32(4) * apart)
            node = one if to_one <= to_two else one + 1
            waiting[n_waiting], least[n_waiting] = 2 * one + 1 - node, max(bound, aside)
            n_waiting += 1
        for i in range(bounds[node, 0], bounds[node, 1]):
            found = _distance(query, vectors[i])
            if found < distance or (found == distance and rows[i] < best):
                best, distance = rows[i], found
    return best, distance


@kernel()
def _search_all(
    tree: Tree,
    queries: Array,
    n_leaves: int,
    scratch: TreeScratch,
    found: Indices,
    distances: Array,
) -> None:
    for k in range(len(queries)):
        found[k], distances[k] = nearest_vector(tree, queries[k], n_leaves, scratch, 0)


class TreeSearch(NamedTuple):
    """Take the source pixel with the nearest vector in the ``n_leaves`` best leaves.

    The rows of the tree that is searched are source pixels.
    """

    n_leaves: int


@searches(TreeSearch)
@kernel(allocates=False)
def _nearest(
    search: TreeSearch,
    index: Tree,
    neighbourhood: Neighbourhood,
    level: Level,
    scratch: TreeScratch,
    y: int,
    x: int,
    slot: int,
) -> Any:
    query = scratch.query[slot]
    wraps = (level.wrap_rows, level.wrap_columns)
    gather(neighbourhood, level.image, level.image, y, x, wraps, query)
    return nearest_vector(index, query, search.n_leaves, scratch, slot)[0]
