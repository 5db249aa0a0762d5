"""Sums of squared differences by Fourier transforms, against the sums themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.patches.template_matching import THREADED, ExemplarSpectra
from references.plain_template_matching import plain_weighted_ssd


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 13), st.integers(1, 17), st.integers(1, 4), st.data())
def test_equals_the_plain_sums(height: int, width: int, channels: int, data: st.DataObject) -> None:
    h, w = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    features = rng.random((height, width, channels), np.float32) + np.float32(3)
    template = rng.random((h, w, channels), np.float32) + np.float32(3)
    weights = (rng.random((h, w)) * (rng.random((h, w)) < 0.6)).astype(np.float32)
    found = ExemplarSpectra(features).ssd(template, weights)
    assert found.dtype == np.float32
    expected = plain_weighted_ssd(features, template, weights)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * h * w * channels)


def test_a_copy_is_found_where_it_is() -> None:
    features = np.random.default_rng(0).random((40, 30, 3), np.float32)
    template = features[11:20, 17:25].copy()
    weights = np.ones((9, 8), np.float32)
    weights[4:, 3:] = 0
    template[4:, 3:] = np.nan  # values of weight 0 do not matter
    found = ExemplarSpectra(features).ssd(template, weights)
    assert np.unravel_index(found.argmin(), found.shape) == (11, 17)
    assert found.min() < 1e-4


def test_the_bytes_do_not_depend_on_the_threads() -> None:
    rng = np.random.default_rng(1)
    features, template = rng.random((300, 310, 3), np.float32), rng.random((9, 9, 3), np.float32)
    weights = rng.random((9, 9), np.float32)
    assert features.size >= THREADED
    one, two = (ExemplarSpectra(features, n).ssd(template, weights) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_weights_scale_the_sums(weight: float) -> None:
    rng = np.random.default_rng(2)
    features, template = rng.random((12, 12, 1), np.float32), rng.random((5, 5, 1), np.float32)
    weights = rng.random((5, 5), np.float32)
    spectra = ExemplarSpectra(features)
    found = spectra.ssd(template, weights * np.float32(weight))
    np.testing.assert_allclose(found, weight * spectra.ssd(template, weights), atol=1e-5)
