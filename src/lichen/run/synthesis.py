"""The public verbs: synthesize, iterate, resume, rerun, and going on from a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lichen import registry
from lichen.canvas import Canvas, MethodInit, init_from, parse_wrap
from lichen.errors import ParameterError, ProvenanceError
from lichen.exemplar import Exemplar, as_exemplar
from lichen.faces.interruption import Interruption
from lichen.faces.progress import ProgressBar
from lichen.image import parse_size
from lichen.result import Provenance, Result, Source, Task, read_provenance
from lichen.run import mixing, tasks
from lichen.run.applying import apply
from lichen.run.checkpoint import Checkpointer, read_checkpoint
from lichen.run.compiling import FirstUse
from lichen.run.film import Recorder
from lichen.run.loop import Run, RunInterruptedError
from lichen.step import Step

Picture = str | Path | NDArray[Any] | Exemplar

VERBS: Mapping[str, Callable[..., Run]] = {
    "fill": tasks.fill,
    "extend": tasks.extend,
    "transfer": tasks.transfer,
    "analogy": tasks.analogy,
    "strip": mixing.strip,
    "apply": apply,
}


def prepare(
    exemplar: Picture,
    *,
    size: tuple[int, int] | str | None = None,
    method: str = registry.DEFAULT_METHOD,
    preset: str | None = None,
    wrap: bool | str | tuple[bool, bool] = False,
    seed: int = 0,
    init: Picture | MethodInit | None = None,
    mask: Picture | None = None,
    maps: Mapping[str, str | Path | NDArray[Any]] | None = None,
    also: Sequence[Picture] = (),
    guide: Picture | None = None,
    follow: Picture | None = None,
    **parameters: Any,
) -> Run:
    """Check everything that can be checked and give the run, not yet started.

    See :func:`synthesize` for the parameters.
    """
    configured = registry.get(method).configure(preset, **parameters)
    _check_guide(guide, follow, size, init, also)
    example = _with_maps(exemplar, mask, maps or {})
    if also and maps:
        raise ParameterError("several examples with further maps", "give one or the other")
    if guide is not None and follow is not None:
        words = {parse_wrap(word): word for word in ("none", "both", "rows", "columns")}
        return tasks.analogy(
            guide,
            example,
            follow,
            wrap=words[wrap] if isinstance(wrap, tuple) else wrap,
            method=method,
            preset=preset,
            seed=seed,
            **parameters,
        )
    start = tasks.starting_image(init, method, preset)
    if size is None:
        height_width = start.size if isinstance(start, Exemplar) else example.size
    else:
        height_width = parse_size(size) if isinstance(size, str) else (int(size[0]), int(size[1]))
    canvas = Canvas(
        size=height_width,
        wrap=wrap if isinstance(wrap, tuple) else parse_wrap(wrap),
        seed=seed,
        init=start,
    )
    return Run(configured, tasks.alike([example, *also]), canvas)


def synthesize(
    exemplar: Picture,
    *,
    size: tuple[int, int] | str | None = None,
    method: str = registry.DEFAULT_METHOD,
    preset: str | None = None,
    wrap: bool | str | tuple[bool, bool] = False,
    seed: int = 0,
    init: Picture | MethodInit | None = None,
    mask: Picture | None = None,
    maps: Mapping[str, str | Path | NDArray[Any]] | None = None,
    also: Sequence[Picture] = (),
    guide: Picture | None = None,
    follow: Picture | None = None,
    progress: bool | None = None,
    checkpoint: str | Path | None = None,
    video: str | Path | None = None,
    on_step: Callable[[Step], None] | None = None,
    **parameters: Any,
) -> Result:
    """Make a new picture of the exemplar's material.

    Parameters
    ----------
    exemplar
        A picture file, or an array (H, W[, C]): uint8, uint16, or float in [0, 1].
    size
        (height, width) in pixels, or text as on the command line, ``"WIDTHxHEIGHT"``; the
        exemplar's when None.
    method, preset
        A registered method and one of its presets; patchmatch when not given.
    wrap
        True for a result that tiles; ``"rows"`` or ``"columns"`` for one axis only.
    seed
        Same seed, same picture.
    init
        ``"noise"``, ``"exemplar"``, a picture of ``size``, or ``"METHOD"`` or ``"METHOD:PRESET"``
        for what another method makes first, of the same size, wrap and seed. When None, what the
        preset starts from, else noise.
    mask
        Picture or array whose bright pixels of the exemplar may be used.
    maps
        Further maps of the exemplar, of its size, by name: ``{"height": "wall_height.png"}``; all
        are made in step.
    also
        Further examples of the same texture, of any sizes.
    guide, follow
        Texture by numbers: a label map of the exemplar, of its size, and one of the new picture,
        which gets the size of that; both or neither. They exclude ``size``, ``init``, ``also``.
    progress
        Whether to show a bar; None shows it on a terminal.
    checkpoint
        File to keep the state of the run in, so that :func:`resume` can go on from it.
    video
        File for a film of the run: .gif, .webp, .png, .mp4, .webm.
    on_step
        Called with each step.
    **parameters
        Parameters of the method.

    Returns
    -------
    Result
        The picture and its provenance.

    Raises
    ------
    LichenError
        For anything the user can mend; nothing has been computed or written then.
    RunInterruptedError
        On Ctrl-C; its ``result`` is the best picture so far.

    Examples
    --------
    >>> import lichen, numpy as np
    >>> photo = np.random.default_rng(0).random((32, 32, 3))
    >>> lichen.synthesize(photo, size=(48, 40), iterations=2).image.shape
    (48, 40, 3)
    """
    run = prepare(
        exemplar,
        size=size,
        method=method,
        preset=preset,
        wrap=wrap,
        seed=seed,
        init=init,
        mask=mask,
        maps=maps,
        also=also,
        guide=guide,
        follow=follow,
        **parameters,
    )
    return finish(run, progress=progress, checkpoint=checkpoint, video=video, on_step=on_step)


def iterate(exemplar: Picture, **wanted: Any) -> Iterator[Step]:
    """Yield the steps of a synthesis, one per iteration; arguments as :func:`synthesize`.

    The arguments are checked at once, before the first step is asked for.
    """
    return iter(prepare(exemplar, **wanted))


def finish(
    run: Run,
    *,
    progress: bool | None = None,
    checkpoint: str | Path | Checkpointer | None = None,
    video: str | Path | None = None,
    on_step: Callable[[Step], None] | None = None,
    title: str | None = None,
) -> Result:
    """Take a run to its end, with bar, checkpoints and film; see :func:`synthesize`."""
    keeper = Checkpointer(Path(checkpoint)) if isinstance(checkpoint, str | Path) else checkpoint
    recorder = None if video is None else Recorder.of(run, Path(video))
    first = FirstUse(run.under_way.method.name)
    try:
        with ProgressBar(title or run.method.name, progress) as bar, Interruption() as interruption:
            run.on_download = bar.download
            if first.compiles:
                bar.wait("compiling its kernels, this once")
            for step in run:
                interruption.check()
                bar.step(step, first="" if run.under_way is run else run.under_way.method.name)
                if keeper is not None:
                    keeper(run)
                if recorder is not None:
                    recorder(step)
                if on_step is not None:
                    on_step(step)
            interruption.check()
            first.done()
    except KeyboardInterrupt:
        if keeper is not None:
            keeper.write(run)
        raise RunInterruptedError(run.result() if run.last is not None else None) from None
    if recorder is not None:
        recorder.write()
    return run.result()


def resume(checkpoint: str | Path, exemplar: Picture | None = None) -> Run:
    """Give the run that goes on from a checkpoint.

    Parameters
    ----------
    checkpoint
        A file that an interrupted run left.
    exemplar
        The exemplar, where it is no longer at the path that the checkpoint recorded.
    """
    stored = read_checkpoint(Path(checkpoint))
    record = stored.provenance
    return _run_again(
        record,
        exemplar,
        Path(checkpoint).parent,
        begun=stored.begun,
        resume=stored.step,
        steps_before=record.steps,
        seconds_before=record.seconds,
        resumed=(*record.resumed, record.steps),
    )


def rerun(picture: str | Path, exemplar: Picture | None = None) -> tuple[Run, Provenance]:
    """Give the run that makes a saved picture again, and the record it must reproduce.

    Parameters
    ----------
    picture
        A picture that lichen wrote.
    exemplar
        The exemplar, where it is no longer at the recorded path.
    """
    record = read_provenance(picture)
    how = {"resumed": record.resumed, "stop_after": None if record.complete else record.steps}
    return _run_again(record, exemplar, Path(picture).parent, **how), record


def go_on(picture: str | Path, iterations: int, exemplar: Picture | None = None) -> Run:
    """Give the run that takes a saved picture ``iterations`` steps further.

    It starts from the picture, at full size only, with the parameters that made it.
    """
    record = read_provenance(picture)
    if record.task is not None:
        raise ProvenanceError(
            f"{picture} was made by lichen {record.task.verb}, which does not go on from a picture",
            "only what lichen synthesize made can be taken further",
        )
    parameters = {**record.parameters, "iterations": iterations, "levels": 1}
    return Run(
        registry.get(record.method).configure(**parameters),
        tasks.alike(_find_sources(record.exemplars, exemplar, Path(picture).parent)),
        Canvas(record.size, record.wrap, record.seed, init=Exemplar.read(picture)),
    )


def _run_again(record: Provenance, exemplar: Picture | None, folder: Path, **how: Any) -> Run:
    if record.task is not None:
        run = _task_again(record, record.task, exemplar, folder)
        run.stop_after = how.get("stop_after")
        return run
    init = record.init
    start = _find_source(init, None, folder) if isinstance(init, Source) else init_from(init)
    return Run(
        registry.get(record.method).configure(**record.parameters),
        tasks.alike(_find_sources(record.exemplars, exemplar, folder)),
        Canvas(record.size, record.wrap, record.seed, init=start),
        threads=record.threads,
        **how,
    )


def _task_again(record: Provenance, task: Task, exemplar: Picture | None, folder: Path) -> Run:
    """Give the run of a task; from its beginning, as methods that copy have no state to keep."""
    if task.verb not in VERBS:
        raise ProvenanceError(f"{task.verb!r} is no task of this version of lichen")
    pictures: dict[str, Exemplar | list[Exemplar]] = {}
    for name, given in task.pictures.items():
        if isinstance(given, tuple):
            pictures[name] = _find_sources(given, exemplar, folder)
        else:
            is_exemplar = given.sha256 == record.exemplars[0].sha256
            pictures[name] = _find_source(given, exemplar if is_exemplar else None, folder)
    parameters = dict(record.parameters)
    if task.verb == "apply":
        parameters["source_map"] = _find_file(parameters["source_map"], "the map", folder)
    return VERBS[task.verb](
        **pictures,
        **task.options,
        method=record.method,
        seed=record.seed,
        threads=record.threads,
        **parameters,
    )


def _find_sources(sources: Sequence[Source], first: Picture | None, folder: Path) -> list[Exemplar]:
    return [
        _find_source(source, first if number == 0 else None, folder)
        for number, source in enumerate(sources)
    ]


def _find_source(source: Source, given: Picture | None, folder: Path) -> Exemplar:
    """Read a recorded picture again, and refuse another one in its place."""
    if given is not None and not isinstance(given, str | Path):
        found = as_exemplar(given)
    else:
        found = Exemplar.read_maps(
            given or _find_file(source.path, source.name, folder),
            {
                name: _find_file(path, f"the map {name}", folder)
                for name, path in (source.map_paths or {}).items()
            },
            None if source.mask_path is None else _find_file(source.mask_path, "mask", folder),
        )
    if found.sha256 != source.sha256 or found.mask_sha256 != source.mask_sha256:
        raise ProvenanceError(
            f"{found.path or found.name} is not the {source.name} that the picture was made from",
            "give the original file: its SHA-256 begins with " + source.sha256[:12],
        )
    return found


def _find_file(recorded: str | None, name: str, folder: Path) -> Path:
    if recorded is None:
        raise ProvenanceError(
            f"{name} was given as an array, so there is no file to read it from",
            "pass it with --exemplar (in Python: exemplar=)",
        )
    for candidate in (Path(recorded), folder / recorded, folder / Path(recorded).name):
        if candidate.is_file():
            return candidate
    raise ProvenanceError(
        f"the file {recorded} is gone", "pass where it is now with --exemplar (exemplar=)"
    )


def _check_guide(
    guide: Picture | None,
    follow: Picture | None,
    size: tuple[int, int] | str | None,
    init: Picture | MethodInit | None,
    also: Sequence[Picture],
) -> None:
    """Raise for what texture by numbers lacks, or excludes."""
    if (guide is None) != (follow is None):
        raise ParameterError(
            "--guide and --follow belong together",
            "give the label maps of the photo and of the new picture",
        )
    if guide is None:
        return
    if size is not None:
        raise ParameterError("--follow has a size, so --size is too much", "leave --size out")
    if init is not None and not (isinstance(init, str) and init == "noise"):
        raise ParameterError("--guide and --init exclude each other", "give one of them")
    if also:
        raise ParameterError("--guide belongs to one photo, several are given", "give one PHOTO")


def _with_maps(
    exemplar: Picture,
    mask: Picture | None,
    maps: Mapping[str, str | Path | NDArray[Any]],
) -> Exemplar:
    files = {name: file for name, file in maps.items() if isinstance(file, str | Path)}
    if (
        files
        and len(files) == len(maps)
        and isinstance(exemplar, str | Path)
        and isinstance(mask, str | Path | None)
    ):
        return Exemplar.read_maps(exemplar, files, mask)
    arrays = {
        name: Exemplar.read(file).pixels if isinstance(file, str | Path) else file
        for name, file in maps.items()
    }
    return _with_mask(exemplar, mask).stacked(arrays)


def _with_mask(exemplar: Picture, mask: Picture | None) -> Exemplar:
    if mask is None:
        return as_exemplar(exemplar)
    if isinstance(exemplar, str | Path) and isinstance(mask, str | Path):
        return Exemplar.read(exemplar, mask)
    example = as_exemplar(exemplar)
    usable = (
        as_exemplar(mask).pixels.mean(axis=2) >= 0.5
        if isinstance(mask, str | Path | Exemplar)
        else np.asarray(mask).astype(bool)
    )
    return Exemplar.from_array(example.pixels, usable, example.name)
