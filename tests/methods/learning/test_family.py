"""What the methods of image learning share: memory that runs out, capabilities, mixtures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import lichen
from lichen import registry
from lichen.canvas import Canvas
from lichen.errors import NotHonouredError, OutOfMemoryError, ParameterError
from lichen.exemplar import Exemplar
from lichen.method import Context
from lichen.methods.learning.family import ImageLearning, Problem
from lichen.solve.lbfgs import Iterate
from running import run_of

METHODS = [
    name
    for name, row in registry.METHODS.items()
    if row.family == "learning" and issubclass(registry.method(name), ImageLearning)
]


def noise(seed: int, size: tuple[int, int] = (24, 28), channels: int = 3) -> Exemplar:
    pixels = np.random.default_rng(seed).random((*size, channels)).astype(np.float32)
    return Exemplar.from_array(pixels)


def test_running_out_of_memory_is_an_error_that_says_what_would_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def exhausted(*_: Any, **__: Any) -> Iterator[Iterate]:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr("lichen.solve.lbfgs.lbfgs", exhausted)
    method = registry.method("gatys").configure(network="pixels")
    run = run_of(method, [noise(0)], Canvas((40, 64)))
    with pytest.raises(OutOfMemoryError, match=r"out of memory at 40x64 pixels.*use a size of"):
        list(run)


def test_other_errors_of_torch_are_not_taken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Iterator[Iterate]:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr("lichen.solve.lbfgs.lbfgs", broken)
    method = registry.method("gatys").configure(network="pixels")
    with pytest.raises(RuntimeError, match="shapes do not match"):
        list(run_of(method, [noise(0)], Canvas((40, 64))))


@pytest.mark.parametrize("name", METHODS)
def test_what_it_honours(name: str) -> None:
    honoured = {"wrap", "init", "mask", "continues", "mixes", "device", "video", "exemplars"}
    method = registry.method(name)
    assert method.capabilities() - {"counts"} == honoured
    assert ("counts" in method.capabilities()) == (name in ("gatys", "pooled"))


@pytest.mark.parametrize("name", METHODS)
def test_numbers_are_counted_or_refused(name: str) -> None:
    method = registry.method(name)
    if "counts" in method.capabilities():
        counts = method.configure(rescale=False, layers=["relu1_1", "pool1"]).count_statistics()
        assert list(counts) == ["relu1_1", "pool1"]
        assert all(number > 0 for number in counts.values())
    else:
        with pytest.raises(NotHonouredError, match="counts"):
            method.configure().count_statistics()


@pytest.mark.parametrize("name", METHODS)
def test_continued_stays_at_full_size_and_mixed_takes_weights(name: str) -> None:
    method = registry.method(name).configure()
    further = method.continued(7)
    assert (further.iterations, further.levels) == (7, 1)
    assert method.mixed((0.2, 0.8)).mix == (0.2, 0.8)
    assert method.mixed(None) == method
    with pytest.raises(ParameterError, match="sum to more than 0"):
        method.mixed((1.0, -1.0))


def test_the_network_is_recorded() -> None:
    photo = noise(0).pixels
    made = lichen.synthesize(photo, method="gatys", iterations=1, levels=1, rescale=False)
    assert [name.partition(" ")[0] for name in made.provenance.networks] != []
    plain = lichen.synthesize(photo, method="sliced_wasserstein", iterations=1, levels=1)
    assert plain.provenance.networks == ()


def test_exemplars_of_weight_zero_are_left_out_and_the_others_normalized() -> None:
    exemplars = [noise(0), noise(1, (30, 20)), noise(2)]
    problem = Problem.of(exemplars, (1.0, 0.0, 3.0), Canvas((24, 28)), Context())
    assert [example.weight for example in problem.examples] == [0.25, 0.75]
    assert problem.smallest == (24, 28)
    alone = Problem.of(exemplars[1:2], None, Canvas((24, 28)), Context())
    assert alone.colours.shape == (3, 600)


def test_grey_stored_as_rgb_is_one_channel_unless_another_exemplar_is_coloured() -> None:
    grey = Exemplar.from_array(np.repeat(noise(0, channels=1).pixels, 3, axis=2))
    canvas = Canvas((24, 28))
    assert Problem.of([grey], None, canvas, Context()).channels == 1
    assert Problem.of([grey, noise(1)], None, canvas, Context()).channels == 3
    assert Problem.of([grey, noise(1)], (1.0, 0.0), canvas, Context()).channels == 1
