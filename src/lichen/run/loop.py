"""One run of one job: its steps, and at any time the best result so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace

import numpy as np

from lichen import registry
from lichen.arrays import Array
from lichen.canvas import Canvas
from lichen.errors import DeviceError, LichenError, NotHonouredError, unknown_name
from lichen.exemplar import Exemplar
from lichen.image import resize_image
from lichen.job import Job, MethodInit
from lichen.method import Context
from lichen.nn.device import check_name, resolve_device
from lichen.result import Provenance, Result
from lichen.run.inputs import load, load_model
from lichen.run.machine import lichen_version, software
from lichen.source_map import SourceMap
from lichen.step import Step

GAP = 4
"""White pixels between the pictures of a row."""

Download = Callable[[str, int, int | None], None]
"""Called with (what, bytes done, total bytes)."""


class Run:
    """Carry out a job, step by step, and keep what a result needs.

    If the canvas starts from another method's result, that method runs first: its steps come
    before the method's own and are counted with them.

    Parameters
    ----------
    job
        What to make.

    Attributes
    ----------
    method, exemplars, canvas, model
        The job's method, configured, and its loaded inputs; the model is None if the method reads
        none.
    last
        The last step; None before the first.
    n_steps
        Steps taken, including those before a resumption and those of the initial image's method.
    complete
        Whether the method has run to its end.
    initial
        The run of the method that makes the initial image; None if there is none, or it has
        already finished.
    initial_image
        float32 (H, W, C): the result of that method.

    Raises
    ------
    LichenError
        At once, if the job cannot be carried out.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        chosen = registry.method(job.method)
        if job.preset is not None and job.preset not in chosen.presets:
            raise unknown_name(f"preset of {job.method}", job.preset, chosen.presets)
        self.method = chosen.configure(**job.parameters)
        self.model = load_model(job)
        exemplars, self.canvas = load(job, self.model)
        self.exemplars: tuple[Exemplar, ...] = tuple(exemplars)
        self._check()
        self.last: Step | None = None
        self.n_steps = 0
        self.complete = False
        self.initial_image: Array | None = None
        self.initial = self._initial_run()
        if job.row:
            self.canvas = _canvas_of_row(self.canvas, len(job.row))
        self._restarts = job.restarts
        self._seconds_before = 0.0
        self._started = time.perf_counter()
        self._context = Context(job.canvas.seed, job.threads, self._device(), model=self.model)
        if self.model is not None:
            self._context.record_network(self.model.label)

    @classmethod
    def resumed(cls, record: Provenance, job: Job, step: Step, initial_image: Array | None) -> Run:
        """Return the run that continues from the last step of an interrupted one.

        Parameters
        ----------
        record, step
            Record and last step of the interrupted run.
        job
            The record's job, with its inputs located.
        initial_image
            The initial image, if the method that makes it had finished.
        """
        run = cls(job)
        run.last, run.n_steps = step, record.steps
        run._seconds_before = record.seconds
        run._restarts = (*record.restarts, record.steps)
        resumed = run
        if run.initial is not None and initial_image is None:
            resumed = run.initial
            resumed.last, resumed.n_steps, resumed._restarts = step, record.steps, run._restarts
        else:
            run.initial, run.initial_image = None, initial_image
        resumed._context.resume = step
        return run

    def _initial_run(self) -> Run | None:
        init, job = self.job.canvas.init, self.job
        if not isinstance(init, MethodInit) or job.row:
            return None
        able = registry.method(init.method).capabilities()
        first = replace(
            job,
            inputs={role: given for role, given in job.inputs.items() if role != "model"},
            method=init.method,
            parameters=init.parameters,
            preset=None,
            device=job.device if "device" in able else "auto",
            canvas=replace(job.canvas, init="noise"),
        )
        if job.loaded is not None:
            exemplars, canvas = job.loaded
            first = replace(first, loaded=(exemplars, replace(canvas, init="noise")))
        return Run(first)

    def _check(self) -> None:
        """Let the method check; if it lacks a capability, name the methods that have it."""
        canvas = self.canvas
        if isinstance(self.job.canvas.init, MethodInit):  # whose picture does not exist yet
            canvas = replace(canvas, init="exemplar")
        try:
            self.method.check_model(self.model)
            self.method.check(self.exemplars, canvas)
            self._check_device()
        except NotHonouredError as error:
            able = [
                name
                for name in registry.methods(*error.requested)
                if registry.method(name).needs <= error.requested
            ]
            if not able:
                raise
            raise NotHonouredError(
                error.problem, f"use `method` {' or '.join(able)}", error.requested
            ) from None

    def _check_device(self) -> None:
        check_name(self.job.device)
        if "device" in self.method.capabilities() or self.job.device in ("auto", "cpu"):
            return
        raise DeviceError(
            f"{self.method.name} computes on the CPU only, not on {self.job.device}",
            "use `device` cpu or auto",
        )

    def _device(self) -> str:
        if "device" not in self.method.capabilities():
            return "cpu"
        return resolve_device(self.job.device)

    @property
    def active(self) -> Run:
        """The run whose steps come next: that of the initial image's method until it has ended."""
        return self if self.initial is None or self.initial_image is not None else self.initial

    @property
    def report_download(self) -> Download | None:
        """Called with (what, bytes done, total bytes) while weights are downloaded."""
        return self._context.report_download

    @report_download.setter
    def report_download(self, report: Download | None) -> None:
        self._context.report_download = report
        if self.initial is not None:
            self.initial.report_download = report

    def __iter__(self) -> Iterator[Step]:
        """Yield the method's steps, after those of the initial image's method."""
        self._started = time.perf_counter()
        if self.initial is not None:
            for step in self.initial:
                self.last, self.n_steps = step, self.initial.n_steps
                yield step
            if not self.initial.complete:
                return
            self.initial_image = self.initial.result().image
        for restart in self._restarts:
            if restart > self.n_steps:
                self.complete = yield from self._until(restart)
                if self.complete:
                    return
                self._context.resume = self.last
        self.complete = yield from self._until(self.job.stop_after)

    def _until(self, n_steps: int | None) -> Generator[Step, None, bool]:
        """Yield steps up to the ``n_steps``-th of the run; return whether the method ended."""
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
        if self.job.row:
            return self._row_steps()
        canvas = self.canvas
        if self.initial_image is not None:
            start = Exemplar.of_maps(self.initial_image, canvas.maps, "the initial image")
            canvas = replace(canvas, init=start)
        return self.method.run(self.exemplars, canvas, self._context)

    def _row_steps(self) -> Iterator[Step]:
        """Yield the row as it fills, one step for each step of its pictures."""
        row = np.ones((*self.canvas.size, self.canvas.channels), np.float32)
        left = 0
        for number, changes in enumerate(self.job.row):
            parameters = {**self.job.parameters, **changes}
            run = Run(replace(self.job, row=(), parameters=parameters))
            height, width = run.canvas.size
            run.report_download = self.report_download
            for step in run:
                picture = step.image
                if picture.shape[:2] != (height, width):  # on a coarse level of the pyramid
                    picture = resize_image(picture, (height, width))
                row[:, left : left + width] = picture
                fraction = (number + step.fraction) / len(self.job.row)
                yield Step(row.copy(), step.losses, fraction=fraction)
            for network in run.provenance().networks:
                self._context.record_network(network)
            left += width + GAP

    @property
    def seconds(self) -> float:
        """Wall-clock seconds so far."""
        return self._seconds_before + time.perf_counter() - self._started

    def provenance(self) -> Provenance:
        """Return the record of the run so far."""
        job = replace(self.job.without_loaded(), device=self._context.device)
        return Provenance(
            job=replace(job, stop_after=None, restarts=()),
            version=lichen_version(),
            networks=self._networks(),
            losses={} if self.last is None else dict(self.last.losses),
            steps=self.n_steps,
            seconds=round(self.seconds, 3),
            complete=self.complete,
            restarts=self._restarts,
            software=software(),
        )

    def _networks(self) -> tuple[str, ...]:
        first = () if self.initial is None else self.initial._networks()
        return tuple(dict.fromkeys((*first, *self._context.networks)))

    def _source_map(self) -> SourceMap | None:
        if self.last is None or self.last.sources is None:
            return None
        if self.last.sources.shape[:2] != self.canvas.size:
            return None
        return SourceMap(self.last.sources, tuple(example.size for example in self.exemplars))

    def result(self) -> Result:
        """Return the picture so far, at the canvas's size, with its record."""
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
            maps=self.canvas.maps,
            source_map=self._source_map(),
        )


def _canvas_of_row(canvas: Canvas, n_pictures: int) -> Canvas:
    """Return the canvas of a row, from that of each of its pictures."""
    height, width = canvas.size
    size = (height, n_pictures * (width + GAP) - GAP)
    return replace(canvas, size=size, wrap=(canvas.wrap[0], False), init="noise")
