"""A fully convolutional autoencoder: an image of any size in, one of the same size out.

The encoder has the names, convolutions, poolings and borders of a
:class:`~lichen.networks.conv_stack.ConvStack`, so that what is trained is what synthesis uses.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from math import ceil
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lichen.arrays import Size
from lichen.nn.border import REFLECT, Border
from lichen.nn.convolution import convolve
from lichen.nn.normalization import Normalize
from lichen.nn.pooling import pool
from lichen.weights.stored import StoredNetwork

MEAN, STD = 0.5, 0.25
"""The filters see pixels as ``(image - MEAN) / STD``."""


class Autoencoder(nn.Module, StoredNetwork):
    """3x3 convolutions and ReLUs with average poolings between, and their mirror image.

    The decoder upsamples by nearest neighbours and convolves, which leaves no checkerboard. There
    are no skip connections, and no layer is fully connected. There is one convolution per block and
    no batch norm: in trainings of a few minutes a second one, or batch norm, made it worse.

    Parameters
    ----------
    widths
        Channels of each block; the last block's are the code, one position per ``stride`` pixels
        along each axis.

    Attributes
    ----------
    stride
        2 to the power of the number of blocks less one.
    """

    former_name = "lichen-autoencoder"

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.stride = 2 ** (len(widths) - 1)
        self.normalize = Normalize("RGB", 1.0, (MEAN,) * 3, (STD,) * 3)
        self.n_blocks = len(widths)
        for block, (channels, width) in enumerate(itertools.pairwise([3, *widths]), start=1):
            self.add_module(f"conv{block}_1", _convolution(channels, width))
        self.decoder = nn.ModuleDict()
        for number, (deeper, width) in enumerate(itertools.pairwise(widths[::-1])):
            self.decoder[str(number)] = _convolution(deeper, width)
        self.decoder["last"] = last = _convolution(widths[0], 3)
        with torch.no_grad():  # start near grey, where the first steps from noise would lead
            last.weight.mul_(0.1)

    def forward(self, image: Tensor, border: Border = REFLECT) -> Tensor:
        """Encode and decode (B, 3, H, W) images in [0, 1]; the result may leave that range."""
        height, width = image.shape[2:]
        return self.decode(self.encode(image, border), (height, width), border)

    def encode(self, image: Tensor, border: Border = REFLECT) -> Tensor:
        """Encode (B, 3, H, W) images in [0, 1]: (B, C, ceil(H / stride), ceil(W / stride))."""
        x = self.normalize(image, image.dtype)
        for block in range(1, self.n_blocks + 1):
            if block > 1:
                x = pool(x, "average", border)
            x = F.relu(_apply(self.get_submodule(f"conv{block}_1"), x, border))
        return x

    def decode(self, code: Tensor, size: Size | None = None, border: Border = REFLECT) -> Tensor:
        """Decode codes (B, C, h, w) to images, whose values may leave [0, 1].

        Parameters
        ----------
        code
            The result of :meth:`encode`, or anything of that shape.
        size
            Height and width of the images, which must have codes of this size;
            (h stride, w stride) when None.
        border
            Border mode of rows and of columns, at every layer.
        """
        height, width = size or (code.shape[2] * self.stride, code.shape[3] * self.stride)
        if code.shape[2:] != (ceil(height / self.stride), ceil(width / self.stride)):
            raise ValueError(f"an image of {height}x{width} has no code of {tuple(code.shape[2:])}")
        x, step = code, self.stride
        for number in range(self.n_blocks - 1):
            step //= 2
            x = F.interpolate(x, scale_factor=2.0)[
                :, :, : ceil(height / step), : ceil(width / step)
            ]
            x = F.relu(_apply(self.decoder[str(number)], x, border))
        return _apply(self.decoder["last"], x, border) * STD + MEAN

    @classmethod
    def fits(cls, names: Collection[str]) -> bool:
        """Whether there is a first convolution and a decoder."""
        return "conv1_1.weight" in names and any(name.startswith("decoder.") for name in names)

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> Self:
        """Make the network of a file, with the widths of its tensors."""
        filters = {name: len(tensor) for name, tensor in tensors.items() if name.endswith("weight")}
        n_blocks = sum(name.startswith("conv") for name in filters)
        network = cls([filters[f"conv{block}_1.weight"] for block in range(1, n_blocks + 1)])
        network.load_state_dict(dict(tensors))
        return network


def _convolution(channels_in: int, channels_out: int) -> nn.Conv2d:
    conv = nn.Conv2d(channels_in, channels_out, 3)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return conv


def _apply(conv: nn.Module, x: Tensor, border: Border) -> Tensor:
    assert isinstance(conv, nn.Conv2d)
    assert conv.bias is not None
    return convolve(x, conv.weight, conv.bias, border)
