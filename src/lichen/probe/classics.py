"""Layers at work: the classic figures, each the same texture made in several ways.

L. A. Gatys, A. S. Ecker, M. Bethge, "Texture Synthesis Using Convolutional Neural Networks" (NIPS
2015), figures 2 and 3. All are made by the method gatys with Gram matrices alone and at one scale:
no histograms, no spectrum, no pyramid, for these would put in what a layer does not know.

Departures: each layer's loss is relative to the size of its target, and the bounds are the
exemplar's per channel, as in gatys without preset; the start is soft noise. Layers are grouped by
their stride, so that there is an L1, L2, ... of every network. Of "random weights" the figure shows
what was reported in 2015, raw filters and raw losses, beside what He, Wang and Hopcroft (2016)
found in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lichen import registry
from lichen.errors import unknown_name
from lichen.faces.python import RunInterruptedError, finish
from lichen.probe.grams import colour_noise, soft_noise
from lichen.probe.interruption import ProbeInterruptedError
from lichen.probe.subject import Picture, pixels_of
from lichen.run import verbs
from lichen.run.loop import Run

if TYPE_CHECKING:
    from lichen.features.extractor import FeatureExtractor
    from lichen.result import Result

Array = NDArray[np.float32]

GRAMS_ALONE: Mapping[str, Any] = {
    "statistic": "gram",
    "means_weight": 0.0,
    "colour_weight": 0.0,
    "spectrum_weight": 0.0,
    "levels": 1,
    "border": "zero",
}
"""Zero borders are the paper's. Under mirrored ones most channels of VGG-19's pool4 sleep in the
noise; the first place that descent wakes them at stays torn."""
COMPONENTS = 64
"""Principal components a layer, for the figure's "10k"."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One of a figure's pictures.

    Attributes
    ----------
    label
        What was done.
    image
        float32 (H, W, C) in [0, 1].
    start
        What it was begun with, where that is what differs; None for soft noise.
    n_statistics
        How many numbers were matched.
    loss
        At the end; losses of different panels are of different objectives.
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
        Key of :data:`CLASSICS`, and its words.
    exemplar
        float32 (H, W, C) in [0, 1].
    panels
        In the order of the figure; fewer than all where it was interrupted.
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
class _Order:
    """What a figure is asked to be made of."""

    exemplar: Array
    network: str
    size: tuple[int, int]
    seed: int
    features: FeatureExtractor = field(repr=False)


def classic(
    name: str,
    exemplar: Picture,
    *,
    network: str = "encoder",
    size: tuple[int, int] | None = None,
    iterations: int = 200,
    seed: int = 0,
    progress: bool | None = None,
    **parameters: Any,
) -> Classic:
    """Make the pictures of a classic figure.

    Parameters
    ----------
    name
        A key of :data:`CLASSICS`: ``layers`` (L1, then L1-L2, ... L1-L5), ``single`` (each alone,
        deepest first), ``parameters`` (few numbers to many), ``weights`` (trained against random),
        ``starts`` (initial images).
    exemplar
        A picture file, or an array (H, W[, C]): uint8, uint16, or float in [0, 1].
    network
        Name of a network: the trained one, where ``weights`` is asked for.
    size
        (height, width) of the results; the exemplar's when None.
    iterations
        Of the solver, for each picture.
    seed
        Same seed, same figure.
    progress
        Whether to show bars; None shows them on a terminal.
    **parameters
        Further parameters of gatys, for all pictures; what a figure compares it sets itself.

    Raises
    ------
    UnknownNameError
        For a figure or network that does not exist, with the nearest names.
    ProbeInterruptedError
        On Ctrl-C; its ``so_far`` has the pictures so far.
    """
    if name not in CLASSICS:
        raise unknown_name("classic figure", name, CLASSICS)
    title, settings_of = CLASSICS[name]
    pixels = pixels_of(exemplar)
    order = _Order(pixels, network, size or pixels.shape[:2], seed, _unscaled(network))
    settings = settings_of(order)
    made = Classic(name, title, pixels, ())
    soft = soft_noise(pixels, order.size, seed)
    try:
        for number, setting in enumerate(settings, start=1):
            how = {
                "network": network, **GRAMS_ALONE, "iterations": iterations, **parameters,
                **setting.parameters,
            }  # fmt: skip
            run = Run(
                verbs.synthesize(
                    pixels, method="gatys", size=order.size, seed=setting.seed,
                    init=soft if setting.start is None else setting.start, **how,
                )
            )  # fmt: skip
            count = _count(how)
            try:
                result = finish(run, progress=progress, title=f"{name} {number}/{len(settings)}")
            except RunInterruptedError as error:
                if error.result is not None:
                    made = _with(made, setting, count, error.result)
                raise
            made = _with(made, setting, count, result)
    except KeyboardInterrupt:
        if not made.panels:
            raise
        raise ProbeInterruptedError(made) from None
    return made


