"""Methods by name. Rows are text, so that a list of methods imports none of them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points

from lichen.errors import UnknownNameError, unknown_name
from lichen.method import Method

ENTRY_POINTS = "lichen.methods"
DEFAULT_METHOD = "patchmatch"
"""What is used where no method is named: the best of the report card for the time that it takes
(docs/resampling.md)."""


@dataclass(frozen=True)
class Row:
    """Where a method's class is, and one line about it."""

    target: str
    summary: str


METHODS: dict[str, Row] = {
    "patchmatch": Row(
        "lichen.methods.resampling.patchmatch:PatchMatch",
        "Overlapping patches agree, coarse to fine, then pixels are copied; fast, takes all tasks",
    ),
    "chaos_mosaic": Row(
        "lichen.methods.resampling.chaos_mosaic:ChaosMosaic",
        "Blocks moved over tiles by a chaotic map, no search; fastest (Xu, Guo, Shum 2000)",
    ),
    "graphcut": Row(
        "lichen.methods.resampling.graphcut:Graphcut",
        "Examples laid over each other, cut along the least visible seams (Kwatra et al. 2003)",
    ),
    "efros_leung": Row(
        "lichen.methods.resampling.efros_leung:EfrosLeung",
        "Pixel by pixel outwards, each drawn by what is around it (Efros, Leung 1999); slow",
    ),
    "wei_levoy": Row(
        "lichen.methods.resampling.wei_levoy:WeiLevoy",
        "Nearest neighbourhood in scan order, coarse to fine, by a tree (Wei, Levoy 2000)",
    ),
    "random_phase": Row(
        "lichen.methods.learning.random_phase:RandomPhase",
        "Noise with the example's spectrum, for micro-textures; cheapest (Galerne et al. 2011)",
    ),
    "quilting": Row(
        "lichen.methods.resampling.quilting:Quilting",
        "Blocks matched in their overlap and cut along the least error (Efros, Freeman 2001)",
    ),
    "wang_tiles": Row(
        "lichen.methods.resampling.wang_tiles:WangTiles",
        "Tiles with coloured edges, laid at random without repeating (Cohen et al. 2003)",
    ),
    "ashikhmin": Row(
        "lichen.methods.resampling.ashikhmin:Ashikhmin",
        "Pixels go on from where their neighbours come from (Ashikhmin 2001); ragged pieces",
    ),
    "texture_optimization": Row(
        "lichen.methods.resampling.texture_optimization:TextureOptimization",
        "Overlapping patches agree with the example's, by turns (Kwatra et al. 2005)",
    ),
    "k_coherence": Row(
        "lichen.methods.resampling.k_coherence:KCoherence",
        "As ashikhmin, but also from places that look like those (Tong et al. 2002); fast",
    ),
    "image_analogies": Row(
        "lichen.methods.resampling.image_analogies:ImageAnalogies",
        "A is to A' as B to B': filters, styles, texture by numbers (Hertzmann et al. 2001)",
    ),
    "gatys": Row(
        "lichen.methods.learning.gatys:Gatys",
        "Gram matrices of a network's features, by optimisation (Gatys, Ecker, Bethge 2015)",
    ),
    "pooled": Row(
        "lichen.methods.learning.pooled:Pooled",
        "Channel means of a network's code alone; colour without structure, to compare with",
    ),
    "heeger_bergen": Row(
        "lichen.methods.learning.heeger_bergen:HeegerBergen",
        "Histograms of the bands of a steerable pyramid, from noise (Heeger, Bergen 1995); fast",
    ),
    "portilla_simoncelli": Row(
        "lichen.methods.learning.portilla_simoncelli:PortillaSimoncelli",
        "710 joint statistics of a steerable pyramid, projected and descended to (2000); tiles",
    ),
    "sliced_wasserstein": Row(
        "lichen.methods.learning.sliced_wasserstein:SlicedWasserstein",
        "Patches of the same distribution, by random directions; no network (GPDM 2022)",
    ),
    "deep_sliced_wasserstein": Row(
        "lichen.methods.learning.deep_sliced_wasserstein:DeepSlicedWasserstein",
        "Feature vectors of the same distribution, by random directions (Heitz et al. 2021)",
    ),
    "histogram_losses": Row(
        "lichen.methods.learning.histogram_losses:HistogramLosses",
        "Gram matrices and histograms of features (Risser, Wilmot, Barnes 2017)",
    ),
    "shifted_gram": Row(
        "lichen.methods.learning.shifted_gram:ShiftedGramMatrices",
        "Gram matrices, also of shifted features, for regular textures (Berger, Memisevic 2017)",
    ),
    "multi_scale_gram": Row(
        "lichen.methods.learning.multi_scale_gram:MultiScaleGram",
        "Gram matrices on all octaves at once, for large pictures (Snelgrove 2017)",
    ),
    "deep_correlations": Row(
        "lichen.methods.learning.deep_correlations:DeepCorrelations",
        "Gram matrices and autocorrelation of features, for lattices (Sendik, Cohen-Or 2017)",
    ),
    "objective": Row(
        "lichen.methods.learning.objective:SumOfTerms",
        "Any sum of terms of your own: --term gram:1 --term spectrum:0.1",
    ),
}


def rows() -> dict[str, Row]:
    """All methods by name: the built-in ones, then those of installed packages."""
    found = dict(METHODS)
    for entry in entry_points(group=ENTRY_POINTS):
        found.setdefault(entry.name, Row(entry.value, f"from {entry.value.partition(':')[0]}"))
    return found


def methods_that_honour(features: frozenset[str]) -> list[str]:
    """Names of the built-in methods that honour all of these canvas features."""
    return [name for name in METHODS if features <= get(name).honours]


def get(name: str) -> type[Method]:
    """Import the class of a method.

    Raises
    ------
    UnknownNameError
        With the nearest known names.
    """
    known = rows()
    if name not in known:
        raise unknown_name("method", name, known)
    module, _, attribute = known[name].target.partition(":")
    method = getattr(import_module(module), attribute)
    if not (isinstance(method, type) and issubclass(method, Method)):
        raise UnknownNameError(f"{known[name].target} is not a lichen method")
    return method
