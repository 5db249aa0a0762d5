"""The terms of an objective, by name. Rows are text, so that naming a term imports no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lichen.errors import ParameterError, unknown_name


@dataclass(frozen=True)
class TermRow:
    """One kind of term.

    Attributes
    ----------
    builder
        ``module:function`` that builds it, called with a :class:`~lichen.solve.terms.TermInputs`,
        the name of the term and its options.
    summary
        One line.
    optimizes
        Statistics of the report card that it matches; see
        :meth:`lichen.method.Method.optimizes`.
    """

    builder: str
    summary: str
    optimizes: tuple[str, ...]


TERMS: dict[str, TermRow] = {
    "gram": TermRow(
        "lichen.solve.terms:on_layers",
        "Gram matrices of the layers (Gatys et al. 2015)",
        ("gram",),
    ),
    "whitened-gram": TermRow(
        "lichen.solve.terms:on_layers",
        "Gram matrices of the layers, partially whitened: weak directions count too",
        ("gram",),
    ),
    "covariance": TermRow(
        "lichen.solve.terms:on_layers", "covariances of the layers", ("covariance",)
    ),
    "principal-gram": TermRow(
        "lichen.solve.terms:on_layers",
        "Gram matrices of the layers' principal components",
        ("gram",),
    ),
    "means": TermRow(
        "lichen.solve.terms:on_layers",
        "channel means of the layers: global average pooling",
        ("means",),
    ),
    "histogram": TermRow(
        "lichen.solve.terms:on_layers",
        "channel histograms of the layers (Risser et al. 2017)",
        ("histogram",),
    ),
    "octave-gram": TermRow(
        "lichen.solve.terms:octave_gram",
        "Gram matrices of the layers, on several octaves of the image (Snelgrove 2017)",
        ("gram",),
    ),
    "shifted-gram": TermRow(
        "lichen.solve.terms:shifted_gram",
        "Gram matrices of the layers with their shifted copies (Berger, Memisevic 2017)",
        ("gram", "autocorrelation"),
    ),
    "autocorrelation": TermRow(
        "lichen.solve.terms:autocorrelation",
        "autocorrelation of each channel of a middle layer (Sendik, Cohen-Or 2017)",
        ("autocorrelation",),
    ),
    "deep-swd": TermRow(
        "lichen.solve.terms:sliced_features",
        "sliced Wasserstein distance of the layers' feature vectors (Heitz et al. 2021)",
        ("gram", "covariance", "means", "histogram"),
    ),
    "colour": TermRow(
        "lichen.solve.terms:colour",
        "histograms of the pixels' channels and principal colours",
        ("histogram", "covariance"),
    ),
    "spectrum": TermRow(
        "lichen.solve.terms:spectrum",
        "power spectrum of the pixels (Liu et al. 2016)",
        ("spectrum", "autocorrelation"),
    ),
    "swd": TermRow(
        "lichen.solve.terms:sliced_patches",
        "sliced Wasserstein distance of patches (GPDM: Elnekave, Weiss 2022)",
        ("patches",),
    ),
}


@dataclass(frozen=True)
class TermSpec:
    """A term of an objective, before it is built.

    Attributes
    ----------
    name
        A row of :data:`TERMS`.
    weight
        Its weight in the sum; a term of weight 0 is left out.
    options
        Arguments of its builder.
    """

    name: str
    weight: float
    options: Mapping[str, Any] = field(default_factory=dict)


def term_specs(weights: Mapping[str, float]) -> list[TermSpec]:
    """Return terms with their default options, by name and weight, in the order given.

    Raises
    ------
    UnknownNameError
        For a name that is not in :data:`TERMS`, with the nearest ones.
    ParameterError
        For a weight that is negative or not finite.
    """
    for name, weight in weights.items():
        if name not in TERMS:
            raise unknown_name("term", name, TERMS)
        if not 0 <= weight < math.inf:
            raise ParameterError(
                f"the weight of {name} is {weight:g}", "use a finite weight of at least 0"
            )
    return [TermSpec(name, weight) for name, weight in weights.items()]
