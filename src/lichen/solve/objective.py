"""The weighted sum: sum_j w_j || E_j(φ_j(y)) - E_j(φ_j(x)) ||."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lichen.errors import ImageError
from lichen.features.extractor import FeatureExtractor
from lichen.nn.border import REFLECT, Border
from lichen.solve.pyramid import level_size, shrink
from lichen.statistics.statistic import Statistic

USABLE = 0.999
"""Minimum mean of the mask over the pixels of a usable position; 1 up to rounding."""


@dataclass(frozen=True)
class Term:
    """One E on layers of one φ.

    Attributes
    ----------
    name
        Name under which its loss is reported.
    features, statistic
        φ and E.
    layers
        Weight of each layer.
    relative
        Whether the loss of each layer is divided by that of an all-zero summary, so that layers
        of any magnitude have equal weight.
    """

    name: str
    features: FeatureExtractor
    statistic: Statistic
    layers: Mapping[str, float]
    relative: bool = True


@dataclass(frozen=True)
class Example:
    """One exemplar, alone or in a mixture.

    Attributes
    ----------
    image
        (1, C, h, w) in [0, 1]; networks see C = 1 as grey.
    mask
        (1, 1, h, w), 1 where pixels may be used; None for everywhere.
    weight
        Its weight; those of a mixture sum to 1, and may be negative.
    """

    image: Tensor
    mask: Tensor | None = None
    weight: float = 1.0

    def colours(self) -> Tensor:
        """Return the usable pixels, (C, M)."""
        pixels = self.image[0].flatten(1)
        return pixels if self.mask is None else pixels[:, self.mask.flatten() > 0]

    def at(self, octaves: float) -> Example:
        """Return the exemplar ``octaves`` octaves below full size."""
        size = level_size((self.image.shape[2], self.image.shape[3]), octaves)
        mask = self.mask
        if mask is not None:
            mask = (shrink(mask, size) > USABLE).to(self.image.dtype)
        return replace(self, image=shrink(self.image, size), mask=mask)


@dataclass(frozen=True)
class _Goal:
    term: Term
    layer: str
    target: Any
    scale: float


class Objective:
    """Terms and their targets, which are computed once from the exemplar or mixed from several.

    Parameters
    ----------
    terms
        The terms of the sum.
    exemplar
        (1, C, h, w) in [0, 1]; networks see C = 1 as grey. Or the exemplars of a
        mixture, of any sizes, with masks of their own: each statistic mixes its targets.
    mask
        (1, 1, h, w), 1 where pixels of the exemplar may be used; None for everywhere.
    exemplar_border, border
        Border modes of the exemplars and of the image.

    Raises
    ------
    ImageError
        If a mask leaves no usable position of a layer.
    """

    def __init__(
        self,
        terms: Sequence[Term],
        exemplar: Tensor | Sequence[Example],
        mask: Tensor | None = None,
        exemplar_border: Border = REFLECT,
        border: Border = REFLECT,
    ) -> None:
        self.terms = tuple(terms)
        self.border = border
        examples = [Example(exemplar, mask)] if isinstance(exemplar, Tensor) else exemplar
        with torch.no_grad():
            self._goals = self._aim(examples, exemplar_border)

    def _aim(self, examples: Sequence[Example], border: Border) -> list[_Goal]:
        found = [self._targets(example, border) for example in examples]
        weights = [example.weight for example in examples]
        goals = []
        for number, (term, layer, target) in enumerate(found[0]):
            if len(found) > 1:
                target = term.statistic.mix([one[number][2] for one in found], weights)
            energy = term.statistic.energy(target) if term.relative else 1.0
            goals.append(_Goal(term, layer, target, term.layers[layer] / max(energy, 1e-30)))
        return goals

    def _targets(self, example: Example, border: Border) -> list[tuple[Term, str, Any]]:
        """Return the targets of one exemplar, by term and layer."""
        image, mask = example.image, example.mask
        filled = image if mask is None else _fill_with_mean(image, mask)
        targets = []
        for term, maps in self._maps(filled, border):
            for layer in term.layers:
                usable = None if mask is None else _usable_positions(mask, maps[layer], layer)
                targets.append((term, layer, term.statistic.target(maps[layer], usable)))
        return targets

    def _maps(self, image: Tensor, border: Border) -> list[tuple[Term, dict[str, Tensor]]]:
        """Run each φ once for all the terms that read it."""
        shown = image if image.shape[1] == 3 else image.expand(-1, 3, -1, -1)
        cache: dict[int, dict[str, Tensor]] = {}
        for features in {id(term.features): term.features for term in self.terms}.values():
            used = {
                layer for term in self.terms if term.features is features for layer in term.layers
            }
            ordered = [layer for layer in features.layers if layer in used]
            cache[id(features)] = features(shown, ordered, border)
        return [(term, cache[id(term.features)]) for term in self.terms]

    def __call__(self, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the total loss of an image (1, C, H, W), and its parts by the names of terms."""
        maps = {id(term): found for term, found in self._maps(image, self.border)}
        parts: dict[str, Tensor] = {}
        for goal in self._goals:
            loss = goal.term.statistic.loss(maps[id(goal.term)][goal.layer], goal.target)
            loss = loss * goal.scale
            parts[goal.term.name] = parts.get(goal.term.name, 0) + loss
        return torch.stack(list(parts.values())).sum(), parts

    def value_and_gradient(self, image: Tensor) -> tuple[float, Tensor, dict[str, float]]:
        """Return the total loss, its gradient with respect to the image, and its parts."""
        image = image.detach().requires_grad_()
        total, parts = self(image)
        (gradient,) = torch.autograd.grad(total, image)
        # One transfer from the device, where each float() of a tensor would wait for one.
        loss, *each = torch.stack([total, *parts.values()]).tolist()
        return loss, gradient, dict(zip(parts, each, strict=True))


def _fill_with_mean(exemplar: Tensor, mask: Tensor) -> Tensor:
    """Fill unusable pixels with the mean colour, which causes the weakest edges."""
    mean = (exemplar * mask).sum(dim=(2, 3), keepdim=True) / mask.sum()
    return torch.where(mask > 0, exemplar, mean)


def _usable_positions(mask: Tensor, maps: Tensor, layer: str) -> Tensor:
    """Return the positions of a layer whose pixels are all usable, (1, 1, H', W')."""
    size = (maps.shape[2], maps.shape[3])
    usable = (F.adaptive_avg_pool2d(mask, size) > USABLE).to(torch.float32)
    if maps.shape[2:] != mask.shape[2:]:  # kernels also reach the neighbours of a position
        usable = 1 - F.max_pool2d(1 - usable, 3, stride=1, padding=1)
    if not usable.any():
        usable = F.adaptive_avg_pool2d(mask, size)
    if not usable.any():
        raise ImageError(
            f"the mask leaves no usable position at layer {layer}",
            "mark larger connected regions as usable",
        )
    return usable
