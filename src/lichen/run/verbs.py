"""The verbs: each turns what a caller has into a job. None of them computes anything.

A verb differs from the others only in the canvas and the inputs that it writes down; how a job is
carried out does not depend on its verb.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from lichen import registry
from lichen.canvas import Canvas, Wrap, parse_wrap
from lichen.errors import (
    CanvasError,
    ParameterError,
    ProvenanceError,
)
from lichen.exemplar import Exemplar, as_exemplar
from lichen.image.maps import File
from lichen.job import CanvasSpec, Input, Job, JobInput, MethodInit, Verb
from lichen.method import Method
from lichen.model import Model
from lichen.result import map_path, read_provenance
from lichen.run.arguments import (
    Sized,
    check_guide,
    check_labels,
    configured_with,
    initial_image,
    named_maps,
    several,
    size_of,
    split_model,
    whole,
)
from lichen.run.inputs import (
    Picture,
    locate,
    model_input,
    take_exemplar,
    take_mask,
    with_common_maps,
)
from lichen.run.machine import available_cores
from lichen.run.mixture import strip_weights
from lichen.source_map import SourceMap

MODEL_SIZE = (256, 256)
"""Size of a model's result if neither a picture nor the caller sets it."""


def synthesize(
    exemplar: Picture | Model,
    *,
    size: Sized | None = None,
    method: str | None = None,
    preset: str | None = None,
    wrap: bool | str | Wrap = False,
    seed: int = 0,
    init: Picture | MethodInit | None = None,
    mask: Picture | None = None,
    maps: Mapping[str, str | Path | NDArray[Any]] | None = None,
    also: Sequence[Picture] = (),
    guide: Picture | None = None,
    follow: Picture | None = None,
    model: str | Path | Model | None = None,
    device: str = "auto",
    threads: int | None = None,
    **parameters: Any,
) -> Job:
    """Synthesize a new picture of the exemplar's material.

    Parameters
    ----------
    exemplar
        A picture file, or an array (H, W[, C]): uint8, uint16, or float in [0, 1]; or the model of
        a trained method that needs no exemplar, a ``.safetensors`` file.
    size
        (height, width) in pixels, or text as on the command line, ``"WIDTHxHEIGHT"``; the
        exemplar's when None, 256x256 for a model.
    method, preset
        A registered method and one of its presets; by default the model's, else patchmatch.
    wrap
        True for a result that tiles; ``"rows"`` or ``"columns"`` for one axis only.
    seed
        Same seed, same picture.
    init
        ``"noise"``, ``"exemplar"``, a picture of ``size``, or ``"METHOD"`` or ``"METHOD:PRESET"``
        for another method's result at the same size, wrap and seed. When None, the preset's own
        initial image, else noise.
    mask
        Picture or array whose bright pixels of the exemplar may be used.
    maps
        Further maps of the exemplar, of its size, by name: ``{"height": "wall_height.png"}``; all
        are synthesized in register.
    also
        Further exemplars of the same texture, of any sizes.
    guide, follow
        Texture by numbers: a label map of the exemplar, of its size, and one of the new picture,
        which sets its size; both or neither. Not with ``size``, ``init`` or ``also``.
    model
        A file written by ``lichen train``, for a trained method that also takes an exemplar.
    device
        ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
    threads
        Threads to compute with; all cores when None.
    **parameters
        Parameters of the method.

    Raises
    ------
    LichenError
        For anything the user can correct, before anything is computed or written.
    """
    trained, photo = split_model(exemplar, model)
    configured = configured_with(method, preset, parameters, trained)
    check_guide(guide, follow, size, init, also)
    inputs: dict[JobInput, tuple[Input, ...]] = {}
    if trained is not None:
        inputs["model"] = (model_input(trained),)
    if photo is None:
        if mask is not None or maps or also or guide is not None:
            raise ParameterError(
                "`mask`, `maps`, `also` and `guide` belong to a photo, but there is only a model",
                "omit them",
            )
        start: Any = initial_image(init, configured, preset)
        if isinstance(start, Exemplar):
            inputs["init"], start = (Input.of(start),), "picture"
        spec = CanvasSpec(size_of(size) or MODEL_SIZE, parse_wrap(wrap), seed, start)
        return _job("synthesize", inputs, spec, configured, preset, device, threads)
    first = take_exemplar(photo, mask, named_maps(maps))
    if also and maps:
        raise ParameterError(
            "`maps` belong to a single exemplar, but several are given", "give one"
        )
    examples = (
        [first]
        if not also
        else with_common_maps([as_exemplar(one) for one in (first, *several("also", also))])
    )
    inputs["exemplar"] = tuple(Input.of(example) for example in examples)
    start = "noise"
    height_width = first.size
    if guide is not None and follow is not None:
        labels, target = as_exemplar(guide), as_exemplar(follow)
        check_labels(labels, first)
        inputs |= {"guide": (Input.of(labels),), "follow": (Input.of(target),)}
        height_width = target.size
    else:
        start = initial_image(init, configured, preset)
        if isinstance(start, Exemplar):
            inputs["init"] = (Input.of(start),)
            height_width, start = start.size, "picture"
        height_width = size_of(size) or height_width
    spec = CanvasSpec(height_width, parse_wrap(wrap), seed, start)
    return _job("synthesize", inputs, spec, configured, preset, device, threads)


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
    device: str = "auto",
    threads: int | None = None,
    **parameters: Any,
) -> Job:
    """Fill the holes of a picture with the texture around them, or with another one.

    Parameters
    ----------
    photo
        The picture; transparent parts are holes.
    mask
        Picture or array of the photo's size; what is neither black nor transparent is a hole.
    source
        Another picture to copy from; the photo itself when None.
    grow
        Pixels by which the holes are enlarged: the rim of a cut-out object often shows.
    wrap
        Whether the photo tiles, and should continue to.

    Raises
    ------
    CanvasError
        If there is no hole, or nothing is left to copy from.
    """
    grow = whole("grow", grow, 0)
    picture = as_exemplar(photo)
    inputs: dict[JobInput, tuple[Input, ...]] = {"known": (Input.of(picture),)}
    if mask is not None:
        inputs["hole"] = (Input.of(take_mask(mask)),)
    if source is not None:
        inputs["exemplar"] = (Input.of(as_exemplar(source)),)
    spec = CanvasSpec(picture.size, parse_wrap(wrap), seed, grow=grow)
    configured = registry.method(method).configure(preset, **parameters)
    return _job("fill", inputs, spec, configured, preset, device, threads)


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
    device: str = "auto",
    threads: int | None = None,
    **parameters: Any,
) -> Job:
    """Continue a picture beyond its borders.

    Parameters
    ----------
    photo
        The picture; transparent parts are filled as well.
    source
        Another picture to copy from; the photo itself when None.
    left, right, top, bottom
        Pixels to add on each side.
    wrap
        Whether the larger picture should tile.
    """
    left, right, top, bottom = (
        whole(name, count, 0)
        for name, count in (("left", left), ("right", right), ("top", top), ("bottom", bottom))
    )
    if left + right + top + bottom == 0:
        raise CanvasError("no side is extended", "give `left`, `right`, `top` or `bottom`")
    picture = as_exemplar(photo)
    inputs: dict[JobInput, tuple[Input, ...]] = {"known": (Input.of(picture),)}
    if source is not None:
        inputs["exemplar"] = (Input.of(as_exemplar(source)),)
    size = (picture.size[0] + top + bottom, picture.size[1] + left + right)
    spec = CanvasSpec(size, parse_wrap(wrap), seed, margins=(top, bottom, left, right))
    configured = registry.method(method).configure(preset, **parameters)
    return _job("extend", inputs, spec, configured, preset, device, threads)


