"""Patches of a picture as vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Places = NDArray[np.int64]


def windows(image: Array, side: int) -> Array:
    """View all patches of an image (H, W, C) as (H - side + 1, W - side + 1, C, side, side)."""
    return np.lib.stride_tricks.sliding_window_view(image, (side, side), axis=(0, 1))


def gather_patches(image: Array, side: int, places: Places) -> Array:
    """Patches with their top left pixels at ``places``, (N, 2), as vectors (N, C * side * side)."""
    chosen = windows(image, side)[places[:, 0], places[:, 1]]  # (N, C, side, side)
    return chosen.reshape(len(places), image.shape[2] * side * side)


def all_places(shape: tuple[int, ...], side: int, stride: int = 1) -> Places:
    """Top left pixels of all patches that fit into (H, W, ...), every ``stride`` pixels, (N, 2)."""
    rows = np.arange(0, shape[0] - side + 1, stride)
    columns = np.arange(0, shape[1] - side + 1, stride)
    return np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)


def random_places(
    shape: tuple[int, ...], side: int, count: int, generator: np.random.Generator
) -> Places:
    """At most ``count`` places, all different, in no order, (N, 2)."""
    columns = shape[1] - side + 1
    total = (shape[0] - side + 1) * columns
    flat = generator.choice(total, min(count, total), replace=False)
    return np.stack([flat // columns, flat % columns], axis=-1)
