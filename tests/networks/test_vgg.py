from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from lichen.features.load import load_features
from lichen.networks.conv_stack import ConvStack
from lichen.networks.vgg import VGG19, random_weights
from lichen.nn.pooling import Pooling
from references.plain_vgg import plain_vgg19

ZERO = ("zero", "zero")


@pytest.fixture(scope="module")
def image() -> Tensor:
    return torch.rand((1, 3, 64, 96), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def torchvision_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state dict as torchvision writes it, with made-up numbers and a classifier."""
    ours = random_weights(3)
    state = {name: ours[own] for name, own in VGG19.torchvision_names().items()}
    generator = torch.Generator().manual_seed(4)
    for name, tensor in state.items():
        if name.endswith("bias"):
            tensor.copy_(0.1 * torch.randn(tensor.shape, generator=generator))
    state["classifier.0.bias"] = torch.zeros(4096)
    path = tmp_path_factory.mktemp("vgg") / "mine.pth"
    torch.save(state, path)
    return path


def assert_same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    for name, maps in found.items():
        scale = float(expected[name].abs().mean()) + 1e-12
        torch.testing.assert_close(maps / scale, expected[name] / scale, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("pooling", ["average", "max"])
def test_every_layer_of_the_caffe_network_is_as_in_the_paper(
    weights_dir: Path, image: Tensor, pooling: Pooling
) -> None:
    file = weights_dir / "vgg19-caffe.safetensors"
    vgg = load_features("vgg19", weights=file, pooling=pooling, rescale=False, precision="float32")
    assert vgg.network.startswith("vgg19-caffe sha256:")
    assert len(vgg.layers) == 16 + 16 + 5
    assert_same(vgg(image, vgg.layers, ZERO), plain_vgg19(image, load_file(file), "caffe", pooling))


@pytest.mark.parametrize("pooling", ["average", "max"])
def test_a_torchvision_file_has_its_own_normalization(
    torchvision_file: Path, image: Tensor, pooling: Pooling
) -> None:
    vgg = load_features(
        "vgg19", weights=torchvision_file, pooling=pooling, rescale=False, precision="float32"
    )
    assert vgg.network.startswith("vgg19-torchvision sha256:")
    state = torch.load(torchvision_file, weights_only=True)
    weights = {own: state[name] for name, own in VGG19.torchvision_names().items()}
    layers = ("conv1_1", "relu2_2", "pool3", "conv4_1", "pool5")
    assert_same(vgg(image, layers, ZERO), plain_vgg19(image, weights, "torchvision", pooling))


def test_the_default_layers_have_the_paper_s_number_of_statistics(torchvision_file: Path) -> None:
    vgg = load_features("vgg19", weights=torchvision_file, rescale=False)
    widths = [vgg.channels(layer) for layer in vgg.default_layers]
    # Gatys, Ecker and Bethge 2015, figure 3: about 177k parameters.
    assert sum(n * (n + 1) // 2 for n in widths) == 176_640


def test_rescaling_divides_each_layer_by_its_means_and_nothing_else(image: Tensor) -> None:
    plain, image = small_stack().double(), image.double()
    layers = [name for name in plain.layers if name.startswith("relu")]
    generator = torch.Generator().manual_seed(5)
    means = {
        name: 0.2 + 10 * torch.rand(plain.channels(name), generator=generator) for name in layers
    }
    rescaled = plain.rescaled(means)
    for border in (ZERO, ("circular", "reflect")):
        before = plain(image, plain.layers, border)
        after = rescaled(image, plain.layers, border)
        for name in plain.layers:
            last = [relu for relu in layers if plain.layers.index(relu) <= plain.layers.index(name)]
            relu = name.replace("conv", "relu") if name.startswith("conv") else last[-1]
            expected = before[name] / means[relu].view(1, -1, 1, 1)
            torch.testing.assert_close(after[name], expected, rtol=1e-9, atol=1e-9)


def small_stack(pooling: Pooling = "average") -> ConvStack:
    from lichen.features.random_vgg import NORMALIZATION

    generator = torch.Generator().manual_seed(2)
    weights = {}
    widths = {"conv1_1": (3, 4), "conv1_2": (4, 5), "conv2_1": (5, 6), "conv3_1": (6, 4)}
    for name, (n_in, n_out) in widths.items():
        weights[f"{name}.weight"] = torch.randn((n_out, n_in, 3, 3), generator=generator) / 3
        weights[f"{name}.bias"] = torch.randn((n_out,), generator=generator)
    return ConvStack(weights, NORMALIZATION, pooling)
