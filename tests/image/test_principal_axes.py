"""Principal axes against their definition."""

from __future__ import annotations

import numpy as np

from lichen.image.principal_axes import principal_axes


def test_along_the_axes_colours_are_uncorrelated_with_the_variances() -> None:
    rng = np.random.default_rng(0)
    colours = (rng.random((500, 3)) @ rng.normal(size=(3, 3)) + 2).astype(np.float32)
    mean, variances, axes = principal_axes(colours)
    planes = (colours - mean) @ axes
    np.testing.assert_allclose(planes.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(planes.T @ planes / 500, np.diag(variances), atol=1e-6)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-12)
    assert (np.diff(variances) > 0).all()


def test_along_a_line_of_colours_all_but_one_variance_vanish() -> None:
    colours = 0.5 + np.outer(np.linspace(-1, 1, 11), [0.6, 0, 0.8])
    _, variances, axes = principal_axes(colours)
    np.testing.assert_allclose(variances, [0, 0, 0.4], atol=1e-12)
    np.testing.assert_allclose(np.abs(axes[:, 2]), [0.6, 0, 0.8], atol=1e-12)
