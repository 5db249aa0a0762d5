"""The training loop and the export."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from lichen.errors import LichenError
from lichen.features.load import load_features
from lichen.networks.encoder import EncoderNetwork, folded
from lichen.training import encoder as training
from lichen.training.data.crops import Crops
from lichen.training.encoder import export, train_encoder
from lichen.training.loop import TrainingProgress, learning_rate
from lichen.training.recipe import EncoderRecipe

TINY = EncoderRecipe(pictures=2, steps=8, batch=6, crop=16, widths=(4, 6), learning_rate=0.02)


@pytest.fixture(autouse=True)
def _few_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    flat = [np.full((40, 40, 3), 60 * level, np.uint8) for level in range(4)]
    for number, picture in enumerate(flat):
        picture[:: number + 2] = 255
    monkeypatch.setattr(training, "training_pictures", lambda *_: flat)


def test_loss_falls(tmp_path: Path) -> None:
    losses: list[float] = []

    def report(progress: TrainingProgress) -> None:
        if progress.loss is not None:
            losses.append(progress.loss)

    train_encoder(TINY.model_copy(update={"steps": 90}), tmp_path / "e.safetensors", report=report)
    assert len(losses) == 90
    assert np.mean(losses[-20:]) < 0.85 * np.mean(losses[:10])


def test_resumed_training_equals_the_uninterrupted_one(tmp_path: Path) -> None:
    train_encoder(TINY, tmp_path / "whole.safetensors")
    state = tmp_path / "state.pt"

    def stop(progress: TrainingProgress) -> None:
        if progress.done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_encoder(
            TINY, tmp_path / "cut.safetensors", checkpoint=state, checkpoint_every=2, report=stop
        )
    assert not (tmp_path / "cut.safetensors").exists()
    train_encoder(TINY, tmp_path / "cut.safetensors", checkpoint=state, checkpoint_every=2)
    whole, cut = (load_file(tmp_path / f"{name}.safetensors") for name in ("whole", "cut"))
    assert whole.keys() == cut.keys()
    assert all(torch.equal(whole[name], cut[name]) for name in whole)
    assert not state.exists()


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state.pt"
    state.write_bytes(b"nothing")
    with pytest.raises(LichenError, match="not a checkpoint"):
        train_encoder(TINY, tmp_path / "e.safetensors", checkpoint=state)


def test_exported_weights_compute_what_the_network_does(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = EncoderNetwork((6, 8), 5)
    images = torch.rand(8, 3, 20, 20)
    for _ in range(3):  # so that batch norm has seen something
        network(images)
    network.eval()
    export(network, TINY, tmp_path / "encoder.safetensors")
    with safe_open(str(tmp_path / "encoder.safetensors"), "pt") as file:
        assert file.metadata()["architecture"] == "lichen-encoder"
        assert all(file.get_tensor(name).dtype == torch.float16 for name in file.keys())  # noqa: SIM118
    weights = folded(network)
    x = (images[:1] - 0.5) / 0.25
    maps = network.features(images[:1])
    for number, expected in enumerate(maps):
        if number and number % 2 == 0:
            x = torch.nn.functional.avg_pool2d(x, 2)
        name = f"conv{number // 2 + 1}_{number % 2 + 1}"
        x = torch.relu(
            torch.nn.functional.conv2d(
                x, weights[f"{name}.weight"], weights[f"{name}.bias"], padding=1
            )
        )
        torch.testing.assert_close(x, expected, atol=1e-4, rtol=1e-3)


def test_shipped_encoder_is_small_and_of_the_recipe() -> None:
    features = load_features("encoder", rescale=False, precision="float32")
    sizes = sum(buffer.numel() for buffer in features.buffers())
    assert 2 * sizes < 8_000_000
    assert features.layers[0] == "conv1_1"


def test_crops_are_of_their_picture() -> None:
    pictures = [np.full((60, 50, 3), value, np.uint8) for value in (0, 255)]
    images, labels = Crops(pictures, 24, np.random.default_rng(0)).batch(40)
    assert images.shape == (40, 3, 24, 24)
    assert set(labels.tolist()) == {0, 1}
    assert float(images.min()) >= 0
    assert float(images.max()) <= 1
    dark, light = images[labels == 0].mean(), images[labels == 1].mean()
    assert float(light - dark) > 0.6


def test_learning_rate_warms_up_and_ends_low() -> None:
    recipe = EncoderRecipe(steps=1000)
    rates = [learning_rate(recipe, step) for step in range(1000)]
    assert rates[0] < 0.05 * recipe.learning_rate
    assert max(rates) == pytest.approx(recipe.learning_rate, rel=0.02)
    assert rates[-1] < 1e-4 * recipe.learning_rate
