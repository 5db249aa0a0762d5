"""The report card: the same figures for every picture, beside those of anchors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lichen.arrays import Array, Mask
from lichen.errors import ImageError, LichenError, ParameterError
from lichen.exemplar import Exemplar, as_exemplar
from lichen.job import MethodInit
from lichen.nn.device import resolve_device
from lichen.nn.threads import single_threaded_workers
from lichen.quality.anchors import anchors
from lichen.quality.diversity import diversity
from lichen.quality.figures import FIGURES, Measured, measure
from lichen.quality.parametric import gram_distances
from lichen.result import Provenance, Result, read_provenance
from lichen.run.inputs import Picture
from lichen.run.machine import available_cores

MINIMUM = 64
"""Least height and width of exemplar and results: a half must hold patches of all scales."""


@dataclass(frozen=True)
class Figure:
    """One figure of one picture.

    Attributes
    ----------
    value
        As defined in :data:`lichen.quality.figures.FIGURES`.
    score
        0 for one half of the exemplar judged by the other, 1 for the anchor that is known to fail;
        None for figures without such an anchor, or if this exemplar's does not fail.
    optimized
        Whether the picture's method optimizes this very statistic, which then is no evidence.
    """

    value: float
    score: float | None
    optimized: bool


@dataclass(frozen=True, eq=False)
class Card:
    """All figures of one picture.

    Attributes
    ----------
    name
        Stem of the file, or the given name.
    method
        Method in the picture's record; None without one.
    figures
        By name, in the order of the table.
    groups
        Mean score by group, over the figures that the method does not optimize, each clipped to
        [0, 2]; groups without any are absent.
    vgg19
        Relative distance of VGG-19's Gram matrices by layer, which is biased towards methods that
        match such matrices; None without the weights.
    pixels, copied, stride
        The picture, the grid of copied positions, and the pixels between these.
    """

    name: str
    method: str | None
    figures: Mapping[str, Figure]
    groups: Mapping[str, float]
    vgg19: Mapping[str, float] | None
    pixels: Array
    copied: Mask
    stride: int

    @property
    def score(self) -> float:
        """Mean of the groups' scores; lower is better."""
        return float(np.mean(list(self.groups.values()))) if self.groups else 0.0


