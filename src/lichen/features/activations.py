"""Mean activation of each filter over natural images, to rescale filters to mean 1.

Gatys, Ecker and Bethge (2015) rescaled VGG-19 so that every filter's mean activation over images
and positions is 1. The means come from natural images and not from the exemplar: on a grey or
plain exemplar some filters never fire, and dividing by their mean would make the loss explode.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from lichen.atomic import atomic_path
from lichen.errors import LichenError
from lichen.features.extractor import FeatureExtractor
from lichen.features.natural_images import VERSION, natural_images
from lichen.nn.border import REFLECT
from lichen.weights.folders import cache_folder

FLOOR = 0.05
"""Minimum mean activation, as a fraction of the median of its layer.

A filter that hardly ever fires on the natural images may fire on an exemplar; divided by its
tiny mean it would outweigh all others. With this floor no filter is amplified more than 20 times
as much as a typical one of its layer.
"""


@runtime_checkable
class Rescalable(Protocol):
    """A φ whose filters can be divided by their mean activations."""

    def rescaled(self, mean_activations: Mapping[str, Tensor]) -> FeatureExtractor:
        """Divide each filter by its mean activation, (C,) by layer name."""
        ...


def rectified_layers(features: FeatureExtractor) -> tuple[str, ...]:
    """Return the layers after ReLUs: all except those of convolutions and poolings."""
    return tuple(name for name in features.layers if not name.startswith(("conv", "pool")))


def mean_activations(
    features: FeatureExtractor, key: str | None = None, longest_side: int = 256
) -> dict[str, Tensor]:
    """Return the mean activation of each filter over the natural images, with :data:`FLOOR`.

    Parameters
    ----------
    features
        A φ in float32, before rescaling.
    key
        Key of the cached means, which identifies weights and settings. None caches nothing.
    longest_side
        Of the images, in pixels.

    Returns
    -------
    dict[str, Tensor]
        (C,) positive float32 means for each layer after a ReLU.
    """
    cached = None
    if key is not None:
        cached = cache_folder() / "activations" / f"{key}-set{VERSION}-{longest_side}px.safetensors"
        means = _read(cached, features)
        if means is not None:
            return _floored(means)
    means = measure(features, longest_side)
    if cached is not None:
        _write(cached, means)
    return _floored(means)


@torch.no_grad()
def measure(features: FeatureExtractor, longest_side: int = 256) -> dict[str, Tensor]:
    """Return the mean of each filter over all positions of all natural images, without a floor."""
    layers = rectified_layers(features)
    sums = {name: torch.zeros(features.channels(name), dtype=torch.float64) for name in layers}
    positions = dict.fromkeys(layers, 0)
    for image in natural_images(longest_side):
        for name, maps in features(image, layers, REFLECT).items():
            sums[name] += maps.double().sum((0, 2, 3))
            positions[name] += maps.shape[2] * maps.shape[3]
    return {name: (sums[name] / positions[name]).float() for name in layers}


def _floored(means: Mapping[str, Tensor]) -> dict[str, Tensor]:
    floored = {}
    for name, mean in means.items():
        alive = mean[mean > 0]
        typical = float(alive.median()) if alive.numel() else 1.0
        floored[name] = mean.clamp(min=FLOOR * typical)
    return floored


def _read(path: Path, features: FeatureExtractor) -> dict[str, Tensor] | None:
    """Read cached means; None when there are none, or a file that does not fit this φ."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        means = load_file(path)
    except (OSError, SafetensorError):
        return None  # missing or damaged: measure again
    expected = {name: (features.channels(name),) for name in rectified_layers(features)}
    fits = {name: tuple(mean.shape) for name, mean in means.items()} == expected
    return means if fits else None


def _write(path: Path, means: Mapping[str, Tensor]) -> None:
    """Cache means; if the cache cannot be written they are measured again next time."""
    from safetensors.torch import save

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary:
            temporary.write_bytes(save(dict(means)))
    except (OSError, LichenError):
        return
