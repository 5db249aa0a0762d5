"""Colour: principal axes are the covariance's, few vectors or many; luminance is a weighted sum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from lichen.image.colour import NTSC, luminance, principal_axes


def primal(vectors: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Directions (D, K) and deviations (K,) of the covariance matrix."""
    centred = vectors.astype(float) - vectors.mean(0, dtype=float)
    values, axes = np.linalg.eigh(centred.T @ centred / len(vectors))
    return axes[:, ::-1][:, :count], np.sqrt(values[::-1][:count].clip(0))


@pytest.mark.parametrize("shape", [(12, 40), (39, 40), (40, 40), (300, 40)])
def test_both_ways_give_the_same_up_to_sign(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(shape[0])
    spread = np.geomspace(3, 0.05, shape[1])  # apart, so that the directions are unique
    vectors = (rng.standard_normal(shape) * spread + rng.random(shape[1])).astype(np.float32)
    mean, axes, deviations = principal_axes(vectors, 6)
    wanted, wanted_deviations = primal(vectors, 6)
    np.testing.assert_allclose(mean, vectors.mean(0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(deviations, wanted_deviations, rtol=1e-3)
    np.testing.assert_allclose(np.abs((axes * wanted).sum(0)), np.ones(6), rtol=1e-3)
    np.testing.assert_allclose(axes.T @ axes, np.eye(6), atol=1e-4)
    assert axes.dtype == np.float32
    assert axes.flags.c_contiguous


def test_no_more_directions_than_there_are() -> None:
    rng = np.random.default_rng(0)
    few = rng.random((3, 10)).astype(np.float32)
    mean, axes, deviations = principal_axes(few, 8)
    assert axes.shape == (10, 3)
    assert len(deviations) == 3
    assert deviations[2] < 1e-3  # three vectors differ in two directions
    again = (few - mean) @ axes @ axes.T + mean
    np.testing.assert_allclose(again, few, atol=1e-5)


def test_equal_vectors_differ_in_no_direction() -> None:
    _, axes, deviations = principal_axes(np.ones((4, 9), np.float32), 4)
    assert np.isfinite(axes).all()
    assert (deviations == 0).all()


def blas_threads() -> set[int]:
    return {
        library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
    }


@pytest.mark.parametrize("shape", [(5, 9), (9, 5)])
def test_products_keep_to_one_thread(
    shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many the libraries would start: as many bytes, and cores left to other workers."""
    seen = []

    def watched(matrix: np.ndarray) -> Any:
        seen.append(blas_threads())
        return eigh(matrix)

    eigh = np.linalg.eigh
    monkeypatch.setattr(np.linalg, "eigh", watched)
    with threadpool_limits(2, "blas"):
        principal_axes(np.random.default_rng(0).random(shape, np.float32), 2)
        assert blas_threads() == {2}
    assert seen == [{1}]


def test_principal_axes_are_those_of_the_covariance(rng: np.random.Generator) -> None:
    mixing = rng.standard_normal((5, 5))
    vectors = (rng.standard_normal((4000, 5)) @ mixing + 2).astype(np.float32)
    mean, axes, deviations = principal_axes(vectors, 3)
    np.testing.assert_allclose(mean, vectors.mean(0), rtol=1e-4)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-5)
    along = (vectors - mean) @ axes
    np.testing.assert_allclose(along.std(0), deviations, rtol=1e-3)
    values = np.linalg.svd(vectors - mean, compute_uv=False) / np.sqrt(len(vectors))
    np.testing.assert_allclose(deviations, values[:3], rtol=1e-3)


def test_luminance_is_a_weighted_sum_and_grey_is_its_own() -> None:
    pixels = np.random.default_rng(3).random((5, 6, 3), np.float32)
    wanted = 0.2126 * pixels[..., 0] + 0.7152 * pixels[..., 1] + 0.0722 * pixels[..., 2]
    np.testing.assert_allclose(luminance(pixels), wanted, rtol=1e-6)
    assert luminance(pixels).dtype == luminance(pixels, NTSC).dtype == np.float32
    np.testing.assert_array_equal(luminance(pixels[..., :1]), pixels[..., 0])
    white = np.ones((1, 1, 3), np.float32)
    for weights in ({}, {"weights": NTSC}):
        np.testing.assert_allclose(luminance(white, **weights), 1, rtol=1e-6)
