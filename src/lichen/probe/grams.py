"""Gram matrices as fingerprints: of an exemplar, of a result, and while noise becomes texture.

L. A. Gatys, A. S. Ecker, M. Bethge, "Texture Synthesis Using Convolutional Neural Networks",
NIPS 2015: to the model, two pictures show the same texture when these matrices agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lichen.arrays import Array, Size
from lichen.errors import ParameterError
from lichen.probe.inputs import (
    Download,
    compute_maps,
    load_network,
    pixels_of,
    select_layers,
)
from lichen.probe.noise import soft_noise
from lichen.run import verbs
from lichen.run.inputs import Picture
from lichen.run.loop import Run

if TYPE_CHECKING:
    from lichen.features.extractor import FeatureExtractor


@dataclass(frozen=True, eq=False)
class FingerprintPair:
    """Gram matrices of one layer, of an exemplar and of a result.

    Attributes
    ----------
    exemplar, result
        float32 (C, C).
    """

    exemplar: Array
    result: Array

    @property
    def difference(self) -> Array:
        """Result minus exemplar, (C, C)."""
        return self.result - self.exemplar

    @property
    def distance(self) -> float:
        """Relative distance, ``||G - G*|| / ||G*||``."""
        norm = float(np.linalg.norm(self.exemplar))
        return float(np.linalg.norm(self.difference)) / max(norm, 1e-30)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The picture and its fingerprints after some iterations of a synthesis.

    Attributes
    ----------
    iteration
        0 for the initial noise.
    fraction
        Fraction of the run that is done, 0 to 1.
    image
        float32 (H, W, C) in [0, 1].
    pairs
        Fingerprints of exemplar and picture by layer.
    """

    iteration: int
    fraction: float
    image: Array
    pairs: Mapping[str, FingerprintPair]


def fingerprints(
    image: Picture,
    layers: Sequence[str] | None = None,
    *,
    network: str | FeatureExtractor = "encoder",
    device: str = "auto",
) -> dict[str, Array]:
    """Compute the Gram matrix of each layer, ``F^T F / M`` over M positions.

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
        float32 (C, C) by layer.
    """
    from lichen.statistics.gram import gram

    features, device = load_network(network, device)
    found = compute_maps(features, device, image, select_layers(features, layers))
    return {name: gram(maps).cpu().numpy() for name, maps in found.items()}


def compare_fingerprints(
    exemplar: Picture,
    result: Picture,
    layers: Sequence[str] | None = None,
    *,
    network: str | FeatureExtractor = "encoder",
    device: str = "auto",
) -> dict[str, FingerprintPair]:
    """Compute the fingerprints of two pictures of any sizes; parameters as fingerprints."""
    features, device = load_network(network, device)
    ours, theirs = (
        fingerprints(image, layers, network=features, device=device) for image in (exemplar, result)
    )
    return {name: FingerprintPair(matrix, theirs[name]) for name, matrix in ours.items()}


def watch_fingerprints(
    exemplar: Picture,
    layers: Sequence[str] | None = None,
    *,
    network: str = "encoder",
    size: Size | None = None,
    iterations: int = 100,
    every: int = 1,
    seed: int = 0,
    device: str = "auto",
    report_download: Download | None = None,
    **parameters: Any,
) -> Iterator[Snapshot]:
    """Synthesize with the method gatys and yield the fingerprints as they change.

    The run starts from soft noise of the exemplar's colours and stays at one scale: enlarging the
    picture between scales would make its fingerprints jump.

    Parameters
    ----------
    exemplar
        A picture file, or an array (H, W[, C]), at least 16 px on each side.
    layers
        Layers that are shown, and matched; the network's default ones when None.
    network
        Name of a network.
    size
        (height, width); the exemplar's when None.
    iterations
        Number of iterations of the solver.
    every
        Iterations from one snapshot to the next; the first and the last are always yielded.
    seed
        Same seed, same snapshots.
    device
        ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
    report_download
        Called while weights are downloaded.
    **parameters
        Further parameters of gatys.
    """
    if every < 1:
        raise ParameterError(f"`every` = {every} is not allowed", "use 1 or more")
    features, device = load_network(network, device, report_download=report_download)
    names = select_layers(features, layers)
    pixels = pixels_of(exemplar)
    ours = fingerprints(pixels, names, network=features, device=device)

    def snapshot(iteration: int, fraction: float, image: Array) -> Snapshot:
        theirs = fingerprints(image, names, network=features, device=device)
        pairs = {name: FingerprintPair(ours[name], theirs[name]) for name in names}
        return Snapshot(iteration, fraction, image, pairs)

    start = soft_noise(pixels, size or pixels.shape[:2], seed)
    own = {
        "network": network, "layers": names, "levels": 1, "iterations": iterations,
        "precision": "float32",
    }  # fmt: skip
    run = Run(
        verbs.synthesize(
            pixels, method="gatys", size=start.shape[:2], init=start, seed=seed, device=device,
            **{**own, **parameters},
        )
    )  # fmt: skip

    def snapshots() -> Iterator[Snapshot]:
        yield snapshot(0, 0.0, start)
        for number, step in enumerate(run, start=1):
            if number % every == 0 or step.fraction >= 1:
                yield snapshot(number, step.fraction, step.image)

    return snapshots()
