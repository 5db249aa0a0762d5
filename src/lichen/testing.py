"""The contract that every method keeps, as a checker that any package may call.

>>> from lichen.testing import check_method
>>> check_method("gatys", network="pixels", iterations=2)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from lichen import registry
from lichen.arrays import Array, IntArray
from lichen.canvas import Canvas
from lichen.errors import LichenError
from lichen.exemplar import Exemplar
from lichen.method import Method
from lichen.methods.forward.family import TrainedMethod
from lichen.model import Model
from lichen.result import Provenance
from lichen.run.loop import Run
from lichen.run.verbs import job_of
from lichen.step import Step


def check_method(
    name: str,
    device: str = "cpu",
    model: str | Path | Model | None = None,
    **parameters: Any,
) -> None:
    """Run the contract on a registered method with these (cheap) parameters.

    Sizes other than the exemplar's, grey and colour, seeds, each capability that it declares and
    all of them together, refusal of the others, copied pixels that equal those at their sources
    with any number of threads, steps in order, stopping early, continuing a picture, and its
    record.

    Parameters
    ----------
    name
        Registered name.
    device
        Where to run a method that declares ``device``.
    model
        A trained model, for a method that needs one, with its parameters; when None an untrained
        one of ``parameters`` is used.
    **parameters
        Of the method.

    Raises
    ------
    AssertionError
        With the promise that is broken.
    """
    trained = model if isinstance(model, Model | None) else Model.read(model)
    own = {} if trained is None else trained.parameters
    method = registry.method(name).configure(**{**own, **parameters})
    untrained = trained is None and "model" in method.needs
    if untrained:
        assert isinstance(method, TrainedMethod), "needs a model, and none is given"
        trained = method.untrained()
    where = device if "device" in method.capabilities() else "cpu"
    subject = _Subject(method, where, trained, untrained)
    for check in (
        _sizes_and_ranges,
        _seeds,
        _capabilities,
        _capabilities_together,
        _guides_that_do_not_fit,
        _threads,
        _steps,
        _continuation,
        _record,
        _models,
        _bad_parameters,
    ):
        check(subject)


@dataclass(frozen=True)
class _Subject:
    """A method, the device it runs on, and its model, which may be an untrained one."""

    method: Method
    device: str
    model: Model | None = None
    untrained: bool = False

    @property
    def able(self) -> frozenset[str]:
        return self.method.capabilities()

    def exemplar(
        self, channels: int = 3, size: tuple[int, int] | None = None, seed: int = 0
    ) -> Exemplar:
        """Return a noisy wave of a size that the method accepts."""
        least = self.method.minimum_size
        height, width = size or (max(24, least), max(20, least))
        rows, columns = np.mgrid[:height, :width]
        wave = 0.5 + 0.3 * np.sin(rows / 2)[..., None] * np.cos(columns / 3)[..., None]
        noise = np.random.default_rng(seed).normal(0, 0.1, (height, width, channels))
        return Exemplar.from_array(np.clip(wave + noise, 0, 1))

    def canvas(self, size: tuple[int, int], **fields: Any) -> Canvas:
        """Return a canvas that has what the method needs."""
        if "sources" in self.method.needs and "sources" not in fields:
            seed = fields.get("seed", 0)
            fields["sources"] = self._sources(size, seed)
        if "content" in self.method.needs and "content" not in fields:
            # a different one for each seed, as rendering it may need no randomness
            fields["content"] = self.exemplar(seed=5 + fields.get("seed", 0)).pixels
        return Canvas(size, **fields)

    def _sources(self, size: tuple[int, int], seed: int) -> IntArray:
        """Return sources that lie in every exemplar of the checks."""
        rng = np.random.default_rng(seed)
        sources: IntArray = np.zeros((*size, 3), np.int32)
        sources[..., 1:] = rng.integers(0, 16, (*size, 2))
        return sources

    def run(
        self,
        exemplars: Sequence[Exemplar],
        canvas: Canvas,
        threads: int | None = None,
        stop_after: int | None = None,
    ) -> Run:
        """Return the run of a canvas; the exemplars are left out for a method that takes none."""
        given = [] if self.method.takes == "none" else exemplars
        job = job_of(
            self.method, given, canvas, model=self.model, device=self.device, threads=threads
        )
        return Run(replace(job, stop_after=stop_after))

    def last_step(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, threads: int | None = None
    ) -> Step:
        """Run to the end; copies must be exact, and known pixels unchanged."""
        run = self.run(exemplars, canvas, threads)
        for _ in run:
            pass
        last = run.last
        assert last is not None, "no steps"
        shape = (*canvas.size, run.canvas.channels)
        assert last.image.shape == shape, f"wrong shape {last.image.shape}, not {shape}"
        assert last.image.dtype == np.float32, f"dtype {last.image.dtype}"
        assert np.isfinite(last.image).all(), "not finite"
        assert last.image.min() >= 0, "below 0"
        assert last.image.max() <= 1, "above 1"
        unknown = np.ones(canvas.size, bool)
        if canvas.known is not None and canvas.known_mask is not None:
            unknown = ~canvas.known_mask
            kept = np.array_equal(last.image[~unknown], canvas.known[~unknown])
            assert kept, "known pixels have changed"
        says_copies = "copies" in self.able
        assert (last.sources is not None) == says_copies, (
            "it copies without declaring `copies`, or the reverse"
        )
        if last.sources is not None:
            _check_copied(last.image[unknown], last.sources[unknown], exemplars)
        return last


def _check_copied(pixels: Array, sources: IntArray, exemplars: Sequence[Exemplar]) -> None:
    """Pixels (N, C) equal those of the exemplars at ``sources`` (N, 3), which are usable."""
    assert (sources >= 0).all(), "pixels have no source"
    assert (sources[:, 0] < len(exemplars)).all(), (
        "pixels come from an exemplar that does not exist"
    )
    for number, exemplar in enumerate(exemplars):
        here = sources[:, 0] == number
        rows, columns = sources[here, 1], sources[here, 2]
        same = np.array_equal(pixels[here], exemplar.pixels[rows, columns])
        assert same, "pixels differ from the exemplar's at their sources"
        usable = exemplar.mask is None or exemplar.mask[rows, columns].all()
        assert usable, "masked pixels are copied"


def _sizes_and_ranges(subject: _Subject) -> None:
    least = max(16, subject.method.minimum_size)
    for channels in (1, 3):
        for size in ((least, least + 9), (least + 21, least + 2)):
            subject.last_step([subject.exemplar(channels)], subject.canvas(size))


def _seeds(subject: _Subject) -> None:
    exemplar = subject.exemplar()
    first, again, other = (
        subject.last_step([exemplar], subject.canvas(exemplar.size, seed=s)).image
        for s in (1, 1, 2)
    )
    assert np.array_equal(first, again), "the same seed gives two different pictures"
    assert not np.array_equal(first, other), "two seeds give the same picture"


@dataclass(frozen=True, eq=False)
class _Request:
    """A request for one capability, and what must hold for its result in addition."""

    capability: str
    exemplars: Sequence[Exemplar]
    canvas: Canvas
    check: Callable[[Step], None] = lambda _: None


def _requests(subject: _Subject) -> Iterator[_Request]:
    """Request all capabilities of canvases one by one."""
    exemplar = subject.exemplar()
    size = exemplar.size
    rows, columns = np.mgrid[: size[0], : size[1]]
    for wrap in ((True, True), (True, False)):
        yield _Request("wrap", [exemplar], subject.canvas(size, wrap=wrap))
    for init in ("exemplar", subject.exemplar(seed=1)):
        yield _Request("init", [exemplar], subject.canvas(size, init=init))
    if subject.method.takes == "none":
        yield from _requests_of_content(subject, exemplar)
        return
    if "sources" not in subject.method.needs:  # given ones may lie outside the mask
        masked = exemplar.with_mask(rows >= size[0] // 3)
        yield _Request("mask", [masked], subject.canvas(size))
        sources = subject._sources(size, 0)
        yield _Request("sources", [exemplar], subject.canvas(size, sources=sources))
    smaller = subject.exemplar(size=(size[1], size[0] + 5), seed=1)
    yield _Request("exemplars", [exemplar, smaller], subject.canvas(size))
    yield _Request("known", [exemplar], _with_hole(subject, subject.canvas(size)))
    yield _Request(
        "maps", [_with_second_map(exemplar)], subject.canvas(size), _maps_are_in_register
    )

    right = (columns >= size[1] // 2).astype(np.float32)[..., None]
    halves = exemplar.with_pixels(0.4 * exemplar.pixels + 0.6 * right)
    upper = (rows < size[0] // 2).astype(np.float32)[..., None]

    def follows(step: Step, contrast: float = 0.3) -> None:
        bright, dark = (step.image[upper[..., 0] == label].mean() for label in (1, 0))
        assert bright > dark + contrast, "it is not followed"  # 0.6 if at every pixel

    labelled = replace(halves, guide=right)
    yield _Request("guide", [labelled], subject.canvas(size, guide=upper), follows)
    content = np.repeat(0.2 + 0.6 * upper, 3, axis=2)
    yield _Request(
        "content",
        [halves],
        subject.canvas(size, content=content),
        lambda step: follows(step, 0.1),  # luminance may be blurred and its histogram matched
    )


def _requests_of_content(subject: _Subject, exemplar: Exemplar) -> Iterator[_Request]:
    """Capabilities that a canvas asks for where there is no exemplar."""
    size = exemplar.size
    yield _Request("known", [], _with_hole(subject, subject.canvas(size)))
    yield _Request("guide", [], subject.canvas(size, guide=exemplar.pixels[..., :1]))
    bright = np.arange(size[0])[:, None, None] < size[0] // 2
    content = np.broadcast_to(0.2 + 0.6 * bright, (*size, 3)).astype(np.float32)

    def is_rendered(step: Step) -> None:
        above, below = step.image[: size[0] // 2].mean(), step.image[size[0] // 2 :].mean()
        assert subject.untrained or above > below + 0.3, "it is not followed"  # 0.6 if kept

    yield _Request("content", [], subject.canvas(size, content=content), is_rendered)


def _with_hole(subject: _Subject, canvas: Canvas) -> Canvas:
    """Return a canvas that is known except for a rectangle, whose pixels are NaN."""
    known = np.ones(canvas.size, bool)
    known[canvas.size[0] // 3 : -4, 4:-3] = False
    picture = np.where(known[..., None], subject.exemplar(seed=2).pixels, np.float32(np.nan))
    sources = canvas.sources
    if sources is not None:
        sources = np.where(known[..., None], np.int32(-1), sources)
    return replace(canvas, known=picture, known_mask=known, sources=sources)


def _with_second_map(exemplar: Exemplar) -> Exemplar:
    """Return an exemplar with a map that its colours determine."""
    return exemplar.with_maps({"height": exemplar.pixels.mean(axis=2, keepdims=True)})


def _maps_are_in_register(step: Step) -> None:
    expected = step.image[..., :-1].mean(axis=2)
    correlation = np.corrcoef(expected.ravel(), step.image[..., -1].ravel())[0, 1]
    assert correlation > 0.9, "the maps are not in register"


def _capabilities(subject: _Subject) -> None:
    for request in _requests(subject):
        capability = request.capability
        if capability not in subject.able:
            _check_refused(subject, request.exemplars, request.canvas, capability)
            continue
        try:
            request.check(subject.last_step(request.exemplars, request.canvas))
        except AssertionError as broken:
            raise AssertionError(f"{capability}: {broken}") from broken


def _check_refused(
    subject: _Subject, exemplars: Sequence[Exemplar], canvas: Canvas, capability: str
) -> None:
    try:
        subject.run(exemplars, canvas)
    except LichenError as error:
        assert capability in str(error), f"the refusal of {capability} does not name it"
    else:
        raise AssertionError(f"{capability} is neither honoured nor refused")


def _capabilities_together(subject: _Subject) -> None:
    """Request all honoured capabilities on one canvas."""
    exemplars, canvas = _everything(subject)
    step = subject.last_step(exemplars, canvas)
    if "maps" in subject.able and canvas.known is None:
        _maps_are_in_register(step)


def _everything(subject: _Subject) -> tuple[list[Exemplar], Canvas]:
    able = subject.able
    exemplar = subject.exemplar()
    size = exemplar.size
    canvas = subject.canvas(size, wrap=(True, True) if "wrap" in able else (False, False))
    exemplars = [exemplar]
    if "exemplars" in able:
        exemplars.append(subject.exemplar(size=(size[1], size[0] + 5), seed=1))
    if "known" in able:
        canvas = _with_hole(subject, canvas)
    if "maps" in able:
        exemplars = [_with_second_map(one) for one in exemplars]
        if canvas.known is not None:
            known = np.concatenate([canvas.known, canvas.known.mean(2, keepdims=True)], axis=2)
            canvas = replace(canvas, known=known)
    if "guide" in able:
        exemplars = [replace(one, guide=one.pixels[..., :1]) for one in exemplars]
        canvas = replace(canvas, guide=subject.exemplar(channels=1, seed=3).pixels)
    if "mask" in able and canvas.sources is None:
        mask = np.ones(size, bool)
        mask[-3:] = False
        exemplars[0] = exemplars[0].with_mask(mask)
    return exemplars, canvas


def _guides_that_do_not_fit(subject: _Subject) -> None:
    """A canvas's guide needs an exemplar's guide with the same channels."""
    if "guide" not in subject.able:
        return
    exemplar = subject.exemplar()
    canvas = subject.canvas(exemplar.size, guide=exemplar.pixels[..., :1])
    for guide in (None, exemplar.pixels[..., :2]):
        _check_refused(subject, [replace(exemplar, guide=guide)], canvas, "guide")


def _threads(subject: _Subject) -> None:
    """Methods that copy use the same sources with any number of threads."""
    exemplar = subject.exemplar()
    tall = subject.canvas((3 * exemplar.size[0], exemplar.size[1]))  # work for each thread
    for exemplars, canvas in (([exemplar], tall), _everything(subject)):
        one, two = (subject.last_step(exemplars, canvas, threads) for threads in (1, 2))
        if one.sources is not None and two.sources is not None:
            same = one.image.tobytes() == two.image.tobytes()
            same &= np.array_equal(one.sources, two.sources)
            assert same, "the number of threads changes the picture"


def _steps(subject: _Subject) -> None:
    exemplar = subject.exemplar()
    run = subject.run([exemplar], subject.canvas(exemplar.size))
    fractions = [step.fraction for step in run]
    assert fractions, "no steps"
    says_video = "video" in subject.able
    assert (len(fractions) > 1) == says_video, (
        "it shows its steps without declaring `video`, or the reverse"
    )
    assert fractions == sorted(fractions), "the fraction done goes backwards"
    assert abs(fractions[-1] - 1) < 1e-6 or len(fractions) < 3, "does not end at fraction 1"
    stopped = subject.run([exemplar], subject.canvas(exemplar.size), stop_after=1)
    assert len(list(stopped)) == 1, "does not stop when asked to"
    assert stopped.result().image.shape == exemplar.pixels.shape, "no picture after one step"


def _continuation(subject: _Subject) -> None:
    """A method that declares it continues a picture for the given number of iterations."""
    exemplar = subject.exemplar()
    if "continues" not in subject.able:
        try:
            subject.method.continued(2)
        except LichenError as error:
            assert "continues" in str(error), "the refusal does not name the capability"
            return
        raise AssertionError("it continues pictures but does not declare `continues`")
    picture = subject.last_step([exemplar], subject.canvas(exemplar.size)).image
    further = replace(subject, method=subject.method.continued(2))
    init = exemplar.with_pixels(picture)
    canvas = further.canvas(exemplar.size, init=init, seed=1)
    steps = list(further.run([exemplar], canvas))
    assert 1 <= len(steps) <= 2, f"two more iterations are {len(steps)} steps"
    changed = float(np.abs(steps[-1].image - picture).mean())
    assert 0 < changed < 0.2, f"the picture is not continued: pixels change by {changed:.3g}"


def _record(subject: _Subject) -> None:
    exemplar = subject.exemplar()
    run = subject.run([exemplar], subject.canvas(exemplar.size, seed=5))
    for _ in run:
        pass
    record = run.result().provenance
    assert Provenance.from_json(record.to_json()) == record, "the record does not survive JSON"
    method = subject.method
    again = registry.method(method.name).configure(**record.job.parameters)
    assert again == method, "the recorded parameters do not reproduce the method"
    if subject.method.takes != "none":
        recorded = record.job.inputs["exemplar"][0].files["color"].sha256
        assert recorded == exemplar.sha256, "a different exemplar is recorded"
    if subject.model is not None:
        recorded = record.job.inputs["model"][0].files["model"].sha256
        assert recorded == subject.model.recorded().sha256, "a different model is recorded"


def _models(subject: _Subject) -> None:
    """A method that needs a model accepts only its own; one that reads none refuses any."""
    exemplar = subject.exemplar()
    of_another = Model(method="another", parameters={}, weights={})
    subjects = [replace(subject, model=of_another)]
    if "model" in subject.method.needs:
        subjects.append(replace(subject, model=None))
    canvas = subject.canvas(exemplar.size)
    for other in subjects:
        _check_refused(other, [exemplar], canvas, "model")
    if subject.method.takes == "none":
        try:
            Run(job_of(subject.method, [exemplar], canvas, model=subject.model))
        except LichenError as error:
            assert "exemplar" in str(error), "the refusal of an exemplar does not name it"
        else:
            raise AssertionError("it takes an exemplar but declares that it takes none")


def _bad_parameters(subject: _Subject) -> None:
    try:
        type(subject.method).configure(no_such_parameter=1)
    except LichenError as error:
        assert "no_such_parameter" in str(error), "the error does not name the parameter"
    else:
        raise AssertionError("an unknown parameter is accepted")
