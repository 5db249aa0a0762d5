"""The contract that every method keeps, as a checker that any package may call.

>>> from lichen.testing import check_method
>>> check_method("gatys", network="pixels", iterations=2)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lichen import registry
from lichen.canvas import Canvas
from lichen.errors import LichenError
from lichen.exemplar import Exemplar
from lichen.method import Method
from lichen.result import Provenance
from lichen.run.loop import Run
from lichen.step import Step

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]


def check_method(name: str, **parameters: Any) -> None:
    """Run the contract on a registered method with these (cheap) parameters.

    Sizes other than the exemplar's, grey and colour, seeds, each feature that it says it honours
    and all of them together, refusal of the others, that what it says was copied is the
    exemplar's whatever the number of threads, steps in order, stopping early, and its record.

    Raises
    ------
    AssertionError
        Saying which promise is broken.
    """
    method = registry.get(name).configure(**parameters)
    for check in (
        _sizes_and_ranges,
        _seeds,
        _features,
        _features_together,
        _guides_that_do_not_fit,
        _threads,
        _steps,
        _record,
        _bad_parameters,
    ):
        check(method)


def _exemplar(
    method: Method, channels: int = 3, size: tuple[int, int] | None = None, seed: int = 0
) -> Exemplar:
    height, width = size or (max(24, method.minimum_size), max(20, method.minimum_size))
    rows, columns = np.mgrid[:height, :width]
    wave = 0.5 + 0.3 * np.sin(rows / 2)[..., None] * np.cos(columns / 3)[..., None]
    noise = np.random.default_rng(seed).normal(0, 0.1, (height, width, channels))
    return Exemplar.from_array(np.clip(wave + noise, 0, 1))


def _last_step(
    method: Method, exemplars: Sequence[Exemplar], canvas: Canvas, threads: int | None = None
) -> Step:
    """Run to the end; what is a copy must be one, and what is known must have stayed."""
    run = Run(method, exemplars, canvas, threads=threads)
    for _ in run:
        pass
    last = run.last
    assert last is not None, "no steps"
    channels = exemplars[0].channels
    assert last.image.shape == (*canvas.size, channels), f"wrong shape {last.image.shape}"
    assert last.image.dtype == np.float32, f"dtype {last.image.dtype}"
    assert np.isfinite(last.image).all(), "not finite"
    assert last.image.min() >= 0, "below 0"
    assert last.image.max() <= 1, "above 1"
    unknown = np.ones(canvas.size, bool)
    if canvas.known is not None and canvas.known_mask is not None:
        unknown = ~canvas.known_mask
        kept = np.array_equal(last.image[~unknown], canvas.known[~unknown])
        assert kept, "known pixels are changed"
    if last.sources is not None:
        _check_copied(last.image[unknown], last.sources[unknown], exemplars)
    return last


def _check_copied(pixels: Array, sources: NDArray[np.int32], exemplars: Sequence[Exemplar]) -> None:
    """Pixels (N, C) are what the exemplars have at ``sources`` (N, 3), and may be used."""
    assert (sources >= 0).all(), "pixels come from nowhere"
    assert (sources[:, 0] < len(exemplars)).all(), "pixels come from an exemplar that is not there"
    for number, exemplar in enumerate(exemplars):
        ours = sources[:, 0] == number
        rows, columns = sources[ours, 1], sources[ours, 2]
        same = np.array_equal(pixels[ours], exemplar.pixels[rows, columns])
        assert same, "pixels are not the exemplar's at their sources"
        usable = exemplar.mask is None or exemplar.mask[rows, columns].all()
        assert usable, "masked pixels are copied"


def _sizes_and_ranges(method: Method) -> None:
    least = max(16, method.minimum_size)
    for channels in (1, 3):
        for size in ((least, least + 9), (least + 21, least + 2)):
            _last_step(method, [_exemplar(method, channels)], Canvas(size))


def _seeds(method: Method) -> None:
    exemplar = _exemplar(method)
    first, again, other = (
        _last_step(method, [exemplar], Canvas(exemplar.size, seed=s)).image for s in (1, 1, 2)
    )
    assert np.array_equal(first, again), "one seed gives two pictures"
    assert not np.array_equal(first, other), "two seeds give one picture"


@dataclass(frozen=True, eq=False)
class _Request:
    """What asks for one feature, and what must be true of the result beyond all results."""

    feature: str
    exemplars: Sequence[Exemplar]
    canvas: Canvas
    check: Callable[[Step], None] = lambda _: None


def _requests(method: Method) -> Iterator[_Request]:
    """All features, asked for one by one."""
    exemplar = _exemplar(method)
    size = exemplar.size
    rows, columns = np.mgrid[: size[0], : size[1]]
    for wrap in ((True, True), (True, False)):
        yield _Request("wrap", [exemplar], Canvas(size, wrap))
    for init in ("exemplar", _exemplar(method, seed=1)):
        yield _Request("init", [exemplar], Canvas(size, init=init))
    yield _Request("mask", [replace(exemplar, mask=rows >= size[0] // 3)], Canvas(size))
    smaller = _exemplar(method, size=(size[1], size[0] + 5), seed=1)
    yield _Request("exemplars", [exemplar, smaller], Canvas(size))
    yield _Request("known", [exemplar], _with_hole(method, Canvas(size)))
    yield _Request("maps", [_with_second_map(exemplar)], Canvas(size), _maps_are_in_step)

    right = (columns >= size[1] // 2).astype(np.float32)[..., None]
    labelled = replace(exemplar, pixels=0.4 * exemplar.pixels + 0.6 * right, guide=right)
    wanted = (rows < size[0] // 2).astype(np.float32)[..., None]

    def follows(step: Step) -> None:
        bright, dark = (step.image[wanted[..., 0] == label].mean() for label in (1, 0))
        assert bright > dark + 0.3, "the guide is not followed"  # 0.6 if at every pixel

    yield _Request("guide", [labelled], Canvas(size, guide=wanted), follows)


def _with_hole(method: Method, canvas: Canvas) -> Canvas:
    """Give a canvas on which all is known but a rectangle; nothing is said of what is there."""
    known = np.ones(canvas.size, bool)
    known[canvas.size[0] // 3 : -4, 4:-3] = False
    picture = np.where(known[..., None], _exemplar(method, seed=2).pixels, np.float32(np.nan))
    return replace(canvas, known=picture, known_mask=known)


def _with_second_map(exemplar: Exemplar) -> Exemplar:
    """Give an exemplar with a map that is told by its colours."""
    return exemplar.stacked({"height": exemplar.pixels.mean(axis=2, keepdims=True)})


def _maps_are_in_step(step: Step) -> None:
    told = step.image[..., :-1].mean(axis=2)
    likeness = np.corrcoef(told.ravel(), step.image[..., -1].ravel())[0, 1]
    assert likeness > 0.9, "the maps are not in step"


def _features(method: Method) -> None:
    for request in _requests(method):
        feature = request.feature
        if feature not in method.honours:
            _check_refused(method, request.exemplars, request.canvas, feature)
            continue
        try:
            request.check(_last_step(method, request.exemplars, request.canvas))
        except AssertionError as broken:
            raise AssertionError(f"{feature}: {broken}") from broken


def _check_refused(
    method: Method, exemplars: Sequence[Exemplar], canvas: Canvas, feature: str
) -> None:
    try:
        Run(method, exemplars, canvas)
    except LichenError as error:
        assert feature in str(error), f"the refusal of {feature} does not name it"
    else:
        raise AssertionError(f"{feature} is neither honoured nor refused")


def _features_together(method: Method) -> None:
    """All that is honoured, asked of one canvas."""
    exemplars, canvas = _everything(method)
    step = _last_step(method, exemplars, canvas)
    if "maps" in method.honours and canvas.known is None:
        _maps_are_in_step(step)


def _everything(method: Method) -> tuple[list[Exemplar], Canvas]:
    honours = method.honours
    exemplar = _exemplar(method)
    size = exemplar.size
    canvas = Canvas(size, wrap=(True, True) if "wrap" in honours else (False, False))
    exemplars = [exemplar]
    if "exemplars" in honours:
        exemplars.append(_exemplar(method, size=(size[1], size[0] + 5), seed=1))
    if "known" in honours:
        canvas = _with_hole(method, canvas)
    if "maps" in honours:
        exemplars = [_with_second_map(one) for one in exemplars]
        if canvas.known is not None:
            known = np.concatenate([canvas.known, canvas.known.mean(2, keepdims=True)], axis=2)
            canvas = replace(canvas, known=known)
    if "guide" in honours:
        exemplars = [replace(one, guide=one.pixels[..., :1]) for one in exemplars]
        canvas = replace(canvas, guide=_exemplar(method, channels=1, seed=3).pixels)
    if "mask" in honours:
        mask = np.ones(size, bool)
        mask[-3:] = False
        exemplars[0] = replace(exemplars[0], mask=mask)
    return exemplars, canvas


def _guides_that_do_not_fit(method: Method) -> None:
    """A canvas's guide needs one of the same channels beside the exemplar."""
    if "guide" not in method.honours:
        return
    exemplar = _exemplar(method)
    canvas = Canvas(exemplar.size, guide=exemplar.pixels[..., :1])
    for guide in (None, exemplar.pixels[..., :2]):
        _check_refused(method, [replace(exemplar, guide=guide)], canvas, "guide")


