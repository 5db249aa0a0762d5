"""The feature maps of a picture, and how single channels respond to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from lichen.arrays import Array
from lichen.errors import ParameterError
from lichen.probe.inputs import compute_maps, load_network, select_layers
from lichen.run.inputs import Picture

if TYPE_CHECKING:
    from lichen.features.extractor import FeatureExtractor

Order = Literal["variance", "index"]


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """Maps of some channels of one layer.

    Attributes
    ----------
    layer, network
        Where they are from.
    channels
        (N,) numbers of the channels, in the requested order.
    maps
        float32 (N, H', W').
    """

    layer: str
    network: str
    channels: NDArray[np.int64]
    maps: Array


@dataclass(frozen=True, eq=False)
class ChannelStatistics:
    """Summary of the activations of a layer's C channels over a picture.

    Attributes
    ----------
    layer, network
        Where they are from.
    mean, deviation, maximum
        (C,) over positions; for ReLU layers of a rescaled network in units of the filter's mean
        over natural images.
    silent
        (C,) fraction of positions at or below 0.
    sparsity
        (C,) ``(1 - mean^2 / mean square) / (1 - 1/M)`` over M positions (Vinje and Gallant 2000):
        0 for a constant map, 1 for a single active position or none.
    """

    layer: str
    network: str
    mean: Array
    deviation: Array
    maximum: Array
    silent: Array
    sparsity: Array

    @property
    def most_active(self) -> NDArray[np.int64]:
        """Channels by their mean, largest first, (C,)."""
        return np.argsort(-self.mean, kind="stable")


def activations(
    image: Picture,
    layers: Sequence[str] | None = None,
    *,
    network: str | FeatureExtractor = "encoder",
    device: str = "auto",
) -> dict[str, Array]:
    """Compute the feature maps of a picture.

    Parameters
    ----------
    image
        A picture file, or an array (H, W[, C]): uint8, uint16, or float in [0, 1].
    layers
        Names of layers; the network's default ones when None.
    network
        Name of a network, or a loaded one.
    device
        ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``; a loaded network stays where it is.

    Returns
    -------
    dict
        float32 (H', W', C) by layer.

    Raises
    ------
    UnknownNameError
        For a network or layer that does not exist, with the nearest names.
    """
    features, device = load_network(network, device)
    found = compute_maps(features, device, image, select_layers(features, layers))
    return {
        name: np.ascontiguousarray(maps[0].permute(1, 2, 0).float().cpu().numpy())
        for name, maps in found.items()
    }


def feature_maps(
    image: Picture,
    layer: str,
    *,
    network: str | FeatureExtractor = "encoder",
    count: int = 64,
    order: Order = "variance",
    device: str = "auto",
) -> FeatureMaps:
    """Compute the maps of at most ``count`` channels of a layer.

    Parameters
    ----------
    image, network, device
        As for :func:`activations`.
    layer
        Name of a layer.
    count
        Number of channels at most.
    order
        ``variance``: in descending order of variance over the picture; ``index``: the first ones.
    """
    if count < 1:
        raise ParameterError(f"`count` = {count} is not allowed", "use 1 or more")
    if order not in ("variance", "index"):
        raise ParameterError(f"`order` = {order!r} is not allowed", "use variance or index")
    features, device = load_network(network, device)
    maps = activations(image, [layer], network=features, device=device)[layer].transpose(2, 0, 1)
    channels = np.arange(len(maps))
    if order == "variance":
        channels = np.argsort(-maps.var((1, 2), dtype=np.float64), kind="stable")
    channels = channels[:count]
    return FeatureMaps(layer, features.network, channels, maps[channels])


def channel_statistics(
    image: Picture,
    layer: str,
    *,
    network: str | FeatureExtractor = "encoder",
    device: str = "auto",
) -> ChannelStatistics:
    """Summarize each channel of a layer over a picture; parameters as for :func:`feature_maps`."""
    features, device = load_network(network, device)
    maps = activations(image, [layer], network=features, device=device)[layer]
    values = maps.reshape(-1, maps.shape[2]).astype(np.float64)  # (M, C)
    mean, square = values.mean(0), np.square(values).mean(0)
    ratio = np.divide(mean**2, square, out=np.zeros_like(mean), where=square > 0)
    minimum = 1 / len(values)
    sparsity = (1 - ratio) / (1 - minimum) if len(values) > 1 else np.zeros_like(mean)
    summaries = (mean, values.std(0), values.max(0), (values <= 0).mean(0), sparsity.clip(0, 1))
    return ChannelStatistics(layer, features.network, *(s.astype(np.float32) for s in summaries))
