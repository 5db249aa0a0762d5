"""The figures of the report card: what each is called, which way is good, how it is computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lichen.quality import fidelity, innovation, structure, tileability
from lichen.quality.parametric import portilla_simoncelli_distance

Array = NDArray[np.float32]
Group = Literal["fidelity", "innovation", "diversity", "tileability", "structure"]


@dataclass(frozen=True)
class Definition:
    """What a figure is.

    Attributes
    ----------
    group
        One of the five groups of the card.
    better
        Which way is good.
    zero, one
        The anchors whose values are 0 and 1 in the normalised score: one half of the exemplar
        judged by the other, and one that is known to fail in this figure. That is random-phase
        noise wherever it fails; but it keeps spectrum and mean colour, copies nothing and tiles.
        A figure without them has no score.
    statistic
        The kind of statistic it measures. A method that optimizes this is not ranked by it.
    meaning
        One line for the table.
    """

    group: Group
    better: Literal["lower", "higher"]
    one: str | None
    statistic: str | None
    meaning: str
    zero: str = "half"


FIGURES: Mapping[str, Definition] = {
    "sliced patches": Definition(
        "fidelity", "lower", "random phase", "patches",
        "distance of the laws of 5 and 9 px patches, in standard deviations",
    ),
    "portilla-simoncelli": Definition(
        "fidelity", "lower", "random phase", "portilla-simoncelli",
        "distance of 710 statistics a channel, in standard deviations over crops",
    ),
    "patch precision": Definition(
        "fidelity", "higher", "random phase", "patches",
        "share of the result's patches that look like the exemplar's",
    ),
    "patch coverage": Definition(
        "fidelity", "higher", "random phase", "patches",
        "share of the exemplar's patches that the result has",
    ),
    "colour mean": Definition(
        "fidelity", "lower", None, "means", "distance of the mean colours, of 255",
    ),
    "colour covariance": Definition(
        "fidelity", "lower", "blurred copy", "covariance",
        "distance of the colours' covariances, of 255",
    ),
    "colour histogram": Definition(
        "fidelity", "lower", "random phase", "histogram",
        "distance of the channels' histograms, of 255",
    ),
    "copied share": Definition(
        "innovation", "lower", "copy", None, "share of places copied from the exemplar",
    ),
    "largest copy": Definition(
        "innovation", "lower", "copy", None,
        "share of the result in the largest piece copied with one displacement",
    ),
    "source entropy": Definition(
        "innovation", "higher", None, None, "how evenly all of the exemplar is used",
    ),
    "seam excess": Definition(
        "tileability", "lower", "copy", None,
        "patches across the wrap against interior ones, the worse axis; 1 is no seam",
        zero="random phase",
    ),
    "seam percentile": Definition(
        "tileability", "lower", None, None,
        "rank of the wrap among all lines, the worse axis; a seam is above 97.5",
    ),
    "repetition": Definition(
        "tileability", "lower", None, None,
        "autocorrelation peak beyond the exemplar's own",
    ),
    "autocorrelation": Definition(
        "structure", "lower", "shuffled", "autocorrelation",
        "difference of the autocorrelations",
    ),
    "spectrum": Definition(
        "structure", "lower", "shuffled", "spectrum",
        "difference of log power by frequency and direction, dB",
    ),
    "lattice height": Definition(
        "structure", "lower", "shuffled", "autocorrelation",
        "change of the six strongest peaks of the autocorrelation",
    ),
    "lattice shift": Definition(
        "structure", "lower", None, "autocorrelation", "shift of those peaks, px",
    ),
    "drift": Definition(
        "structure", "lower", None, None,
        "change from place to place beyond the exemplar's, octaves of variance",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """All figures of one picture, and the places that the heat maps show."""

    figures: Mapping[str, float]
    copies: innovation.Copies


def measure(exemplar: Array, result: Array, lag: int, side: int) -> Measured:
    """Compute all figures of ``result`` judged by ``exemplar``, the same way for anchors.

    Parameters
    ----------
    exemplar, result
        (H, W, C) of any sizes, the same C.
    lag, side
        Largest lag of the autocorrelations and side of the spectrum's windows, in pixels: the
        same for all that is to be compared.
    """
    precision, coverage = fidelity.precision_and_coverage(exemplar, result)
    colour = fidelity.colour(exemplar, result)
    copied = innovation.copies(exemplar, result)
    seams = [tileability.seam(exemplar, result, axis) for axis in (0, 1)]
    shift, height = structure.lattice_errors(exemplar, result, lag)
    figures = {
        "sliced patches": fidelity.sliced_wasserstein(exemplar, result),
        "portilla-simoncelli": portilla_simoncelli_distance(exemplar, result, side),
        "patch precision": precision,
        "patch coverage": coverage,
        "colour mean": colour["mean"],
        "colour covariance": colour["covariance"],
        "colour histogram": colour["histogram"],
        "copied share": copied.share,
        "largest copy": copied.largest,
        "source entropy": copied.entropy,
        "seam excess": max(seam.excess for seam in seams),
        "seam percentile": max(seam.percentile for seam in seams),
        "repetition": tileability.repetition(exemplar, result),
        "autocorrelation": structure.autocorrelation_distance(exemplar, result, lag),
        "spectrum": structure.spectrum_distance(exemplar, result, side),
        "lattice height": height,
        "lattice shift": shift,
        "drift": structure.drift(exemplar, result),
    }
    return Measured(figures, copied)
