"""A network whose maps can be read at named layers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Self

from torch import Tensor, nn

from lichen.nn.border import Border


class LayeredNetwork(nn.Module, ABC):
    """A map from an sRGB image to named feature maps.

    Attributes
    ----------
    layers
        All layer names, shallow to deep.
    strides
        Pixels of the image per position of the layer's map, by layer name.
    """

    layers: tuple[str, ...]
    strides: Mapping[str, int]

    @abstractmethod
    def forward(self, image: Tensor, layers: Sequence[str], border: Border) -> dict[str, Tensor]:
        """Compute the maps of ``layers``.

        Parameters
        ----------
        image
            Shape (B, 3, H, W), sRGB in [0, 1], float32 or float64.
        layers
            Names from ``self.layers``; computation stops at the deepest.
        border
            Border mode of rows and of columns, at every layer.

        Returns
        -------
        dict[str, Tensor]
            (B, C, H', W') maps in the precision of the weights, by layer name.
        """

    @abstractmethod
    def channels(self, layer: str) -> int:
        """Return the number of channels of a layer."""

    @abstractmethod
    def rescaled(self, mean_activations: Mapping[str, Tensor]) -> Self:
        """Return a copy whose filters are divided by their mean activations, (C,) by layer name.

        Each division is undone where the next layer reads the map, so that deeper responses are
        divided by their own means only.
        """
