"""Patches are the pixels at their places; principal components are the covariance's."""

from __future__ import annotations

import numpy as np

from lichen.patches.patch_grid import all_places, gather_patches, random_places
from lichen.patches.principal import principal_components


def test_patches_are_the_pixels_at_their_places(rng: np.random.Generator) -> None:
    image = rng.random((12, 9, 3)).astype(np.float32)
    places = all_places(image.shape, 4, 2)
    patches = gather_patches(image, 4, places).reshape(-1, 3, 4, 4)
    assert len(places) == 5 * 3
    for (y, x), patch in zip(places, patches, strict=True):
        np.testing.assert_array_equal(patch, image[y : y + 4, x : x + 4].transpose(2, 0, 1))
    drawn = random_places(image.shape, 4, 1000, rng)
    assert sorted(map(tuple, drawn)) == sorted(map(tuple, all_places(image.shape, 4)))


def test_no_place_gives_no_patch(rng: np.random.Generator) -> None:
    image = rng.random((12, 9, 3)).astype(np.float32)
    assert gather_patches(image, 4, np.zeros((0, 2), np.int64)).shape == (0, 48)


def test_principal_components_are_those_of_the_covariance(rng: np.random.Generator) -> None:
    mixing = rng.standard_normal((5, 5))
    vectors = (rng.standard_normal((4000, 5)) @ mixing + 2).astype(np.float32)
    mean, axes, deviations = principal_components(vectors, 3)
    np.testing.assert_allclose(mean, vectors.mean(0), rtol=1e-4)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-5)
    along = (vectors - mean) @ axes
    np.testing.assert_allclose(along.std(0), deviations, rtol=1e-3)
    values = np.linalg.svd(vectors - mean, compute_uv=False) / np.sqrt(len(vectors))
    np.testing.assert_allclose(deviations, values[:3], rtol=1e-3)