def _with(made: Classic, setting: _Setting, n_statistics: int, result: Result) -> Classic:
    """Add a panel to a figure."""
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


def _layers(order: _Order) -> list[_Setting]:
    groups = stages(order.features)
    return [
        _Setting(
            "L1" if last == 0 else f"L1-L{last + 1}",
            {"layers": sum(groups[: last + 1], ())},
            seed=order.seed,
        )
        for last in range(len(groups))
    ]


def _single(order: _Order) -> list[_Setting]:
    return [
        _Setting(_range(group), {"layers": group}, seed=order.seed)
        for group in reversed(stages(order.features))
    ]


def _parameters(order: _Order) -> list[_Setting]:
    deepest = order.features.default_layers[-1]
    every = order.features.layers[: order.features.layers.index(deepest) + 1]
    if any(name.startswith("relu") for name in every):  # after their ReLUs, and poolings
        every = tuple(name for name in every if not name.startswith("conv"))
    defaults = order.features.default_layers
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
    return [_Setting(label, how, seed=order.seed) for label, how in ways]


def _weights(order: _Order) -> list[_Setting]:
    raw = {"rescale": False, "relative": False}
    ways: list[tuple[str, dict[str, Any]]] = [
        (f"{order.network}, trained", {}),
        ("random-vgg, raw", {"network": "random-vgg", **raw}),
        ("random-vgg, rescaled", {"network": "random-vgg"}),
        ("random-filters", {"network": "random-filters"}),
    ]
    return [_Setting(label, how, seed=order.seed) for label, how in ways]


def _starts(order: _Order) -> list[_Setting]:
    exemplar, (height, width) = order.exemplar, order.size
    generator = np.random.default_rng(order.seed)
    colours = exemplar.reshape(-1, exemplar.shape[2])
    mean = np.full((height, width, exemplar.shape[2]), colours.mean(0), np.float32)
    ramp = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
    pieces = {
        "soft noise": soft_noise(exemplar, order.size, order.seed),
        "other soft noise": soft_noise(exemplar, order.size, order.seed + 1),
        "white noise": colour_noise(exemplar, order.size, order.seed),
        "its pixels, shuffled": colours[generator.integers(0, len(colours), (height, width))],
        "ramp": colours.min(0) + ramp * (colours.max(0) - colours.min(0)) + 0 * mean,
        "one colour": mean,
    }
    return [
        _Setting(label, {}, np.ascontiguousarray(start, np.float32).clip(0, 1), order.seed)
        for label, start in pieces.items()
    ]


CLASSICS: Mapping[str, tuple[str, Callable[[_Order], list[_Setting]]]] = {
    "layers": ("The same texture with more and more layers", _layers),
    "single": ("The same texture with each layer alone", _single),
    "parameters": ("The same texture with more and more numbers matched", _parameters),
    "weights": ("Trained weights against random ones", _weights),
    "starts": ("The same texture from different initial images", _starts),
}
"""Title and settings of each figure."""


def _unscaled(network: str) -> FeatureExtractor:
    """Load a network for its layers' names and strides alone."""
    from lichen.features.load import load_features

    return load_features(network, precision="float32", rescale=False)


def _count(parameters: Mapping[str, Any]) -> int:
    """How many numbers gatys matches with these parameters; rescaling does not change that."""
    method = registry.method("gatys").configure(**{**parameters, "rescale": False})
    return sum(method.count_statistics().values())


def _range(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
