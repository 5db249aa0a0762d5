"""Where a result copies its exemplar, and where it does not look like it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom
from scipy.spatial import cKDTree

from lichen.patches.windows import all_anchors, patch_vectors, random_anchors
from lichen.quality.fidelity import N_PATCHES, PatchDescriptor
from lichen.quality.pyramid import luminance

Array = NDArray[np.float32]

SIDE = 5
COPIED = np.array([0.9, 0.2, 0.1], np.float32)


def copied_map(image: Array, copied: NDArray[np.bool_]) -> Array:
    """Paint the copied places of a picture red over its luminance, (H, W, 3)."""
    shown = _spread(copied.astype(np.float32), image.shape)[..., None] > 0.5
    grey = np.repeat(luminance(image)[..., None], 3, axis=2)
    return np.where(shown, 0.45 * grey + 0.55 * COPIED, grey)


def mismatch_map(exemplar: Array, result: Array) -> Array:
    """Paint each place by how far its patch of 5 px is from the exemplar's nearest, (H, W, 3).

    Black: as near as that one is to its own nearest; yellow: four times as far.
    """
    generator = np.random.default_rng(0)
    patches = patch_vectors(
        exemplar, SIDE, random_anchors(exemplar.shape, SIDE, 2 * N_PATCHES, generator)
    )
    describe = PatchDescriptor(patches)
    described = describe(patches)
    tree = cKDTree(described[::2])
    # Patches of a kind that is rare in the exemplar are far from each other in it, too.
    usual = cKDTree(described[1::2]).query(described[::2])[0]
    usual = np.maximum(usual, np.median(usual)) + 1e-6
    stride = max(1, round(np.sqrt(result.shape[0] * result.shape[1] / 16_000)))
    places = all_anchors(result.shape, SIDE, stride)
    distance, nearest = tree.query(describe(patch_vectors(result, SIDE, places)))
    distance /= usual[nearest]
    grid = (len(np.unique(places[:, 0])), len(np.unique(places[:, 1])))
    heat = ((distance - 1) / 3).clip(0, 1).astype(np.float32).reshape(grid)
    from matplotlib import colormaps

    coloured: Array = colormaps["inferno"](_spread(heat, result.shape))[..., :3]
    return coloured.astype(np.float32)


def _spread(grid: Array, shape: tuple[int, ...]) -> Array:
    """Enlarge a grid to (H, W), each value over its own square."""
    factors = (shape[0] / grid.shape[0], shape[1] / grid.shape[1])
    large: Array = zoom(grid, factors, order=0, mode="nearest", grid_mode=True)
    return large
