"""Content reconstruction."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lichen.errors import ParameterError, UnknownNameError
from lichen.features.extractor import FeatureExtractor
from lichen.features.pixels import Pixels
from lichen.probe import reconstruct
from lichen.probe.inversion import roughness

Array = NDArray[np.float32]


def test_the_first_layers_keep_the_picture_and_deeper_ones_lose_it(
    encoder: FeatureExtractor, cat: Array
) -> None:
    found = reconstruct(cat[:48, :48], network=encoder, iterations=60)
    assert found.layers == ("conv1_2", "conv2_2", "conv3_2", "conv4_2")
    assert found.psnr[0] > 40  # at 8 bits hardly a value differs by more than two
    assert (np.diff(found.psnr) < -1).all(), found.psnr
    wanted = -10 * np.log10(np.square(found.images[1] - found.original).mean())
    assert found.psnr[1] == pytest.approx(wanted, rel=1e-3)


def test_the_loss_that_is_left_is_that_of_the_picture(
    encoder: FeatureExtractor, cat: Array
) -> None:
    found = reconstruct(cat[:32, :32], ["relu2_1"], network=encoder, iterations=10)
    maps = [
        encoder(
            torch.from_numpy(picture.transpose(2, 0, 1).copy())[None],
            ["relu2_1"],
            ("reflect", "reflect"),
        )["relu2_1"]
        for picture in (found.images[0], found.original)
    ]
    wanted = (maps[0] - maps[1]).square().sum() / maps[1].square().sum()
    assert found.feature_loss[0] == pytest.approx(float(wanted), rel=1e-3)


def test_pixels_themselves_come_back_exactly(cat: Array) -> None:
    found = reconstruct(cat[:16, :16], network=Pixels(), iterations=40, total_variation=0)
    assert found.psnr[0] > 60


def test_total_variation_smooths(encoder: FeatureExtractor, cat: Array) -> None:
    rough, smooth = (
        reconstruct(
            cat[:32, :32], ["conv3_2"], network=encoder, iterations=30, total_variation=weight
        ).images[0]
        for weight in (0.0, 100.0)
    )
    shown = [torch.from_numpy(image.transpose(2, 0, 1).copy())[None] for image in (rough, smooth)]
    assert roughness(shown[1]) < 0.3 * roughness(shown[0])


def test_what_cannot_be_reconstructed(encoder: FeatureExtractor, cat: Array) -> None:
    with pytest.raises(UnknownNameError, match="conv4_2"):
        reconstruct(cat, ["conv5_2"], network=encoder)
    with pytest.raises(ParameterError, match="iterations = 0"):
        reconstruct(cat, network=encoder, iterations=0)
