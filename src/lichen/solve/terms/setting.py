"""What the builder of a term is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import cast

import torch
from torch import Tensor

from lichen.features.extractor import FeatureExtractor
from lichen.solve.objective import Term
from lichen.statistics.catalogue import TERMS, Asked


@dataclass(frozen=True)
class Setting:
    """Where terms are to be judged: one level of a run.

    Attributes
    ----------
    features
        The method's phi.
    layers
        Its layers and their weights.
    colours
        (C, M), the exemplar's usable pixels at full size.
    size
        Height and width of the judged picture.
    wrap
        Whether its rows and columns wrap around.
    relative
        Whether the terms of layers are divided by the loss of an all-zero summary.
    generator
        Source of all randomness in the terms.
    redraw
        Whether random terms are drawn at every call, since the solver does not compare losses;
        else they are drawn once.
    """

    features: FeatureExtractor
    layers: Mapping[str, float]
    colours: Tensor
    size: tuple[int, int]
    wrap: tuple[bool, bool]
    relative: bool
    generator: torch.Generator
    redraw: bool = False


def build(asked: Asked, setting: Setting) -> list[Term]:
    """Make the terms of one that is asked for, their layers' weights multiplied by its own."""
    module, _, function = TERMS[asked.name].builder.partition(":")
    builder = cast("Callable[..., list[Term]]", getattr(import_module(module), function))
    return [_weighted(term, asked.weight) for term in builder(setting, asked.name, **asked.options)]


def _weighted(term: Term, weight: float) -> Term:
    return replace(term, layers={name: weight * share for name, share in term.layers.items()})
