"""Content reconstruction."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lichen.arrays import Array
from lichen.errors import ParameterError, UnknownNameError
from lichen.features.extractor import FeatureExtractor
from lichen.features.pixels import Pixels
from lichen.probe import ProbeInterruptedError, reconstruct
from lichen.probe.inversion import roughness
from lichen.step import Step


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
    with pytest.raises(ParameterError, match="`iterations` = 0"):
        reconstruct(cat, network=encoder, iterations=0)


def test_ctrl_c_gives_the_layers_so_far(encoder: FeatureExtractor, cat: Array) -> None:
    seen: list[Step] = []

    def stop(step: Step) -> None:
        seen.append(step)
        if (step.level, step.iteration) == (1, 2):
            raise KeyboardInterrupt

    layers = ("relu1_1", "relu2_1", "relu3_1")
    with pytest.raises(ProbeInterruptedError) as caught:
        reconstruct(cat[:32, :32], layers, network=encoder, iterations=4, on_step=stop)
    found = caught.value.so_far
    assert found.layers == layers[:2]
    whole = reconstruct(cat[:32, :32], layers[:1], network=encoder, iterations=4)
    np.testing.assert_array_equal(found.images[0], whole.images[0])
    np.testing.assert_array_equal(found.images[1], seen[-1].image)
    assert found.feature_loss[1] == pytest.approx(seen[-1].losses["features"])


class Blind(Pixels):
    """Maps every picture to zeros."""

    def forward(
        self, image: torch.Tensor, layers: object, border: object
    ) -> dict[str, torch.Tensor]:
        return {"pixels": 0 * image}


def test_a_layer_that_sees_nothing_leaves_the_noise(cat: Array) -> None:
    found = reconstruct(cat[:16, :16], network=Blind(), iterations=5, total_variation=0)
    assert found.layers == ("pixels",)
    assert found.feature_loss[0] == 0
    assert 0.4 < found.images.mean() < 0.6
