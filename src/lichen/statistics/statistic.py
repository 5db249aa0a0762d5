"""What every E provides: a target from the exemplar's maps, and a loss against it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


class Statistic(ABC):
    """A summary of feature maps; its size does not depend on theirs.

    Maps are (1, C, H, W) of any floating-point type, on any device; summaries and losses are at
    least float32. ``weights`` are (1, 1, H, W) in [0, 1], the usable fraction of each position.
    """

    @abstractmethod
    def target(self, maps: Tensor, weights: Tensor | None = None) -> Any:
        """Summarize the exemplar's maps, once."""

    @abstractmethod
    def loss(self, maps: Tensor, target: Any) -> Tensor:
        """Return the distance of the maps' summary from the target, a scalar with a gradient."""

    @abstractmethod
    def energy(self, target: Any) -> float:
        """Return the loss of an all-zero summary, by which a relative loss is divided."""

    @abstractmethod
    def mix(self, targets: Sequence[Any], weights: Sequence[float]) -> Any:
        """Interpolate between the targets of several exemplars, or extrapolate.

        ``weights`` sum to 1; where one is 1 the mixture is that target. Where one is negative, the
        mixture is projected onto the nearest target that an image can have, as far as known.
        """

    @abstractmethod
    def count(self, channels: int) -> int:
        """Return how many numbers are matched for a layer of ``channels`` channels."""


def statistics_dtype(maps: Tensor) -> torch.dtype:
    """Return float64 for maps of float64, otherwise float32."""
    return torch.float64 if maps.dtype == torch.float64 else torch.float32


def weighted_sum(tensors: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Return the weighted sum of tensors of one shape."""
    first, *others = (weight * one for one, weight in zip(tensors, weights, strict=True))
    return sum(others, start=first)


def symmetric_eigen(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Return eigenvalues (N,), ascending, and eigenvectors (N, N), in float64 on the CPU.

    Not every device has float64, and results should not depend on the device's solver.
    """
    values, vectors = torch.linalg.eigh(matrix.cpu().double())
    return values, vectors


def positions(maps: Tensor) -> Tensor:
    """View (1, C, H, W) maps as (H * W, C), without a copy if they are channels-last."""
    return maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])


def flat_weights(weights: Tensor | None, layer_size: tuple[int, int]) -> Tensor | None:
    """Flatten (1, 1, H, W) weights to (H * W,), normalized to sum to 1; None for equal ones."""
    if weights is None:
        return None
    assert tuple(weights.shape[2:]) == layer_size
    flat = weights.reshape(-1)
    return flat / flat.sum()
