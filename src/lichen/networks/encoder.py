"""Lichen's texture encoder: as it is trained, with batch norm, and as it is used, without.

``docs/encoder.md`` says what it is trained for.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lichen.networks.conv_stack import ConvStack
from lichen.networks.vgg import VGG19
from lichen.nn.normalization import Normalize

MEAN, STD = 0.5, 0.25
"""The network sees pixels as ``(image - MEAN) / STD``."""


class Encoder(ConvStack):
    """The trained encoder, batch norm folded into its convolutions, of any widths and depth."""

    former_name = "lichen-encoder"

    @classmethod
    def own_names(cls, names: Collection[str]) -> dict[str, str]:
        """Names of the convolutions; classifiers are left out."""
        return {name: name for name in names if name.startswith("conv")}

    @classmethod
    def fits(cls, names: Collection[str]) -> bool:
        """Whether there is a first convolution, no decoder, and not all of VGG-19."""
        decodes = any(name.startswith("decoder.") for name in names)
        return "conv1_1.weight" in names and not decodes and not VGG19.fits(names)


class EncoderNetwork(nn.Module):
    """Blocks of two 3x3 convolutions with batch norm and ReLU, average pooling between them.

    Each block's channel means and standard deviations go to a linear classifier of its own.

    Parameters
    ----------
    widths
        Channels of each block.
    n_classes
        Number of pictures to tell apart.
    """

    def __init__(self, widths: tuple[int, ...], n_classes: int) -> None:
        super().__init__()
        channels = [3, *(width for width in widths for _ in range(2))]
        pairs = list(itertools.pairwise(channels))
        self.normalize = Normalize("RGB", 1.0, (MEAN,) * 3, (STD,) * 3)
        self.convs = nn.ModuleList(nn.Conv2d(i, o, 3, padding=1, bias=False) for i, o in pairs)
        self.norms = nn.ModuleList(nn.BatchNorm2d(o) for _, o in pairs)
        self.heads = nn.ModuleList(
            nn.Sequential(nn.BatchNorm1d(2 * width), nn.Linear(2 * width, n_classes))
            for width in widths
        )

    def features(self, image: Tensor) -> list[Tensor]:
        """Maps of every ReLU, of (B, 3, H, W) images in [0, 1]."""
        maps, x = [], self.normalize(image, image.dtype)
        for number, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            if number and number % 2 == 0:
                x = F.avg_pool2d(x, 2)
            x = F.relu(norm(conv(x)))
            maps.append(x)
        return maps

    def forward(self, image: Tensor) -> list[Tensor]:
        """Class scores (B, classes) of each block."""
        scores = []
        for maps, head in zip(self.features(image)[1::2], self.heads, strict=True):
            flat = maps.float().flatten(2)
            deviation = (flat.var(2) + 1e-5).sqrt()
            scores.append(head(torch.cat([flat.mean(2), deviation], 1)))
        return scores


@torch.no_grad()
def folded(network: EncoderNetwork) -> dict[str, Tensor]:
    """Return the tensors of an :class:`Encoder`: convolutions with batch norm folded in."""
    found = {}
    for number, (conv, norm) in enumerate(zip(network.convs, network.norms, strict=True)):
        assert isinstance(conv, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        name = f"conv{number // 2 + 1}_{number % 2 + 1}"
        found[f"{name}.weight"] = (conv.weight * gain.view(-1, 1, 1, 1)).contiguous()
        found[f"{name}.bias"] = norm.bias - norm.running_mean * gain
    return found
