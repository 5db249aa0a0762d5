"""What a filter looks for: pictures that a channel, or a direction in channel space, answers to.

D. Erhan, Y. Bengio, A. Courville, P. Vincent, "Visualizing Higher-Layer Features of a Deep Network"
(2009); regularisers of C. Olah, A. Mordvintsev, L. Schubert, "Feature Visualization" (Distill
2017): Fourier coordinates, decorrelated colours, jitter; and total variation.

Departures: pictures wrap around, and so does what the network sees, so that jitter is a shift of
the whole picture and nothing happens at borders. There is no random scaling or rotation: the
layers that textures are made of have neither large fields nor poses. A layer after a ReLU is
maximised through a leaky one, for an asleep channel has no gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lichen.errors import ParameterError
from lichen.probe.interruption import ProbeInterruptedError
from lichen.probe.subject import Picture, as_features, compute_maps
from lichen.step import Step

if TYPE_CHECKING:
    from torch import Tensor

    from lichen.features.extractor import FeatureExtractor
    from lichen.nn.border import Border

Array = NDArray[np.float32]

AROUND: Border = ("circular", "circular")
LEAK = 0.1
"""Slope below 0, while maximising."""


@dataclass(frozen=True, eq=False)
class Maximised:
    """Pictures that N filters answer to.

    Attributes
    ----------
    layer, network
        Where the filters are.
    directions
        float32 (N, C), each of length 1; a single channel's has one entry.
    images
        float32 (N, S, S, 3) in [0, 1]; they wrap around.
    activation
        (N,) mean over positions of the features' product with the direction. A channel after a
        ReLU of a rescaled network has about 1 on natural images.
    before
        (N,) the same of the noise that was begun with.
    """

    layer: str
    network: str
    directions: Array
    images: Array
    activation: Array
    before: Array


def maximise_channels(
    layer: str,
    channels: Sequence[int],
    *,
    network: str | FeatureExtractor = "encoder",
    size: int = 128,
    iterations: int = 200,
    learning_rate: float = 0.05,
    jitter: int = 8,
    total_variation: float = 0.0,
    fourier: bool = True,
    seed: int = 0,
    on_step: Callable[[Step], None] | None = None,
) -> Maximised:
    """Make pictures that single channels of a layer answer to, everywhere in the picture.

    Parameters
    ----------
    layer, channels
        Name of a layer and numbers of its channels, from 0.
    network
        Name of a network, or one that is loaded.
    size
        Side of the pictures, in pixels.
    iterations, learning_rate
        Of Adam.
    jitter
        Pictures are shifted by up to so many pixels each way before each look; 0 for none.
    total_variation
        Weight of the mean absolute difference of neighbouring pixels.
    fourier
        Optimise Fourier coefficients and decorrelated colours; otherwise pixels.
    seed
        Same seed, same pictures.
    on_step
        Called after each iteration with the first picture.

    Raises
    ------
    UnknownNameError
        For a layer that the network lacks, with the nearest names.
    ParameterError
        For a channel that the layer lacks.
    ProbeInterruptedError
        On Ctrl-C; its ``so_far`` has the pictures after the last whole iteration.
    """
    features = as_features(network)
    n_channels = features.channels(layer)
    for channel in channels:
        if not 0 <= channel < n_channels:
            raise ParameterError(
                f"{layer} has no channel {channel}", f"it has 0 to {n_channels - 1}"
            )
    directions = np.eye(n_channels, dtype=np.float32)[list(channels)]
    return _maximise(
        features, layer, directions, size=size, iterations=iterations,
        learning_rate=learning_rate, jitter=jitter, total_variation=total_variation,
        fourier=fourier, seed=seed, on_step=on_step,
    )  # fmt: skip


def maximise_direction(
    layer: str,
    direction: NDArray[np.floating],
    *,
    network: str | FeatureExtractor = "encoder",
    size: int = 128,
    iterations: int = 200,
    learning_rate: float = 0.05,
    jitter: int = 8,
    total_variation: float = 0.0,
    fourier: bool = True,
    seed: int = 0,
    on_step: Callable[[Step], None] | None = None,
) -> Maximised:
    """Make a picture whose features point along a direction (C,) of a layer's channel space.

    The product of features and direction is weighted by the cosine between them, as in Olah et
    al.: without it the strongest channel of the direction would be all that is seen. Other
    parameters as :func:`maximise_channels`.
    """
    features = as_features(network)
    vector = np.asarray(direction, np.float32)
    n_channels = features.channels(layer)
    if vector.shape != (n_channels,) or not np.isfinite(vector).all() or not vector.any():
        raise ParameterError(
            f"a direction of shape {vector.shape} is none of {layer}",
            f"give {n_channels} finite numbers, not all 0",
        )
    directions = (vector / np.linalg.norm(vector))[None]
    return _maximise(
        features, layer, directions, size=size, iterations=iterations,
        learning_rate=learning_rate, jitter=jitter, total_variation=total_variation,
        fourier=fourier, seed=seed, on_step=on_step, by_angle=True,
    )  # fmt: skip


def principal_direction(
    image: Picture,
    layer: str,
    *,
    network: str | FeatureExtractor = "encoder",
    rank: int = 0,
) -> Array:
    """Direction in which a picture's features are strongest: an eigenvector of its Gram matrix.

    Parameters
    ----------
    image, layer, network
        As for :func:`lichen.probe.fingerprints`.
    rank
        0 for the largest eigenvalue, 1 for the next.

    Returns
    -------
    NDArray
        float32 (C,) of length 1, its largest entry by magnitude positive.
    """
    from lichen.statistics.gram import gram

    features = as_features(network)
    features.check_layers([layer])
    if not 0 <= rank < features.channels(layer):
        raise ParameterError(
            f"rank = {rank} is not allowed", f"give 0 to {features.channels(layer) - 1}"
        )
    matrix = gram(compute_maps(features, image, [layer])[layer]).double().numpy()
    vector = np.linalg.eigh(matrix)[1][:, -1 - rank]
    vector *= np.sign(vector[np.abs(vector).argmax()])
    return vector.astype(np.float32)


def _maximise(
    features: FeatureExtractor,
    layer: str,
    directions: Array,
    *,
    size: int,
    iterations: int,
    learning_rate: float,
    jitter: int,
    total_variation: float,
    fourier: bool,
    seed: int,
    on_step: Callable[[Step], None] | None,
    by_angle: bool = False,
) -> Maximised:
    import torch
    from torch.nn import functional as F

    from lichen.probe.fourier import draw
    from lichen.solve.adam import adam

    _check(size, iterations, jitter, total_variation)
    generator = torch.Generator().manual_seed(seed)
    wanted = torch.from_numpy(directions)
    start = 0.01 * torch.randn((len(wanted), 3, size, size), generator=generator)
    if not fourier:
        start = start + 0.5

    def picture(point: Tensor) -> Tensor:
        return draw(point) if fourier else point

    before_relu = layer.replace("relu", "conv")
    awake = before_relu if before_relu in features.layers else layer

    def value_and_gradient(point: Tensor) -> tuple[float, Tensor, dict[str, float]]:
        point = point.requires_grad_()
        image = picture(point)
        shift = torch.randint(-jitter, jitter + 1, (2,), generator=generator).tolist()
        moved = image.roll(shift, (2, 3))
        maps = features(moved, [awake], AROUND)[awake]
        if awake != layer:
            maps = F.leaky_relu(maps, LEAK)
        along = _along(maps, wanted)  # (N, H', W')
        if by_angle:
            cosine = along / maps.norm(dim=1).clamp(min=1e-6)
            along = along * cosine.clamp(min=LEAK)
        gain = along.mean((1, 2)).sum()
        loss = total_variation * variation(image).sum() - gain
        (gradient,) = torch.autograd.grad(loss, point)
        return float(loss.detach()), gradient, {"activation": float(gain.detach()) / len(wanted)}

    def measure(point: Tensor) -> Array:
        with torch.no_grad():
            maps = features(picture(point), [layer], AROUND)[layer]
            return _along(maps, wanted).mean((1, 2)).numpy()

    def found(point: Tensor) -> Maximised:
        return Maximised(
            layer, features.network, directions, _pixels(picture(point)), measure(point),
            measure(start),
        )  # fmt: skip

    point = start
    bounds = (-torch.inf, torch.inf) if fourier else (0.0, 1.0)
    try:
        for done, iterate in enumerate(
            adam(
                value_and_gradient, start, iterations=iterations, learning_rate=learning_rate,
                lower=bounds[0], upper=bounds[1],
            ),
            start=1,
        ):  # fmt: skip
            point = iterate.point
            if on_step is not None:
                losses = {"total": iterate.loss, **iterate.parts}
                first = _pixels(picture(point[:1]))[0]
                on_step(Step(first, losses, 0, 1, done, iterations, done / iterations))
    except KeyboardInterrupt:
        if point is start:
            raise
        raise ProbeInterruptedError(found(point)) from None
    return found(point)


def variation(image: Tensor) -> Tensor:
    """Mean absolute difference of neighbours on the torus, (B, C, H, W) -> (B,)."""
    steps = ((image - image.roll(1, axis)).abs().mean((1, 2, 3)) for axis in (2, 3))
    return sum(steps) / 2  # type: ignore[return-value]


def _along(maps: Tensor, directions: Tensor) -> Tensor:
    """Products of each picture's features with its direction, (N, H', W')."""
    import torch

    return torch.einsum("nchw,nc->nhw", maps, directions)


def _pixels(images: Tensor) -> Array:
    array = images.detach().permute(0, 2, 3, 1).numpy()
    return np.ascontiguousarray(array.clip(0, 1), dtype=np.float32)


def _check(size: int, iterations: int, jitter: int, total_variation: float) -> None:
    for name, value, least in (
        ("size", size, 8), ("iterations", iterations, 1), ("jitter", jitter, 0),
        ("total_variation", total_variation, 0),
    ):  # fmt: skip
        if value < least:
            raise ParameterError(f"{name} = {value} is not allowed", f"give at least {least}")
