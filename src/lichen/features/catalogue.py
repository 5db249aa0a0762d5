"""Every φ by name, for listings; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from lichen.errors import unknown_name
from lichen.weights.catalogue import ROWS


@dataclass(frozen=True)
class NetworkEntry:
    """One φ.

    Attributes
    ----------
    builder
        ``module:function`` that makes it from a :class:`lichen.features.load.Request`.
    summary
        One line for people.
    weights
        Network in the catalogue of weights whose file it reads; None if it reads none.
    rescalable
        Whether its filters can be rescaled to mean activation 1.
    statistic
        Default term on layers by which the method ``gatys`` matches it.
    fine_first
        Whether ``gatys`` weights its default layers by the inverse of their strides, not equally.
    """

    builder: str
    summary: str
    weights: str | None = None
    rescalable: bool = True
    statistic: str = "gram"
    fine_first: bool = False


NETWORKS: dict[str, NetworkEntry] = {
    "encoder": NetworkEntry(
        "lichen.features.encoder:build",
        "Lichen's own texture encoder, in the package: nothing to download",
        weights="encoder",
        # docs/encoder.md shows the effect of these two on it, and on VGG-19.
        statistic="whitened-gram",
        fine_first=True,
    ),
    "vgg19": NetworkEntry(
        "lichen.features.vgg:build",
        "VGG-19 trained on ImageNet, the network of Gatys et al. 2015",
        weights="vgg19",
    ),
    "squeezenet": NetworkEntry(
        "lichen.features.squeezenet:build",
        "SqueezeNet 1.1 trained on ImageNet: 5 MB",
        weights="squeezenet1_1",
    ),
    "autoencoder": NetworkEntry(
        "lichen.features.encoder:build",
        "the encoder of an autoencoder of your own (lichen train autoencoder)",
        weights="autoencoder",
    ),
    "random-vgg": NetworkEntry(
        "lichen.features.random_vgg:build",
        "VGG-19 with random weights (He, Wang and Hopcroft 2016)",
    ),
    "random-filters": NetworkEntry(
        "lichen.features.random_filters:build",
        "one layer of random filters of eight sizes (Ustyuzhaninov et al. 2017)",
    ),
    "pixels": NetworkEntry("lichen.features.pixels:build", "the image itself", rescalable=False),
}
"""All φ. A row of the catalogue of weights (``vgg19-caffe``) also names one."""


def entry_named(name: str) -> NetworkEntry:
    """Return the entry of a φ, or of the φ that reads a row of the catalogue of weights.

    Raises
    ------
    UnknownNameError
        When there is no such name.
    """
    if name in NETWORKS:
        return NETWORKS[name]
    for row in ROWS:
        if row.name == name:
            return next(e for e in NETWORKS.values() if e.weights == row.network)
    raise unknown_name("network", name, [*NETWORKS, *(row.name for row in ROWS)])
