"""Pictures that filters respond to."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lichen.arrays import Array
from lichen.errors import ParameterError, UnknownNameError
from lichen.features.extractor import FeatureExtractor
from lichen.features.natural_images import natural_images
from lichen.probe import (
    ProbeInterruptedError,
    fingerprints,
    maximize_channels,
    maximize_direction,
    principal_direction,
)
from lichen.probe.maximization import variation
from lichen.step import Step

CHANNELS = (21, 40, 60)


@pytest.mark.parametrize("fourier", [True, False])
def test_the_activation_is_far_above_that_of_natural_images(
    encoder: FeatureExtractor, fourier: bool
) -> None:
    seen = [
        encoder(image, ["relu4_1"], ("reflect", "reflect"))["relu4_1"].mean((0, 2, 3))
        for image in natural_images(96)
    ]
    highest = torch.stack(seen).amax(0).numpy()[list(CHANNELS)]
    found = maximize_channels(
        "relu4_1", CHANNELS, network=encoder, size=32, iterations=60, fourier=fourier
    )
    assert (found.activation > 1.8 * highest).all(), found.activation / highest
    assert (found.activation > 2 * found.before).all()
    assert found.images.shape == (3, 32, 32, 3)
    assert 0 <= found.images.min() < found.images.max() <= 1


def test_what_is_reported_is_what_the_network_says(encoder: FeatureExtractor) -> None:
    found = maximize_channels("pool1", [3], network=encoder, size=32, iterations=5)
    image = torch.from_numpy(found.images.transpose(0, 3, 1, 2).copy())
    maps = encoder(image, ["pool1"], ("circular", "circular"))["pool1"]
    assert found.activation[0] == pytest.approx(float(maps[0, 3].mean()), rel=1e-4)


def test_same_seed_same_picture(encoder: FeatureExtractor) -> None:
    how = {"network": encoder, "size": 16, "iterations": 3}
    one, same = (maximize_channels("relu1_1", [0], seed=4, **how).images for _ in range(2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, maximize_channels("relu1_1", [0], seed=5, **how).images)


def test_total_variation_smooths(encoder: FeatureExtractor) -> None:
    how = {"network": encoder, "size": 32, "iterations": 40}
    rough, smooth = (
        torch.from_numpy(
            maximize_channels("relu1_2", [2], total_variation=weight, **how).images
        ).permute(0, 3, 1, 2)
        for weight in (0.0, 100.0)
    )
    assert variation(smooth) < 0.3 * variation(rough)


def test_features_turn_towards_a_direction(encoder: FeatureExtractor, cat: Array) -> None:
    direction = principal_direction(cat, "relu3_1", network=encoder, rank=1)
    steps: list[Step] = []
    found = maximize_direction(
        "relu3_1", direction, network=encoder, size=32, iterations=60, on_step=steps.append
    )
    assert found.activation[0] > 3 * max(float(found.before[0]), 0.1)
    np.testing.assert_allclose(found.directions[0], direction, atol=1e-6)
    assert [step.iteration for step in steps] == list(range(1, 61))
    assert steps[-1].fraction == 1


def test_principal_directions_diagonalize_the_fingerprint(
    encoder: FeatureExtractor, cat: Array
) -> None:
    gram = fingerprints(cat, ["relu2_1"], network=encoder)["relu2_1"].astype(np.float64)
    first, second = (principal_direction(cat, "relu2_1", network=encoder, rank=r) for r in (0, 1))
    assert np.linalg.norm(first) == pytest.approx(1)
    assert first @ gram @ second == pytest.approx(0, abs=1e-4 * gram.max())
    assert first @ gram @ first == pytest.approx(np.linalg.norm(gram, 2), rel=1e-4)


def test_what_cannot_be_maximized(encoder: FeatureExtractor) -> None:
    with pytest.raises(UnknownNameError, match="relu1_1"):
        maximize_channels("relu1_9", [0], network=encoder)
    with pytest.raises(ParameterError, match="0 to 31"):
        maximize_channels("relu1_1", [32], network=encoder)
    with pytest.raises(ParameterError, match="`size` = 4"):
        maximize_channels("relu1_1", [0], network=encoder, size=4)
    for wrong in (np.zeros(32), np.ones(31), np.full(32, np.nan)):
        with pytest.raises(ParameterError, match="direction"):
            maximize_direction("relu1_1", wrong, network=encoder)


@pytest.mark.parametrize("stop_at", [1, 3])
def test_ctrl_c_gives_the_pictures_of_the_last_iteration(
    encoder: FeatureExtractor, stop_at: int
) -> None:
    seen = []

    def stop(step: Step) -> None:
        seen.append(step.image)
        if len(seen) == stop_at:
            raise KeyboardInterrupt

    how = {"network": encoder, "size": 16, "iterations": 5}
    with pytest.raises(ProbeInterruptedError) as caught:
        maximize_channels("relu1_1", [0, 4], on_step=stop, **how)
    found = caught.value.so_far
    assert found.images.shape == (2, 16, 16, 3)
    np.testing.assert_array_equal(found.images[0], seen[-1])
    image = torch.from_numpy(found.images.transpose(0, 3, 1, 2).copy())
    maps = encoder(image, ["relu1_1"], ("circular", "circular"))["relu1_1"]
    assert found.activation[1] == pytest.approx(float(maps[1, 4].mean()), rel=1e-4)
