"""Minimum cuts of any shape between a picture and a patch that is laid over it.

Kwatra, Schödl, Essa, Turk and Bobick, "Graphcut Textures: Image and Video Synthesis Using Graph
Cuts", SIGGRAPH 2003. The paper keeps an old seam as a node of the graph between its two pixels:
where both stay it costs what it did; where one is replaced, what the new patch costs against the
other's; where both are, no more. A cost of two labels like this needs no node of its own: it
splits into arcs between the pixels and to the terminals (Kolmogorov and Zabih 2004), with the
same minimum on fewer nodes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter, minimum_filter
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from lichen.arrays import Array, IntArray, Mask
from lichen.patches.seam_costs import Links
from lichen.patches.windows import Indices

Labels = NDArray[np.int8]
Slices = tuple[slice, slice]

OLD, NEW, FREE = 0, 1, -1
EXACT = 2000
"""Free pixels that are cut at once; of more, first blocks of 2 x 2, then those near the cut."""
BAND = 4
"""How far from a cut of blocks the finer one may be, in blocks."""
RESOLUTION = 2**14
"""Steps between no cost and the highest one: flows are whole numbers."""

FROM: tuple[Slices, Slices] = ((slice(-1), slice(None)), (slice(None), slice(-1)))
TO: tuple[Slices, Slices] = ((slice(1, None), slice(None)), (slice(None), slice(1, None)))
"""By axis, all pixels that have a next one, and the next ones."""


def minimum_cut(labels: Labels, price: Array, down: Links, right: Links) -> Mask:
    """Decide which pixels of a rectangle are replaced, at the least total cost.

    Parameters
    ----------
    labels
        int8 (H, W): ``OLD`` for pixels that stay, ``NEW`` for those that must be replaced,
        ``FREE`` for those to be decided on.
    price
        float32 (H, W): what replacing a pixel costs beside its seams, of either sign.
    down, right
        Costs of the links to the pixels below and to the right.

    Returns
    -------
    NDArray
        bool (H, W), True where replaced. Of all minimum cuts it replaces most. With more than
        2000 free pixels it is the least of those near the minimum cut of blocks of pixels (Lombaert
        et al. 2005), and still costs no more than replacing nothing where that is allowed.
    """
    costs = [price, *vars(down).values(), *vars(right).values()]
    most = max(float(np.abs(values).max(initial=0)) for values in costs)
    scale = RESOLUTION / most if most > 0 else 0.0
    total = np.rint(price * scale).astype(np.int64)
    arcs: list[Indices] = []
    for axis, links in enumerate((down, right)):
        split = _split(links, scale)
        total += split.price
        total[TO[axis]] += split.price_of_next[FROM[axis]]
        arcs += [split.forward, split.backward]
    replaced: Mask = _cut(labels, _Graph(total, *arcs)) == NEW
    return replaced


@dataclass(frozen=True, eq=False)
class _Split:
    """Costs of links in whole numbers, as prices of new pixels and of arcs that are cut."""

    price: Indices
    price_of_next: Indices
    forward: Indices
    backward: Indices


def _split(links: Links, scale: float) -> _Split:
    old_new, new_old, both_old = (
        np.rint(cost * scale).astype(np.int64)
        for cost in (links.old_new, links.new_old, links.both_old)
    )
    # Undivided costs are a metric and obey this anyway; no graph has costs that do not.
    both_old = np.minimum(both_old, old_new + new_old)
    arcs = old_new + new_old - both_old
    backward = np.clip(new_old - both_old // 2, 0, arcs)
    forward = arcs - backward
    return _Split(new_old - both_old - backward, old_new - both_old - forward, forward, backward)


@dataclass(frozen=True, eq=False)
class _Graph:
    """Costs of labels on a rectangle, int64 (H, W) each.

    ``price`` of a new pixel; of each link, what is paid if this pixel is old and the next one
    new (``down``, ``right``), and if it is the other way round (``up``, ``left``).
    """

    price: Indices
    down: Indices
    up: Indices
    right: Indices
    left: Indices

    def of_blocks(self) -> _Graph:
        """Costs of the same labels where each block of 2 x 2 pixels has one of them."""
        price, down, up, right, left = (
            np.pad(cost, [(0, n % 2) for n in cost.shape]) for cost in vars(self).values()
        )
        price = price[::2] + price[1::2]
        return _Graph(
            price[:, ::2] + price[:, 1::2],
            *(cost[1::2, ::2] + cost[1::2, 1::2] for cost in (down, up)),
            *(cost[::2, 1::2] + cost[1::2, 1::2] for cost in (right, left)),
        )


def _cut(labels: Labels, graph: _Graph) -> Labels:
    free = labels == FREE
    if np.count_nonzero(free) <= EXACT:
        return _least(labels, graph)
    blocks = _cut(_of_blocks(labels), graph.of_blocks())
    reach = 2 * BAND + 1
    near = maximum_filter(blocks, reach) > minimum_filter(blocks, reach)
    near |= blocks == FREE
    decided, near = (
        value.repeat(2, 0).repeat(2, 1)[: labels.shape[0], : labels.shape[1]]
        for value in (blocks, near)
    )
    return _least(np.where(free & ~near, decided, labels), graph)


def _of_blocks(labels: Labels) -> Labels:
    """Label of each block: that of its pixels which have one, if they agree."""
    padded = np.pad(labels, [(0, n % 2) for n in labels.shape], constant_values=FREE)
    height, width = padded.shape
    blocks = padded.reshape(height // 2, 2, width // 2, 2)
    old, new = (blocks == OLD).any((1, 3)), (blocks == NEW).any((1, 3))
    return np.where(old == new, FREE, np.where(new, NEW, OLD)).astype(np.int8)


def _least(labels: Labels, graph: _Graph) -> Labels:
    """Labels of least cost: pixels that the flow could still reach stay old."""
    free = labels == FREE
    count = int(np.count_nonzero(free))
    if not count:
        return labels
    number = np.full(labels.shape, -1, np.int32)
    number[free] = np.arange(count, dtype=np.int32)
    to_old, to_new = np.maximum(graph.price, 0), np.maximum(-graph.price, 0)
    edges: list[tuple[IntArray, IntArray, Indices]] = []
    for arc, tail, head in (
        (graph.down[FROM[0]], FROM[0], TO[0]),
        (graph.up[FROM[0]], TO[0], FROM[0]),
        (graph.right[FROM[1]], FROM[1], TO[1]),
        (graph.left[FROM[1]], TO[1], FROM[1]),
    ):
        inner = free[tail] & free[head] & (arc > 0)
        edges.append((number[tail][inner], number[head][inner], arc[inner]))
        to_old[head] += np.where(labels[tail] == OLD, arc, 0)
        to_new[tail] += np.where(labels[head] == NEW, arc, 0)
    through = np.minimum(to_old, to_new)  # flows whatever the cut: need not be sent
    for number_from, number_to, size in (
        (np.full_like(number, count), number, to_old - through),
        (number, np.full_like(number, count + 1), to_new - through),
    ):
        inner = free & (size > 0)
        edges.append((number_from[inner], number_to[inner], size[inner]))
    tails, heads, sizes = (np.concatenate(part) for part in zip(*edges, strict=True))
    shape = (count + 2, count + 2)
    network = coo_matrix((sizes.astype(np.int32), (tails, heads)), shape).tocsr()
    rest = network - maximum_flow(network, count, count + 1).flow
    rest.eliminate_zeros()
    stays = np.zeros(count + 2, bool)
    stays[breadth_first_order(rest, count, return_predecessors=False)] = True
    decided = labels.copy()
    decided[free] = np.where(stays[:count], OLD, NEW)
    return decided