@dataclass(frozen=True, eq=False)
class Comparison:
    """Cards of several pictures judged by one exemplar.

    Attributes
    ----------
    exemplar, pixels
        Name, and float32 (H, W, C); of a masked exemplar the largest usable rectangle.
    anchors
        Values by anchor and figure.
    cards
        One per picture.
    diversity
        By method, for those with several pictures of one size.
    """

    exemplar: str
    pixels: Array
    anchors: Mapping[str, Mapping[str, float]]
    cards: tuple[Card, ...]
    diversity: Mapping[str, Mapping[str, float]]

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the pictures, as plain data for JSON."""
        return {
            "exemplar": self.exemplar,
            "anchors": {name: dict(row) for name, row in self.anchors.items()},
            "results": [
                {
                    "name": card.name,
                    "method": card.method,
                    "score": card.score,
                    "groups": dict(card.groups),
                    "figures": {name: vars(figure) for name, figure in card.figures.items()},
                    "vgg19": None if card.vgg19 is None else dict(card.vgg19),
                }
                for card in self.cards
            ],
            "diversity": {name: dict(row) for name, row in self.diversity.items()},
        }


def compare(
    exemplar: Picture | Result,
    *results: Picture | Result,
    names: Sequence[str] | None = None,
    device: str = "auto",
) -> Comparison:
    """Judge pictures by an exemplar.

    Parameters
    ----------
    exemplar
        File, array or exemplar, at least 64 px on each side.
    results
        One or more pictures: files, arrays or results. What their methods optimize is read from
        their records.
    names
        Their names; the stems of the files when None.
    device
        Where torch computes: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.

    Raises
    ------
    ImageError
        For a picture that is too small or cannot be read.
    """
    if not results:
        raise ParameterError("`results` is empty", "give one or more")
    if names is not None and len(names) != len(results):
        raise ParameterError(
            f"`names` has {len(names)} entries for {len(results)} results", "give one for each"
        )
    device = resolve_device(device)
    example = _as_exemplar(exemplar)
    expected = example.rectangle
    pictures = [_as_exemplar(result) for result in results]
    titles = names or [
        picture.name if picture.path else f"result {number}"
        for number, picture in enumerate(pictures, start=1)
    ]
    records = [_record(result) for result in results]
    for picture in [example, *pictures]:
        check_size(picture.name, (expected if picture is example else picture.pixels).shape)
    channels = max(expected.shape[2], *(picture.channels for picture in pictures))
    expected = _with_channels(expected, channels)
    judged = [_with_channels(picture.pixels, channels) for picture in pictures]

    halves = anchors(expected, (1, 1))["half"]
    shortest = min(min(image.shape[:2]) for image in [*halves, *judged])
    lag, side = shortest // 2, shortest
    largest = max((image.shape[0], image.shape[1]) for image in judged)
    known = anchors(expected, largest)
    pairs: list[tuple[Array, Array]] = [*known.values()]
    pairs += [(expected, image) for image in judged]
    with single_threaded_workers(available_cores()) as pool:  # products and searches free the GIL
        measured = list(pool.map(lambda pair: measure(pair[0], pair[1], lag, side, device), pairs))
    rows = {name: found.figures for name, found in zip(known, measured, strict=False)}
    cards = tuple(
        _card(title, record, expected, image, found, rows, device)
        for title, record, image, found in zip(
            titles, records, judged, measured[len(known) :], strict=True
        )
    )
    return Comparison(example.name, expected, rows, cards, _diversities(expected, cards))


def check_size(name: str, shape: tuple[int, ...]) -> None:
    """Raise unless a picture (H, W, ...) is large enough for the report card."""
    if min(shape[:2]) < MINIMUM:
        raise ImageError(
            f"{name} has {shape[1]}x{shape[0]} usable pixels but the report card needs at least "
            f"{MINIMUM}x{MINIMUM}",
            "give a larger picture",
        )


def score(value: float, zero: float, one: float) -> float | None:
    """Return a value on the scale from ``zero`` to ``one``, None if these nearly coincide."""
    span = one - zero
    if abs(span) < 0.1 * max(abs(one), abs(zero), 1e-3):
        return None
    return (value - zero) / span


def _card(
    name: str,
    record: Provenance | None,
    exemplar: Array,
    image: Array,
    measured: Measured,
    rows: Mapping[str, Mapping[str, float]],
    device: str,
) -> Card:
    optimized = set() if record is None else _optimized(record)
    figures, groups = {}, dict[str, list[float]]()
    for key, definition in FIGURES.items():
        value = measured.figures[key]
        scaled = None
        if definition.one is not None:
            zero, one = rows[definition.zero][key], rows[definition.one][key]
            if (one > zero) == (definition.better == "lower"):
                scaled = score(value, zero, one)
        figures[key] = Figure(value, scaled, definition.statistic in optimized)
        if scaled is not None and not figures[key].optimized:
            groups.setdefault(definition.group, []).append(min(max(scaled, 0.0), 2.0))
    return Card(
        name=name,
        method=None if record is None else record.job.method,
        figures=figures,
        groups={group: float(np.mean(scores)) for group, scores in groups.items()},
        vgg19=gram_distances(exemplar, image, device),
        pixels=image,
        copied=measured.copies.copied,
        stride=measured.copies.stride,
    )


def _optimized(record: Provenance) -> set[str]:
    """Statistics that the method of a record optimizes, or the method of its initial image."""
    from lichen import registry

    job = record.job
    used = [(job.method, job.parameters)]
    if isinstance(job.canvas.init, MethodInit):
        used.append((job.canvas.init.method, job.canvas.init.parameters))
    found: set[str] = set()
    for name, parameters in used:
        try:
            found |= registry.method(name).configure(**parameters).optimizes()
        except LichenError:  # of a package or version that is not installed here
            continue
    return found


def _diversities(exemplar: Array, cards: Sequence[Card]) -> dict[str, dict[str, float]]:
    """Diversity of the pictures of each method; those without a record form one group."""
    groups: dict[str, list[Array]] = {}
    for card in cards:
        groups.setdefault(card.method or "no record", []).append(card.pixels)
    return {
        name: diversity(exemplar, images)
        for name, images in groups.items()
        if len(images) > 1 and len({image.shape for image in images}) == 1
    }


def _as_exemplar(picture: Picture | Result) -> Exemplar:
    if isinstance(picture, Result):
        return Exemplar.from_array(picture.image, name=picture.provenance.job.method)
    return as_exemplar(picture)


def _record(picture: Picture | Result) -> Provenance | None:
    if isinstance(picture, Result):
        return picture.provenance
    path = picture.path if isinstance(picture, Exemplar) else picture
    if not isinstance(path, str | Path):
        return None
    try:
        return read_provenance(path)
    except LichenError:  # pictures from elsewhere have none
        return None


def _with_channels(image: Array, channels: int) -> Array:
    return image if image.shape[2] == channels else np.repeat(image, channels, axis=2)
