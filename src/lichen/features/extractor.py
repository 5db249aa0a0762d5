"""The interface of every φ: layers by name, one forward pass, a choice of border mode."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from lichen.errors import unknown_name
from lichen.networks.layered import LayeredNetwork
from lichen.nn.border import Border


class FeatureExtractor(nn.Module, ABC):
    """A frozen map from an sRGB image to named feature maps.

    Attributes
    ----------
    network
        Name under which the network is recorded in results.
    layers
        All layer names, shallow to deep.
    default_layers
        The layers that are used when none are named.
    strides
        Pixels of the image per position of the layer's map, by layer name.
    """

    network: str
    layers: tuple[str, ...]
    default_layers: tuple[str, ...]
    strides: Mapping[str, int]

    @abstractmethod
    def forward(self, image: Tensor, layers: Sequence[str], border: Border) -> dict[str, Tensor]:
        """Compute the maps of ``layers``.

        Parameters
        ----------
        image
            Shape (B, 3, H, W), sRGB in [0, 1], float32 or float64, on the extractor's device.
        layers
            Names from ``self.layers``; computation stops at the deepest.
        border
            Border mode of rows and of columns, at every layer.

        Returns
        -------
        dict[str, Tensor]
            (B, C, H', W') maps in the extractor's own precision, by layer name.
        """

    @abstractmethod
    def channels(self, layer: str) -> int:
        """Return the number of channels of a layer."""

    def check_layers(self, layers: Sequence[str]) -> None:
        """Raise :class:`~lichen.errors.UnknownNameError` for a layer that this network lacks."""
        for layer in layers:
            if layer not in self.layers:
                raise unknown_name(f"layer of {self.network}", layer, self.layers)


class NetworkFeatures(FeatureExtractor):
    """The maps of a network as a φ: frozen, with a name and default layers.

    Parameters
    ----------
    network
        Name for provenance.
    inner
        The network.
    default_layers
        The layers that are used when none are named.
    """

    def __init__(
        self, network: str, inner: LayeredNetwork, default_layers: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.network = network
        self.inner = inner
        self.layers = inner.layers
        self.default_layers = tuple(default_layers)
        self.strides = inner.strides
        self.requires_grad_(False)

    def forward(self, image: Tensor, layers: Sequence[str], border: Border) -> dict[str, Tensor]:
        """Compute the maps of ``layers``; see :class:`FeatureExtractor`."""
        self.check_layers(layers)
        maps: dict[str, Tensor] = self.inner(image, layers, border)
        return maps

    def channels(self, layer: str) -> int:
        """Return the number of channels of a layer."""
        self.check_layers([layer])
        return self.inner.channels(layer)

    def rescaled(self, mean_activations: Mapping[str, Tensor]) -> NetworkFeatures:
        """Divide each filter by its mean activation, (C,) by layer name."""
        return NetworkFeatures(
            self.network, self.inner.rescaled(mean_activations), self.default_layers
        )
