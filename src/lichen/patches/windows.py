"""Square windows: their offsets, where they fit into an example, and their pixels as vectors.

A window is named by its centre, where it belongs to a pixel, and by its top left pixel, where it is
a patch that is copied or compared as a whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lichen.arrays import Array, Mask
from lichen.errors import ImageError

Indices = NDArray[np.int64]


def square(side: int) -> Indices:
    """Offsets of a square about its centre, int64 (side^2, 2); ``side`` is odd."""
    axis = np.arange(side) - side // 2
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)


def causal(side: int) -> Indices:
    """Offsets of a square that precede its centre in scan order, int64 (side^2 // 2, 2)."""
    return square(side)[: side**2 // 2]


def gaussian_weights(offsets: Indices, deviation: float) -> NDArray[np.float64]:
    """Weights (K,) of offsets (K, 2): a Gaussian that is 1 at the centre."""
    weights: NDArray[np.float64] = np.exp(-np.square(offsets).sum(1) / (2 * deviation**2))
    return weights


def box_sums(plane: NDArray[Any], side: int) -> NDArray[np.float64]:
    """Sum over the square whose top left pixel is each one, zeros beyond the end, (H, W).

    The time does not depend on ``side``.
    """
    sums = plane.astype(np.float64)
    for axis in (0, 1):
        widths = [(0, 0), (0, 0)]
        widths[axis] = (1, side - 1)
        running = np.cumsum(np.pad(sums, widths), axis=axis)
        length = plane.shape[axis]
        later = np.take(running, range(side, side + length), axis)
        sums = later - np.take(running, range(length), axis)
    return sums


def anchors_of(usable: Mask, side: int) -> Mask:
    """Top left pixels of all ``side`` x ``side`` squares that are wholly usable, (H, W)."""
    return box_sums(usable, side) == side * side


def centres_of(usable: Mask, radius: int) -> Mask:
    """Centres of all squares of side ``2 * radius + 1`` that are wholly usable, (H, W)."""
    centres = np.zeros_like(usable)
    anchors = anchors_of(usable, 2 * radius + 1)
    rows, columns = (max(length - radius, 0) for length in usable.shape)
    centres[radius:, radius:] = anchors[:rows, :columns]
    return centres


def some_centres_of(usable: Mask, radius: int) -> Mask:
    """Centres as :func:`centres_of` finds them.

    Raises
    ------
    ImageError
        If there are none.
    """
    centres = centres_of(usable, radius)
    if not centres.any():
        side = 2 * radius + 1
        raise ImageError(
            f"no {side}x{side} px neighbourhood fits into what may be copied",
            "use a smaller window, or mark a larger connected area as usable",
        )
    return centres


def patch_vectors(image: Array, side: int, anchors: Indices) -> Array:
    """Patches with their top left pixels at ``anchors`` (N, 2), as (N, C * side * side)."""
    view = np.lib.stride_tricks.sliding_window_view(image, (side, side), axis=(0, 1))
    chosen = view[anchors[:, 0], anchors[:, 1]]  # (N, C, side, side)
    return chosen.reshape(len(anchors), image.shape[2] * side * side)


def all_anchors(shape: tuple[int, ...], side: int, stride: int = 1) -> Indices:
    """Top left pixels of all patches that fit into (H, W, ...), every ``stride`` pixels, (N, 2)."""
    rows = np.arange(0, shape[0] - side + 1, stride)
    columns = np.arange(0, shape[1] - side + 1, stride)
    return np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)


def random_anchors(
    shape: tuple[int, ...], side: int, count: int, generator: np.random.Generator
) -> Indices:
    """At most ``count`` of the patches that fit, without repetition and unordered, (N, 2)."""
    columns = shape[1] - side + 1
    total = (shape[0] - side + 1) * columns
    flat = generator.choice(total, min(count, total), replace=False)
    return np.stack([flat // columns, flat % columns], axis=-1)
