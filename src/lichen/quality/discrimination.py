"""Whether two patches show one texture, and which statistic tells them apart.

Julesz's question, asked of photographs. Each statistic of ``patch_statistics`` gives a distance
d_k of two patches. The log-odds that both are of one texture are

    b - c log2(side) - sum_k w_k z_k,    z_k = (log(d_k + e_k) - m_k) / s_k,    w_k >= 0

so that no distance, grown, speaks for sameness. The constants are in ``discrimination.json``,
fitted on crops of photographs by ``benchmarks/discrimination.py``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from lichen.features.extractor import FeatureExtractor
from lichen.features.load import load_features
from lichen.quality.patch_statistics import STATISTICS, describe, distances
from lichen.weights.places import EMBEDDED


class Compared(NamedTuple):
    """What one statistic found.

    Attributes
    ----------
    distance
        In the statistic's own units, nought for equal patches.
    contribution
        What it adds to the log-odds of one texture: below nought it speaks for two.
    """

    distance: float
    contribution: float


@dataclass(frozen=True)
class Sameness:
    """The answer of :func:`same`.

    Attributes
    ----------
    probability
        That both patches are of one texture, where both answers are equally likely beforehand.
    verdict
        ``same`` from a probability of one half upward, else ``different``.
    statistics
        By name, those first that spoke most strongly for two textures.
    """

    probability: float
    verdict: str
    statistics: Mapping[str, Compared]


@dataclass(frozen=True)
class Calibration:
    """Constants of the log-odds, one of each a statistic, and where they are from."""

    offset: Mapping[str, float]
    mean: Mapping[str, float]
    spread: Mapping[str, float]
    weight: Mapping[str, float]
    intercept: float
    side_slope: float
    sides: tuple[int, int]
    provenance: Mapping[str, Any]

    def judge(self, distances: Mapping[str, float], side: float) -> Sameness:
        """Weigh distances of patches of an effective ``side`` in pixels."""
        side = min(max(side, self.sides[0]), self.sides[1])
        found = {
            name: Compared(
                distance,
                -self.weight[name]
                * (math.log(distance + self.offset[name]) - self.mean[name])
                / self.spread[name],
            )
            for name, distance in distances.items()
        }
        log_odds = self.intercept - self.side_slope * math.log2(side)
        log_odds += sum(compared.contribution for compared in found.values())
        probability = 1 / (1 + math.exp(-log_odds))
        ordered = sorted(found.items(), key=lambda item: item[1].contribution)
        return Sameness(probability, "same" if log_odds >= 0 else "different", dict(ordered))


def same(a: NDArray[Any], b: NDArray[Any], *, names: tuple[str, str] = ("a", "b")) -> Sameness:
    """Tell whether two patches are of one texture.

    Parameters
    ----------
    a, b
        (H, W), (H, W, 1) or (H, W, 3), sRGB; bool, uint8, uint16 or float in [0, 1]. Their sizes
        may differ. At least 32 pixels a side; of more than 512 the middle is looked at. Grey is
        the colour whose channels are equal.
    names
        What error messages call them.

    Returns
    -------
    Sameness
        The same for (a, b) and (b, a), up to rounding.

    Raises
    ------
    ImageError
        If a patch is no picture or too small.
    """
    first, second = describe(a, encoder(), names[0]), describe(b, encoder(), names[1])
    side = effective_side(first.size, second.size)
    return read_calibration().judge(distances(first, second), side)


def effective_side(a: tuple[int, int], b: tuple[int, int]) -> float:
    """Side of the two equal squares whose means would be known as well as those of a and b."""
    return math.sqrt(2 / (1 / math.prod(a) + 1 / math.prod(b)))


@cache
def read_calibration() -> Calibration:
    """Read the constants that come with the package."""
    stored = json.loads(Path(__file__).with_name("discrimination.json").read_text("utf-8"))
    per_statistic = {
        field: {name: stored["statistics"][name][field] for name in STATISTICS}
        for field in ("offset", "mean", "spread", "weight")
    }
    return Calibration(
        **per_statistic,
        intercept=stored["intercept"],
        side_slope=stored["side_slope"],
        sides=(stored["sides"][0], stored["sides"][-1]),
        provenance=stored["provenance"],
    )


@cache
def encoder() -> FeatureExtractor:
    """Load the encoder of the package, whatever others are on the machine.

    It is not rescaled: some photographs that the scales would be taken from are exemplars.
    """
    return load_features("encoder", weights=EMBEDDED, rescale=False, precision="float32")