def transfer(
    texture: Picture | Model,
    target: Picture,
    *,
    method: str | None = None,
    preset: str | None = None,
    seed: int = 0,
    model: str | Path | Model | None = None,
    device: str = "auto",
    threads: int | None = None,
    **parameters: Any,
) -> Job:
    """Render a picture in a texture, which follows its light and dark (Efros and Freeman 2001).

    Parameters
    ----------
    texture
        The texture to copy from; or the model of a trained method that needs no exemplar.
    target
        The picture to render.
    method, preset
        A registered method and one of its presets; by default the model's, else patchmatch.
    model
        As in :func:`lichen.synthesize`.
    """
    trained, example = split_model(texture, model)
    inputs: dict[JobInput, tuple[Input, ...]] = {}
    if example is not None:
        inputs["exemplar"] = (Input.of(as_exemplar(example)),)
    content = as_exemplar(target)
    inputs["content"] = (Input.of(content),)
    if trained is not None:
        inputs["model"] = (model_input(trained),)
    configured = configured_with(method, preset, parameters, trained)
    spec = CanvasSpec(content.size, seed=seed)
    return _job("transfer", inputs, spec, configured, preset, device, threads)


def analogy(
    a: Picture,
    a2: Picture,
    b: Picture,
    *,
    wrap: bool | str = False,
    method: str = "image_analogies",
    preset: str | None = None,
    seed: int = 0,
    device: str = "auto",
    threads: int | None = None,
    **parameters: Any,
) -> Job:
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
    first, filtered, second = as_exemplar(a), as_exemplar(a2), as_exemplar(b)
    check_labels(first, filtered)
    inputs: dict[JobInput, tuple[Input, ...]] = {
        "exemplar": (Input.of(filtered),),
        "guide": (Input.of(first),),
        "follow": (Input.of(second),),
    }
    configured = registry.method(method).configure(preset, **parameters)
    spec = CanvasSpec(second.size, parse_wrap(wrap), seed)
    return _job("analogy", inputs, spec, configured, preset, device, threads)


