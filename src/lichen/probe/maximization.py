"""Activation maximization: pictures that a channel, or a direction in channel space, responds to.

D. Erhan, Y. Bengio, A. Courville, P. Vincent, "Visualizing Higher-Layer Features of a Deep Network"
(2009); regularizers of C. Olah, A. Mordvintsev, L. Schubert, "Feature Visualization" (Distill
2017): Fourier coordinates, decorrelated colours, jitter; and total variation.

Departures: pictures wrap around, and so do the network's borders, so that jitter is a cyclic shift
and no border matters. There is no random scaling or rotation: the layers that represent textures
have small receptive fields and no notion of pose. A layer after a ReLU is maximized through a leaky
one, since an inactive channel has no gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lichen.arrays import Array, FloatArray
from lichen.errors import ParameterError
from lichen.probe.inputs import compute_maps, load_network
from lichen.probe.interruption import ProbeInterruptedError
from lichen.run.inputs import Picture
from lichen.step import Step

if TYPE_CHECKING:
    from torch import Tensor

    from lichen.features.extractor import FeatureExtractor
    from lichen.nn.border import Border

CIRCULAR: Border = ("circular", "circular")
LEAK = 0.1
"""Slope below 0 while maximizing."""


@dataclass(frozen=True, eq=False)
class Maximized:
    """Pictures that N filters respond to most.

    Attributes
    ----------
    layer, network
        Where the filters are.
    directions
        float32 (N, C), each of length 1; that of a single channel has one entry.
    images
        float32 (N, S, S, 3) in [0, 1]; they wrap around.
    activation
        (N,) inner product of features and direction, mean over positions. A channel after a ReLU
        of a rescaled network has about 1 on natural images.
    before
        (N,) the same of the initial noise.
    """

    layer: str
    network: str
    directions: Array
    images: Array
    activation: Array
    before: Array


def maximize_channels(
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
    device: str = "auto",
    on_step: Callable[[Step], None] | None = None,
) -> Maximized:
    """Make pictures that maximize the mean activation of single channels of a layer.

    Parameters
    ----------
    layer, channels
        Name of a layer and numbers of its channels, from 0.
    network
        Name of a network, or a loaded one.
    size
        Side of the pictures, in pixels.
    iterations, learning_rate
        Number of iterations and step size of Adam.
    jitter
        Largest random shift before each iteration, in pixels along each axis.
    total_variation
        Weight of the mean absolute difference of neighbouring pixels.
    fourier
        Optimize Fourier coefficients in decorrelated colours; otherwise pixels.
    seed
        Same seed, same pictures.
    device
        ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``; a loaded network stays where it is.
    on_step
        Called after each iteration with the first picture.

    Raises
    ------
    UnknownNameError
        For a layer that the network lacks, with the nearest names.
    ParameterError
        For a channel that the layer lacks.
    ProbeInterruptedError
        On Ctrl-C; its ``so_far`` has the pictures after the last complete iteration.
    """
    features, device = load_network(network, device)
    n_channels = features.channels(layer)
    for channel in channels:
        if not 0 <= channel < n_channels:
            raise ParameterError(f"{layer} has no channel {channel}", f"use 0 to {n_channels - 1}")
    directions = np.eye(n_channels, dtype=np.float32)[list(channels)]
    return _maximize(
        features, device, layer, directions, size=size, iterations=iterations,
        learning_rate=learning_rate, jitter=jitter, total_variation=total_variation,
        fourier=fourier, seed=seed, on_step=on_step,
    )  # fmt: skip


def maximize_direction(
    layer: str,
    direction: FloatArray,
    *,
    network: str | FeatureExtractor = "encoder",
    size: int = 128,
    iterations: int = 200,
    learning_rate: float = 0.05,
    jitter: int = 8,
    total_variation: float = 0.0,
    fourier: bool = True,
    seed: int = 0,
    device: str = "auto",
    on_step: Callable[[Step], None] | None = None,
) -> Maximized:
    """Make a picture whose features point along a direction (C,) of a layer's channel space.

    The inner product of features and direction is weighted by the cosine between them, as in Olah
    et al.: without it the strongest channel of the direction would dominate. Other parameters as
    for :func:`maximize_channels`.
    """
    features, device = load_network(network, device)
    vector = np.asarray(direction, np.float32)
    n_channels = features.channels(layer)
    if vector.shape != (n_channels,) or not np.isfinite(vector).all() or not vector.any():
        raise ParameterError(
            f"`direction` has the shape {vector.shape}, or is not finite, or is all 0",
            f"{layer} needs {n_channels} finite numbers, not all 0",
        )
    directions = (vector / np.linalg.norm(vector))[None]
    return _maximize(
        features, device, layer, directions, size=size, iterations=iterations,
        learning_rate=learning_rate, jitter=jitter, total_variation=total_variation,
        fourier=fourier, seed=seed, on_step=on_step, by_angle=True,
    )  # fmt: skip


def principal_direction(
    image: Picture,
    layer: str,
    *,
    network: str | FeatureExtractor = "encoder",
    rank: int = 0,
    device: str = "auto",
) -> Array:
    """Return the direction of a picture's strongest features: an eigenvector of its Gram matrix.

    Parameters
    ----------
    image, layer, network, device
        As for :func:`lichen.probe.fingerprints`.
    rank
        0 for the largest eigenvalue, 1 for the next.

    Returns
    -------
    NDArray
        float32 (C,) of length 1, its largest entry by magnitude positive.
    """
    from lichen.statistics.gram import gram

    features, device = load_network(network, device)
    features.check_layers([layer])
    if not 0 <= rank < features.channels(layer):
        raise ParameterError(
            f"`rank` = {rank} is not allowed", f"use 0 to {features.channels(layer) - 1}"
        )
    matrix = gram(compute_maps(features, device, image, [layer])[layer]).cpu().double().numpy()
    vector = np.linalg.eigh(matrix)[1][:, -1 - rank]
    vector *= np.sign(vector[np.abs(vector).argmax()])
    return vector.astype(np.float32)


def _maximize(
    features: FeatureExtractor,
    device: str,
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
) -> Maximized:
    import torch
    from torch.nn import functional as F

    from lichen.nn.device import out_of_memory
    from lichen.probe.fourier import draw
    from lichen.solve.adam import adam

    _check(size, iterations, jitter, total_variation)
    generator = torch.Generator().manual_seed(seed)  # on the CPU: the same numbers on every device
    targets = torch.from_numpy(directions).to(device)
    start = 0.01 * torch.randn((len(targets), 3, size, size), generator=generator).to(device)
    if not fourier:
        start = start + 0.5

    def picture(point: Tensor) -> Tensor:
        return draw(point) if fourier else point

    before_relu = layer.replace("relu", "conv")
    linear = before_relu if before_relu in features.layers else layer

    def value_and_gradient(point: Tensor) -> tuple[float, Tensor, dict[str, float]]:
        point = point.requires_grad_()
        image = picture(point)
        shift = torch.randint(-jitter, jitter + 1, (2,), generator=generator).tolist()
        moved = image.roll(shift, (2, 3))
        maps = features(moved, [linear], CIRCULAR)[linear]
        if linear != layer:
            maps = F.leaky_relu(maps, LEAK)
        along = _along(maps, targets)  # (N, H', W')
        if by_angle:
            cosine = along / maps.norm(dim=1).clamp(min=1e-6)
            along = along * cosine.clamp(min=LEAK)
        gain = along.mean((1, 2)).sum()
        loss = total_variation * variation(image).sum() - gain
        (gradient,) = torch.autograd.grad(loss, point)
        return float(loss.detach()), gradient, {"activation": float(gain.detach()) / len(targets)}

    def measure(point: Tensor) -> Array:
        with torch.no_grad():
            maps = features(picture(point), [layer], CIRCULAR)[layer]
            return _along(maps, targets).mean((1, 2)).cpu().numpy()

    def maximized(point: Tensor) -> Maximized:
        return Maximized(
            layer, features.network, directions, _pixels(picture(point)), measure(point),
            measure(start),
        )  # fmt: skip

    point = start
    bounds = (-torch.inf, torch.inf) if fourier else (0.0, 1.0)
    iterates = adam(
        value_and_gradient, start, iterations=iterations, learning_rate=learning_rate,
        lower=bounds[0], upper=bounds[1],
    )  # fmt: skip
    try:
        with out_of_memory(device, (size, size)):
            for done, iterate in enumerate(iterates, start=1):
                point = iterate.point
                if on_step is not None:
                    losses = {"total": iterate.loss, **iterate.parts}
                    first = _pixels(picture(point[:1]))[0]
                    on_step(Step(first, losses, 0, 1, done, iterations, done / iterations))
    except KeyboardInterrupt:
        if point is start:
            raise
        raise ProbeInterruptedError(maximized(point)) from None
    return maximized(point)


def variation(image: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring pixels on the torus, (B, C, H, W) -> (B,)."""
    steps = ((image - image.roll(1, axis)).abs().mean((1, 2, 3)) for axis in (2, 3))
    return sum(steps) / 2  # type: ignore[return-value]


def _along(maps: Tensor, directions: Tensor) -> Tensor:
    """Inner product of each picture's features with its direction, (N, H', W')."""
    import torch

    return torch.einsum("nchw,nc->nhw", maps, directions)


def _pixels(images: Tensor) -> Array:
    array = images.detach().permute(0, 2, 3, 1).cpu().numpy()
    return np.ascontiguousarray(array.clip(0, 1), dtype=np.float32)


def _check(size: int, iterations: int, jitter: int, total_variation: float) -> None:
    for name, value, minimum in (
        ("size", size, 8), ("iterations", iterations, 1), ("jitter", jitter, 0),
        ("total_variation", total_variation, 0),
    ):  # fmt: skip
        if value < minimum:
            raise ParameterError(f"`{name}` = {value} is not allowed", f"use {minimum} or more")
