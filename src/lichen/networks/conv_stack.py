"""A stack of 3x3 convolutions, ReLUs and 2x2 poolings: VGG-19 and all networks of its shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from typing import Self

from torch import Tensor
from torch.nn import functional as F

from lichen.errors import WeightsError
from lichen.networks.layered import LayeredNetwork
from lichen.nn.border import Border
from lichen.nn.convolution import convolve
from lichen.nn.normalization import Normalize
from lichen.nn.pooling import Pooling, pool
from lichen.weights.catalogue import InputNormalization
from lichen.weights.stored import StoredNetwork


class ConvStack(LayeredNetwork, StoredNetwork):
    """Blocks of convolutions and ReLUs with a pooling after each block, frozen.

    Layers are named ``conv{block}_{i}``, ``relu{block}_{i}`` and ``pool{block}``.

    Parameters
    ----------
    weights
        ``conv{block}_{i}.weight`` (C', C, 3, 3) and ``conv{block}_{i}.bias`` (C',).
    normalization
        How the network expects its pixels.
    pooling
        Average (Gatys et al.: "slightly cleaner" results) or max.
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
        self.conv_names = _conv_names(weights)
        self.layers = _layer_names(self.conv_names)
        self.strides = {name: 2 ** _halvings(name) for name in self.layers}
        for name in self.conv_names:
            self.register_buffer(f"{name}_weight", weights[f"{name}.weight"].detach().clone())
            self.register_buffer(f"{name}_bias", weights[f"{name}.bias"].detach().clone())
        self.normalize = Normalize(*astuple(normalization))

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> Self:
        """Make the network of a file that says itself how it expects its pixels."""
        return cls(tensors, InputNormalization.from_metadata(metadata))

    def weight(self, conv: str) -> Tensor:
        """Kernel of a convolution, shape (C', C, 3, 3)."""
        tensor: Tensor = getattr(self, f"{conv}_weight")
        return tensor

    def bias(self, conv: str) -> Tensor:
        """Bias of a convolution, shape (C',)."""
        tensor: Tensor = getattr(self, f"{conv}_bias")
        return tensor

    def channels(self, layer: str) -> int:
        """Return the number of channels of a layer."""
        upto = self.layers[: self.layers.index(layer) + 1]
        last = [name for name in upto if name.startswith("conv")][-1]
        return self.weight(last).shape[0]

    def forward(self, image: Tensor, layers: Sequence[str], border: Border) -> dict[str, Tensor]:
        """Compute the maps of ``layers``; see :class:`LayeredNetwork`."""
        wanted = set(layers)
        found: dict[str, Tensor] = {}
        x = self.normalize(image, self.weight(self.conv_names[0]).dtype)
        for name in self.layers:
            if len(found) == len(wanted):
                break
            if name.startswith("conv"):
                x = convolve(x, self.weight(name), self.bias(name), border)
            elif name.startswith("relu"):
                # In place unless the map before the ReLU was requested.
                before = name.replace("relu", "conv")
                x = F.relu(x, inplace=before not in wanted)
            else:
                x = pool(x, self.pooling, border)
            if name in wanted:
                found[name] = x
        return {name: found[name] for name in layers}

    def rescaled(self, mean_activations: Mapping[str, Tensor]) -> Self:
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
        return type(self)(weights, self.normalization, self.pooling)


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
