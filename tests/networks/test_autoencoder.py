"""The autoencoder's architecture: sizes, borders, and its encoder as a network of features."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lichen.features.load import load_features
from lichen.methods.forward.autoencoder import ConvolutionalAutoencoder
from lichen.model import ModelRecord, with_networks
from lichen.networks.autoencoder import MEAN, STD, Autoencoder
from lichen.nn.border import Border
from lichen.weights.catalogue import InputNormalization

WIDTHS = (4, 6, 8)
WRAPPED: Border = ("circular", "circular")


@pytest.fixture
def network() -> Autoencoder:
    torch.manual_seed(0)
    return Autoencoder(WIDTHS).double()


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (16, 16), (17, 30), (33, 5)])
@pytest.mark.parametrize("border", [WRAPPED, ("reflect", "zero")])
def test_any_size_comes_out_as_it_went_in(
    network: Autoencoder, size: tuple[int, int], border: Border
) -> None:
    image = torch.rand(2, 3, *size, dtype=torch.float64)
    assert network(image, border).shape == image.shape
    assert network.encode(image, border).shape == (2, 8, -(-size[0] // 4), -(-size[1] // 4))


def test_a_shift_by_the_stride_shifts_code_and_picture(network: Autoencoder) -> None:
    image = torch.rand(1, 3, 24, 32, dtype=torch.float64)
    shifted = image.roll((8, -12), (2, 3))
    code, moved = network.encode(image, WRAPPED), network.encode(shifted, WRAPPED)
    torch.testing.assert_close(moved, code.roll((2, -3), (2, 3)))
    again = network(image, WRAPPED).roll((8, -12), (2, 3))
    torch.testing.assert_close(network(shifted, WRAPPED), again)
    # and by less it does not, so that the comparison above means something
    off = network.encode(image.roll(1, 2), WRAPPED)
    assert not torch.allclose(off, code, atol=1e-3)


def test_the_code_is_all_that_the_decoder_sees(network: Autoencoder) -> None:
    image = torch.rand(1, 3, 16, 16, dtype=torch.float64)
    with torch.no_grad():
        network.conv3_1.weight.zero_()
    torch.testing.assert_close(network(image), network(torch.rand_like(image)))


@pytest.mark.parametrize("size", [(16, 20), (17, 30), (1, 3)])
def test_encoding_and_decoding_is_the_whole_network(
    network: Autoencoder, size: tuple[int, int]
) -> None:
    image = torch.rand(1, 3, *size, dtype=torch.float64)
    code = network.encode(image, WRAPPED)
    assert torch.equal(network.decode(code, size, WRAPPED), network(image, WRAPPED))
    assert network.decode(code).shape[2:] == (4 * code.shape[2], 4 * code.shape[3])
    with pytest.raises(ValueError, match="has no code of"):
        network.decode(code, (size[0] + 4, size[1]))


def test_its_file_serves_as_features(network: Autoencoder, tmp_path: Path) -> None:
    method = ConvolutionalAutoencoder(patch=16, widths=WIDTHS)
    record = ModelRecord(
        method="autoencoder",
        parameters=method.model_dump(mode="json"),
        about=InputNormalization("RGB", 1.0, (MEAN,) * 3, (STD,) * 3).metadata(),
    )
    with_networks(record, {"autoencoder": network}).save(tmp_path / "mine.safetensors", "float16")
    features = load_features(
        "autoencoder", weights=tmp_path / "mine.safetensors", rescale=False, precision="float64"
    )
    assert features.default_layers[-1] == "relu3_1"
    assert features.strides["relu3_1"] == network.stride
    image = torch.rand(1, 3, 20, 27, dtype=torch.float64)
    found = features(image, ["relu3_1"], WRAPPED)["relu3_1"]
    expected = network.encode(image, WRAPPED)
    torch.testing.assert_close(found, expected, rtol=0.01, atol=0.01)  # float16 weights
