"""SqueezeNet 1.1 (Iandola et al. 2016, arXiv 1602.07360) without its classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional as F

from lichen.networks.layered import LayeredNetwork
from lichen.nn.border import Border, pad, pad_by_one
from lichen.nn.normalization import Normalize
from lichen.nn.pooling import Pooling
from lichen.weights.catalogue import InputNormalization
from lichen.weights.stored import Shape, StoredNetwork

FIRE_MODULES = {
    "fire2": (64, 16, 64),
    "fire3": (128, 16, 64),
    "fire4": (128, 32, 128),
    "fire5": (256, 32, 128),
    "fire6": (256, 48, 192),
    "fire7": (384, 48, 192),
    "fire8": (384, 64, 256),
    "fire9": (512, 64, 256),
}
"""Channels in, squeezed, and of each of the two expansions."""

_TORCHVISION_POSITIONS = dict(zip(FIRE_MODULES, (3, 4, 6, 7, 9, 10, 11, 12), strict=True))

_POOLED = {"relu1": "pool1", "fire3": "pool3", "fire5": "pool5"}
"""The layers that a pooling follows."""


class SqueezeNet(LayeredNetwork, StoredNetwork):
    """A convolution and eight fire modules, frozen.

    Layers, shallow to deep: ``relu1``, ``pool1``, then for each fire module k from 2 to 9
    ``squeeze{k}`` and ``fire{k}`` (both after their ReLU, the two expansions of a fire module one
    after the other), with ``pool3`` after ``fire3`` and ``pool5`` after ``fire5``.

    The first convolution and the poolings, 3x3 of stride 2, start at positions 0, 2, 4, ... in
    every border mode. With ``zero`` borders they stop where the original stops. In the other
    modes the last window reaches beyond the border, so that H rows become ceil(H / 2), and with
    circular borders an image of a multiple of 16 rows, rolled by 16, gives rolled maps.

    Parameters
    ----------
    weights
        ``conv1.weight`` (64, 3, 3, 3), ``conv1.bias``, ``fire2.squeeze1x1.weight``, ...
    normalization
        How the network expects its pixels.
    pooling
        The original takes the maximum; the average is offered as for VGG-19.
    """

    def __init__(
        self,
        weights: Mapping[str, Tensor],
        normalization: InputNormalization,
        pooling: Pooling = "average",
    ) -> None:
        super().__init__()
        self.normalization = normalization
        self.pooling: Pooling = pooling
        self.layers = _layer_names()
        self.strides = _strides(self.layers)
        self.normalize = Normalize(*astuple(normalization))
        for name in _convolutions():
            key = name.replace(".", "_")
            for part in ("weight", "bias"):
                tensor = weights[f"{name}.{part}"].detach().clone()
                self.register_buffer(f"{key}_{part}", tensor)

    @classmethod
    def shapes(cls) -> dict[str, Shape]:
        """Return the shapes of all tensors by name."""
        kernels: dict[str, Shape] = {"conv1": (64, 3, 3, 3)}
        for fire, (channels_in, squeezed, expanded) in FIRE_MODULES.items():
            kernels[f"{fire}.squeeze1x1"] = (squeezed, channels_in, 1, 1)
            kernels[f"{fire}.expand1x1"] = (expanded, squeezed, 1, 1)
            kernels[f"{fire}.expand3x3"] = (expanded, squeezed, 3, 3)
        shapes: dict[str, Shape] = {}
        for name, shape in kernels.items():
            shapes[f"{name}.weight"] = shape
            shapes[f"{name}.bias"] = shape[:1]
        return shapes

    @classmethod
    def torchvision_names(cls) -> dict[str, str]:
        """Names in torchvision's state dict -> Lichen's."""
        modules = {"features.0": "conv1"}
        for fire, position in _TORCHVISION_POSITIONS.items():
            modules[f"features.{position}.squeeze"] = f"{fire}.squeeze1x1"
            modules[f"features.{position}.expand1x1"] = f"{fire}.expand1x1"
            modules[f"features.{position}.expand3x3"] = f"{fire}.expand3x3"
        return {
            f"{theirs}.{part}": f"{ours}.{part}"
            for theirs, ours in modules.items()
            for part in ("weight", "bias")
        }

    def weight(self, conv: str) -> Tensor:
        """Kernel (C', C, k, k) of ``conv1`` or of one such as ``fire2.expand3x3``."""
        tensor: Tensor = getattr(self, f"{conv.replace('.', '_')}_weight")
        return tensor

    def bias(self, conv: str) -> Tensor:
        """Bias (C',) of a convolution."""
        tensor: Tensor = getattr(self, f"{conv.replace('.', '_')}_bias")
        return tensor

    def channels(self, layer: str) -> int:
        """Return the number of channels of a layer."""
        unpooled = {pool: before for before, pool in _POOLED.items()}.get(layer, layer)
        if unpooled == "relu1":
            return self.weight("conv1").shape[0]
        if unpooled.startswith("squeeze"):
            return self.weight(f"fire{unpooled.removeprefix('squeeze')}.squeeze1x1").shape[0]
        return sum(self.weight(f"{unpooled}.expand{k}").shape[0] for k in ("1x1", "3x3"))

    def forward(self, image: Tensor, layers: Sequence[str], border: Border) -> dict[str, Tensor]:
        """Compute the maps of ``layers``; see :class:`LayeredNetwork`."""
        wanted = set(layers)
        found: dict[str, Tensor] = {}
        x = self.normalize(image, self.weight("conv1").dtype)
        for name in self.layers:
            if len(found) == len(wanted):
                break
            if name == "relu1":
                x = F.conv2d(
                    _pad_for_stride(x, border, least=3),
                    self.weight("conv1"),
                    self.bias("conv1"),
                    stride=2,
                )
                x = F.relu(x, inplace=True)
            elif name.startswith("pool"):
                x = _pool(x, self.pooling, border)
            elif name.startswith("squeeze"):
                x = self._convolve(x, f"fire{name.removeprefix('squeeze')}.squeeze1x1")
            else:
                wide = self._convolve(pad_by_one(x, border), f"{name}.expand3x3")
                x = torch.cat([self._convolve(x, f"{name}.expand1x1"), wide], dim=1)
            if name in wanted:
                found[name] = x
        return {name: found[name] for name in layers}

    def _convolve(self, x: Tensor, conv: str) -> Tensor:
        return F.relu(F.conv2d(x, self.weight(conv), self.bias(conv)), inplace=True)

    def rescaled(self, mean_activations: Mapping[str, Tensor]) -> Self:
        """Divide every filter by its mean activation, and multiply it back where it is read.

        Parameters
        ----------
        mean_activations
            ``relu1``, ``squeeze2``, ``fire2``, ... -> (C,) positive means over natural images.
        """
        weights: dict[str, Tensor] = {}

        def divide(conv: str, mean: Tensor, incoming: Tensor | None) -> None:
            weight = self.weight(conv) / mean.view(-1, 1, 1, 1)
            weights[f"{conv}.weight"] = (
                weight if incoming is None else weight * incoming.view(1, -1, 1, 1)
            )
            weights[f"{conv}.bias"] = self.bias(conv) / mean

        incoming = mean_activations["relu1"]
        divide("conv1", incoming, None)
        for fire in FIRE_MODULES:
            squeezed = mean_activations[fire.replace("fire", "squeeze")]
            expanded = mean_activations[fire]
            narrow = self.weight(f"{fire}.expand1x1").shape[0]
            divide(f"{fire}.squeeze1x1", squeezed, incoming)
            divide(f"{fire}.expand1x1", expanded[:narrow], squeezed)
            divide(f"{fire}.expand3x3", expanded[narrow:], squeezed)
            incoming = expanded
        return type(self)(weights, self.normalization, self.pooling)


def _convolutions() -> tuple[str, ...]:
    kinds = ("squeeze1x1", "expand1x1", "expand3x3")
    return ("conv1", *(f"{fire}.{kind}" for fire in FIRE_MODULES for kind in kinds))


def _layer_names() -> tuple[str, ...]:
    names = [
        "relu1",
        *(n for fire in FIRE_MODULES for n in (fire.replace("fire", "squeeze"), fire)),
    ]
    for before, pool in _POOLED.items():
        names.insert(names.index(before) + 1, pool)
    return tuple(names)


def _strides(layers: Sequence[str]) -> dict[str, int]:
    strides, stride = {}, 2
    for name in layers:
        stride *= 2 if name.startswith("pool") else 1
        strides[name] = stride
    return strides


def _pad_for_stride(x: Tensor, border: Border, least: int) -> Tensor:
    """Pad after the last row and column for windows of 3 at stride 2.

    Beyond a zero border nothing is added, as in the original, except to a map of fewer than
    ``least`` rows, which the original cannot take.
    """
    rows, columns = (
        max(0, least - size) if mode == "zero" else 1 + size % 2
        for size, mode in zip(x.shape[2:], border, strict=True)
    )
    return pad(x, (0, rows), (0, columns), border)


def _pool(x: Tensor, pooling: Pooling, border: Border) -> Tensor:
    # ceil_mode cuts the last window off at a zero border, and finds nothing to cut elsewhere.
    pool = F.max_pool2d if pooling == "max" else F.avg_pool2d
    return pool(_pad_for_stride(x, border, least=2), 3, stride=2, ceil_mode=True)
