"""Whether two patches show the same texture, and which statistic distinguishes them.

Julesz's question, asked of photographs. Each statistic of ``patch_statistics`` yields a distance
d_k of two patches. The log-odds that both show the same texture are

    b - c log2(side) - sum_k w_k z_k,    z_k = (log(d_k + e_k) - m_k) / s_k,    w_k >= 0

so that a larger distance never raises them. The constants are in ``discrimination.json``, fitted
to crops of photographs by ``benchmarks/discrimination.py``.
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
from lichen.nn.device import resolve_device
from lichen.quality.patch_statistics import STATISTICS, describe, distances
from lichen.weights.places import EMBEDDED


class Evidence(NamedTuple):
    """The evidence of one statistic.

    Attributes
    ----------
    distance
        In the statistic's own units, 0 for equal patches.
    contribution
        Its term of the log-odds; negative if it favours different textures.
    """

    distance: float
    contribution: float


@dataclass(frozen=True)
class Sameness:
    """The answer of :func:`same`.

    Attributes
    ----------
    probability
        That both patches show the same texture, for even prior odds.
    verdict
        ``same`` from a probability of one half, else ``different``.
    statistics
        By name, in ascending order of contribution: the strongest evidence of a difference first.
    """

    probability: float
    verdict: str
    statistics: Mapping[str, Evidence]


@dataclass(frozen=True)
class Calibration:
    """Constants of the log-odds by statistic, and their provenance."""

    offset: Mapping[str, float]
    mean: Mapping[str, float]
    spread: Mapping[str, float]
    weight: Mapping[str, float]
    intercept: float
    side_slope: float
    sides: tuple[int, int]
    provenance: Mapping[str, Any]

    def judge(self, distances: Mapping[str, float], side: float) -> Sameness:
        """Judge the distances of patches with an effective ``side`` in pixels."""
        side = min(max(side, self.sides[0]), self.sides[1])
        found = {
            name: Evidence(
                distance,
                -self.weight[name]
                * (math.log(distance + self.offset[name]) - self.mean[name])
                / self.spread[name],
            )
            for name, distance in distances.items()
        }
        log_odds = self.intercept - self.side_slope * math.log2(side)
        log_odds += sum(evidence.contribution for evidence in found.values())
        probability = 1 / (1 + math.exp(-log_odds))
        ordered = sorted(found.items(), key=lambda item: item[1].contribution)
        return Sameness(probability, "same" if log_odds >= 0 else "different", dict(ordered))


def same(
    a: NDArray[Any],
    b: NDArray[Any],
    *,
    names: tuple[str, str] = ("a", "b"),
    device: str = "auto",
) -> Sameness:
    """Tell whether two patches show the same texture.

    Parameters
    ----------
    a, b
        (H, W), (H, W, 1) or (H, W, 3), sRGB; bool, uint8, uint16 or float in [0, 1]. Their sizes
        may differ. At least 32 pixels on each side; of more than 512 the central ones are used.
        Grey is a colour with equal channels.
    names
        Their names in error messages.
    device
        Where the encoder computes: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.

    Returns
    -------
    Sameness
        Symmetric in a and b, up to rounding.

    Raises
    ------
    ImageError
        If a patch is not a picture or too small.
    """
    device = resolve_device(device)
    first, second = (
        describe(patch, encoder(device), name, device)
        for patch, name in zip((a, b), names, strict=True)
    )
    side = effective_side(first.size, second.size)
    return read_calibration().judge(distances(first, second), side)


def effective_side(a: tuple[int, int], b: tuple[int, int]) -> float:
    """Side of two equal squares whose means are known as precisely as those of a and b."""
    return math.sqrt(2 / (1 / math.prod(a) + 1 / math.prod(b)))


@cache
def read_calibration() -> Calibration:
    """Read the constants in the package."""
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
def encoder(device: str = "cpu") -> FeatureExtractor:
    """Load the encoder in the package, even if there are others on the machine.

    It is not rescaled: some of the photographs that determine the scales are exemplars.
    """
    return load_features(
        "encoder", weights=EMBEDDED, rescale=False, precision="float32", device=device
    )
