"""Terms on the layers of a network."""

from __future__ import annotations

from typing import Any

from lichen.objective import Term
from lichen.statistics.gram import Covariance, Gram, PrincipalGram
from lichen.statistics.histogram import Histogram
from lichen.statistics.means import Means
from lichen.statistics.statistic import Statistic
from lichen.terms.setting import Setting

STATISTICS: dict[str, type[Statistic]] = {
    "gram": Gram,
    "covariance": Covariance,
    "principal-gram": PrincipalGram,
    "means": Means,
    "histogram": Histogram,
}


def statistic(name: str, **options: Any) -> Statistic:
    """Make the statistic of a term on layers."""
    return STATISTICS[name](**options)


def on_layers(setting: Setting, name: str, **options: Any) -> list[Term]:
    """Make the term of one statistic, on all layers of the setting."""
    found = statistic(name, **options)
    return [Term(name, setting.features, found, setting.layers, setting.relative)]
