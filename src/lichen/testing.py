"""The contract that every method keeps, as a checker that any package may call.

>>> from lichen.testing import check_method
>>> check_method("gatys", network="pixels", iterations=2)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lichen import registry
from lichen.canvas import Canvas
from lichen.errors import LichenError
from lichen.exemplar import Exemplar
from lichen.method import Method
from lichen.result import Provenance
from lichen.run.loop import Run


def check_method(name: str, **parameters: Any) -> None:
    """Run the contract on a registered method with these (cheap) parameters.

    Sizes other than the exemplar's, grey and colour, seeds, the features that it says it
    honours and refusal of the others, steps in order, stopping early, and its record.

    Raises
    ------
    AssertionError
        Saying which promise is broken.
    """
    method = registry.get(name).configure(**parameters)
    for check in (_sizes_and_ranges, _seeds, _features, _steps, _record, _bad_parameters):
        check(method)


def _exemplar(method: Method, channels: int = 3, size: tuple[int, int] | None = None) -> Exemplar:
    height, width = size or (max(24, method.minimum_size), max(20, method.minimum_size))
    rows, columns = np.mgrid[:height, :width]
    wave = 0.5 + 0.3 * np.sin(rows / 2)[..., None] * np.cos(columns / 3)[..., None]
    noise = np.random.default_rng(0).normal(0, 0.1, (height, width, channels))
    return Exemplar.from_array(np.clip(wave + noise, 0, 1))


def _made(method: Method, exemplar: Exemplar, canvas: Canvas) -> np.ndarray:
    run = Run(method, [exemplar], canvas)
    for _ in run:
        pass
    return run.result().image


def _sizes_and_ranges(method: Method) -> None:
    least = max(16, method.minimum_size)
    for channels in (1, 3):
        for size in ((least, least + 9), (least + 21, least + 2)):
            image = _made(method, _exemplar(method, channels), Canvas(size))
            assert image.shape == (*size, channels), f"wrong shape {image.shape} for {size}"
            assert image.dtype == np.float32, f"dtype {image.dtype}"
            assert np.isfinite(image).all(), "not finite"
            assert image.min() >= 0, "below 0"
            assert image.max() <= 1, "above 1"


def _seeds(method: Method) -> None:
    exemplar = _exemplar(method)
    first, again, other = (
        _made(method, exemplar, Canvas(exemplar.size, seed=s)) for s in (1, 1, 2)
    )
    assert np.array_equal(first, again), "one seed gives two pictures"
    assert not np.array_equal(first, other), "two seeds give one picture"


def _features(method: Method) -> None:
    exemplar = _exemplar(method)
    size = exemplar.size
    mask = np.ones(size, bool)
    mask[: size[0] // 3] = False
    wanted = {
        "wrap": (exemplar, Canvas(size, wrap=(True, True))),
        "init": (exemplar, Canvas(size, init="exemplar")),
        "mask": (Exemplar.from_array(exemplar.pixels, mask), Canvas(size)),
    }
    for feature, (example, canvas) in wanted.items():
        if feature in method.honours:
            assert _made(method, example, canvas).shape[:2] == size, feature
            continue
        try:
            Run(method, [example], canvas)
        except LichenError as error:
            assert feature in str(error), f"the refusal of {feature} does not name it"
        else:
            raise AssertionError(f"{feature} is neither honoured nor refused")


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
