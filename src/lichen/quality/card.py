"""The report card: the same figures for every picture, beside anchors computed the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lichen.errors import ImageError, LichenError, ParameterError
from lichen.exemplar import Exemplar, as_exemplar
from lichen.job import MethodInit
from lichen.nn.threads import single_threaded_workers
from lichen.quality.anchors import anchors
from lichen.quality.diversity import diversity
from lichen.quality.figures import FIGURES, Measured, measure
from lichen.quality.parametric import gram_distances
from lichen.result import Provenance, Result, read_provenance
from lichen.run.machine import available_cores

Array = NDArray[np.float32]
Picture = str | Path | NDArray[Any] | Exemplar | Result

MINIMUM = 64
"""Least height and width of exemplar and results: a half has to hold patches of all scales."""


@dataclass(frozen=True)
class Figure:
    """One figure of one picture.

    Attributes
    ----------
    value
        As its definition in :data:`lichen.quality.figures.FIGURES` says.
    score
        0 like one half of the exemplar judged by the other, 1 like the anchor that is known to
        fail; None for figures without such an anchor, or where this exemplar's does not fail.
    optimised
        Whether the picture's method optimizes this very statistic: then it is no evidence.
    """

    value: float
    score: float | None
    optimised: bool


@dataclass(frozen=True, eq=False)
class Card:
    """All figures of one picture.

    Attributes
    ----------
    name
        File's stem, or as the caller said.
    method
        Method and preset out of the picture's record; None without one.
    figures
        By name, in the order of the table.
    groups
        Mean score of each group, of the figures that its method does not optimise, scores held
        to [0, 2]; groups without any are absent.
    vgg19
        Relative distance of VGG-19's Gram matrices by layer, no honest judge of methods that
        match them or the like; None without the weights.
    pixels, copied, stride
        The picture, the grid of places that are copied, and the pixels between them.
    """

    name: str
    method: str | None
    figures: Mapping[str, Figure]
    groups: Mapping[str, float]
    vgg19: Mapping[str, float] | None
    pixels: Array
    copied: NDArray[np.bool_]
    stride: int

    @property
    def score(self) -> float:
        """Mean of the groups' scores, lower is better."""
        return float(np.mean(list(self.groups.values()))) if self.groups else 0.0


@dataclass(frozen=True, eq=False)
class Comparison:
    """Cards of several pictures of one exemplar.

    Attributes
    ----------
    exemplar, pixels
        Name, and float32 (H, W, C) as it was judged by: a masked one's largest usable rectangle.
    anchors
        Value of each figure by anchor and figure.
    cards
        One per picture.
    diversity
        By method, of those with several pictures of one size.
    """

    exemplar: str
    pixels: Array
    anchors: Mapping[str, Mapping[str, float]]
    cards: tuple[Card, ...]
    diversity: Mapping[str, Mapping[str, float]]

    def to_dict(self) -> dict[str, Any]:
        """Everything but the pictures, as JSON can hold it."""
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


def compare(exemplar: Picture, *results: Picture, names: Sequence[str] | None = None) -> Comparison:
    """Judge pictures by an exemplar.

    Parameters
    ----------
    exemplar
        File, array or exemplar; 64 px or more.
    results
        One or more pictures: files, arrays, results. Their records say what they optimise.
    names
        What to call them; the files' stems when not given.

    Raises
    ------
    ImageError
        For a picture that is too small or cannot be read.
    """
    if not results:
        raise ParameterError("there is nothing to compare", "give one or more results")
    if names is not None and len(names) != len(results):
        raise ParameterError(f"{len(names)} names for {len(results)} results", "give one for each")
    example = _example(exemplar)
    wanted = example.rectangle
    pictures = [_example(result) for result in results]
    titles = names or [
        picture.name if picture.path else f"result {number}"
        for number, picture in enumerate(pictures, start=1)
    ]
    records = [_record(result) for result in results]
    for picture in [example, *pictures]:
        check_size(picture.name, (wanted if picture is example else picture.pixels).shape)
    channels = max(wanted.shape[2], *(picture.channels for picture in pictures))
    wanted = _with_channels(wanted, channels)
    given = [_with_channels(picture.pixels, channels) for picture in pictures]

    least = min(min(image.shape[:2]) for image in [*anchors(wanted, (1, 1))["half"], *given])
    lag, side = least // 2, least
    largest = max((image.shape[0], image.shape[1]) for image in given)
    known = anchors(wanted, largest)
    pairs = [*known.values(), *((wanted, image) for image in given)]
    with single_threaded_workers(available_cores()) as pool:  # products and searches free the GIL
        measured = list(pool.map(lambda pair: measure(pair[0], pair[1], lag, side), pairs))
    rows = {name: found.figures for name, found in zip(known, measured, strict=False)}
    cards = tuple(
        _card(title, record, wanted, image, found, rows)
        for title, record, image, found in zip(
            titles, records, given, measured[len(known) :], strict=True
        )
    )
    return Comparison(example.name, wanted, rows, cards, _diversities(wanted, cards))


