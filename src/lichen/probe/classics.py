"""Layers at work: the classic figures, each of one texture synthesized in several ways.

L. A. Gatys, A. S. Ecker, M. Bethge, "Texture Synthesis Using Convolutional Neural Networks" (NIPS
2015), figures 2 and 3. All pictures are made by the method gatys with Gram matrices alone and at
one scale: histograms, spectrum or a pyramid would put in what a layer does not represent.

Departures: each layer's loss is relative to the size of its target, and pixels are bounded by the
exemplar's range per channel, as in gatys without preset; the initial image is soft noise. Layers
are grouped by their stride, so that every network has an L1, L2, ... For "random weights" the
figure shows what was reported in 2015, raw filters and raw losses, beside what He, Wang and
Hopcroft (2016) found in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lichen import registry
from lichen.arrays import Array, Size
from lichen.errors import unknown_name
from lichen.probe.inputs import Download, pixels_of
from lichen.probe.interruption import ProbeInterruptedError
from lichen.probe.noise import colour_noise, soft_noise
from lichen.run import verbs
from lichen.run.inputs import Picture
from lichen.run.loop import Run
from lichen.step import Step

if TYPE_CHECKING:
    from lichen.features.extractor import FeatureExtractor
    from lichen.result import Result

GRAMS_ALONE: Mapping[str, Any] = {
    "statistic": "gram",
    "means_weight": 0.0,
    "colour_weight": 0.0,
    "spectrum_weight": 0.0,
    "levels": 1,
    "border": "zero",
}
"""Zero borders are the paper's. With mirrored ones most channels of VGG-19's pool4 are inactive on
noise, and the first region where descent activates them stays torn."""
COMPONENTS = 64
"""Principal components per layer, for the figure's "10k"."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture of a figure.

    Attributes
    ----------
    label
        What sets it apart.
    image
        float32 (H, W, C) in [0, 1].
    start
        The initial image, where that is what differs; None for soft noise.
    n_statistics
        Number of statistics that were matched.
    loss
        Final loss; panels have different objectives, so that their losses do not compare.
    """

    label: str
    image: Array
    start: Array | None
    n_statistics: int
    loss: float


@dataclass(frozen=True, eq=False)
class Classic:
    """One classic figure, as pictures.

    Attributes
    ----------
    name, title
        Key of :data:`CLASSICS`, and its title.
    exemplar
        float32 (H, W, C) in [0, 1].
    panels
        In the order of the figure; fewer than all if it was interrupted.
    """

    name: str
    title: str
    exemplar: Array
    panels: tuple[Panel, ...]


@dataclass(frozen=True, eq=False)
class _Setting:
    """One panel before it is made."""

    label: str
    parameters: Mapping[str, Any]
    start: Array | None = None
    seed: int = 0


@dataclass(frozen=True)
class _Figure:
    """What the panels of a figure have in common."""

    exemplar: Array
    network: str
    size: Size
    seed: int
    features: FeatureExtractor = field(repr=False)


def classic(
    name: str,
    exemplar: Picture,
    *,
    network: str = "encoder",
    size: Size | None = None,
    iterations: int = 200,
    seed: int = 0,
    device: str = "auto",
    on_step: Callable[[Step], None] | None = None,
    report_download: Download | None = None,
    **parameters: Any,
) -> Classic:
    """Make the pictures of a classic figure.

    Parameters
    ----------
    name
        A key of :data:`CLASSICS`: ``layers`` (L1, then L1-L2, ... L1-L5), ``single`` (each alone,
        deepest first), ``parameters`` (few statistics to many), ``weights`` (trained against
        random), ``starts`` (initial images).
    exemplar
        A picture file, or an array (H, W[, C]): uint8, uint16, or float in [0, 1].
    network
        Name of a network; in ``weights``, of the trained one.
    size
        (height, width) of the results; the exemplar's when None.
    iterations
        Number of iterations of the solver, for each picture.
    seed
        Same seed, same figure.
    device
        ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
    on_step
        Called with each step; its ``level`` is the number of the picture, and its ``fraction``
        that of the whole figure.
    report_download
        Called while weights are downloaded.
    **parameters
        Further parameters of gatys, for all pictures. What a figure compares overrides them.

    Raises
    ------
    UnknownNameError
        For a figure or network that does not exist, with the nearest names.
    ProbeInterruptedError
        On Ctrl-C; its ``so_far`` has the pictures so far, the last one as far as it got.
    """
    if name not in CLASSICS:
        raise unknown_name("classic figure", name, CLASSICS)
    title, settings_of = CLASSICS[name]
    pixels = pixels_of(exemplar)
    features = _unscaled(network, report_download)
    figure = _Figure(pixels, network, size or pixels.shape[:2], seed, features)
    settings = settings_of(figure)
    made = Classic(name, title, pixels, ())
    soft = soft_noise(pixels, figure.size, seed)
    for number, setting in enumerate(settings):
        values = {
            "network": network, **GRAMS_ALONE, "iterations": iterations, **parameters,
            **setting.parameters,
        }  # fmt: skip
        run = Run(
            verbs.synthesize(
                pixels, method="gatys", size=figure.size, seed=setting.seed, device=device,
                init=soft if setting.start is None else setting.start, **values,
            )
        )  # fmt: skip
        run.report_download = report_download
        count = _count(values)
        try:
            for step in run:
                if on_step is not None:
                    on_step(_within(step, number, len(settings)))
        except KeyboardInterrupt:
            if run.last is not None:
                made = _with_panel(made, setting, count, run.result())
            if not made.panels:
                raise
            raise ProbeInterruptedError(made) from None
        made = _with_panel(made, setting, count, run.result())
    return made


def _within(step: Step, number: int, n_panels: int) -> Step:
    """Return a step of one panel as one of the figure."""
    fraction = (number + step.fraction) / n_panels
    return replace(step, level=number, n_levels=n_panels, fraction=fraction)


def _with_panel(made: Classic, setting: _Setting, n_statistics: int, result: Result) -> Classic:
    loss = float(result.provenance.losses.get("total", np.nan))
    panel = Panel(setting.label, result.image, setting.start, n_statistics, loss)
    return replace(made, panels=(*made.panels, panel))


def stages(features: FeatureExtractor) -> tuple[tuple[str, ...], ...]:
    """Group a network's default layers by their stride: L1, L2, ..., shallow to deep."""
    strides = sorted({features.strides[name] for name in features.default_layers})
    return tuple(
        tuple(name for name in features.default_layers if features.strides[name] == stride)
        for stride in strides
    )


