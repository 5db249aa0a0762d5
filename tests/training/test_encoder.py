"""The training of the encoder, and what its file holds."""

from __future__ import annotations

from collections.abc import Generator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from lichen.errors import TrainingError
from lichen.features.load import load_features
from lichen.model import Model, ModelRecord
from lichen.networks.encoder import EncoderNetwork, folded
from lichen.run.training import Training
from lichen.training.data import encoder_pictures
from lichen.training.encoder import EncoderTraining, folded_model

TINY = EncoderTraining(pictures=2, steps=8, batch=6, crop=16, widths=(4, 6), learning_rate=0.02)


@pytest.fixture(autouse=True)
def _few_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    flat = [np.full((40, 40, 3), 60 * level, np.uint8) for level in range(4)]
    for number, picture in enumerate(flat):
        picture[:: number + 2] = 255

    def pictures(n_made: int, seed: int) -> Generator[None, None, list[np.ndarray]]:
        yield from ()
        return flat

    monkeypatch.setattr(encoder_pictures, "training_pictures", pictures)


def test_loss_falls(tmp_path: Path) -> None:
    longer = TINY.model_copy(update={"steps": 90})
    losses = [step.losses["total"] for step in Training(longer, [], tmp_path / "e.safetensors")]
    assert len(losses) == 90
    assert np.mean(losses[-20:]) < 0.85 * np.mean(losses[:10])


def test_resumed_training_equals_the_uninterrupted_one(tmp_path: Path) -> None:
    list(Training(TINY, [], tmp_path / "whole.safetensors"))
    cut = Training(TINY, [], tmp_path / "cut.safetensors", checkpoint_every=2)
    assert [step.step for step in islice(cut, 7)] == list(range(1, 8))
    assert cut.checkpoint.is_file()
    assert not (tmp_path / "cut.safetensors").exists()
    # as a killed process leaves it: the steps since the last checkpoint are done again
    again = Training(TINY, [], tmp_path / "cut.safetensors", checkpoint_every=2)
    assert again.resumed_from == 6
    assert [step.step for step in again] == [7, 8]
    whole, resumed = (load_file(tmp_path / f"{name}.safetensors") for name in ("whole", "cut"))
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    assert not cut.checkpoint.exists()


def test_it_takes_no_data(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="takes no data, but 1 are given"):
        Training(TINY, [tmp_path], tmp_path / "e.safetensors")


def test_its_file_serves_as_features(tmp_path: Path) -> None:
    list(Training(TINY, [], tmp_path / "e.safetensors"))
    features = load_features(
        "encoder", weights=tmp_path / "e.safetensors", rescale=False, precision="float32"
    )
    assert features.default_layers == ("relu1_1", "relu1_2", "relu2_1", "relu2_2")
    assert Model.read(tmp_path / "e.safetensors").method == "encoder"


def test_exported_weights_compute_what_the_network_does(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = EncoderNetwork((6, 8), 5)
    images = torch.rand(8, 3, 20, 20)
    for _ in range(3):  # so that batch norm has seen something
        network(images)
    network.eval()
    record = ModelRecord(method="encoder", parameters=TINY.model_dump(mode="json"))
    folded_model(network, record).save(tmp_path / "encoder.safetensors", TINY.stored_as)
    with safe_open(str(tmp_path / "encoder.safetensors"), "pt") as file:
        assert file.metadata()["network"] == "lichen.networks.encoder:Encoder"
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
