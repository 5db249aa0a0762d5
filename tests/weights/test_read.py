from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from safetensors.torch import save_file

from lichen.errors import WeightsError
from lichen.features.load import load_features
from lichen.networks.autoencoder import Autoencoder
from lichen.networks.encoder import Encoder
from lichen.networks.squeezenet import SqueezeNet
from lichen.networks.vgg import VGG19
from lichen.weights.catalogue import WeightsFile, row_named
from lichen.weights.checksum import sha256_of
from lichen.weights.folders import EMBEDDED
from lichen.weights.read import network_class, read_metadata, read_network, read_tensors
from lichen.weights.stored import StoredNetwork, describe


def as_file(path: Path, row: str = "squeezenet1_1-torchvision") -> WeightsFile:
    return WeightsFile(row_named(row), path, sha256_of(path))


def theirs() -> dict[str, torch.Tensor]:
    """A SqueezeNet's state dict as torchvision's, each tensor filled with its position."""
    names = SqueezeNet.torchvision_names()
    shapes = SqueezeNet.shapes()
    return {
        name: torch.full(shapes[ours], float(i)) for i, (name, ours) in enumerate(names.items())
    }


def test_vgg19_has_the_numbers_of_its_paper() -> None:
    shapes = VGG19.shapes()
    weights = [shape for name, shape in shapes.items() if name.endswith("weight")]
    assert len(weights) == 16
    # Table 2 of Simonyan and Zisserman: 144 million with the three dense layers.
    dense = 4096 * (512 * 7 * 7 + 1) + 4096 * 4097 + 1000 * 4097
    assert sum(torch.Size(s).numel() for s in shapes.values()) + dense == 143_667_240


def test_squeezenet_has_the_numbers_of_torchvision() -> None:
    classifier = 512 * 1000 + 1000
    count = sum(torch.Size(s).numel() for s in SqueezeNet.shapes().values())
    assert count + classifier == 1_235_496


def test_torchvision_positions_count_convolution_relu_pool() -> None:
    # cfg E of torchvision: 'M' takes one place, a convolution and its ReLU take two.
    config = [64, 64, "M", 128, 128, "M", *[256] * 4, "M", *[512] * 4, "M", *[512] * 4, "M"]
    positions, position = [], 0
    for entry in config:
        if entry != "M":
            positions.append(position)
        position += 1 if entry == "M" else 2
    found = [n for n in VGG19.torchvision_names() if n.endswith("weight")]
    assert found == [f"features.{p}.weight" for p in positions]


@pytest.mark.parametrize("form", ["zip", "legacy", "safetensors"])
def test_torchvision_files_come_under_our_names_without_classifier(
    tmp_path: Path, form: str
) -> None:
    state = theirs() | {"classifier.1.weight": torch.zeros(7)}
    path = tmp_path / f"x.{form}"
    if form == "safetensors":
        save_file(state, path)
    else:
        torch.save(state, path, _use_new_zipfile_serialization=form == "zip")
    tensors = read_tensors(as_file(path))
    assert tensors.keys() == SqueezeNet.shapes().keys()
    for name, ours in SqueezeNet.torchvision_names().items():
        assert torch.equal(tensors[ours], state[name])


def test_half_precision_is_read_as_float32_with_its_metadata(tmp_path: Path) -> None:
    path = tmp_path / "encoder.safetensors"
    stack = {"conv1_1.weight": torch.rand(4, 3, 3, 3).half(), "conv1_1.bias": torch.rand(4).half()}
    save_file({**stack, "head.weight": torch.zeros(2)}, path, metadata={"input": "RGB"})
    tensors = read_tensors(as_file(path, "encoder"))
    assert tensors.keys() == stack.keys()
    assert all(tensor.dtype == torch.float32 for tensor in tensors.values())
    assert read_metadata(path) == {"input": "RGB"}


class _Shell:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)  # type: ignore[attr-defined]


@pytest.mark.parametrize("form", ["torch", "pickle"])
def test_code_in_a_file_is_never_run(tmp_path: Path, form: str) -> None:
    bomb = _Shell()
    bomb.folder = tmp_path / "made-by-the-file"  # type: ignore[attr-defined]
    path = tmp_path / "x.pth"
    if form == "torch":
        torch.save({"features.0.weight": bomb}, path)
    else:
        path.write_bytes(pickle.dumps(bomb))
    with pytest.raises(WeightsError):
        read_tensors(as_file(path))
    assert not bomb.folder.exists()  # type: ignore[attr-defined]


@pytest.mark.parametrize("form", ["zip", "safetensors"])
@pytest.mark.parametrize("kept", [0, 5, 9, 100, 5000, 0.5, 0.999])
def test_a_truncated_file_is_one_clear_line(tmp_path: Path, form: str, kept: float) -> None:
    path = tmp_path / "x"
    if form == "zip":
        torch.save(theirs(), path)
    else:
        save_file(theirs(), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: kept if isinstance(kept, int) else int(len(whole) * kept)])
    with pytest.raises(WeightsError) as caught:
        read_tensors(as_file(path))
    assert str(path) in str(caught.value)
    assert "fetch it again" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_tensor_that_lacks_or_has_another_shape_or_is_not_finite(tmp_path: Path) -> None:
    state = theirs()
    cases = {
        "no tensor conv1.weight": {k: v for k, v in state.items() if k != "features.0.weight"},
        "of shape": {**state, "features.0.weight": torch.zeros(64, 3, 5, 5)},
        "not finite": {**state, "features.0.weight": torch.full((64, 3, 3, 3), torch.nan)},
    }
    for message, tensors in cases.items():
        path = tmp_path / f"{message}.pth"
        torch.save(tensors, path)
        with pytest.raises(WeightsError, match=message):
            read_tensors(as_file(path))