def _threads(method: Method) -> None:
    """Methods that copy do so from the same places, whatever the number of threads."""
    exemplar = _exemplar(method)
    tall = Canvas((3 * exemplar.size[0], exemplar.size[1]))  # of parts for each thread
    for exemplars, canvas in (([exemplar], tall), _everything(method)):
        one, two = (_last_step(method, exemplars, canvas, threads) for threads in (1, 2))
        if one.sources is not None and two.sources is not None:
            same = one.image.tobytes() == two.image.tobytes()
            same &= np.array_equal(one.sources, two.sources)
            assert same, "the number of threads changes the picture"


def _steps(method: Method) -> None:
    exemplar = _exemplar(method)
    run = Run(method, [exemplar], Canvas(exemplar.size))
    fractions = [step.fraction for step in run]
    assert fractions, "no steps"
    assert fractions == sorted(fractions), "the fraction done goes backwards"
    assert abs(fractions[-1] - 1) < 1e-6 or len(fractions) < 3, "does not end at fraction 1"
    stopped = Run(method, [exemplar], Canvas(exemplar.size), stop_after=1)
    assert len(list(stopped)) == 1, "does not stop when told to"
    assert stopped.result().image.shape == exemplar.pixels.shape, "no picture after one step"


def _record(method: Method) -> None:
    exemplar = _exemplar(method)
    run = Run(method, [exemplar], Canvas(exemplar.size, seed=5))
    for _ in run:
        pass
    record = run.result().provenance
    assert Provenance.from_json(record.to_json()) == record, "the record does not survive JSON"
    again = registry.get(method.name).configure(**record.parameters)
    assert again == method, "the recorded parameters do not make the method again"
    assert record.exemplars[0].sha256 == exemplar.sha256, "another exemplar is recorded"


def _bad_parameters(method: Method) -> None:
    try:
        type(method).configure(no_such_parameter=1)
    except LichenError as error:
        assert "no_such_parameter" in str(error), "the error does not name the parameter"
    else:
        raise AssertionError("an unknown parameter is accepted")
