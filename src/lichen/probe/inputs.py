"""The inputs of a probe: a picture, and a network on its device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lichen.arrays import Array
from lichen.errors import ImageError
from lichen.exemplar import as_exemplar
from lichen.run.inputs import Picture

if TYPE_CHECKING:
    from torch import Tensor

    from lichen.features.extractor import FeatureExtractor

Download = Callable[[str, int, int | None], None]
"""Called with (what, bytes done, bytes in all)."""


def pixels_of(picture: Picture) -> Array:
    """Return the pixels of a picture, float32 (H, W, C) in [0, 1], C 1 or 3.

    Raises
    ------
    ImageError
        If the picture has several maps, or a mask.
    """
    exemplar = as_exemplar(picture)
    if exemplar.channels not in (1, 3):
        raise ImageError(
            f"{exemplar.name} has {exemplar.channels} channels", "probe one of its maps"
        )
    if exemplar.mask is not None:
        raise ImageError(
            f"{exemplar.name} has masked or transparent pixels", "crop it to a part without any"
        )
    return exemplar.pixels


def to_input(picture: Picture, device: str = "cpu") -> Tensor:
    """Return a picture as the input of a network, (1, 3, H, W); grey is repeated."""
    from lichen.nn.tensor import to_tensor

    return to_tensor(pixels_of(picture), device).expand(-1, 3, -1, -1)


def load_network(
    network: str | FeatureExtractor,
    device: str = "auto",
    *,
    weights: Path | None = None,
    report_download: Download | None = None,
) -> tuple[FeatureExtractor, str]:
    """Load a network in float32, rescaled to mean activation 1.

    Parameters
    ----------
    network
        Its name, or a loaded network, which is returned as it is.
    device
        ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``. A loaded network stays where it is.
    weights
        File of its weights, instead of looking them up.
    report_download
        Called while weights are downloaded.

    Returns
    -------
    tuple
        The network, and the device that it computes on.
    """
    from lichen.features.load import load_features
    from lichen.nn.device import resolve_device

    if not isinstance(network, str):
        tensors = (*network.parameters(), *network.buffers())
        return network, str(tensors[0].device) if tensors else resolve_device(device)
    device = resolve_device(device)
    features = load_features(
        network, weights=weights, precision="float32", progress=report_download, device=device
    )
    return features, device


def select_layers(features: FeatureExtractor, layers: Sequence[str] | None) -> tuple[str, ...]:
    """Return the given layers, or the network's default ones.

    Raises
    ------
    UnknownNameError
        For a layer that the network lacks, with the nearest names.
    """
    names = tuple(layers) if layers is not None else features.default_layers
    features.check_layers(names)
    return names


def compute_maps(
    features: FeatureExtractor, device: str, picture: Picture, layers: Sequence[str]
) -> dict[str, Tensor]:
    """Compute the maps of a picture on a device, (1, C, H', W') by layer; borders are mirrored.

    Raises
    ------
    OutOfMemoryError
        With the size that would fit.
    """
    import torch

    from lichen.nn.device import out_of_memory

    image = to_input(picture, device)
    with torch.no_grad(), out_of_memory(device, (image.shape[2], image.shape[3])):
        return features(image, layers, ("reflect", "reflect"))
