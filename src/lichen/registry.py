"""Methods by name. Rows are text, so that listing the methods imports none of them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points

from lichen.errors import MethodError, NotHonouredError, UnknownNameError, unknown_name
from lichen.method import CAPABILITIES, Method
from lichen.training.trainable import Trainable

ENTRY_POINTS = "lichen.methods"
DEFAULT_METHOD = "patchmatch"
"""Used when no method is named: the best score on the report card for its time
(docs/resampling.md)."""

FAMILIES: dict[str, str] = {
    "resampling": "samples copied from the exemplar: pixels, patches, blocks",
    "learning": "the image's own values, drawn or optimized until its statistics match",
    "forward": "a network trained once, then a single forward pass",
    "latent": "the input or code of a generator; the image is an intermediate product",
    "translation": "a picture taken from one domain into another",
    "other": "methods of installed packages",
}
"""Families, by what changes at run time."""


@dataclass(frozen=True)
class Row:
    """Where a method's class is, and its line in the list of methods.

    Attributes
    ----------
    target
        ``module:Class``.
    family
        A row of :data:`FAMILIES`.
    year
        Of the paper; None if there is none.
    summary
        One line.
    """

    target: str
    family: str
    year: int | None
    summary: str


METHODS: dict[str, Row] = {
    "patchmatch": Row(
        "lichen.methods.resampling.patchmatch:PatchMatch",
        "resampling",
        2009,
        "Overlapping patches made to agree, coarse to fine; the default: fast, for all tasks",
    ),
    "quilting": Row(
        "lichen.methods.resampling.quilting:Quilting",
        "resampling",
        2001,
        "Overlapping blocks joined along minimum-error cuts (Efros, Freeman)",
    ),
    "graphcut": Row(
        "lichen.methods.resampling.graphcut:Graphcut",
        "resampling",
        2003,
        "Shifted copies of the exemplar joined along the least visible seams (Kwatra et al.)",
    ),
    "texture_optimization": Row(
        "lichen.methods.resampling.texture_optimization:TextureOptimization",
        "resampling",
        2005,
        "Patches and pixels optimized in alternation (Kwatra et al.)",
    ),
    "efros_leung": Row(
        "lichen.methods.resampling.efros_leung:EfrosLeung",
        "resampling",
        1999,
        "Pixel by pixel outwards, each drawn given its neighbourhood (Efros, Leung); slow",
    ),
    "wei_levoy": Row(
        "lichen.methods.resampling.wei_levoy:WeiLevoy",
        "resampling",
        2000,
        "Best-matching neighbourhood in scan order, coarse to fine, by tree search (Wei, Levoy)",
    ),
    "ashikhmin": Row(
        "lichen.methods.resampling.ashikhmin:Ashikhmin",
        "resampling",
        2001,
        "Pixels continue the sources of their neighbours (Ashikhmin); ragged pieces",
    ),
    "k_coherence": Row(
        "lichen.methods.resampling.k_coherence:KCoherence",
        "resampling",
        2002,
        "Like ashikhmin, with pixels similar to those as further candidates (Tong et al.)",
    ),
    "image_analogies": Row(
        "lichen.methods.resampling.image_analogies:ImageAnalogies",
        "resampling",
        2001,
        "A is to A' as B to B': filters, styles, texture by numbers (Hertzmann et al.)",
    ),
    "chaos_mosaic": Row(
        "lichen.methods.resampling.chaos_mosaic:ChaosMosaic",
        "resampling",
        2000,
        "Blocks moved by a chaotic map, without a search; fastest (Xu, Guo, Shum)",
    ),
    "wang_tiles": Row(
        "lichen.methods.resampling.wang_tiles:WangTiles",
        "resampling",
        2003,
        "Tiles with coloured edges that cover the plane without repeating (Cohen et al.)",
    ),
    "replay": Row(
        "lichen.methods.resampling.replay:Replay",
        "resampling",
        None,
        "Repeats the copying of an earlier result on other maps: `lichen apply`",
    ),
    "gatys": Row(
        "lichen.methods.learning.gatys:Gatys",
        "learning",
        2015,
        "Gram matrices of a network's features (Gatys, Ecker, Bethge)",
    ),
    "portilla_simoncelli": Row(
        "lichen.methods.learning.portilla_simoncelli:PortillaSimoncelli",
        "learning",
        2000,
        "710 joint statistics of a steerable pyramid, by projections and descent; tiles",
    ),
    "heeger_bergen": Row(
        "lichen.methods.learning.heeger_bergen:HeegerBergen",
        "learning",
        1995,
        "Histograms of the bands of a steerable pyramid, from noise; fast",
    ),
    "random_phase": Row(
        "lichen.methods.learning.random_phase:RandomPhase",
        "learning",
        2011,
        "Noise with the exemplar's spectrum, for micro-textures; cheapest (Galerne et al.)",
    ),
    "sliced_wasserstein": Row(
        "lichen.methods.learning.sliced_wasserstein:SlicedWasserstein",
        "learning",
        2022,
        "Patch distributions matched along random directions; no network (GPDM)",
    ),
    "deep_sliced_wasserstein": Row(
        "lichen.methods.learning.deep_sliced_wasserstein:DeepSlicedWasserstein",
        "learning",
        2021,
        "Feature distributions matched along random directions (Heitz et al.)",
    ),
    "histogram_losses": Row(
        "lichen.methods.learning.histogram_losses:HistogramLosses",
        "learning",
        2017,
        "Gram matrices and histograms of features (Risser, Wilmot, Barnes)",
    ),
    "shifted_gram": Row(
        "lichen.methods.learning.shifted_gram:ShiftedGramMatrices",
        "learning",
        2017,
        "Gram matrices of features with shifted copies, for lattices (Berger, Memisevic)",
    ),
    "multi_scale_gram": Row(
        "lichen.methods.learning.multi_scale_gram:MultiScaleGram",
        "learning",
        2017,
        "Gram matrices at all octaves at once, for large structures (Snelgrove)",
    ),
    "deep_correlations": Row(
        "lichen.methods.learning.deep_correlations:DeepCorrelations",
        "learning",
        2017,
        "Gram matrices and autocorrelation of features, for lattices (Sendik, Cohen-Or)",
    ),
    "pooled": Row(
        "lichen.methods.learning.pooled:Pooled",
        "learning",
        2015,
        "Channel means of a network's code alone: colour without structure, a baseline",
    ),
    "objective": Row(
        "lichen.methods.learning.objective:SumOfTerms",
        "learning",
        None,
        'Any sum of terms: {"gram": 1, "spectrum": 0.1}',
    ),
    "autoencoder": Row(
        "lichen.methods.forward.autoencoder:ConvolutionalAutoencoder",
        "forward",
        2011,
        "A picture decoded from its code in an autoencoder: what a code of your photos keeps",
    ),
}

TRAINED_NETWORKS: dict[str, Row] = {
    "encoder": Row(
        "lichen.training.encoder:EncoderTraining",
        "features",
        None,
        "The network whose features methods match by default; trained on generated textures",
    ),
}
"""Networks that can be trained but make no pictures themselves."""


def rows() -> dict[str, Row]:
    """Return all methods by name: the built-in ones, then those of installed packages."""
    found = dict(METHODS)
    for entry in entry_points(group=ENTRY_POINTS):
        package = entry.value.partition(":")[0]
        found.setdefault(entry.name, Row(entry.value, "other", None, f"from {package}"))
    return found


def methods(*capabilities: str) -> list[str]:
    """Return the names of all methods, or of those that have all these capabilities.

    Parameters
    ----------
    *capabilities
        Words of :data:`lichen.method.CAPABILITIES`, such as ``"wrap"`` or ``"known"``.

    Raises
    ------
    UnknownNameError
        For a word that is not a capability.

    Examples
    --------
    >>> import lichen
    >>> lichen.methods("sources")
    ['replay']
    """
    for word in capabilities:
        if word not in CAPABILITIES:
            raise unknown_name("capability", word, CAPABILITIES)
    return [
        name for name, found in _importable().items() if found.capabilities() >= set(capabilities)
    ]


def _importable() -> dict[str, type[Method]]:
    """Import every method, but for those of installed packages that cannot be imported."""
    found = {}
    for name in rows():
        try:
            found[name] = method(name)
        except MethodError:
            if name in METHODS:
                raise
    return found


def method(name: str) -> type[Method]:
    """Import the class of a method.

    Raises
    ------
    UnknownNameError
        With the nearest known names.
    """
    known = rows()
    if name not in known:
        raise unknown_name("method", name, known)
    target = known[name].target
    module, _, attribute = target.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise MethodError(
            f"the method {name} cannot be imported from {target}: {error}",
            "repair or remove the package that registers it",
        ) from error
    if not (isinstance(found, type) and issubclass(found, Method)):
        raise MethodError(f"{target} is not a lichen method", "register a subclass of Method")
    return found


def trainable_rows() -> dict[str, Row]:
    """Return everything that can be trained: methods that honour ``model``, then networks."""
    known = rows()
    return {**{name: known[name] for name in methods("model")}, **TRAINED_NETWORKS}


def trainable(name: str) -> type[Trainable]:
    """Import the class of a method or network that can be trained.

    Raises
    ------
    UnknownNameError
        With the nearest known names.
    """
    known = {**rows(), **TRAINED_NETWORKS}
    if name not in known:
        raise unknown_name("method or network", name, trainable_rows())
    module, _, attribute = known[name].target.partition(":")
    found = method(name) if name in rows() else getattr(import_module(module), attribute)
    if not (isinstance(found, type) and issubclass(found, Trainable)):
        raise UnknownNameError(
            f"{name} cannot be trained", f"these can: {', '.join(trainable_rows())}"
        )
    return found


def require(name: str, capability: str, remedy: str = "use `method` {}") -> None:
    """Raise unless a method has a capability; the remedy names those that have it."""
    if capability not in method(name).capabilities():
        raise NotHonouredError(
            f"{name} cannot {CAPABILITIES[capability]} ({capability})",
            remedy.format(" or ".join(methods(capability))),
            frozenset({capability}),
        )
