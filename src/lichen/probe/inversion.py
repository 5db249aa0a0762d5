"""Content reconstruction: how much of a picture survives at a layer.

A. Mahendran, A. Vedaldi, "Understanding Deep Image Representations by Inverting Them" (CVPR 2015);
the layers conv1_2 to conv5_2 are those of L. A. Gatys, A. S. Ecker, M. Bethge, "A Neural Algorithm
of Artistic Style" (2015). For a picture x, with Φ the maps of one layer,

    y* = argmin_y  || Φ(y) - Φ(x) ||^2 / || Φ(x) ||^2  +  w TV(y),   0 <= y <= 1

where TV is the mean squared difference of neighbouring pixels, by L-BFGS from noise about mid-grey.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lichen.arrays import Array
from lichen.errors import ParameterError
from lichen.probe.inputs import load_network, pixels_of, to_input
from lichen.probe.interruption import ProbeInterruptedError
from lichen.run.inputs import Picture
from lichen.step import Step

if TYPE_CHECKING:
    from torch import Tensor

    from lichen.features.extractor import FeatureExtractor
    from lichen.nn.border import Border

MIRRORED: Border = ("reflect", "reflect")


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """A picture reconstructed from the maps of each of N layers.

    Attributes
    ----------
    network, layers
        Where the maps are from.
    original
        float32 (H, W, C).
    images
        float32 (N, H, W, 3) in [0, 1].
    feature_loss
        (N,) the remaining ``||Φ(y) - Φ(x)||^2 / ||Φ(x)||^2``.
    psnr
        (N,) of the pixels, in decibels; infinite for equal pictures.
    """

    network: str
    layers: tuple[str, ...]
    original: Array
    images: Array
    feature_loss: Array
    psnr: Array


def reconstruct(
    image: Picture,
    layers: Sequence[str] | None = None,
    *,
    network: str | FeatureExtractor = "encoder",
    iterations: int = 200,
    total_variation: float = 0.1,
    seed: int = 0,
    device: str = "auto",
    on_step: Callable[[Step], None] | None = None,
) -> Reconstruction:
    """Reconstruct a picture from the maps of each layer alone.

    Parameters
    ----------
    image
        A picture file, or an array (H, W[, C]): uint8, uint16, or float in [0, 1].
    layers
        Names of layers; conv1_2, conv2_2, ... of the network when None.
    network
        Name of a network, or a loaded one.
    iterations
        Number of iterations of L-BFGS, for each layer.
    total_variation
        Weight of the mean squared difference of neighbouring pixels, w above.
    seed
        Seed of the noise.
    device
        ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``; a loaded network stays where it is.
    on_step
        Called after each iteration.

    Raises
    ------
    UnknownNameError
        For a layer that the network lacks, with the nearest names.
    ProbeInterruptedError
        On Ctrl-C; its ``so_far`` has the layers so far, the last one as far as it got.
    """
    if iterations < 1:
        raise ParameterError(f"`iterations` = {iterations} is not allowed", "use 1 or more")
    if total_variation < 0:
        raise ParameterError(
            f"`total_variation` = {total_variation} is not allowed", "use 0 or more"
        )
    features, device = load_network(network, device)
    names = tuple(layers) if layers is not None else second_convolutions(features)
    features.check_layers(names)
    original = to_input(image, device).contiguous()
    images: dict[str, Array] = {}
    losses: dict[str, float] = {}
    interrupted = False
    try:
        for number, layer in enumerate(names):
            for step in _invert(features, layer, original, iterations, total_variation, seed):
                images[layer], losses[layer] = step.image, step.losses["features"]
                if on_step is not None:
                    fraction = (number + step.fraction) / len(names)
                    on_step(replace(step, level=number, n_levels=len(names), fraction=fraction))
    except KeyboardInterrupt:
        if not images:
            raise
        interrupted = True
    pixels = pixels_of(image)
    errors = [np.square(found - pixels, dtype=np.float64).mean() for found in images.values()]
    with np.errstate(divide="ignore"):
        psnr = -10 * np.log10(errors)
    reconstruction = Reconstruction(
        features.network, tuple(images), pixels, np.stack(list(images.values())),
        np.array(list(losses.values()), np.float32), psnr.astype(np.float32),
    )  # fmt: skip
    if interrupted:
        raise ProbeInterruptedError(reconstruction) from None
    return reconstruction


def second_convolutions(features: FeatureExtractor) -> tuple[str, ...]:
    """Return the layers conv1_2, conv2_2, ... of a network, or its default ones without any."""
    names = tuple(
        name for name in features.layers if name.startswith("conv") and name.endswith("_2")
    )
    return names or features.default_layers


def _invert(
    features: FeatureExtractor,
    layer: str,
    original: Tensor,
    iterations: int,
    total_variation: float,
    seed: int,
) -> Iterator[Step]:
    """Yield a step for each iteration at one layer."""
    import torch

    from lichen.nn.device import out_of_memory
    from lichen.nn.tensor import to_pixels
    from lichen.solve.lbfgs import lbfgs

    device, size = str(original.device), (original.shape[2], original.shape[3])

    with torch.no_grad(), out_of_memory(device, size):
        target = features(original, [layer], MIRRORED)[layer]
        scale = 1 / target.square().sum().clamp(min=1e-30)

    def value_and_gradient(point: Tensor) -> tuple[float, Tensor, dict[str, float]]:
        with out_of_memory(device, size):
            point = point.detach().requires_grad_()
            maps = features(point, [layer], MIRRORED)[layer]
            loss = (maps - target).square().sum() * scale
            total = loss + total_variation * roughness(point)
            (gradient,) = torch.autograd.grad(total, point)
        return float(total.detach()), gradient, {"features": float(loss.detach())}

    # Drawn on the CPU: the same numbers on every device.
    noise = torch.randn(original.shape, generator=torch.Generator().manual_seed(seed)).to(device)
    start, done = 0.5 + 0.05 * noise, 0
    for done, iterate in enumerate(
        lbfgs(value_and_gradient, start, iterations=iterations, lower=0.0, upper=1.0), start=1
    ):
        losses = {"total": iterate.loss, **iterate.parts}
        yield Step(to_pixels(iterate.point), losses, 0, 1, done, iterations, done / iterations)
    if done == 0:  # no step from the noise reduces the loss
        yield Step(to_pixels(start), value_and_gradient(start)[2], fraction=1.0)


def roughness(image: Tensor) -> Tensor:
    """Mean squared difference of neighbouring pixels, vertical and horizontal."""
    down, across = (image.diff(dim=axis).square().mean() for axis in (2, 3))
    return (down + across) / 2
