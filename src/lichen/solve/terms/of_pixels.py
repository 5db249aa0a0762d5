"""Terms on the picture itself."""

from __future__ import annotations

from lichen.features.colour_axes import PrincipalColours
from lichen.features.pixels import Pixels
from lichen.solve.objective import Term
from lichen.solve.terms.setting import Setting
from lichen.statistics.histogram import Histogram
from lichen.statistics.sliced import SlicedPatches
from lichen.statistics.spectrum import Spectrum


def colour(setting: Setting, name: str) -> list[Term]:
    """Histograms of the channels, and along the principal axes of the exemplar's colours.

    With the channels' alone hues come apart.
    """
    hues = PrincipalColours.of(setting.colours)
    return [
        Term(name, Pixels(), Histogram(), {"pixels": 1.0}),
        Term("hues", hues, Histogram(), {"colours": 1.0}),
    ]


def spectrum(setting: Setting, name: str) -> list[Term]:
    """Power spectrum, phases between the channels included."""
    return [Term(name, Pixels(), Spectrum(setting.size), {"pixels": 1.0})]


def sliced_patches(setting: Setting, name: str, patch: int = 7, directions: int = 64) -> list[Term]:
    """Distribution of all patches, along random directions.

    The paper's absolute differences have no gradient where they vanish: L-BFGS, which keeps its
    directions, is given squared ones.
    """
    statistic = SlicedPatches(
        setting.generator,
        patch,
        directions,
        setting.wrap,
        power=1 if setting.redraw else 2,
        redraw=setting.redraw,
    )
    return [Term(name, Pixels(), statistic, {"pixels": 1.0})]
