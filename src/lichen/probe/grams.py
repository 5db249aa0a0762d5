"""Gram matrices as fingerprints: of an exemplar, of a result, and while noise becomes texture.

L. A. Gatys, A. S. Ecker, M. Bethge, "Texture Synthesis Using Convolutional Neural Networks",
NIPS 2015: two pictures are of one texture, to the model, when these matrices agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lichen.errors import ImageError, ParameterError
from lichen.faces.python import iterate
from lichen.probe.subject import Picture, as_features, chosen_layers, compute_maps, pixels_of

if TYPE_CHECKING:
    from lichen.features.extractor import FeatureExtractor

Array = NDArray[np.float32]


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
        """Result less exemplar, (C, C)."""
        return self.result - self.exemplar

    @property
    def distance(self) -> float:
        """``||G - G*|| / ||G*||``."""
        norm = float(np.linalg.norm(self.exemplar))
        return float(np.linalg.norm(self.difference)) / max(norm, 1e-30)


@dataclass(frozen=True, eq=False)
class Moment:
    """The picture and its fingerprints after some iterations of a synthesis.

    Attributes
    ----------
    iteration
        0 for the noise that it starts from.
    fraction
        Share of the run's work done, 0 to 1.
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
) -> dict[str, Array]:
    """Compute the Gram matrix of each layer, ``F^T F / M`` over M positions.

    Parameters
    ----------
    image
        A picture file, or an array (H, W[, C]): uint8, uint16, or float in [0, 1].
    layers
        Names of layers; the network's own when None.
    network
        Name of a network, or one that is loaded.

    Returns
    -------
    dict
        float32 (C, C) by layer.
    """
    from lichen.statistics.gram import gram

    features = as_features(network)
    found = compute_maps(features, image, chosen_layers(features, layers))
    return {name: gram(maps).numpy() for name, maps in found.items()}


def compare_fingerprints(
    exemplar: Picture,
    result: Picture,
    layers: Sequence[str] | None = None,
    *,
    network: str | FeatureExtractor = "encoder",
) -> dict[str, FingerprintPair]:
    """Compute the fingerprints of two pictures of any sizes; parameters as fingerprints."""
    features = as_features(network)
    ours, theirs = (fingerprints(image, layers, network=features) for image in (exemplar, result))
    return {name: FingerprintPair(matrix, theirs[name]) for name, matrix in ours.items()}


def watch_fingerprints(
    exemplar: Picture,
    layers: Sequence[str] | None = None,
    *,
    network: str = "encoder",
    size: tuple[int, int] | None = None,
    iterations: int = 100,
    every: int = 1,
    seed: int = 0,
    **parameters: Any,
) -> Iterator[Moment]:
    """Synthesise with the method gatys and yield the fingerprints as they change.

    The run starts from soft noise of the exemplar's colours and stays at one scale, for a picture
    that is enlarged between scales would make its fingerprints jump.

    Parameters
    ----------
    exemplar
        A picture file, or an array (H, W[, C]), of at least 16 px a side.
    layers
        Layers that are shown, and matched; the network's own when None.
    network
        Name of a network.
    size
        (height, width); the exemplar's when None.
    iterations
        Of the solver.
    every
        A moment is yielded each so many iterations, and at the first and last.
    seed
        Same seed, same moments.
    **parameters
        Further parameters of gatys.
    """
    if every < 1:
        raise ParameterError(f"every = {every} is not allowed", "take at least each 1 iteration")
    features = as_features(network)
    names = chosen_layers(features, layers)
    pixels = pixels_of(exemplar)
    ours = fingerprints(pixels, names, network=features)

    def moment(iteration: int, fraction: float, image: Array) -> Moment:
        theirs = fingerprints(image, names, network=features)
        pairs = {name: FingerprintPair(ours[name], theirs[name]) for name in names}
        return Moment(iteration, fraction, image, pairs)

    start = soft_noise(pixels, size or pixels.shape[:2], seed)
    steps = iterate(
        pixels,
        method="gatys",
        size=start.shape[:2],
        init=start,
        seed=seed,
        **{
            "network": network,
            "layers": names,
            "levels": 1,
            "iterations": iterations,
            "precision": "float32",
            **parameters,
        },
    )

    def moments() -> Iterator[Moment]:
        yield moment(0, 0.0, start)
        for number, step in enumerate(steps, start=1):
            if number % every == 0 or step.fraction >= 1:
                yield moment(number, step.fraction, step.image)

    return moments()


def soft_noise(exemplar: Array, size: tuple[int, int], seed: int) -> Array:
    """Noise of the exemplar's colours, smoothed by a Gaussian of 1 px, (*size, C).

    Of white noise a checkerboard is left that deeper layers hardly see, after 100 iterations
    still; with this there is none, and the contrast is there sooner than from the faint noise of
    Gatys et al.
    """
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(colour_noise(exemplar, size, seed), (1, 1, 0), mode="reflect")


def colour_noise(exemplar: Array, size: tuple[int, int], seed: int) -> Array:
    """White Gaussian noise of the exemplar's mean colour and covariance, (*size, C) in [0, 1]."""
    colours = exemplar.reshape(-1, exemplar.shape[2]).astype(np.float64)
    if len(colours) < 2:
        raise ImageError("a single pixel has no covariance", "give a larger picture")
    values, axes = np.linalg.eigh(np.atleast_2d(np.cov(colours, rowvar=False)))
    drawn = np.random.default_rng(seed).standard_normal((*size, exemplar.shape[2]))
    noise = drawn * np.sqrt(values.clip(min=0)) @ axes.T + colours.mean(0)
    return noise.clip(0, 1).astype(np.float32)
