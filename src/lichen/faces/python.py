"""The Python face: each verb carries out its job with a progress bar and returns the result."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

from lichen import registry
from lichen.faces.interruption import Interruption
from lichen.faces.progress import ProgressBar
from lichen.job import Job
from lichen.result import Result
from lichen.run import verbs
from lichen.run.checkpoint import Checkpointer
from lichen.run.first_use import FirstUse
from lichen.run.inputs import Picture
from lichen.run.loop import Run
from lichen.run.video import Recorder
from lichen.step import Step

Arguments = ParamSpec("Arguments")


class RunInterruptedError(KeyboardInterrupt):
    """Ctrl-C during a run; ``result`` is the best picture so far, None before the first step."""

    def __init__(self, result: Result | None) -> None:
        super().__init__("interrupted")
        self.result = result


def finish(
    run: Run | Job,
    *,
    progress: bool | None = None,
    checkpoint: str | Path | Checkpointer | None = None,
    video: str | Path | None = None,
    on_step: Callable[[Step], None] | None = None,
    title: str | None = None,
) -> Result:
    """Carry out a job, or take a run to its end.

    Parameters
    ----------
    run
        A job, or the run of one.
    progress
        Whether to show a bar; None shows it on a terminal.
    checkpoint
        File for the state of the run, from which :func:`lichen.resume` can continue.
    video
        File for a video of the run: .gif, .webp, .png, .mp4, .webm.
    on_step
        Called with each step.
    title
        Title of the bar; the method's name when None.

    Raises
    ------
    RunInterruptedError
        On Ctrl-C; its ``result`` is the best picture so far.
    """
    run = Run(run) if isinstance(run, Job) else run
    keeper = Checkpointer(Path(checkpoint)) if isinstance(checkpoint, str | Path) else checkpoint
    if video is not None:
        registry.require(run.job.method, "video")
    recorder = None if video is None else Recorder.of(run, Path(video))
    first_use = FirstUse(run.active.method.name)
    try:
        with ProgressBar(title or run.method.name, progress) as bar, Interruption() as interruption:
            run.report_download = bar.download
            if first_use.compiles:
                bar.wait("compiling kernels (first use only)")
            for step in run:
                interruption.check()
                bar.step(step, first="" if run.active is run else run.active.method.name)
                if keeper is not None:
                    keeper(run)
                if recorder is not None:
                    recorder(step)
                if on_step is not None:
                    on_step(step)
            interruption.check()
            first_use.done()
    except KeyboardInterrupt:
        if keeper is not None:
            keeper.write(run)
        raise RunInterruptedError(run.result() if run.last is not None else None) from None
    if recorder is not None:
        recorder.write()
    return run.result()


def iterate(exemplar: Picture, **arguments: Any) -> Iterator[Step]:
    """Yield the steps of a synthesis, one per iteration; arguments as :func:`synthesize`.

    The arguments are checked at once, before the first step is requested.
    """
    return iter(Run(verbs.synthesize(exemplar, **arguments)))


FINISHING = {
    name: parameter
    for name, parameter in inspect.signature(finish).parameters.items()
    if name in ("progress", "checkpoint", "video", "on_step")
}


def finishing(verb: Callable[Arguments, Job]) -> Callable[Arguments, Result]:
    """Return the verb that carries out its job and returns the result.

    It takes ``progress``, ``checkpoint``, ``video`` and ``on_step`` besides the verb's arguments.
    """

    @wraps(verb)
    def finished(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        options = {name: kwargs.pop(name) for name in FINISHING if name in kwargs}
        return finish(verb(*args, **kwargs), **options)  # type: ignore[arg-type]

    signature = inspect.signature(verb)
    own = [one for one in signature.parameters.values() if one.kind is not one.VAR_KEYWORD]
    rest = [one for one in signature.parameters.values() if one.kind is one.VAR_KEYWORD]
    finished.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*own, *FINISHING.values(), *rest], return_annotation=Result
    )
    finished.__doc__ = (
        f"{inspect.cleandoc(verb.__doc__ or '')}\n\n"
        "``progress``, ``checkpoint``, ``video`` and ``on_step`` are those of\n"
        ":func:`lichen.finish`; further arguments those of :func:`lichen.synthesize`.\n"
    )
    return finished


synthesize = finishing(verbs.synthesize)
fill = finishing(verbs.fill)
extend = finishing(verbs.extend)
transfer = finishing(verbs.transfer)
analogy = finishing(verbs.analogy)
apply = finishing(verbs.apply)
mix = finishing(verbs.mix)
strip = finishing(verbs.strip)
