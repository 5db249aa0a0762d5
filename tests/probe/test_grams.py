"""Fingerprints, still and in motion."""

from __future__ import annotations

import numpy as np
import pytest

from lichen.arrays import Array
from lichen.features.extractor import FeatureExtractor
from lichen.probe import activations, compare_fingerprints, fingerprints, watch_fingerprints
from lichen.probe.noise import colour_noise, soft_noise


def test_fingerprints_are_the_mean_products_of_the_maps(
    encoder: FeatureExtractor, cat: Array
) -> None:
    layers = ["relu1_2", "pool3"]
    maps = activations(cat, layers, network=encoder)
    for layer, matrix in fingerprints(cat, layers, network=encoder).items():
        vectors = maps[layer].reshape(-1, maps[layer].shape[2]).astype(np.float64)
        wanted = sum(np.outer(vector, vector) for vector in vectors) / len(vectors)
        np.testing.assert_allclose(matrix, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())


def test_a_picture_has_its_own_fingerprint_and_so_has_its_tiling(
    encoder: FeatureExtractor, cat: Array
) -> None:
    other = np.random.default_rng(0).random((32, 48, 3), np.float32)
    for pair in compare_fingerprints(cat, cat, network=encoder).values():
        assert pair.distance == 0
    layers = ["conv1_1"]
    mirrored = np.concatenate([cat, cat[::-1]])
    far = compare_fingerprints(cat, other, layers, network=encoder)["conv1_1"]
    near = compare_fingerprints(cat, mirrored, layers, network=encoder)["conv1_1"]
    assert far.distance > 0.2
    assert near.distance < 0.5 * far.distance
    np.testing.assert_allclose(far.difference, far.result - far.exemplar)


@pytest.mark.usefixtures("quick_rescaling")
def test_fingerprints_come_together_while_noise_becomes_texture(cat: Array) -> None:
    snapshots = list(
        watch_fingerprints(cat[:32, :32], ["relu1_1", "relu2_1"], iterations=9, every=4)
    )
    assert [snapshot.iteration for snapshot in snapshots] == [0, 4, 8, 9]
    first, last = snapshots[0], snapshots[-1]
    np.testing.assert_array_equal(first.image, soft_noise(cat[:32, :32], (32, 32), 0))
    for layer in ("relu1_1", "relu2_1"):
        assert last.pairs[layer].distance < 0.5 * first.pairs[layer].distance
        np.testing.assert_array_equal(last.pairs[layer].exemplar, first.pairs[layer].exemplar)


def test_noise_has_the_colours_of_the_exemplar() -> None:
    generator = np.random.default_rng(1)
    mixing = np.array([[0.1, 0.05, 0], [0, 0.08, 0.02], [0.03, 0, 0.02]])
    exemplar = (generator.standard_normal((90, 90, 3)) @ mixing + 0.5).clip(0, 1)
    noise = colour_noise(exemplar.astype(np.float32), (300, 300), 0).reshape(-1, 3)
    colours = exemplar.reshape(-1, 3)
    np.testing.assert_allclose(noise.mean(0), colours.mean(0), atol=2e-3)
    np.testing.assert_allclose(np.cov(noise.T), np.cov(colours.T), atol=3e-4)
