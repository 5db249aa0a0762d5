"""Gatys' method as one would write it in plain PyTorch: the peer of gatys.py and devices.py.

Float32, NCHW, one scale, autograd through everything, ``torch.optim.LBFGS``; frozen parameters,
since weights in training mode alone would cost it 1.6x. The rescaled weights, layers and loss are
those that Lichen is run with: the mean over five layers of ||G - G*||^2 / ||G*||^2.
"""

from __future__ import annotations

import math
import time

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lichen.networks.conv_stack import ConvStack

LAYERS = ("relu1_1", "pool1", "pool2", "pool3", "pool4")


class PlainVGG(nn.Module):
    """VGG-19 to pool4 with average pooling and zero padding."""

    def __init__(self, source: ConvStack) -> None:
        super().__init__()
        self.norm = source.normalization
        self.mean = nn.Parameter(torch.tensor(self.norm.mean).view(1, 3, 1, 1))
        self.std = nn.Parameter(torch.tensor(self.norm.std).view(1, 3, 1, 1))
        names = list(source.layers[: source.layers.index("pool4") + 1])
        self.names = names
        self.convs = nn.ModuleDict()
        for name in names:
            if name.startswith("conv"):
                weight = source.weight(name).float().contiguous()
                conv = nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1)
                conv.weight.data.copy_(weight)
                conv.bias.data.copy_(source.bias(name).float())
                self.convs[name] = conv
        self.requires_grad_(False)

    def forward(self, image: Tensor) -> list[Tensor]:
        x = image.flip(1) if self.norm.order == "BGR" else image
        x = (x * self.norm.scale - self.mean) / self.std
        found = []
        for name in self.names:
            if name.startswith("conv"):
                x = self.convs[name](x)
            elif name.startswith("relu"):
                x = F.relu(x)
            else:
                x = F.avg_pool2d(x, 2)
            if name in LAYERS:
                found.append(x)
        return found


def gram(maps: Tensor) -> Tensor:
    features = maps.flatten(2)[0]
    return features @ features.T / features.shape[1]


class PlainLoss:
    """Mean over the layers of the squared relative distance of Gram matrices."""

    def __init__(self, vgg: PlainVGG, exemplar: Tensor) -> None:
        self.vgg = vgg
        with torch.no_grad():
            self.targets = [gram(maps) for maps in vgg(exemplar)]

    def __call__(self, image: Tensor) -> Tensor:
        grams = [gram(maps) for maps in self.vgg(image)]
        losses = [
            (ours - wanted).square().sum() / wanted.square().sum()
            for ours, wanted in zip(grams, self.targets, strict=True)
        ]
        return torch.stack(losses).mean()


def plain_synthesis(loss: PlainLoss, start: Tensor, iterations: int) -> list[tuple[float, float]]:
    """Minimize as the tutorials do; return (seconds, lowest loss) after each evaluation."""
    image = start.clone().requires_grad_()
    optimizer = torch.optim.LBFGS(
        [image],
        lr=1,
        max_iter=iterations,
        max_eval=10 * iterations,
        history_size=20,
        line_search_fn="strong_wolfe",
        tolerance_grad=0,  # the default would end the run early
        tolerance_change=0,
    )
    trace: list[tuple[float, float]] = []
    started = time.perf_counter()

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss(image)
        value.backward()
        lowest = min(float(value.detach()), trace[-1][1] if trace else math.inf)
        trace.append((time.perf_counter() - started, lowest))
        return value

    optimizer.step(closure)
    return trace
