"""A fully convolutional autoencoder: any picture in, a picture of the same size out.

The encoder is a :class:`~lichen.features.conv_stack.ConvStack` whose filters can be trained: the
same names, convolutions, poolings and borders, so that what is trained is what synthesis uses.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lichen.features.conv_stack import convolve, pool
from lichen.features.extractor import Border

MEAN, STD = 0.5, 0.25
"""Of the pixels as the filters see them: ``(image - MEAN) / STD``."""

REFLECT: Border = ("reflect", "reflect")


class Autoencoder(nn.Module):
    """3x3 convolutions and ReLUs with average poolings between, and their mirror image.

    The decoder doubles by copying pixels and convolves, which leaves no checkerboard. Nothing
    leads around the code, and no layer is fully connected. There is one convolution a block and
    no batch norm: in a training of minutes both made it worse.

    Parameters
    ----------
    widths
        Channels of each block; the last one's are the code, 1 position for ``stride`` pixels
        along each axis.

    Attributes
    ----------
    stride
        2 to the number of blocks less one.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.stride = 2 ** (len(widths) - 1)
        self.encoder = nn.ModuleDict()
        before = 3
        for block, width in enumerate(widths, start=1):
            self.encoder[f"conv{block}_1"] = _convolution(before, width)
            before = width
        self.decoder = nn.ModuleList(
            _convolution(deeper, width)
            for deeper, width in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.last = _convolution(widths[0], 3)
        with torch.no_grad():  # begins near grey: from noise the first steps are spent to get there
            self.last.weight.mul_(0.1)

    def encode(self, image: Tensor, border: Border = REFLECT) -> Tensor:
        """Code of (B, 3, H, W) images in [0, 1]: (B, C, ceil(H / stride), ceil(W / stride))."""
        return self._encode(image, border)[0]

    def forward(self, image: Tensor, border: Border = REFLECT) -> Tensor:
        """Encode and decode (B, 3, H, W) images in [0, 1]; the result may leave that range."""
        x, sizes = self._encode(image, border)
        for conv, (height, width) in zip(self.decoder, reversed(sizes), strict=True):
            x = F.interpolate(x, scale_factor=2.0)[:, :, :height, :width]
            x = F.relu(_apply(conv, x, border))
        return _apply(self.last, x, border) * STD + MEAN

    def encoder_weights(self) -> dict[str, Tensor]:
        """Filters of the encoder under the names of a ConvStack."""
        return dict(self.encoder.state_dict())

    def _encode(self, image: Tensor, border: Border) -> tuple[Tensor, list[tuple[int, int]]]:
        """The code, and the sizes of the maps before each pooling."""
        x = ((image - MEAN) / STD).contiguous(memory_format=torch.channels_last)
        sizes: list[tuple[int, int]] = []
        for name, conv in self.encoder.items():
            if name != "conv1_1":
                sizes.append((x.shape[2], x.shape[3]))
                x = pool(x, "average", border)
            x = F.relu(_apply(conv, x, border))
        return x, sizes


def _convolution(channels_in: int, channels_out: int) -> nn.Conv2d:
    conv = nn.Conv2d(channels_in, channels_out, 3)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return conv


def _apply(conv: nn.Module, x: Tensor, border: Border) -> Tensor:
    assert isinstance(conv, nn.Conv2d)
    assert conv.bias is not None
    return convolve(x, conv.weight, conv.bias, border)
