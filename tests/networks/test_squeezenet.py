from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from lichen.features.load import load_features
from lichen.networks.squeezenet import SqueezeNet
from lichen.weights.catalogue import row_named
from references.plain_squeezenet import plain_squeezenet

ZERO = ("zero", "zero")


def random_squeezenet(seed: int = 0) -> SqueezeNet:
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for name, shape in SqueezeNet.shapes().items():
        fan_in = shape[1] * shape[2] * shape[3] if len(shape) == 4 else 100
        weights[name] = torch.randn(shape, generator=generator) * (2 / fan_in) ** 0.5
    normalization = row_named("squeezenet1_1-torchvision").normalization
    assert normalization is not None
    return SqueezeNet(weights, normalization)


@pytest.mark.parametrize("size", [(64, 96), (65, 67), (17, 17), (31, 49)])
def test_zero_borders_are_the_original(weights_dir: Path, size: tuple[int, int]) -> None:
    archive = Path(__file__).resolve().parents[3] / "shared/weights/squeezenet_v1_1_fp16.npz"
    if not archive.is_file():
        pytest.skip("the authors' archive (../shared/weights) is not on this machine")
    with np.load(archive) as tensors:
        weights = {name: torch.from_numpy(tensors[name]).float() for name in tensors.files}
    file = weights_dir / "squeezenet1_1-caffe.safetensors"
    net = load_features(
        "squeezenet", weights=file, pooling="max", rescale=False, precision="float32"
    )
    image = torch.rand((1, 3, *size), generator=torch.Generator().manual_seed(0))
    expected = plain_squeezenet(image, weights)
    layers = [name for name in net.layers if name in expected]
    assert layers == ["relu1", "pool1", "fire2", "fire3", "pool3", "fire4", "fire5", "pool5"] + [
        f"fire{k}" for k in range(6, 10)
    ]
    for name, maps in net(image, layers, ZERO).items():
        torch.testing.assert_close(maps, expected[name], rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("pooling", ["average", "max"])
def test_rescaling_divides_each_layer_by_its_means_and_nothing_else(pooling: str) -> None:
    plain = random_squeezenet()
    plain.pooling = pooling  # type: ignore[assignment]
    generator = torch.Generator().manual_seed(1)
    rectified = [name for name in plain.layers if not name.startswith("pool")]
    means = {n: 0.1 + 5 * torch.rand(plain.channels(n), generator=generator) for n in rectified}
    image = torch.rand((1, 3, 64, 64), generator=generator)
    before = plain(image, plain.layers, ("reflect", "circular"))
    after = plain.rescaled(means)(image, plain.layers, ("reflect", "circular"))
    unpooled = {"pool1": "relu1", "pool3": "fire3", "pool5": "fire5"}
    for name in plain.layers:
        expected = before[name] / means[unpooled.get(name, name)].view(1, -1, 1, 1)
        torch.testing.assert_close(after[name], expected, rtol=1e-3, atol=1e-3)


def test_channels_and_strides_are_those_of_the_maps() -> None:
    net = random_squeezenet()
    maps: dict[str, Tensor] = net(torch.rand(1, 3, 64, 96), net.layers, ("circular", "circular"))
    for name in net.layers:
        stride = net.strides[name]
        assert maps[name].shape == (1, net.channels(name), 64 // stride, 96 // stride)
