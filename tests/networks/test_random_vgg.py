from __future__ import annotations

import pytest
import torch

from lichen.features.load import load_features
from lichen.networks.vgg import random_weights


def test_weights_have_he_s_variance_and_no_bias() -> None:
    for name, tensor in random_weights(0).items():
        if name.endswith("bias"):
            assert not tensor.any()
        else:
            fan_in = tensor[0].numel()
            assert float(tensor.std()) == pytest.approx((2 / fan_in) ** 0.5, rel=0.05)


def test_signals_neither_vanish_nor_explode_through_sixteen_layers() -> None:
    # What He's variance is for: E[relu(z)^2] = Var[z] / 2 keeps the second moment.
    net = load_features("random-vgg", rescale=False, precision="float32")
    noise = torch.rand((1, 3, 96, 96), generator=torch.Generator().manual_seed(0))
    maps = net(noise, ["relu1_1", "relu1_2"], ("circular", "circular"))
    ratio = maps["relu1_2"].square().mean() / maps["relu1_1"].square().mean()
    assert float(ratio) == pytest.approx(1.0, rel=0.3)


def test_same_seed_same_network() -> None:
    first, again, other = (random_weights(seed) for seed in (5, 5, 6))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["conv3_2.weight"], other["conv3_2.weight"])