def _layers(figure: _Figure) -> list[_Setting]:
    groups = stages(figure.features)
    return [
        _Setting(
            "L1" if last == 0 else f"L1-L{last + 1}",
            {"layers": sum(groups[: last + 1], ())},
            seed=figure.seed,
        )
        for last in range(len(groups))
    ]


def _single(figure: _Figure) -> list[_Setting]:
    return [
        _Setting(_range(group), {"layers": group}, seed=figure.seed)
        for group in reversed(stages(figure.features))
    ]


def _parameters(figure: _Figure) -> list[_Setting]:
    deepest = figure.features.default_layers[-1]
    every = figure.features.layers[: figure.features.layers.index(deepest) + 1]
    if any(name.startswith("relu") for name in every):  # after the ReLUs, and poolings
        every = tuple(name for name in every if not name.startswith("conv"))
    defaults = figure.features.default_layers
    ways: list[tuple[str, dict[str, Any]]] = [
        ("means", {"statistic": "means", "layers": defaults}),
        (
            f"{COMPONENTS} principal components",
            {"statistic": "principal-gram", "components": COMPONENTS, "layers": defaults},
        ),
        ("Gram", {"layers": defaults}),
        ("Gram of all layers", {"layers": every}),
    ]
    if every == defaults:
        ways.pop()
    return [_Setting(label, values, seed=figure.seed) for label, values in ways]


def _weights(figure: _Figure) -> list[_Setting]:
    raw = {"rescale": False, "relative": False}
    ways: list[tuple[str, dict[str, Any]]] = [
        (f"{figure.network}, trained", {}),
        ("random-vgg, raw", {"network": "random-vgg", **raw}),
        ("random-vgg, rescaled", {"network": "random-vgg"}),
        ("random-filters", {"network": "random-filters"}),
    ]
    return [_Setting(label, values, seed=figure.seed) for label, values in ways]


def _starts(figure: _Figure) -> list[_Setting]:
    exemplar, (height, width) = figure.exemplar, figure.size
    generator = np.random.default_rng(figure.seed)
    colours = exemplar.reshape(-1, exemplar.shape[2])
    mean = np.full((height, width, exemplar.shape[2]), colours.mean(0), np.float32)
    ramp = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
    images = {
        "soft noise": soft_noise(exemplar, figure.size, figure.seed),
        "other soft noise": soft_noise(exemplar, figure.size, figure.seed + 1),
        "white noise": colour_noise(exemplar, figure.size, figure.seed),
        "shuffled pixels": colours[generator.integers(0, len(colours), (height, width))],
        "ramp": colours.min(0) + ramp * (colours.max(0) - colours.min(0)) + 0 * mean,
        "uniform colour": mean,
    }
    return [
        _Setting(label, {}, np.ascontiguousarray(start, np.float32).clip(0, 1), figure.seed)
        for label, start in images.items()
    ]


CLASSICS: Mapping[str, tuple[str, Callable[[_Figure], list[_Setting]]]] = {
    "layers": ("The same texture with more and more layers", _layers),
    "single": ("The same texture with each layer alone", _single),
    "parameters": ("The same texture with more and more statistics matched", _parameters),
    "weights": ("Trained weights against random ones", _weights),
    "starts": ("The same texture from different initial images", _starts),
}
"""Title and settings of each figure."""


def _unscaled(network: str, report_download: Download | None = None) -> FeatureExtractor:
    """Load a network for its layers' names and strides alone."""
    from lichen.features.load import load_features

    return load_features(network, precision="float32", rescale=False, progress=report_download)


def _count(parameters: Mapping[str, Any]) -> int:
    """Count the statistics that gatys matches; rescaling the network does not change that."""
    method = registry.method("gatys").configure(**{**parameters, "rescale": False})
    return sum(method.count_statistics().values())


def _range(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
