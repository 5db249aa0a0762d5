"""One run of one method: steps out, and at any moment the best result so far."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from numpy.typing import NDArray

from lichen import registry
from lichen.canvas import Canvas, MethodInit
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

    Where the canvas starts from what another method makes, that one runs first: its steps come
    before the method's own and are counted with them.

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
    begun
        float32 (H, W, C): what the canvas's first method made, where that is known already.

    Attributes
    ----------
    first
        The run of the canvas's first method; None where there is none, or none is needed.

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
        begun: NDArray[np.float32] | None = None,
    ) -> None:
        _check(method, exemplars, canvas)
        self.begun = begun
        self.first: Run | None = None
        if isinstance(canvas.init, MethodInit) and begun is None:
            init, done = canvas.init, canvas.init.steps
            self.first = Run(
                registry.get(init.method).configure(init.preset, **init.parameters),
                exemplars,
                replace(canvas, init="noise"),
                resume=resume,
                steps_before=steps_before,
                resumed=[steps for steps in resumed if done is None or steps <= done],
                stop_after=stop_after,
                threads=threads,
            )
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
            resume=resume if self.first is None else None,
        )

    @property
    def under_way(self) -> Run:
        """The run whose steps come now: the first method's, until that has ended, or this one."""
        return self if self.first is None or self.begun is not None else self.first

    @property
    def on_download(self) -> Download | None:
        """Called with (what, bytes done, bytes in all) while weights are fetched."""
        return self._context.on_download

    @on_download.setter
    def on_download(self, listener: Download | None) -> None:
        self._context.on_download = listener
        if self.first is not None:
            self.first.on_download = listener

    def __iter__(self) -> Iterator[Step]:
        """Yield the method's steps, after those of the first method."""
        self._started = time.perf_counter()
        if self.first is not None:
            for step in self.first:
                self.last, self.n_steps = step, self.first.n_steps
                yield step
            if not self.first.complete:
                return
            self.begun = self.first.result().image
        for restart in self._resumed:
            if restart > self.n_steps:
                yield from self._until(restart)
                self._context.resume = self.last
        self.complete = yield from self._until(self.stop_after)

    def _until(self, n_steps: int | None) -> Generator[Step, None, bool]:
        """Yield steps up to the ``n_steps``-th of the run; give whether the method ended."""
        if n_steps is not None and self.n_steps >= n_steps:
            return False
        for step in self._method_steps():
            self.last = step
            self.n_steps += 1
            yield step
            if n_steps is not None and self.n_steps >= n_steps:
                return False
        return True

    def _method_steps(self) -> Iterator[Step]:
        canvas = self.canvas
        if self.begun is not None:
            maps, name = dict(self.exemplars[0].maps), "what was made first"
            canvas = replace(canvas, init=Exemplar(self.begun, maps, name=name))
        return self.method.run(self.exemplars, canvas, self._context)

    @property
    def seconds(self) -> float:
        """Wall-clock seconds so far."""
        return self._seconds_before + time.perf_counter() - self._started

    def provenance(self) -> Provenance:
        """Record of the run so far."""
        return Provenance(
            method=self.method.name,
            parameters=self.method.model_dump(mode="json"),
            size=self.canvas.size,
            wrap=self.canvas.wrap,
            seed=self.canvas.seed,
            init=self._init_record(),
            exemplars=tuple(Source.of(exemplar) for exemplar in self.exemplars),
            version=lichen_version(),
            networks=self._networks(),
            losses={} if self.last is None else dict(self.last.losses),
            steps=self.n_steps,
            seconds=round(self.seconds, 3),
            complete=self.complete,
            resumed=self._resumed,
            threads=self._context.threads,
            task=self.task,
            software=_software(),
        )

    def _init_record(self) -> str | Source | MethodInit:
        init = self.canvas.init
        if isinstance(init, Exemplar):
            return Source.of(init)
        if not isinstance(init, MethodInit) or self.first is None:
            return init
        return MethodInit(
            init.method,
            parameters=self.first.method.model_dump(mode="json"),
            steps=self.first.n_steps if self.first.complete else None,
        )

    def _networks(self) -> tuple[str, ...]:
        first = () if self.first is None else self.first._networks()
        return tuple(dict.fromkeys((*first, *self._context.networks)))

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
