"""Distances in parametric models: Portilla-Simoncelli statistics, and Gram matrices of VGG-19."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from lichen.arrays import Array
from lichen.features.extractor import FeatureExtractor

N_CROPS = 12
SIDE = 128
"""Largest side of the crops: at this size the 710 statistics have converged."""

GRAM_LAYERS = ("relu1_1", "pool1", "pool2", "pool3", "pool4")
GRAM_SIDE = 512


def portilla_simoncelli_distance(
    exemplar: Array, result: Array, side: int, device: str = "cpu"
) -> float:
    """Distance of Portilla-Simoncelli statistics in standard deviations (card B3, annex M1b).

    The statistics of random crops are averaged over each picture; their difference is divided by
    the standard deviation over the exemplar's crops, which are as many and as large. Root mean
    square over each group of the paper, then mean over the groups, and over luminance and the two
    chromatic principal components of the exemplar's colours.

    Parameters
    ----------
    exemplar, result
        (H, W, C), with the same C.
    side
        Side of the crops, in pixels, at most that of either picture.
    device
        Where they are measured, as torch names it.
    """
    side = min(side, SIDE)
    return float(
        np.mean(
            [
                _plane_distance(ours, theirs, side, device)
                for ours, theirs in zip(*_planes(exemplar, result), strict=True)
            ]
        )
    )


def gram_distances(exemplar: Array, result: Array, device: str = "cpu") -> dict[str, float] | None:
    """Relative distance of VGG-19's Gram matrices by layer, ||G - G*|| / ||G*||.

    None if the weights of VGG-19 are not on this machine: they are not downloaded for this.
    """
    from lichen.errors import WeightsError
    from lichen.weights.lookup import find_weights

    try:
        find_weights("vgg19", download=False)
    except WeightsError:
        return None
    from lichen.features.load import load_features

    vgg = load_features("vgg19", precision="float32", device=device)
    ours, theirs = _grams(vgg, exemplar, device), _grams(vgg, result, device)
    return {
        layer: float(np.linalg.norm(theirs[layer] - gram)) / max(float(np.linalg.norm(gram)), 1e-12)
        for layer, gram in ours.items()
    }


def _grams(features: FeatureExtractor, image: Array, device: str) -> dict[str, NDArray[np.float64]]:
    """Gram matrices by layer, means over a few squares of a large picture to bound the memory."""
    import torch

    from lichen.nn.tensor import to_tensor
    from lichen.statistics.gram import gram

    corners = [_starts(length) for length in image.shape[:2]]
    sums: dict[str, NDArray[np.float64]] = {}
    for y in corners[0]:
        for x in corners[1]:
            square = to_tensor(image[y : y + GRAM_SIDE, x : x + GRAM_SIDE], device)
            with torch.no_grad():
                maps = features(square.expand(-1, 3, -1, -1), GRAM_LAYERS, ("reflect", "reflect"))
                for layer, found in maps.items():
                    sums[layer] = sums.get(layer, 0) + gram(found).cpu().double().numpy()
    count = len(corners[0]) * len(corners[1])
    return {layer: total / count for layer, total in sums.items()}


def _starts(length: int) -> list[int]:
    """First pixels of the squares along one axis: at both ends and in the centre."""
    room = max(length - GRAM_SIDE, 0)
    return sorted({0, room // 2, room})


def _planes(exemplar: Array, result: Array) -> tuple[list[Array], list[Array]]:
    """Planes of both pictures: luminance and the exemplar's chromatic axes, or the grey channel."""
    import torch

    from lichen.features.colour_axes import principal_axes
    from lichen.image.colour import luminance

    ours, theirs = [luminance(exemplar)], [luminance(result)]
    if exemplar.shape[2] == 3:
        chroma = (exemplar - ours[0][..., None]).reshape(-1, 3)
        _, variances, axes = principal_axes(torch.from_numpy(chroma.T))
        for number in (2, 1):
            if variances[number] < 1e-6:  # three equal channels have no chroma to compare
                continue
            axis: Array = axes[:, number].numpy().astype(np.float32)
            ours.append(((exemplar - ours[0][..., None]) @ axis).astype(np.float32))
            theirs.append(((result - theirs[0][..., None]) @ axis).astype(np.float32))
    return ours, theirs


def _plane_distance(exemplar: Array, result: Array, side: int, device: str) -> float:
    expected, judged = (_statistics(plane, side, device) for plane in (exemplar, result))
    distances = []
    for group, ours in expected.items():
        spread = ours.std(0)
        used = spread > 1e-3 * max(float(np.abs(ours).mean()), 1e-6)
        if not used.any():
            continue
        z = (judged[group].mean(0) - ours.mean(0))[used] / spread[used]
        distances.append(np.sqrt(np.square(z).mean()))
    return float(np.mean(distances)) if distances else 0.0


def _statistics(plane: Array, side: int, device: str) -> dict[str, NDArray[np.float64]]:
    """Statistics of random crops of a plane (H, W) by group, (crops, statistics)."""
    import torch

    from lichen.portilla_simoncelli.statistics import largest_n_scales, pyramid_statistics

    generator = np.random.default_rng(0)
    room = np.array(plane.shape) - side + 1
    n_scales = min(4, largest_n_scales((side, side)))
    corners = generator.integers(0, room, (N_CROPS, 2))
    pixels = np.stack([plane[y : y + side, x : x + side] for y, x in corners])
    crops = torch.from_numpy(pixels).to(device)
    with torch.no_grad():
        groups = pyramid_statistics(crops, n_scales).groups()
    return {name: values.cpu().double().numpy() for name, values in groups.items()}
