"""One run of one method: steps out, and at any moment the best result so far."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from lichen import registry
from lichen.canvas import Canvas
from lichen.errors import LichenError, NotHonouredError
from lichen.exemplar import Exemplar
from lichen.image import resize_image
from lichen.method import Context, Method
from lichen.result import Provenance, Result, Source, Task
from lichen.source_map import SourceMap
from lichen.step import Step

Download = Callable[[str, int, int | None], None]


class RunInterruptedError(KeyboardInterrupt):
    """Ctrl-C during a run; ``result`` is the best picture so far, None before the first step."""

    def __init__(self, result: Result | None) -> None:
        super().__init__("interrupted")
        self.result = result


class Run:
    """Iterate a method over a canvas and keep what a result needs.

    Parameters
    ----------
    method
        A configured method.
    exemplars
        What to learn from.
    canvas
        What is wanted.
    resume
        The last step of an interrupted run to go on from.
    steps_before, seconds_before
        Steps and seconds already taken by the run that is resumed.
    resumed
        Steps after which the run goes on from its own last step with its solver afresh; of
        those before ``steps_before`` that is history.
    stop_after
        Stop after this many steps, to make a picture of an interrupted run again.
    threads
        Threads to compute with; by default as many as there are cores.
    task
        What was asked for, where that is more than exemplars and a canvas's size.

    Raises
    ------
    LichenError
        At once, if the method cannot make this canvas.
    """

    def __init__(
        self,
        method: Method,
        exemplars: Sequence[Exemplar],
        canvas: Canvas,
        *,
        resume: Step | None = None,
        steps_before: int = 0,
        seconds_before: float = 0.0,
        resumed: Sequence[int] = (),
        stop_after: int | None = None,
        threads: int | None = None,
        task: Task | None = None,
    ) -> None:
        _check(method, exemplars, canvas)
        self.method = method
        self.exemplars = tuple(exemplars)
        self.canvas = canvas
        self.last: Step | None = resume
        self.n_steps = steps_before
        self.complete = False
        self._resumed = tuple(resumed)
        self.stop_after = stop_after
        self._seconds_before = seconds_before
        self._started = time.perf_counter()
        self.task = task
        self._context = Context(
            seed=canvas.seed,
            threads=threads or available_cores(),
            resume=resume,
        )

    @property
    def on_download(self) -> Download | None:
        """Called with (what, bytes done, bytes in all) while weights are fetched."""
        return self._context.on_download

    @on_download.setter
    def on_download(self, listener: Download | None) -> None:
        self._context.on_download = listener

    def __iter__(self) -> Iterator[Step]:
        """Yield the method's steps."""
        self._started = time.perf_counter()
        for restart in self._resumed:
            if restart > self.n_steps:
                yield from self._until(restart)
                self._context.resume = self.last
        self.complete = yield from self._until(self.stop_after)

    def _until(self, n_steps: int | None) -> Generator[Step, None, bool]:
        """Yield steps up to the ``n_steps``-th of the run; give whether the method ended."""
        if n_steps is not None and self.n_steps >= n_steps:
            return False
        for step in self.method.run(self.exemplars, self.canvas, self._context):
            self.last = step
            self.n_steps += 1
            yield step
            if n_steps is not None and self.n_steps >= n_steps:
                return False
        return True

    @property
    def seconds(self) -> float:
        """Wall-clock seconds so far."""
        return self._seconds_before + time.perf_counter() - self._started

    def provenance(self) -> Provenance:
        """Record of the run so far."""
        init = self.canvas.init
        return Provenance(
            method=self.method.name,
            parameters=self.method.model_dump(mode="json"),
            size=self.canvas.size,
            wrap=self.canvas.wrap,
            seed=self.canvas.seed,
            init=Source.of(init) if isinstance(init, Exemplar) else init,
            exemplars=tuple(Source.of(exemplar) for exemplar in self.exemplars),
            version=lichen_version(),
            networks=tuple(self._context.networks),
            losses={} if self.last is None else dict(self.last.losses),
            steps=self.n_steps,
            seconds=round(self.seconds, 3),
            complete=self.complete,
            resumed=self._resumed,
            threads=self._context.threads,
            task=self.task,
            software=_software(),
        )

    def _source_map(self) -> SourceMap | None:
        if self.last is None or self.last.sources is None:
            return None
        if self.last.sources.shape[:2] != self.canvas.size:
            return None
        return SourceMap(self.last.sources, tuple(example.size for example in self.exemplars))

    def result(self) -> Result:
        """Give the picture so far, at the canvas's size, with its record."""
        if self.last is None:
            raise LichenError(
                f"{self.method.name} has made no picture yet", "let it take at least one step"
            )
        image = self.last.image
        if image.shape[:2] != self.canvas.size:  # stopped on a coarse level of the pyramid
            image = resize_image(image, self.canvas.size)
        return Result(
            image=np.ascontiguousarray(image),
            provenance=self.provenance(),
            maps=dict(self.exemplars[0].maps),
            bit_depths=dict(self.exemplars[0].bit_depths),
            source_map=self._source_map(),
        )


def _check(method: Method, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
    """Let the method check; where it lacks a feature say which methods have it."""
    try:
        method.check(exemplars, canvas)
    except NotHonouredError as error:
        able = registry.methods_that_honour(error.asked)
        if not able:
            raise
        raise NotHonouredError(
            error.problem, f"use --method {' or '.join(able)}", error.asked
        ) from None


def available_cores() -> int:
    """Cores that this process may use, or ``OMP_NUM_THREADS`` where that is set."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def lichen_version() -> str:
    """Version of the installed package."""
    return version("lichen")


def _software() -> dict[str, str]:
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in ("numpy", "torch"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
