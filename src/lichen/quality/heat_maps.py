"""Heat maps: where a result copies its exemplar, and where it does not match it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom
from scipy.spatial import cKDTree

from lichen.arrays import Array
from lichen.image.colour import luminance
from lichen.patches.windows import all_anchors, patch_vectors, random_anchors
from lichen.quality.fidelity import N_PATCHES, PatchDescriptor

SIDE = 5
COPIED = np.array([0.9, 0.2, 0.1], np.float32)


def copied_map(image: Array, copied: NDArray[np.bool_]) -> Array:
    """Paint the copied positions of a picture red over its luminance, (H, W, 3)."""
    shown = _enlarged(copied.astype(np.float32), image.shape)[..., None] > 0.5
    grey = np.repeat(luminance(image)[..., None], 3, axis=2)
    return np.where(shown, 0.45 * grey + 0.55 * COPIED, grey)


def mismatch_map(exemplar: Array, result: Array) -> Array:
    """Paint each position by the distance of its 5 px patch to the exemplar's nearest, (H, W, 3).

    Black: as near as that patch is to its own nearest neighbour; yellow: four times as far.
    """
    generator = np.random.default_rng(0)
    patches = patch_vectors(
        exemplar, SIDE, random_anchors(exemplar.shape, SIDE, 2 * N_PATCHES, generator)
    )
    describe = PatchDescriptor(patches)
    described = describe(patches)
    tree = cKDTree(described[::2])
    # Rare patches of the exemplar are far from each other within it, too.
    typical = cKDTree(described[1::2]).query(described[::2])[0]
    typical = np.maximum(typical, np.median(typical)) + 1e-6
    stride = max(1, round(np.sqrt(result.shape[0] * result.shape[1] / 16_000)))
    anchors = all_anchors(result.shape, SIDE, stride)
    distance, nearest = tree.query(describe(patch_vectors(result, SIDE, anchors)))
    distance /= typical[nearest]
    grid = (len(np.unique(anchors[:, 0])), len(np.unique(anchors[:, 1])))
    heat = ((distance - 1) / 3).clip(0, 1).astype(np.float32).reshape(grid)
    from matplotlib import colormaps

    coloured: Array = colormaps["inferno"](_enlarged(heat, result.shape))[..., :3]
    return coloured.astype(np.float32)


def _enlarged(grid: Array, shape: tuple[int, ...]) -> Array:
    """Enlarge a grid to (H, W), repeating each value."""
    factors = (shape[0] / grid.shape[0], shape[1] / grid.shape[1])
    large: Array = zoom(grid, factors, order=0, mode="nearest", grid_mode=True)
    return large
