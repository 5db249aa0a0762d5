"""From a named term to its φ and E: the builders that the catalogue of terms names."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, cast

import torch
from torch import Tensor

from lichen.features.colour_axes import PrincipalColours
from lichen.features.extractor import FeatureExtractor
from lichen.features.octaves import Octaves
from lichen.features.pixels import Pixels
from lichen.solve.objective import Term
from lichen.statistics.autocorrelation import Autocorrelation
from lichen.statistics.catalogue import TERMS, TermSpec
from lichen.statistics.gram import Covariance, Gram, PrincipalGram, WhitenedGram
from lichen.statistics.histogram import Histogram
from lichen.statistics.means import Means
from lichen.statistics.shifted_gram import ShiftedGram
from lichen.statistics.sliced import SlicedPatches
from lichen.statistics.spectrum import Spectrum
from lichen.statistics.statistic import Statistic

COARSEST = 32
"""Shortest side of the coarsest octave, in pixels."""

STRIDE = 2
"""Stride, in pixels, of the layer whose autocorrelation is matched.

At a stride of 4, as of the paper's pool2, the mortar of small bricks is lost.
"""

STATISTICS: dict[str, type[Statistic]] = {
    "gram": Gram,
    "whitened-gram": WhitenedGram,
    "covariance": Covariance,
    "principal-gram": PrincipalGram,
    "means": Means,
    "histogram": Histogram,
}
"""Statistics that need to know nothing but the maps of a layer, by the name of their term."""


@dataclass(frozen=True)
class TermInputs:
    """What the terms of one level of the pyramid are built from.

    Attributes
    ----------
    features
        The method's φ.
    layers
        Weights of its layers.
    colours
        (C, M), the exemplar's usable pixels at full size.
    size
        Height and width of the image at this level.
    wrap
        Whether its rows and columns wrap around.
    generator
        Source of the terms' randomness, on the CPU.
    relative
        Whether the loss of each layer is divided by that of an all-zero summary.
    redraw
        Whether random directions are drawn at every evaluation, for a solver that compares no
        losses; otherwise once.
    """

    features: FeatureExtractor
    layers: Mapping[str, float]
    colours: Tensor
    size: tuple[int, int]
    wrap: tuple[bool, bool]
    generator: torch.Generator
    relative: bool = True
    redraw: bool = False


def build_terms(spec: TermSpec, inputs: TermInputs) -> list[Term]:
    """Build a term, which may be a sum of several, with its weight."""
    module, _, function = TERMS[spec.name].builder.partition(":")
    builder = cast("Callable[..., list[Term]]", getattr(import_module(module), function))
    return [
        replace(term, layers={name: spec.weight * own for name, own in term.layers.items()})
        for term in builder(inputs, spec.name, **spec.options)
    ]


def statistic_of(spec: TermSpec) -> Statistic:
    """Return the statistic of a term in :data:`STATISTICS`."""
    return STATISTICS[spec.name](**spec.options)


def on_layers(
    inputs: TermInputs, name: str, layers: Sequence[str] | None = None, **options: Any
) -> list[Term]:
    """One of :data:`STATISTICS`, on ``layers`` with equal weights or on all with their own."""
    return [_term(inputs, name, STATISTICS[name](**options), layers)]


def octave_gram(inputs: TermInputs, name: str, octaves: int = 4) -> list[Term]:
    """Gram matrices on several octaves, fewer where the coarsest would be less than 32 px."""
    largest = 1 + int(math.log2(max(min(inputs.size) / COARSEST, 1)))
    features = Octaves(inputs.features, min(octaves, largest))
    layers = {
        f"{layer}@{octave}": weight / features.octaves
        for layer, weight in inputs.layers.items()
        for octave in range(features.octaves)
    }
    return [Term(name, features, Gram(), layers, inputs.relative)]


def shifted_gram(inputs: TermInputs, name: str, reach: float = 0.5) -> list[Term]:
    """Gram matrices of features with their copies shifted by up to ``reach`` of the side."""
    return [_term(inputs, name, ShiftedGram(reach, inputs.wrap))]


def autocorrelation(
    inputs: TermInputs, name: str, layers: Sequence[str] | None = None
) -> list[Term]:
    """Autocorrelation of each channel, by default of the last layer of the stride nearest to 2."""
    if layers is None:
        strides = {layer: inputs.features.strides[layer] for layer in inputs.layers}
        nearest = min(strides.values(), key=lambda stride: abs(math.log2(stride / STRIDE)))
        layers = [layer for layer, stride in strides.items() if stride == nearest][-1:]
    return [_term(inputs, name, Autocorrelation(inputs.wrap), layers)]


def sliced_features(inputs: TermInputs, name: str) -> list[Term]:
    """Distribution of the feature vectors, along as many random directions as channels."""
    sliced = SlicedPatches(inputs.generator, 1, None, inputs.wrap, power=2, redraw=inputs.redraw)
    return [_term(inputs, name, sliced)]


def colour(inputs: TermInputs, name: str) -> list[Term]:
    """Histograms of the channels, and along the principal axes of the exemplar's colours.

    With the histograms of the channels alone, hues drift apart.
    """
    hues = PrincipalColours.of(inputs.colours)
    return [
        Term(name, Pixels(), Histogram(), {"pixels": 1.0}),
        Term("hues", hues, Histogram(), {"colours": 1.0}),
    ]


def spectrum(inputs: TermInputs, name: str) -> list[Term]:
    """Power spectrum of the pixels, with the phases of the channels relative to each other."""
    return [Term(name, Pixels(), Spectrum(inputs.size), {"pixels": 1.0})]


def sliced_patches(
    inputs: TermInputs, name: str, patch: int = 7, directions: int = 64
) -> list[Term]:
    """Distribution of all patches of pixels, along random directions.

    The paper's absolute differences have no gradient where they vanish, which disturbs L-BFGS:
    where directions are kept for it, differences are squared.
    """
    statistic = SlicedPatches(
        inputs.generator,
        patch,
        directions,
        inputs.wrap,
        power=1 if inputs.redraw else 2,
        redraw=inputs.redraw,
    )
    return [Term(name, Pixels(), statistic, {"pixels": 1.0})]


def _term(
    inputs: TermInputs, name: str, statistic: Statistic, layers: Sequence[str] | None = None
) -> Term:
    weights = inputs.layers
    if layers is not None:
        inputs.features.check_layers(layers)
        weights = {layer: 1 / len(layers) for layer in layers}
    return Term(name, inputs.features, statistic, weights, inputs.relative)
