"""SqueezeNet 1.1 as in its authors' Caffe description, as a list of layers."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class Fire(nn.Module):
    def __init__(self, weights: Mapping[str, Tensor], name: str) -> None:
        super().__init__()
        self.squeeze = convolution(weights, f"{name}.squeeze1x1")
        self.narrow = convolution(weights, f"{name}.expand1x1")
        self.wide = convolution(weights, f"{name}.expand3x3", padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.squeeze(x))
        return torch.cat([torch.relu(self.narrow(x)), torch.relu(self.wide(x))], dim=1)


def convolution(weights: Mapping[str, Tensor], name: str, **options: int) -> nn.Conv2d:
    weight = weights[f"{name}.weight"]
    layer = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2], **options)
    layer.load_state_dict({"weight": weight, "bias": weights[f"{name}.bias"]})
    return layer


def plain_squeezenet(image: Tensor, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Compute the layers of an image (1, 3, H, W), sRGB in [0, 1], with Caffe's preprocessing."""
    fires = {f"fire{k}": Fire(weights, f"fire{k}") for k in range(2, 10)}
    steps: dict[str, nn.Module] = {
        "conv1": convolution(weights, "conv1", stride=2),
        "relu1": nn.ReLU(),
        "pool1": nn.MaxPool2d(3, stride=2, ceil_mode=True),
    }
    for name, fire in fires.items():
        steps[name] = fire
        if name in ("fire3", "fire5"):
            steps[name.replace("fire", "pool")] = nn.MaxPool2d(3, stride=2, ceil_mode=True)
    x = 255 * image[:, [2, 1, 0]] - torch.tensor([104.0, 117.0, 123.0]).view(1, 3, 1, 1)
    maps = {}
    with torch.no_grad():
        for name, step in steps.items():
            x = step(x)
            maps[name] = x
    return maps