def apply(
    source_map: str | Path | SourceMap,
    pictures: Sequence[Picture],
    known: Picture | None = None,
    *,
    threads: int | None = None,
) -> Job:
    """Repeat the copying of an earlier result on other pictures.

    Parameters
    ----------
    source_map
        Where each pixel was copied from: ``Result.source_map``, or the file it was saved in.
    pictures
        One for each exemplar of the earlier result, of its size.
    known
        The pixels to use where nothing was copied: those that were known.

    Raises
    ------
    ImageError
        For the wrong number of pictures, or wrong sizes or channels.
    ProvenanceError
        For a file that is not a source map.
    """
    path = None if isinstance(source_map, SourceMap) else source_map
    found = source_map if isinstance(source_map, SourceMap) else SourceMap.read(source_map)
    inputs: dict[JobInput, tuple[Input, ...]] = {
        "exemplar": tuple(
            Input.of(as_exemplar(picture)) for picture in several("pictures", pictures)
        ),
        "sources": (Input.of_sources(found, path),),
    }
    if known is not None:
        inputs["known"] = (Input.of(as_exemplar(known)),)
    spec = CanvasSpec((found.sources.shape[0], found.sources.shape[1]))
    configured = registry.method("replay").configure()
    return _job("apply", inputs, spec, configured, None, "auto", threads)


def mix(
    exemplars: Sequence[Picture],
    mixture: Sequence[float] | None = None,
    *,
    size: Sized | None = None,
    wrap: bool | str = False,
    init: str | MethodInit | None = None,
    method: str = "gatys",
    preset: str | None = None,
    seed: int = 0,
    device: str = "auto",
    threads: int | None = None,
    **parameters: Any,
) -> Job:
    """Make a texture whose statistics lie between those of several.

    It is the statistics matched by the method that are mixed, each in its own way; pictures are not
    blended.

    Parameters
    ----------
    exemplars
        Two or more pictures, of any sizes.
    mixture
        Weight of each, scaled to sum to 1; equal when None. Weights below 0 lead away from a
        texture.
    size
        As in :func:`lichen.synthesize`; the first picture's when None.
    wrap
        Whether the result tiles.
    init
        As in :func:`lichen.synthesize`, but no picture.

    Raises
    ------
    ParameterError
        For weights that cannot be scaled to sum to 1, or whose number is not that of the exemplars.
    """
    configured = _mixing(method, preset, parameters)
    if mixture is not None:
        configured = configured.mixed(mixture)
    return _mixture("mix", exemplars, size, wrap, init, configured, preset, seed, device, threads)


def strip(
    exemplars: Sequence[Picture],
    steps: int = 5,
    *,
    size: Sized | None = None,
    wrap: bool | str = False,
    init: str | MethodInit | None = None,
    method: str = "gatys",
    preset: str | None = None,
    seed: int = 0,
    device: str = "auto",
    threads: int | None = None,
    **parameters: Any,
) -> Job:
    """Make a row of pictures that lead from one texture to another, all from the same noise.

    Parameters
    ----------
    exemplars
        Two pictures.
    steps
        Pictures in the row, both ends included.
    size, wrap, init
        Of each picture of the row, as in :func:`lichen.mix`.
    """
    configured = _mixing(method, preset, parameters)
    if configured.mixed(None) != configured:
        raise ParameterError("a strip sets the weights itself", "omit the weights")
    job = _mixture("strip", exemplars, size, wrap, init, configured, preset, seed, device, threads)
    row = [configured.mixed(weights) for weights in strip_weights(len(exemplars), steps)]
    return replace(job, row=tuple(_changes(configured, picture) for picture in row))