def test_a_whole_model_or_a_list_is_not_a_state_dict(tmp_path: Path) -> None:
    for i, content in enumerate(([torch.zeros(3)], {"state_dict": {"x": 1}})):
        path = tmp_path / f"{i}.pth"
        torch.save(content, path)
        with pytest.raises(WeightsError, match="state dict"):
            read_tensors(as_file(path))


def halves(network: Autoencoder) -> dict[str, torch.Tensor]:
    return {name: tensor.half() for name, tensor in network.state_dict().items()}


@pytest.mark.parametrize(
    "metadata",
    [describe(Autoencoder, {"widths": [4, 6, 8]}), {"architecture": "lichen-autoencoder"}],
)
def test_an_autoencoder_comes_back_with_its_decoder(
    tmp_path: Path, metadata: dict[str, str]
) -> None:
    torch.manual_seed(0)
    network = Autoencoder([4, 6, 8])
    save_file(halves(network), tmp_path / "a.safetensors", metadata=metadata)
    found = read_network(tmp_path / "a.safetensors")
    assert isinstance(found, Autoencoder)
    image = torch.rand(1, 3, 17, 24)
    assert found.stride == 4
    torch.testing.assert_close(found(image), network(image), rtol=0.01, atol=0.01)  # float16
    assert found.state_dict().keys() == network.state_dict().keys()
    for name, tensor in found.state_dict().items():
        assert torch.equal(tensor, network.state_dict()[name].half().float())


def test_the_embedded_encoder_is_a_network_of_the_same_reader() -> None:
    found = read_network(EMBEDDED / "encoder.safetensors")
    assert isinstance(found, Encoder)
    phi = load_features("encoder", rescale=False, precision="float32")
    image = torch.rand(1, 3, 24, 32)
    for name, maps in found(image, phi.layers, ("circular", "zero")).items():
        torch.testing.assert_close(maps, phi(image, [name], ("circular", "zero"))[name])


class Blur(torch.nn.Module, StoredNetwork):
    """A network that nobody else has heard of."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.kernel = torch.nn.Parameter(torch.zeros(side, side))


def test_a_network_is_registered_nowhere_but_in_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "blur.safetensors"
    kernel = torch.rand(3, 3)
    save_file({"kernel": kernel}, path, metadata=describe(Blur, {"side": 3}))
    with pytest.raises(WeightsError, match=r"no network is named .*Blur"):
        read_network(path)  # a file may not decide what is imported
    found = read_network(path, Blur)
    assert isinstance(found, Blur)
    assert torch.equal(found.kernel, kernel)
    with pytest.raises(WeightsError, match=r"holds a .*Blur"):
        read_network(path, Autoencoder)
    module = ModuleType("lichen.networks.blur")
    module.Blur = Blur  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lichen.networks.blur", module)
    monkeypatch.setattr(Blur, "__module__", "lichen.networks.blur")
    save_file({"kernel": kernel}, path, metadata=describe(Blur, {"side": 3}))
    assert isinstance(read_network(path), Blur)


@pytest.mark.parametrize(
    "name",
    [
        "subprocess:Popen",
        "lichen.networks.vgg:random_weights",
        "lichen.networks.conv_stack:Normalize",
        "lichen.networks.nothing:Here",
        "lichen.networks.vgg",
        "lichen.networks.vgg:VGG19; import os",
        "lichen.networks..vgg:VGG19",
        "",
    ],
)
def test_a_file_may_name_networks_and_nothing_else(name: str) -> None:
    with pytest.raises(WeightsError, match="no network is named"):
        network_class(name)


@pytest.mark.parametrize(
    ("tensors", "metadata", "problem"),
    [
        ({"x": 1}, {}, "does not say which network"),
        ({"x": 1}, {"architecture": "small"}, "does not say which network"),
        ({"x": 1}, {"network": "os:system"}, "no network is named 'os:system'"),
        ({"x": 1}, describe(Autoencoder, {"widths": [4]}), "is not a lichen.networks.autoenc"),
        ({"kernel": 1}, describe(Blur, {"length": 3}), "is not a .*Blur: .*length"),
        ({"kernel": 1}, describe(Blur, {"side": 3}), "is not a .*Blur: "),
        ({"kernel": 1}, describe(Blur, {}) | {"parameters": "{"}, "is not a .*Blur: "),
        ({"conv1_1.weight": 1}, {"architecture": "lichen-encoder"}, "RGB or BGR|biases"),
    ],
)
def test_a_file_that_is_not_the_network_it_names_is_one_line(
    tmp_path: Path, tensors: dict[str, int], metadata: dict[str, str], problem: str
) -> None:
    path = tmp_path / "x.safetensors"
    save_file({name: torch.zeros(side) for name, side in tensors.items()}, path, metadata=metadata)
    expected = Blur if "Blur" in metadata.get("network", "") else None
    with pytest.raises(WeightsError, match=problem) as caught:
        read_network(path, expected)
    assert "\n" not in str(caught.value)
