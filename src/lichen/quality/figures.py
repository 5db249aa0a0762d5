"""The figures of the report card: name, direction, anchors and computation of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lichen.arrays import Array
from lichen.quality import fidelity, innovation, structure, tileability
from lichen.quality.parametric import portilla_simoncelli_distance

Group = Literal["fidelity", "innovation", "diversity", "tileability", "structure"]


@dataclass(frozen=True)
class Definition:
    """The definition of a figure.

    Attributes
    ----------
    group
        One of the five groups of the card.
    better
        Whether lower or higher values are better.
    zero, one
        The anchors whose values are 0 and 1 in the normalized score: one half of the exemplar
        judged by the other, and one that is known to fail in this figure. That is random-phase
        noise where possible; but it preserves spectrum and mean colour, copies nothing and tiles.
        A figure without them has no score.
    statistic
        The kind of statistic that it measures. Methods that optimize it are not ranked by it.
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
        "distance of the distributions of 5 and 9 px patches, in standard deviations",
    ),
    "portilla-simoncelli": Definition(
        "fidelity", "lower", "random phase", "portilla-simoncelli",
        "distance of 710 statistics per channel, in standard deviations over crops",
    ),
    "patch precision": Definition(
        "fidelity", "higher", "random phase", "patches",
        "fraction of the result's patches that the exemplar has",
    ),
    "patch coverage": Definition(
        "fidelity", "higher", "random phase", "patches",
        "fraction of the exemplar's patches that the result has",
    ),
    "colour mean": Definition(
        "fidelity", "lower", None, "means", "distance of the mean colours, in grey levels of 255",
    ),
    "colour covariance": Definition(
        "fidelity", "lower", "blurred copy", "covariance",
        "distance of the colour covariances, in grey levels of 255",
    ),
    "colour histogram": Definition(
        "fidelity", "lower", "random phase", "histogram",
        "distance of the channel histograms, in grey levels of 255",
    ),
    "copied fraction": Definition(
        "innovation", "lower", "copy", None, "fraction of positions copied from the exemplar",
    ),
    "largest copy": Definition(
        "innovation", "lower", "copy", None,
        "fraction of the result in the largest region copied with one displacement",
    ),
    "source entropy": Definition(
        "innovation", "higher", None, None, "how evenly the exemplar is used",
    ),
    "seam excess": Definition(
        "tileability", "lower", "copy", None,
        "mismatch of patches across the wrap relative to interior ones, worse axis; 1 is no seam",
        zero="random phase",
    ),
    "seam percentile": Definition(
        "tileability", "lower", None, None,
        "rank of the wrap among all lines, worse axis; above 97.5 is a seam",
    ),
    "repetition": Definition(
        "tileability", "lower", None, None,
        "strongest autocorrelation peak minus the exemplar's",
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
        "structure", "lower", None, "autocorrelation", "displacement of those peaks, px",
    ),
    "drift": Definition(
        "structure", "lower", None, None,
        "variance of local means over that of the exemplar, in octaves",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """All figures of one picture, and the copies that the heat map shows."""

    figures: Mapping[str, float]
    copies: innovation.Copies


def measure(exemplar: Array, result: Array, lag: int, side: int, device: str = "cpu") -> Measured:
    """Compute all figures of ``result``, or of an anchor, judged by ``exemplar``.

    Parameters
    ----------
    exemplar, result
        (H, W, C) of any sizes, with the same C.
    lag, side
        Largest lag of the autocorrelations and side of the spectrum's windows, in pixels: the
        same for all pictures to be compared.
    device
        Where the Portilla-Simoncelli statistics are measured, as torch names it.
    """
    precision, coverage = fidelity.precision_and_coverage(exemplar, result)
    colour = fidelity.colour(exemplar, result)
    copied = innovation.copies(exemplar, result)
    seams = [tileability.seam(exemplar, result, axis) for axis in (0, 1)]
    shift, height = structure.lattice_errors(exemplar, result, lag)
    figures = {
        "sliced patches": fidelity.sliced_wasserstein(exemplar, result),
        "portilla-simoncelli": portilla_simoncelli_distance(exemplar, result, side, device),
        "patch precision": precision,
        "patch coverage": coverage,
        "colour mean": colour["mean"],
        "colour covariance": colour["covariance"],
        "colour histogram": colour["histogram"],
        "copied fraction": copied.fraction,
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
