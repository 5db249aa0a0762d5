"""The inputs of a job, as exemplars and a canvas for its method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lichen.arrays import Array, IntArray, Mask, Size
from lichen.canvas import Canvas, Init
from lichen.errors import CanvasError, ImageError, JobError, ProvenanceError
from lichen.exemplar import Exemplar, as_exemplar
from lichen.image.maps import File, MapFormat, check_name
from lichen.job import Input, Job, JobInput
from lichen.model import Model
from lichen.source_map import SourceMap

Picture = str | Path | NDArray[Any] | Exemplar

BRIGHT = 0.02
"""Brighter pixels of a mask of holes mark a hole."""


def load_model(job: Job) -> Model | None:
    """Read the model of a job, if it has one and it is not loaded.

    Raises
    ------
    ModelError
        When the file is missing, damaged, or not a model.
    ProvenanceError
        When it is not the file that was recorded.
    """
    one = job.one("model")
    return None if one is None else _model(one)


def load(job: Job, model: Model | None = None) -> tuple[list[Exemplar], Canvas]:
    """Read the inputs of a job, if they are not loaded, and lay out its canvas.

    If there is no exemplar the canvas has the maps of the model.

    Raises
    ------
    LichenError
        For inputs that cannot be read, differ from those recorded, or do not fit together.
    """
    if job.loaded is not None:
        return job.loaded
    job.check()
    spec = job.canvas
    canvas = Canvas(spec.size, wrap=spec.wrap, seed=spec.seed)
    if "sources" in job.inputs:
        return _lay_out_sources(job, canvas)
    exemplars = [_picture(one) for one in job.inputs.get("exemplar", ())]
    known = _only(job, "known")
    if known is not None:
        exemplars, canvas = _lay_out_known(job, canvas, known, exemplars)
    elif exemplars:
        exemplars = with_common_maps(exemplars)
        canvas = replace(canvas, maps=exemplars[0].formats)
    elif model is not None:
        canvas = replace(canvas, maps=model.maps)
    guide, follow, content = (_only(job, role) for role in ("guide", "follow", "content"))
    if guide is not None and follow is not None:
        channels = max(guide.channels, follow.channels)
        exemplars[0] = exemplars[0].with_guide(_with_channels(guide.pixels, channels))
        canvas = replace(canvas, guide=_with_channels(follow.pixels, channels))
    if content is not None:
        canvas = replace(canvas, content=content.pixels)
    return exemplars, replace(canvas, init=_initial_image(job))


def _initial_image(job: Job) -> Init | Exemplar:
    """Return the initial image; noise where another method makes it."""
    init = job.canvas.init
    if init == "picture":
        picture = _only(job, "init")
        if picture is None:
            raise JobError("the job starts from a picture but has no input `init`")
        return picture
    return init if isinstance(init, str) else "noise"


def _lay_out_known(
    job: Job, canvas: Canvas, photo: Exemplar, others: Sequence[Exemplar]
) -> tuple[list[Exemplar], Canvas]:
    """Keep the known pixels of a photo, and learn from them if there is no other exemplar."""
    known = np.ones(photo.size, bool) if photo.mask is None else photo.mask
    hole = _only(job, "hole")
    if hole is not None:
        known = known & ~_marked(hole, photo)
    if job.canvas.grow:
        from scipy.ndimage import minimum_filter

        known = minimum_filter(known, 2 * job.canvas.grow + 1, mode="nearest")
    top, bottom, left, right = job.canvas.margins
    sides = ((top, bottom), (left, right))
    laid_out = (photo.size[0] + top + bottom, photo.size[1] + left + right)
    if laid_out != canvas.size:
        raise JobError(
            f"the canvas is {canvas.size[1]}x{canvas.size[0]} but {photo.name} and its margins are "
            f"{laid_out[1]}x{laid_out[0]}"
        )
    if not any(job.canvas.margins) and known.all():
        raise CanvasError(f"{photo.name} has no hole to fill", "mark holes white, or transparent")
    if not others and not known.any():
        raise CanvasError(
            f"the mask leaves nothing of {photo.name} to copy from",
            "mask less of it, or give another picture to copy from",
        )
    sources = None
    if others:
        exemplars = [convert_like(other, photo.formats, photo.name) for other in others]
    else:
        exemplars = [photo.with_mask(None if known.all() else known)]
        positions = _own_positions(photo.size, known)
        sources = np.pad(positions, (*sides, (0, 0)), constant_values=-1)
    return exemplars, replace(
        canvas,
        maps=photo.formats,
        known=np.pad(photo.pixels, (*sides, (0, 0))),
        known_mask=np.pad(known, sides),
        known_sources=sources,
    )


def _lay_out_sources(job: Job, canvas: Canvas) -> tuple[list[Exemplar], Canvas]:
    """Repeat the copying of an earlier result."""
    source_map = _source_map(job.inputs["sources"][0])
    exemplars = [_picture(one) for one in job.inputs.get("exemplar", ())]
    background = _only(job, "known")
    pixels = None if background is None else background.pixels
    source_map.check([one.pixels for one in exemplars], pixels)
    canvas = replace(canvas, maps=exemplars[0].formats, sources=source_map.sources)
    if pixels is not None:
        missing = source_map.sources[..., 0] < 0
        canvas = replace(canvas, known=pixels, known_mask=missing)
    return exemplars, canvas


def with_common_maps(exemplars: Sequence[Exemplar]) -> list[Exemplar]:
    """Return exemplars with the same maps: grey ones become colour if any other is in colour.

    Raises
    ------
    ImageError
        If their maps differ otherwise.
    """
    widest = max(exemplars, key=lambda exemplar: exemplar.channels)
    return [convert_like(exemplar, widest.formats, widest.name) for exemplar in exemplars]


def convert_like(exemplar: Exemplar, formats: Sequence[MapFormat], name: str) -> Exemplar:
    """Convert an exemplar to the maps of another, called ``name``: grey may become colour."""
    if [(f.name, f.channels) for f in exemplar.formats] == [(f.name, f.channels) for f in formats]:
        return exemplar
    if exemplar.channels == 1 and len(formats) == 1 and formats[0].channels == 3:
        return exemplar.with_pixels(
            np.repeat(exemplar.pixels, 3, axis=2),
            [replace(formats[0], bit_depth=exemplar.formats[0].bit_depth)],
        )
    raise ImageError(
        f"{name} has {_kind(formats)} but {exemplar.name} has {_kind(exemplar.formats)}",
        "convert one of them",
    )


def take_exemplar(
    exemplar: Picture,
    mask: Picture | None,
    maps: dict[str, str | Path | NDArray[Any]],
) -> Exemplar:
    """Convert an exemplar, its mask and further maps from any form that public functions accept."""
    for name in maps:
        check_name(name)
    files = {name: one for name, one in maps.items() if isinstance(one, str | Path)}
    if (
        len(files) == len(maps)
        and isinstance(exemplar, str | Path)
        and isinstance(mask, str | Path | None)
    ):
        return Exemplar.read(exemplar, mask, files)
    taken = as_exemplar(exemplar)
    if mask is not None:
        usable = (
            as_exemplar(mask).pixels.mean(axis=2) >= 0.5
            if isinstance(mask, str | Path | Exemplar)
            else _as_bool(mask)
        )
        taken = replace(taken, mask=usable, mask_file=File.of_array(usable))
    return taken.with_maps(
        {
            name: Exemplar.read(one).pixels if isinstance(one, str | Path) else one
            for name, one in maps.items()
        }
    )


def _as_bool(mask: NDArray[Any]) -> Mask:
    """Take an array (H, W[, C]) that is not 0 at usable pixels."""
    array = np.asarray(mask).astype(bool)
    if array.ndim not in (2, 3):
        raise ImageError(f"the mask has the shape {array.shape}", "give (H, W) or (H, W, C)")
    usable: Mask = array if array.ndim == 2 else np.any(array, axis=2)
    return usable


def take_mask(mask: Picture) -> Exemplar:
    """Convert a mask of holes: a picture, or an array that is not 0 in holes."""
    return as_exemplar(np.asarray(mask).astype(bool) if isinstance(mask, np.ndarray) else mask)


def locate(job: Job, folder: Path, exemplar: Picture | None = None) -> Job:
    """Return a recorded job with its inputs read from the files' current paths.

    Parameters
    ----------
    job
        As it was recorded.
    folder
        Another folder to look for the files in.
    exemplar
        The first exemplar, or the picture that is filled or extended, if its file was moved or it
        was an array.

    Raises
    ------
    ProvenanceError
        If a file is gone or is not the one that was recorded.
    """
    moved = job.photo
    inputs: dict[JobInput, tuple[Input, ...]] = {
        role: tuple(
            _located(one, folder, exemplar if one.files == moved.files else None) for one in given
        )
        for role, given in job.inputs.items()
    }
    return replace(job, inputs=inputs)


def _located(one: Input, folder: Path, given: Picture | None) -> Input:
    if isinstance(one.loaded, Model):
        return one
    if given is not None and not isinstance(given, str | Path):
        return replace(one, loaded=_verified(as_exemplar(given), one))
    files = dict(one.files)
    first = next(iter(files))
    if given is not None:
        files[first] = replace(files[first], path=str(given))
    found = {
        name: replace(file, path=_find(file, one.name, folder).as_posix())
        for name, file in files.items()
    }
    mask = one.mask
    if mask is not None:
        mask = replace(mask, path=_find(mask, f"the mask of {one.name}", folder).as_posix())
    read = replace(one, files=found, mask=mask)
    if "sources" in files:
        return replace(read, loaded=_source_map(read))
    if "model" in files:
        return replace(read, loaded=_model(read))
    return replace(read, loaded=_picture(read))


def _find(file: File, name: str, folder: Path) -> Path:
    if file.path is None:
        raise ProvenanceError(
            f"{name} was given as an array, so there is no file to read it from",
            "pass it as `exemplar`",
        )
    recorded = Path(file.path)
    for candidate in (recorded, folder / recorded, folder / recorded.name):
        if candidate.is_file():
            return candidate
    raise ProvenanceError(
        f"the file {file.path} is gone", "pass its new path as `exemplar`, or restore it"
    )


def _only(job: Job, role: JobInput) -> Exemplar | None:
    one = job.one(role)
    return None if one is None else _picture(one)


def _picture(one: Input) -> Exemplar:
    """Read an input, and raise if it is not the recorded picture."""
    if isinstance(one.loaded, Exemplar):
        return one.loaded
    paths = {name: _path(file, one.name) for name, file in one.files.items()}
    first = next(iter(paths.values()))
    mask = None if one.mask is None else _path(one.mask, f"the mask of {one.name}")
    maps = dict(list(paths.items())[1:])
    return _verified(Exemplar.read(first, mask, maps), one)


def _source_map(one: Input) -> SourceMap:
    if isinstance(one.loaded, SourceMap):
        return one.loaded
    (file,) = one.files.values()
    found = SourceMap.read(_path(file, one.name))
    if File.of_array(found.sources).sha256 != file.sha256:
        raise ProvenanceError(
            f"{file.path} is not the map that the picture was made from", "give the original file"
        )
    return found


def model_input(source: str | Path | Model) -> Input:
    """Record a model, and read it if it is a file."""
    model = source if isinstance(source, Model) else Model.read(source)
    return Input(model.name, {"model": model.recorded()}, loaded=model)


def _model(one: Input) -> Model:
    if isinstance(one.loaded, Model):
        return one.loaded
    (file,) = one.files.values()
    found = Model.read(_path(file, one.name))
    if found.recorded().sha256 != file.sha256:
        raise ProvenanceError(
            f"{file.path} is not the model that the picture was made with",
            f"give the original file: its SHA-256 begins with {file.sha256[:12]}",
        )
    return found


def _path(file: File, name: str) -> str:
    if file.path is None:
        raise ProvenanceError(
            f"{name} was given as an array, so there is no file to read it from",
            "pass it as `exemplar`",
        )
    return file.path


def _verified(found: Exemplar, one: Input) -> Exemplar:
    files = {found_map.name: found_map.file.sha256 for found_map in found.maps}
    mask = None if found.mask_file is None else found.mask_file.sha256
    recorded = {name: file.sha256 for name, file in one.files.items()}
    if files != recorded or mask != (None if one.mask is None else one.mask.sha256):
        raise ProvenanceError(
            f"{found.path or found.name} is not the {one.name} that the picture was made from",
            f"give the original file: its SHA-256 begins with {next(iter(recorded.values()))[:12]}",
        )
    return found


def _marked(hole: Exemplar, photo: Exemplar) -> Mask:
    """Return the pixels that a mask marks, (H, W): neither black nor transparent."""
    marked: Mask = hole.pixels.mean(axis=2) > BRIGHT
    if marked.shape != photo.size:
        raise ImageError(
            f"the mask is {marked.shape[1]}x{marked.shape[0]} but {photo.name} is "
            f"{photo.size[1]}x{photo.size[0]}",
            "give a mask of the photo's size",
        )
    return marked if hole.mask is None else marked & hole.mask


def _kind(formats: Sequence[MapFormat]) -> str:
    if len(formats) > 1:
        return f"the maps {', '.join(one.name for one in formats)}"
    return "grey pixels" if formats[0].channels == 1 else "coloured pixels"


def _own_positions(size: Size, known: Mask) -> IntArray:
    """Return the sources of known pixels, which are themselves in exemplar 0; -1 elsewhere."""
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.int32)
    positions = np.stack([np.zeros_like(rows), rows, columns], axis=2)
    positions[~known] = -1
    return positions


def _with_channels(pixels: Array, channels: int) -> Array:
    return pixels if pixels.shape[2] == channels else np.repeat(pixels, channels, axis=2)
