"""Terms on the layers of a network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lichen.features.octaves import Octaves
from lichen.solve.objective import Term
from lichen.solve.terms.setting import Setting
from lichen.statistics.autocorrelation import Autocorrelation
from lichen.statistics.gram import Covariance, Gram, PrincipalGram, WhitenedGram
from lichen.statistics.histogram import Histogram
from lichen.statistics.means import Means
from lichen.statistics.shifted_gram import ShiftedGram
from lichen.statistics.sliced import SlicedPatches
from lichen.statistics.statistic import Statistic

COARSEST = 32
"""Smallest side of the coarsest octave, in pixels."""
STRIDE = 2
"""Pixels between the positions at which structure is measured: at four, as at the paper's pool2,
the joints of small bricks are lost."""

STATISTICS: dict[str, type[Statistic]] = {
    "gram": Gram,
    "whitened-gram": WhitenedGram,
    "covariance": Covariance,
    "principal-gram": PrincipalGram,
    "means": Means,
    "histogram": Histogram,
}


def statistic(name: str, **options: Any) -> Statistic:
    """Make the statistic of a term on layers."""
    return STATISTICS[name](**options)


def on_layers(
    setting: Setting, name: str, layers: Sequence[str] | None = None, **options: Any
) -> list[Term]:
    """Make the term of one statistic, on ``layers`` alike or on all layers of the setting."""
    return _term(setting, name, statistic(name, **options), layers)


def octave_gram(setting: Setting, name: str, octaves: int = 4) -> list[Term]:
    """Gram matrices on several octaves of the picture, as far as the coarsest has 32 pixels."""
    room = 1 + int(math.log2(max(min(setting.size) / COARSEST, 1)))
    features = Octaves(setting.features, min(octaves, room))
    layers = {
        f"{layer}@{octave}": weight / features.octaves
        for layer, weight in setting.layers.items()
        for octave in range(features.octaves)
    }
    return [Term(name, features, Gram(), layers, setting.relative)]


def shifted_gram(setting: Setting, name: str, reach: float = 0.5) -> list[Term]:
    """Products of features with their copies shifted by up to ``reach`` of the side."""
    return _term(setting, name, ShiftedGram(reach, setting.wrap))


def autocorrelation(setting: Setting, name: str, layers: Sequence[str] | None = None) -> list[Term]:
    """Autocorrelation of each channel, on ``layers`` or the last of the stride nearest to two."""
    if layers is None:
        strides = {layer: setting.features.strides[layer] for layer in setting.layers}
        nearest = min(strides.values(), key=lambda stride: abs(math.log2(stride / STRIDE)))
        layers = [layer for layer, stride in strides.items() if stride == nearest][-1:]
    return _term(setting, name, Autocorrelation(setting.wrap), layers)


def sliced_features(setting: Setting, name: str) -> list[Term]:
    """Distribution of the feature vectors, along as many random directions as channels."""
    sliced = SlicedPatches(setting.generator, 1, None, setting.wrap, power=2, redraw=setting.redraw)
    return _term(setting, name, sliced)


def _term(
    setting: Setting, name: str, found: Statistic, layers: Sequence[str] | None = None
) -> list[Term]:
    weights = setting.layers
    if layers is not None:
        setting.features.check_layers(layers)
        weights = {layer: 1 / len(layers) for layer in layers}
    return [Term(name, setting.features, found, weights, setting.relative)]
