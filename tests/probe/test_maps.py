"""Feature maps and the statistics of channels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lichen.arrays import Array
from lichen.errors import ImageError, ParameterError, UnknownNameError
from lichen.exemplar import Exemplar
from lichen.features.extractor import FeatureExtractor
from lichen.features.pixels import Pixels
from lichen.probe import activations, channel_statistics, feature_maps


def test_maps_are_the_networks(encoder: FeatureExtractor, cat: Array) -> None:
    found = activations(cat, ["relu1_1", "pool2"], network=encoder)
    image = torch.from_numpy(cat.transpose(2, 0, 1).copy())[None]
    wanted = encoder(image, ["pool2"], ("reflect", "reflect"))["pool2"]
    assert found["relu1_1"].shape == (64, 64, 32)
    np.testing.assert_array_equal(found["pool2"].transpose(2, 0, 1), wanted[0].numpy())


def test_channels_are_ranked_by_variance_or_taken_in_order(
    encoder: FeatureExtractor, cat: Array
) -> None:
    maps = feature_maps(cat, "relu2_1", network=encoder, count=10)
    variances = maps.maps.var((1, 2))
    assert (np.diff(variances) <= 1e-6).all()
    others = np.delete(activations(cat, ["relu2_1"], network=encoder)["relu2_1"], maps.channels, 2)
    assert others.var((0, 1)).max() <= variances.min() + 1e-6
    first = feature_maps(cat, "relu2_1", network=encoder, count=1000, order="index")
    np.testing.assert_array_equal(first.channels, np.arange(64))


def test_statistics_of_channels_that_are_known() -> None:
    image = np.zeros((4, 5, 3), np.float32)
    image[..., 0] = 0.5  # constant
    image[2, 3, 1] = 1  # one position of 20; and a channel that is silent
    found = channel_statistics(image, "pixels", network=Pixels())
    np.testing.assert_allclose(found.sparsity, [0, 1, 1], atol=1e-6)
    np.testing.assert_allclose(found.mean, [0.5, 1 / 20, 0], atol=1e-6)
    np.testing.assert_allclose(found.deviation, [0, np.sqrt(19) / 20, 0], atol=1e-6)
    np.testing.assert_allclose(found.silent, [0, 19 / 20, 1], atol=1e-6)
    np.testing.assert_array_equal(found.most_active, [0, 1, 2])


def test_a_grey_picture_is_shown_as_three_equal_channels(encoder: FeatureExtractor) -> None:
    grey = np.random.default_rng(0).random((16, 16, 1), np.float32)
    ours = activations(grey, ["relu1_1"], network=encoder)["relu1_1"]
    theirs = activations(np.repeat(grey, 3, 2), ["relu1_1"], network=encoder)["relu1_1"]
    np.testing.assert_array_equal(ours, theirs)


def test_what_cannot_be_probed(encoder: FeatureExtractor, cat: Array) -> None:
    with pytest.raises(UnknownNameError, match="relu2_1"):
        feature_maps(cat, "relu2_7", network=encoder)
    with pytest.raises(ParameterError, match="`count` = 0"):
        feature_maps(cat, "relu2_1", network=encoder, count=0)
    mask = np.zeros(cat.shape[:2], bool)
    mask[:9] = True
    with pytest.raises(ImageError, match="masked"):
        activations(Exemplar.from_array(cat, mask), ["relu1_1"], network=encoder)
