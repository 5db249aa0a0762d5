"""Terms by name. Rows are text, so that naming a term imports no torch."""

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
        ``module:function`` that makes its terms, called with a
        :class:`~lichen.solve.terms.setting.Setting`, the term's name and its options.
    summary
        One line.
    optimizes
        What of the report card it makes equal; see :meth:`lichen.method.Method.optimizes`.
    """

    builder: str
    summary: str
    optimizes: tuple[str, ...]


TERMS: dict[str, TermRow] = {
    "gram": TermRow(
        "lichen.solve.terms.of_layers:on_layers",
        "Gram matrices of the layers (Gatys et al. 2015)",
        ("gram",),
    ),
    "whitened-gram": TermRow(
        "lichen.solve.terms.of_layers:on_layers",
        "Gram matrices of the layers, their weak directions brought out",
        ("gram",),
    ),
    "covariance": TermRow(
        "lichen.solve.terms.of_layers:on_layers", "covariances of the layers", ("covariance",)
    ),
    "principal-gram": TermRow(
        "lichen.solve.terms.of_layers:on_layers",
        "Gram matrices of the layers' principal components",
        ("gram",),
    ),
    "means": TermRow(
        "lichen.solve.terms.of_layers:on_layers",
        "channel means of the layers: global pooling",
        ("means",),
    ),
    "histogram": TermRow(
        "lichen.solve.terms.of_layers:on_layers",
        "channel histograms of the layers (Risser et al. 2017)",
        ("histogram",),
    ),
    "octave-gram": TermRow(
        "lichen.solve.terms.of_layers:octave_gram",
        "Gram matrices of the layers, on several octaves of the picture (Snelgrove 2017)",
        ("gram",),
    ),
    "shifted-gram": TermRow(
        "lichen.solve.terms.of_layers:shifted_gram",
        "Gram matrices of the layers with their shifted copies (Berger, Memisevic 2017)",
        ("gram", "autocorrelation"),
    ),
    "autocorrelation": TermRow(
        "lichen.solve.terms.of_layers:autocorrelation",
        "autocorrelation of channels of a middle layer (Sendik, Cohen-Or 2017)",
        ("autocorrelation",),
    ),
    "deep-swd": TermRow(
        "lichen.solve.terms.of_layers:sliced_features",
        "sliced Wasserstein distance of the layers' feature vectors (Heitz et al. 2021)",
        ("gram", "covariance", "means", "histogram"),
    ),
    "colour": TermRow(
        "lichen.solve.terms.of_pixels:colour",
        "histograms of the pixels' channels and principal colours",
        ("histogram", "covariance"),
    ),
    "spectrum": TermRow(
        "lichen.solve.terms.of_pixels:spectrum",
        "power spectrum of the pixels (Liu et al. 2016)",
        ("spectrum", "autocorrelation"),
    ),
    "swd": TermRow(
        "lichen.solve.terms.of_pixels:sliced_patches",
        "sliced Wasserstein distance of patches (GPDM: Elnekave, Weiss 2022)",
        ("patches",),
    ),
}


@dataclass(frozen=True)
class Asked:
    """A term that a method or its user asks for.

    Attributes
    ----------
    name
        A row of :data:`TERMS`.
    weight
        Its share of the objective; 0 leaves it out.
    options
        Arguments of its builder.
    """

    name: str
    weight: float
    options: Mapping[str, Any] = field(default_factory=dict)


def read_term(text: str) -> Asked:
    """Read ``NAME:WEIGHT``, or ``NAME`` for a weight of 1.

    Raises
    ------
    UnknownNameError
        With the nearest known names.
    ParameterError
        When the weight is not a number of at least 0.
    """
    name, _, number = text.partition(":")
    if name not in TERMS:
        raise unknown_name("term", name, TERMS)
    try:
        weight = float(number) if number else 1.0
    except ValueError:
        weight = math.nan
    if not 0 <= weight < math.inf:
        raise ParameterError(
            f"the weight of term {text} is not a number of at least 0", f"write it as in {name}:0.5"
        )
    return Asked(name, weight)
