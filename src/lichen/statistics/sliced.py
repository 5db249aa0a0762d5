"""Sliced Wasserstein distance of patches (cards A11: Elnekave and Weiss 2022).

Random directions in the space of patches are convolutions of the image; along each one the
two samples are sorted and compared. Directions are drawn anew at every call.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from lichen.errors import ParameterError
from lichen.statistics.statistic import Statistic, statistics_dtype


class SlicedPatches(Statistic):
    """Mean absolute difference of sorted projections of all patches.

    Parameters
    ----------
    generator
        Source of the directions.
    patch
        Side of the patches, in pixels.
    directions
        Projections a call.
    wrap
        Whether the judged maps wrap around, rows and columns.
    """

    def __init__(
        self,
        generator: torch.Generator,
        patch: int = 7,
        directions: int = 64,
        wrap: tuple[bool, bool] = (False, False),
    ) -> None:
        if patch < 1 or directions < 1:
            raise ParameterError(
                f"patch = {patch}, directions = {directions} is not allowed", "use 1 or more"
            )
        self.generator = generator
        self.patch = patch
        self.directions = directions
        self.wrap = wrap

    def target(self, maps: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Keep the exemplar's maps, and which patches lie in usable pixels, (M,)."""
        usable = None
        if weights is not None:
            usable = F.avg_pool2d(weights, self.patch, stride=1).reshape(-1) > 0.999
        return maps.to(statistics_dtype(maps)), usable

    def loss(self, maps: Tensor, target: tuple[Tensor, Tensor | None]) -> Tensor:
        """L1 of sorted projections, averaged over positions and directions."""
        example, usable = target
        shape = (self.directions, maps.shape[1], self.patch, self.patch)
        filters = torch.randn(shape, generator=self.generator).to(example)
        filters = filters / filters.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
        reference = F.conv2d(example, filters)[0].flatten(1)  # (D, M*)
        if usable is not None:
            reference = reference[:, usable]
        ours = F.conv2d(self._wrapped(maps.to(example.dtype)), filters)[0].flatten(1)  # (D, M)
        ours, reference = ours.sort(dim=1).values, reference.sort(dim=1).values
        if reference.shape[1] != ours.shape[1]:
            reference = F.interpolate(reference[None], size=ours.shape[1], mode="linear")[0]
        return (ours - reference).abs().mean()

    def _wrapped(self, maps: Tensor) -> Tensor:
        for axis, wraps in ((2, self.wrap[0]), (3, self.wrap[1])):
            if wraps:
                maps = torch.cat([maps, maps.narrow(axis, 0, self.patch - 1)], dim=axis)
        return maps

    def energy(self, target: tuple[Tensor, Tensor | None]) -> float:
        """Mean absolute value of the maps."""
        return float(target[0].abs().mean())

    def count(self, channels: int) -> int:
        """Directions a call; over many calls the whole distribution of patches."""
        return self.directions
