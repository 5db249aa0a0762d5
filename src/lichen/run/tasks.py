"""Tasks beside plain synthesis: each says what its canvas is and gives a run, not yet started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lichen import registry
from lichen.canvas import Canvas, Init, MethodInit, init_from, parse_wrap
from lichen.errors import CanvasError, ImageError, unknown_name
from lichen.exemplar import Exemplar, as_exemplar
from lichen.result import Source, Task
from lichen.run.loop import Run

Picture = str | Path | NDArray[Any] | Exemplar
Array = NDArray[np.float32]


def fill(
    photo: Picture,
    mask: Picture | None = None,
    source: Picture | None = None,
    *,
    grow: int = 0,
    wrap: bool | str = False,
    method: str = registry.DEFAULT_METHOD,
    preset: str | None = None,
    seed: int = 0,
    threads: int | None = None,
    **parameters: Any,
) -> Run:
    """Fill the holes of a picture with what is around them, or with another texture.

    Parameters
    ----------
    photo
        The picture; where it is transparent it has holes.
    mask
        Picture or array of the photo's size; what is neither black nor transparent is a hole.
    source
        Another picture to copy from; the photo itself when None.
    grow
        Pixels by which the holes are made larger: the edge of what was cut out often shows.
    wrap
        Whether the photo tiles, and is to tile still.

    Raises
    ------
    CanvasError
        If nothing is to be filled, or nothing is left to copy from.
    """
    picture = as_exemplar(photo)
    known = np.ones(picture.size, bool) if picture.mask is None else picture.mask
    marks = None if mask is None else _as_mask(mask)
    if marks is not None:
        bright = _bright(marks)
        if bright.shape != picture.size:
            raise ImageError(
                f"the mask is {bright.shape[1]}x{bright.shape[0]} but {picture.name} "
                f"{picture.size[1]}x{picture.size[0]}",
                "give a mask of the photo's size",
            )
        known = known & ~bright
    if grow < 0:
        raise CanvasError(f"grow = {grow} would make the holes smaller", "give 0 or more")
    if grow:
        from scipy.ndimage import minimum_filter

        known = minimum_filter(known, 2 * grow + 1, mode="nearest")
    if known.all():
        raise CanvasError(
            f"nothing of {picture.name} is to be filled", "mark holes white, or transparent"
        )
    if source is None and not known.any():
        raise CanvasError(
            f"the mask leaves nothing of {picture.name} to copy from",
            "mark less of it, or give another picture to copy from",
        )
    other = None if source is None else as_exemplar(source)
    example = replace(picture, mask=known) if other is None else _like(other, picture)
    places = _own_places(picture.size, known) if other is None else None
    return Run(
        registry.get(method).configure(preset, **parameters),
        [example],
        Canvas(
            picture.size,
            parse_wrap(wrap),
            seed,
            known=picture.pixels,
            known_mask=known,
            known_sources=places,
        ),
        threads=threads,
        task=_task(
            "fill", {"photo": picture, "mask": marks, "source": other}, grow=grow, wrap=wrap
        ),
    )


def extend(
    photo: Picture,
    source: Picture | None = None,
    *,
    left: int = 0,
    right: int = 0,
    top: int = 0,
    bottom: int = 0,
    wrap: bool | str = False,
    method: str = registry.DEFAULT_METHOD,
    preset: str | None = None,
    seed: int = 0,
    threads: int | None = None,
    **parameters: Any,
) -> Run:
    """Continue a picture beyond its borders.

    Parameters
    ----------
    photo
        The picture; where it is transparent it is filled, too.
    source
        Another picture to copy from; the photo itself when None.
    left, right, top, bottom
        Pixels to add on each side.
    wrap
        Whether the larger picture is to tile.
    """
    for name, count in (("left", left), ("right", right), ("top", top), ("bottom", bottom)):
        if count < 0:
            raise CanvasError(f"{name} = {count} would cut the picture", "give 0 or more")
    if left + right + top + bottom == 0:
        raise CanvasError("no side is to be extended", "give --left, --right, --top or --bottom")
    picture = as_exemplar(photo)
    other = None if source is None else as_exemplar(source)
    usable = np.ones(picture.size, bool) if picture.mask is None else picture.mask
    sides = ((top, bottom), (left, right))
    known = np.pad(usable, sides)
    places = None
    if other is None:
        places = np.pad(_own_places(picture.size, usable), (*sides, (0, 0)), constant_values=-1)
    return Run(
        registry.get(method).configure(preset, **parameters),
        [picture if other is None else _like(other, picture)],
        Canvas(
            (known.shape[0], known.shape[1]),
            parse_wrap(wrap),
            seed,
            known=np.pad(picture.pixels, (*sides, (0, 0))),
            known_mask=known,
            known_sources=places,
        ),
        threads=threads,
        task=_task(
            "extend",
            {"photo": picture, "source": other},
            left=left,
            right=right,
            top=top,
            bottom=bottom,
            wrap=wrap,
        ),
    )


def transfer(
    texture: Picture,
    target: Picture,
    *,
    blur: float = 2.0,
    method: str = registry.DEFAULT_METHOD,
    preset: str | None = None,
    seed: int = 0,
    threads: int | None = None,
    **parameters: Any,
) -> Run:
    """Render a picture in a texture, which follows its light and dark (Efros and Freeman 2001).

    Parameters
    ----------
    texture
        What is copied.
    target
        What is to be seen; its luminance gets the texture's histogram first.
    blur
        Standard deviation, in pixels, by which both luminances are blurred.
    """
    from scipy.ndimage import gaussian_filter
    from skimage.exposure import match_histograms

    if not 0 <= blur < float("inf"):
        raise CanvasError(f"blur = {blur} is no standard deviation", "give 0 or more pixels")
    example, wanted = as_exemplar(texture), as_exemplar(target)
    ours, theirs = (
        gaussian_filter(_luminance(picture.pixels), blur, mode="reflect")
        for picture in (example, wanted)
    )
    usable = ours if example.mask is None else ours[example.mask][None]
    follow = match_histograms(theirs, usable).astype(np.float32)
    return Run(
        registry.get(method).configure(preset, **parameters),
        [example.guided(ours.clip(0, 1)[..., None])],
        Canvas(wanted.size, seed=seed, guide=follow.clip(0, 1)[..., None]),
        threads=threads,
        task=_task("transfer", {"texture": example, "target": wanted}, blur=blur),
    )


def analogy(
    a: Picture,
    a2: Picture,
    b: Picture,
    *,
    wrap: bool | str = False,
    method: str = "image_analogies",
    preset: str | None = None,
    seed: int = 0,
    threads: int | None = None,
    **parameters: Any,
) -> Run:
    """Make B' so that A is to A' as B is to B' (Hertzmann et al. 2001).

    Filters, artistic styles and texture by numbers are analogies: A' is a filtered, painted or
    photographed version of A.

    Parameters
    ----------
    a, a2
        A and A', of one size.
    b
        B, of any size.
    """
    first, filtered, wanted = as_exemplar(a), as_exemplar(a2), as_exemplar(b)
    channels = max(first.channels, wanted.channels)
    return Run(
        registry.get(method).configure(preset, **parameters),
        [filtered.guided(_with_channels(first.pixels, channels))],
        Canvas(
            wanted.size,
            parse_wrap(wrap),
            seed,
            guide=_with_channels(wanted.pixels, channels),
        ),
        threads=threads,
        task=_task("analogy", {"a": first, "a2": filtered, "b": wanted}, wrap=wrap),
    )


def alike(pictures: Sequence[Picture]) -> list[Exemplar]:
    """Take pictures as exemplars of one texture: where some are coloured the grey ones become so.

    Raises
    ------
    ImageError
        Where their maps differ otherwise.
    """
    examples = [as_exemplar(picture) for picture in pictures]
    widest = max(examples, key=lambda example: example.channels)
    return [replace(_like(example, widest), bit_depths=example.bit_depths) for example in examples]


def starting_image(
    init: Picture | MethodInit | None, method: str, preset: str | None
) -> Init | Exemplar | MethodInit:
    """Give what a canvas starts from: what is asked for, else what the preset says, else noise."""
    if init is None:
        init = registry.get(method).starts_from.get(preset or "", "noise")
    start = init_from(init)
    if isinstance(start, MethodInit) and start.method not in (known := registry.rows()):
        raise unknown_name("init", start.method, ["noise", "exemplar", *known])
    return start


def _task(verb: str, pictures: Mapping[str, Exemplar | None], **options: Any) -> Task:
    given = {name: Source.of(found) for name, found in pictures.items() if found is not None}
    return Task(verb, given, options)


def _as_mask(mask: Picture) -> Exemplar:
    return as_exemplar(np.asarray(mask).astype(bool) if isinstance(mask, np.ndarray) else mask)


def _bright(mask: Exemplar) -> NDArray[np.bool_]:
    """What a mask marks, (H, W): what is neither black nor transparent."""
    bright: NDArray[np.bool_] = mask.pixels.mean(axis=2) > 0.02
    return bright if mask.mask is None else bright & mask.mask


def _like(example: Exemplar, picture: Exemplar) -> Exemplar:
    """Take a picture to copy from into another one; grey becomes colour where that is."""
    example = replace(example, bit_depths=picture.bit_depths)
    if dict(example.maps) == dict(picture.maps):
        return example
    if example.channels == 1 and list(picture.maps.values()) == [3]:
        pixels = np.repeat(example.pixels, 3, axis=2)
        return replace(example, pixels=pixels, maps=dict(picture.maps))
    raise ImageError(
        f"{picture.name} has {_kind(picture)} but {example.name} {_kind(example)}",
        "convert one of them",
    )


def _kind(picture: Exemplar) -> str:
    if len(picture.maps) > 1:
        return f"the maps {', '.join(picture.maps)}"
    return "grey pixels" if picture.channels == 1 else "coloured pixels"


def _own_places(size: tuple[int, int], known: NDArray[np.bool_]) -> NDArray[np.int32]:
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.int32)
    places = np.stack([np.zeros_like(rows), rows, columns], axis=2)
    places[~known] = -1
    return places


def _luminance(pixels: Array) -> Array:
    if pixels.shape[2] == 1:
        return pixels[..., 0]
    luminance: Array = pixels @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return luminance


def _with_channels(pixels: Array, channels: int) -> Array:
    return pixels if pixels.shape[2] == channels else np.repeat(pixels, channels, axis=2)
