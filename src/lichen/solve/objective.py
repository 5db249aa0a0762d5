"""The weighted sum: sum_j w_j || E_j(phi_j(y)) - E_j(phi_j(x)) ||."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lichen.errors import ImageError
from lichen.features.extractor import FeatureExtractor
from lichen.nn.border import Border
from lichen.statistics.statistic import Statistic


@dataclass(frozen=True)
class Term:
    """One E on layers of one phi.

    Attributes
    ----------
    name
        Under which its loss is reported.
    features, statistic
        phi and E.
    layers
        Weight of each layer.
    relative
        Whether each layer's loss is divided by the loss of an all-zero summary, so that
        layers of any magnitude weigh alike.
    """

    name: str
    features: FeatureExtractor
    statistic: Statistic
    layers: Mapping[str, float]
    relative: bool = True


@dataclass(frozen=True)
class Example:
    """One texture of a mixture.

    Attributes
    ----------
    image
        (1, C, h, w) in [0, 1]; C of 1 is shown to the networks as grey.
    mask
        (1, 1, h, w), 1 where it may be used; None for everywhere.
    weight
        Its share; those of a mixture sum to 1, and may be negative.
    """

    image: Tensor
    mask: Tensor | None = None
    weight: float = 1.0


@dataclass(frozen=True)
class _Goal:
    term: Term
    layer: str
    target: Any
    scale: float


class Objective:
    """Terms with their targets, computed once from the exemplar, or mixed from several.

    Parameters
    ----------
    terms
        What is summed.
    exemplar
        (1, C, h, w) in [0, 1]; C of 1 is shown to the networks as grey. Or a mixture's textures,
        of any sizes, with masks of their own: each statistic says how its targets are mixed.
    mask
        (1, 1, h, w), 1 where the exemplar may be used; None for everywhere.
    exemplar_border, border
        Border modes of the exemplars and of the judged image.
    """

    def __init__(
        self,
        terms: Sequence[Term],
        exemplar: Tensor | Sequence[Example],
        mask: Tensor | None = None,
        exemplar_border: Border = ("reflect", "reflect"),
        border: Border = ("reflect", "reflect"),
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
        """Targets of one texture, by term and layer."""
        image, mask = example.image, example.mask
        filled = image if mask is None else _fill_with_mean(image, mask)
        targets = []
        for term, maps in self._maps(filled, border):
            for layer in term.layers:
                usable = None if mask is None else _usable_positions(mask, maps[layer], layer)
                targets.append((term, layer, term.statistic.target(maps[layer], usable)))
        return targets

    def _maps(self, image: Tensor, border: Border) -> list[tuple[Term, dict[str, Tensor]]]:
        """Run each phi once for all the terms that read it."""
        shown = image if image.shape[1] == 3 else image.expand(-1, 3, -1, -1)
        cache: dict[int, dict[str, Tensor]] = {}
        for features in {id(term.features): term.features for term in self.terms}.values():
            wanted = {
                layer for term in self.terms if term.features is features for layer in term.layers
            }
            ordered = [layer for layer in features.layers if layer in wanted]
            cache[id(features)] = features(shown, ordered, border)
        return [(term, cache[id(term.features)]) for term in self.terms]

    def __call__(self, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Total loss of an image (1, C, H, W), and each term's share of it by name."""
        maps = {id(term): found for term, found in self._maps(image, self.border)}
        shares: dict[str, Tensor] = {}
        for goal in self._goals:
            loss = goal.term.statistic.loss(maps[id(goal.term)][goal.layer], goal.target)
            loss = loss * goal.scale
            shares[goal.term.name] = shares.get(goal.term.name, 0) + loss
        return torch.stack(list(shares.values())).sum(), shares

    def value_and_gradient(self, image: Tensor) -> tuple[float, Tensor, dict[str, float]]:
        """Total loss, its gradient with respect to the image, and each term's share."""
        image = image.detach().requires_grad_()
        total, shares = self(image)
        (gradient,) = torch.autograd.grad(total, image)
        parts = {name: float(loss.detach()) for name, loss in shares.items()}
        return float(total.detach()), gradient, parts


def _fill_with_mean(exemplar: Tensor, mask: Tensor) -> Tensor:
    """Put the mean colour where the exemplar may not be used, so that no edge is made up."""
    mean = (exemplar * mask).sum(dim=(2, 3), keepdim=True) / mask.sum()
    return torch.where(mask > 0, exemplar, mean)


def _usable_positions(mask: Tensor, maps: Tensor, layer: str) -> Tensor:
    """Positions of a layer all of whose pixels may be used, (1, 1, H', W')."""
    size = (maps.shape[2], maps.shape[3])
    usable = (F.adaptive_avg_pool2d(mask, size) > 0.999).to(torch.float32)
    if maps.shape[2:] != mask.shape[2:]:  # and their neighbours', whom the kernels also see
        usable = 1 - F.max_pool2d(1 - usable, 3, stride=1, padding=1)
    if not usable.any():
        usable = F.adaptive_avg_pool2d(mask, size)
    if not usable.any():
        raise ImageError(
            f"the mask leaves no usable position at layer {layer}", "allow larger connected areas"
        )
    return usable