def continue_from(picture: str | Path, iterations: int, exemplar: Picture | None = None) -> Job:
    """Continue a saved picture for some iterations, at full size, with its recorded settings.

    Parameters
    ----------
    picture
        A picture that lichen wrote, by a method that honours ``continues``.
    iterations
        Number of iterations.
    exemplar
        The exemplar, if its file was moved.
    """
    path = Path(picture)
    recorded = read_provenance(path).job
    registry.require(recorded.method, "continues", "give a picture that was made by {}")
    iterations = whole("iterations", iterations, 1)
    if recorded.row:
        raise ProvenanceError(
            f"{picture} is a row of several pictures, none of which can be continued",
            "make the one you want with lichen mix, and continue that",
        )
    job = locate(recorded, path.parent, exemplar)
    method = registry.method(job.method).configure(**job.parameters).continued(iterations)
    names = list(job.photo.files)[1:]
    saved = Exemplar.read(path, maps={name: map_path(path, name) for name in names})
    return replace(
        job,
        inputs={**job.inputs, "init": (Input.of(saved),)},
        canvas=replace(job.canvas, size=saved.size, init="picture"),
        parameters=method.model_dump(mode="json"),
        preset=None,
    )


def job_of(
    method: Method,
    exemplars: Sequence[Exemplar],
    canvas: Canvas,
    *,
    model: Model | None = None,
    device: str = "auto",
    threads: int | None = None,
) -> Job:
    """Return the job of a canvas in memory: for tests and other programs.

    It records the canvas's arrays by checksum, so another process cannot carry it out.
    """
    examples = list(exemplars)
    layout = examples[0].formats if examples else () if model is None else model.maps
    canvas = canvas if canvas.maps else replace(canvas, maps=layout)
    inputs: dict[JobInput, tuple[Input, ...]] = {"exemplar": tuple(map(Input.of, examples))}
    if model is not None:
        inputs["model"] = (model_input(model),)
    arrays: dict[JobInput, NDArray[Any] | None] = {
        "known": canvas.known,
        "hole": canvas.known_mask,
        "follow": canvas.guide,
        "content": canvas.content,
        "sources": canvas.sources,
    }
    for role, array in arrays.items():
        if array is not None:
            inputs[role] = (Input(role, {role: File.of_array(array)}),)
    start: Any = canvas.init
    if isinstance(canvas.init, Exemplar):
        inputs["init"], start = (Input.of(canvas.init),), "picture"
    spec = CanvasSpec(canvas.size, canvas.wrap, canvas.seed, start)
    job = _job("synthesize", inputs, spec, method, None, device, threads)
    return replace(job, loaded=(examples, canvas))


def _job(
    verb: Verb,
    inputs: Mapping[JobInput, tuple[Input, ...]],
    canvas: CanvasSpec,
    method: Method,
    preset: str | None,
    device: str,
    threads: int | None,
) -> Job:
    whole("seed", canvas.seed)  # its range is the canvas's to check
    return Job(
        verb,
        inputs,
        canvas,
        method.name,
        method.model_dump(mode="json"),
        preset,
        device,
        available_cores() if threads is None else whole("threads", threads, 1),
    )


def _mixing(method: str, preset: str | None, parameters: Mapping[str, Any]) -> Method:
    registry.require(method, "mixes")
    return registry.method(method).configure(preset, **parameters)


def _mixture(
    verb: Verb,
    exemplars: Sequence[Picture],
    size: Sized | None,
    wrap: bool | str,
    init: str | MethodInit | None,
    method: Method,
    preset: str | None,
    seed: int,
    device: str,
    threads: int | None,
) -> Job:
    if len(several("exemplars", exemplars)) < 2:
        raise ParameterError("one texture alone cannot be mixed", "give two or more pictures")
    examples = with_common_maps([as_exemplar(one) for one in exemplars])
    start = initial_image(init, method, preset)
    if isinstance(start, Exemplar):
        raise ParameterError(
            f"`init` = {init} is a picture, which a mixture cannot start from",
            "start from noise, exemplar or a method",
        )
    spec = CanvasSpec(size_of(size) or examples[0].size, parse_wrap(wrap), seed, start)
    inputs: dict[JobInput, tuple[Input, ...]] = {"exemplar": tuple(map(Input.of, examples))}
    return _job(verb, inputs, spec, method, preset, device, threads)


def _changes(method: Method, changed: Method) -> dict[str, Any]:
    """Return the parameters in which a method differs from another of its class."""
    before, after = method.model_dump(mode="json"), changed.model_dump(mode="json")
    return {name: value for name, value in after.items() if value != before[name]}
