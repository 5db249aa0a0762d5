"""A stack of 3x3 convolutions, ReLUs and 2x2 poolings: VGG-19 and all networks of its shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from lichen.errors import WeightsError
from lichen.features.extractor import Border, FeatureExtractor, pad, pad_by_one
from lichen.weights.catalogue import InputNormalisation as InputNormalisation

Pooling = Literal["average", "max"]


class ConvStack(FeatureExtractor):
    """Blocks of convolutions and ReLUs with a pooling after each block, frozen.

    Layers are named ``conv{block}_{i}``, ``relu{block}_{i}`` and ``pool{block}``.

    Parameters
    ----------
    network
        Name for provenance.
    weights
        ``conv{block}_{i}.weight`` (C', C, 3, 3) and ``conv{block}_{i}.bias`` (C',).
    normalisation
        How the network wants its pixels.
    pooling
        Average (Gatys: "slightly cleaner" results) or max.
    default_layers
        The layers a method takes when its user names none.
    """

    _mean: Tensor
    _std: Tensor

    def __init__(
        self,
        network: str,
        weights: Mapping[str, Tensor],
        normalisation: InputNormalisation,
        pooling: Pooling = "average",
        default_layers: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.network = network
        self.normalisation = normalisation
        self.pooling: Pooling = pooling
        self.conv_names = _conv_names(weights)
        self.layers = _layer_names(self.conv_names)
        self.default_layers = tuple(default_layers)
        self.strides = {name: 2 ** _halvings(name) for name in self.layers}
        for name in self.conv_names:
            key = name.replace(".", "_")
            self.register_buffer(f"{key}_weight", weights[f"{name}.weight"].detach().clone())
            self.register_buffer(f"{key}_bias", weights[f"{name}.bias"].detach().clone())
        mean, std = torch.tensor(normalisation.mean), torch.tensor(normalisation.std)
        self.register_buffer("_mean", mean.view(1, 3, 1, 1))
        self.register_buffer("_std", std.view(1, 3, 1, 1))
        self.requires_grad_(False)

    def weight(self, conv: str) -> Tensor:
        """Kernel of a convolution, shape (C', C, 3, 3)."""
        tensor: Tensor = getattr(self, f"{conv}_weight")
        return tensor

    def bias(self, conv: str) -> Tensor:
        """Bias of a convolution, shape (C',)."""
        tensor: Tensor = getattr(self, f"{conv}_bias")
        return tensor

    def channels(self, layer: str) -> int:
        """Number of channels of a layer."""
        self.check_layers([layer])
        upto = self.layers[: self.layers.index(layer) + 1]
        last = [name for name in upto if name.startswith("conv")][-1]
        return self.weight(last).shape[0]

    def forward(self, image: Tensor, layers: Sequence[str], border: Border) -> dict[str, Tensor]:
        """Compute the maps of ``layers``; see :class:`FeatureExtractor`."""
        self.check_layers(layers)
        wanted = set(layers)
        found: dict[str, Tensor] = {}
        x = self._normalise(image)
        for name in self.layers:
            if len(found) == len(wanted):
                break
            if name.startswith("conv"):
                x = convolve(x, self.weight(name), self.bias(name), border)
            elif name.startswith("relu"):
                # In place unless somebody asked for the map before the ReLU.
                before = name.replace("relu", "conv")
                x = F.relu(x, inplace=before not in wanted)
            else:
                x = pool(x, self.pooling, border)
            if name in wanted:
                found[name] = x
        return {name: found[name] for name in layers}

    def _normalise(self, image: Tensor) -> Tensor:
        if self.normalisation.order == "BGR":
            image = image.flip(1)
        x = (image * self.normalisation.scale - self._mean) / self._std
        x = x.to(self.weight(self.conv_names[0]).dtype)
        return x.contiguous(memory_format=torch.channels_last)

    def rescaled(self, mean_activations: Mapping[str, Tensor]) -> ConvStack:
        """Divide every filter so that its mean activation becomes 1 (Gatys et al. 2015).

        The ReLU is positively homogeneous, so dividing a filter by its mean activation and
        multiplying the next layer's weights by it leaves all deeper responses as they were.

        Parameters
        ----------
        mean_activations
            ``relu{block}_{i}`` -> (C,) positive means over natural images.
        """
        weights: dict[str, Tensor] = {}
        incoming: Tensor | None = None
        for name in self.conv_names:
            mean = mean_activations[name.replace("conv", "relu")]
            weight = self.weight(name) / mean.view(-1, 1, 1, 1)
            weights[f"{name}.weight"] = weight if incoming is None else weight * incoming
            weights[f"{name}.bias"] = self.bias(name) / mean
            incoming = mean.view(1, -1, 1, 1)
        return ConvStack(
            self.network, weights, self.normalisation, self.pooling, self.default_layers
        )


def _conv_names(weights: Mapping[str, Tensor]) -> tuple[str, ...]:
    names = [key.removesuffix(".weight") for key in weights if key.endswith(".weight")]
    if not names or any(f"{name}.bias" not in weights for name in names):
        raise WeightsError(
            "the weights are not a stack of convolutions with biases",
            "expected conv1_1.weight, conv1_1.bias, conv1_2.weight, ...",
        )
    return tuple(sorted(names, key=_block_and_index))


def _block_and_index(name: str) -> tuple[int, int]:
    block, index = name.removeprefix("conv").split("_")
    return int(block), int(index)


def _layer_names(convs: Iterable[str]) -> tuple[str, ...]:
    names: list[str] = []
    block = 1
    for conv in convs:
        if _block_and_index(conv)[0] != block:
            names.append(f"pool{block}")
            block = _block_and_index(conv)[0]
        names += [conv, conv.replace("conv", "relu")]
    return (*names, f"pool{block}")


def _halvings(layer: str) -> int:
    if layer.startswith("pool"):
        return int(layer.removeprefix("pool"))
    return int(layer[4:].split("_")[0]) - 1


def convolve(x: Tensor, weight: Tensor, bias: Tensor, border: Border) -> Tensor:
    """Convolve (B, C, H, W) maps with (C', C, 3, 3) filters; the size stays."""
    if border == ("zero", "zero"):
        return F.conv2d(x, weight, bias, padding=1)
    return F.conv2d(pad_by_one(x, border), weight, bias)


def pool(x: Tensor, pooling: Pooling, border: Border) -> Tensor:
    """Halve (B, C, H, W) maps, odd sizes rounded up."""
    # An odd last row or column meets its neighbour beyond the border, so that no pixel is
    # dropped and a wrapped map stays wrapped; beyond a zero border that is a copy of itself.
    modes = tuple("replicate" if mode == "zero" else mode for mode in border)
    x = pad(x, (0, x.shape[2] % 2), (0, x.shape[3] % 2), (modes[0], modes[1]))
    return F.avg_pool2d(x, 2) if pooling == "average" else F.max_pool2d(x, 2)
