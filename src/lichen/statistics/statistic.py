"""What every E offers: a target from the exemplar's maps, and a loss against it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


class Statistic(ABC):
    """A summary of feature maps whose size does not depend on the picture's.

    Maps are (1, C, H, W) of any float type; summaries and losses are at least float32.
    ``weights`` are (1, 1, H, W) in [0, 1], the share of each position that may be used.
    """

    @abstractmethod
    def target(self, maps: Tensor, weights: Tensor | None = None) -> Any:
        """Summarise the exemplar's maps, once."""

    @abstractmethod
    def loss(self, maps: Tensor, target: Any) -> Tensor:
        """Distance of the maps' summary from the target: a scalar with a gradient."""

    @abstractmethod
    def energy(self, target: Any) -> float:
        """Loss of an all-zero summary: what a relative loss is divided by."""

    @abstractmethod
    def mix(self, targets: Sequence[Any], weights: Sequence[float]) -> Any:
        """Target between those of several exemplars, or beyond them where a weight is negative.

        ``weights`` sum to 1; with a weight of 1 the mixture is that target. Beyond them it is
        brought back to the nearest that a picture could have, as far as that can be told.
        """

    @abstractmethod
    def count(self, channels: int) -> int:
        """How many numbers are matched for a layer of ``channels`` channels."""


def statistics_dtype(maps: Tensor) -> torch.dtype:
    """Float32 for half precision maps, the maps' own type otherwise."""
    return torch.float64 if maps.dtype == torch.float64 else torch.float32


def weighted_sum(tensors: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Sum of tensors of one shape, each times its weight."""
    first, *others = (weight * one for one, weight in zip(tensors, weights, strict=True))
    return sum(others, start=first)


def positions(maps: Tensor) -> Tensor:
    """View (1, C, H, W) maps as (H * W, C); free of copying when they are channels-last."""
    return maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])


def check_weights(weights: Tensor | None, layer_size: tuple[int, int]) -> Tensor | None:
    """Flatten (1, 1, H, W) weights to (H * W,), summing to one; None for all-equal ones."""
    if weights is None:
        return None
    assert tuple(weights.shape[2:]) == layer_size
    flat = weights.reshape(-1)
    return flat / flat.sum()
