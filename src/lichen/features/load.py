"""A φ by its name: found, rescaled, in the precision that suits its device, and moved there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from lichen.errors import ParameterError
from lichen.features.activations import Rescalable, mean_activations
from lichen.features.catalogue import NETWORKS, entry_named
from lichen.features.extractor import FeatureExtractor
from lichen.nn.pooling import Pooling
from lichen.nn.precision import Precision, allow_tf32, choose_precision, in_precision
from lichen.weights.catalogue import WeightsFile
from lichen.weights.lookup import Progress, find_weights


@dataclass(frozen=True)
class Request:
    """What a φ is made from.

    Attributes
    ----------
    file
        The weights, for a φ that reads some.
    pooling
        Average or max.
    seed
        Of random weights.
    """

    file: WeightsFile | None
    pooling: Pooling
    seed: int

    @property
    def weights(self) -> WeightsFile:
        """The file of weights, of a φ whose entry names one."""
        if self.file is None:
            raise ValueError("this network reads no weights")
        return self.file


def load_features(
    network: str,
    *,
    weights: Path | None = None,
    pooling: Pooling = "average",
    rescale: bool = True,
    precision: Precision = "auto",
    seed: int = 0,
    progress: Progress | None = None,
    device: str = "cpu",
) -> FeatureExtractor:
    """Make the φ of that name, frozen and ready to run on ``device``.

    Parameters
    ----------
    network
        ``encoder``, ``vgg19``, ``squeezenet``, ``autoencoder`` (with ``weights`` that you trained),
        ``random-vgg``, ``random-filters`` or ``pixels``; or a row of the catalogue of weights such
        as ``vgg19-caffe``.
    weights
        File or folder of weights, instead of looking them up.
    pooling
        ``average`` or ``max``, for the networks that pool.
    rescale
        Whether each filter is rescaled to mean activation 1 over natural images, as Gatys,
        Ecker and Bethge (2015) did. The first time takes some seconds.
    precision
        ``auto``, ``float32``, ``bfloat16`` or ``float64``; see
        :func:`lichen.nn.precision.choose_precision`, which looks at the device.
    seed
        Of the weights of ``random-vgg`` and ``random-filters``.
    progress
        Called during a download with name, bytes received and total.
    device
        As torch names it (``cpu``, ``cuda:0``). Random weights are drawn, and mean activations
        measured, on the CPU, so that they are the same on every device.

    Returns
    -------
    FeatureExtractor
        Its ``network`` names the weights and their checksum, or the seed.

    Raises
    ------
    UnknownNameError
        When no φ has the name.
    ParameterError
        When ``weights`` are named for a φ that reads none, or a setting is not allowed.
    WeightsError
        When the weights are absent or damaged.
    """
    entry = entry_named(network)
    if pooling not in ("average", "max"):
        raise ParameterError(f"pooling is {pooling!r}", "it may be average or max")
    dtype = choose_precision(precision, device)
    if device.startswith("cuda"):
        allow_tf32(precision == "auto")
    file = None
    if entry.weights is not None:
        wanted = entry.weights if network in NETWORKS else network
        file = find_weights(wanted, weights, progress=progress)
    elif weights is not None:
        raise ParameterError(f"the network {network} reads no weights", "leave weights out")
    features = _builder(entry.builder)(Request(file, pooling, seed))
    if rescale and entry.rescalable:
        key = None if file is None else f"{file.row.name}-{file.sha256[:16]}-{pooling}"
        means = mean_activations(features, key)
        features = cast(Rescalable, features).rescaled(means)
    return in_precision(features, dtype).to(device)


def _builder(where: str) -> Callable[[Request], FeatureExtractor]:
    module, _, function = where.partition(":")
    return cast("Callable[[Request], FeatureExtractor]", getattr(import_module(module), function))