def check_size(name: str, shape: tuple[int, ...]) -> None:
    """Raise unless a picture (H, W, ...) is large enough to be judged or to judge by."""
    if min(shape[:2]) < MINIMUM:
        raise ImageError(
            f"{name} has {shape[1]}x{shape[0]} usable pixels but the report card needs at least "
            f"{MINIMUM}x{MINIMUM}",
            "give a larger picture",
        )


def score(value: float, zero: float, one: float) -> float | None:
    """0 at ``zero``, 1 at ``one``, None where these two are nearly alike."""
    reach = one - zero
    if abs(reach) < 0.1 * max(abs(one), abs(zero), 1e-3):
        return None
    return (value - zero) / reach


def _card(
    name: str,
    record: Provenance | None,
    exemplar: Array,
    image: Array,
    measured: Measured,
    rows: Mapping[str, Mapping[str, float]],
) -> Card:
    optimised = set() if record is None else _optimised(record)
    figures, groups = {}, dict[str, list[float]]()
    for key, definition in FIGURES.items():
        value = measured.figures[key]
        scaled = None
        if definition.one is not None:
            zero, one = rows[definition.zero][key], rows[definition.one][key]
            if (one > zero) == (definition.better == "lower"):
                scaled = score(value, zero, one)
        figures[key] = Figure(value, scaled, definition.statistic in optimised)
        if scaled is not None and not figures[key].optimised:
            groups.setdefault(definition.group, []).append(min(max(scaled, 0.0), 2.0))
    return Card(
        name=name,
        method=None if record is None else record.job.method,
        figures=figures,
        groups={group: float(np.mean(scores)) for group, scores in groups.items()},
        vgg19=gram_distances(exemplar, image),
        pixels=image,
        copied=measured.copies.copied,
        stride=measured.copies.stride,
    )


def _optimised(record: Provenance) -> set[str]:
    """Kinds of statistics that the methods of a record optimize, its initial image's included."""
    from lichen import registry

    job = record.job
    used = [(job.method, job.parameters)]
    if isinstance(job.canvas.init, MethodInit):
        used.append((job.canvas.init.method, job.canvas.init.parameters))
    found: set[str] = set()
    for name, parameters in used:
        try:
            found |= registry.method(name).configure(**parameters).optimizes()
        except LichenError:  # of a package that is not installed here, or another version
            continue
    return found


def _diversities(exemplar: Array, cards: Sequence[Card]) -> dict[str, dict[str, float]]:
    """Diversity of the pictures of each method; those without a record are taken as one's."""
    groups: dict[str, list[Array]] = {}
    for card in cards:
        groups.setdefault(card.method or "no record", []).append(card.pixels)
    return {
        name: diversity(exemplar, images)
        for name, images in groups.items()
        if len(images) > 1 and len({image.shape for image in images}) == 1
    }


def _example(picture: Picture) -> Exemplar:
    if isinstance(picture, Result):
        return Exemplar.from_array(picture.image, name=picture.provenance.job.method)
    return as_exemplar(picture)


def _record(picture: Picture) -> Provenance | None:
    if isinstance(picture, Result):
        return picture.provenance
    path = picture.path if isinstance(picture, Exemplar) else picture
    if not isinstance(path, str | Path):
        return None
    try:
        return read_provenance(path)
    except LichenError:  # anybody's picture may be judged
        return None


def _with_channels(image: Array, channels: int) -> Array:
    return image if image.shape[2] == channels else np.repeat(image, channels, axis=2)
