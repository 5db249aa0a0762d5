"""Methods say what they can do in one vocabulary, and are asked in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint
from typing import ClassVar

import numpy as np
import pytest
from click.testing import CliRunner

import lichen
from lichen import registry
from lichen.canvas import Canvas
from lichen.errors import CanvasError, DeviceError, MethodError, NotHonouredError, UnknownNameError
from lichen.exemplar import Exemplar
from lichen.faces.cli.main import lichen as command
from lichen.method import CAPABILITIES, Context, Method, Takes
from lichen.registry import require
from lichen.step import Step


class Grey(Method):
    """Needs content and takes no exemplar."""

    name: ClassVar[str] = "grey"
    citation: ClassVar[str] = ""
    honours: ClassVar[frozenset[str]] = frozenset({"content"})
    takes: ClassVar[Takes] = "none"
    needs: ClassVar[frozenset[str]] = frozenset({"content"})

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        assert canvas.content is not None
        yield Step(np.repeat(canvas.content.mean(2, keepdims=True), 3, 2), fraction=1.0)


def test_a_word_outside_the_vocabulary_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean wrap"):
        type("Odd", (Grey,), {"honours": frozenset({"wraps"}), "__module__": __name__})


def test_every_word_is_somebodys() -> None:
    known = set[str]().union(*(registry.method(name).capabilities() for name in registry.METHODS))
    assert known <= CAPABILITIES.keys()
    assert CAPABILITIES.keys() - known <= {"model"}


def test_methods_are_found_by_what_they_can_do() -> None:
    filling = lichen.methods("known", "copies")
    assert "patchmatch" in filling
    assert "texture_optimization" not in filling
    assert set(filling) < set(lichen.methods("known")) < set(lichen.methods())
    with pytest.raises(UnknownNameError, match="capability"):
        lichen.methods("knows")
    with pytest.raises(UnknownNameError, match="did you mean gatys"):
        lichen.method("gatis")


def test_what_a_method_cannot_do_names_those_that_can() -> None:
    with pytest.raises(NotHonouredError, match=r"quilting cannot continue a finished .* gatys"):
        require("quilting", "continues")
    for call in (lambda m: m.continued(2), lambda m: m.mixed(None), lambda m: m.count_statistics()):
        with pytest.raises(NotHonouredError, match="quilting cannot"):
            call(lichen.method("quilting").configure())


def test_needs_and_takes_are_checked() -> None:
    picture = Exemplar.from_array(np.full((8, 8, 3), 0.5))
    method, canvas = Grey(), Canvas((8, 8), maps=picture.formats)
    with pytest.raises(CanvasError, match="needs content"):
        method.check([], canvas)
    with pytest.raises(CanvasError, match="takes no exemplar"):
        method.check([picture], Canvas((8, 8), content=picture.pixels, maps=picture.formats))
    with pytest.raises(CanvasError, match="needs an exemplar"):
        lichen.method("patchmatch").configure().check([], canvas)


def test_a_device_that_a_method_cannot_use_is_refused() -> None:
    photo = np.random.default_rng(0).random((20, 20, 3))
    with pytest.raises(DeviceError, match=r"patchmatch computes on the CPU only.* `device` cpu"):
        lichen.synthesize(photo, device="cuda")
    for name in ("gpu", "cuda:x", ""):
        for method in ("patchmatch", "gatys"):
            with pytest.raises(DeviceError, match="`device` is"):
                lichen.synthesize(photo, device=name, method=method)
    made = lichen.synthesize(photo, device="auto", iterations=1, progress=False)
    assert made.provenance.job.device == "cpu"


def test_a_broken_package_is_named_and_does_not_hide_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = [
        EntryPoint("gone", "no_such_package.methods:Gone", registry.ENTRY_POINTS),
        EntryPoint("odd", "lichen.errors:Nothing", registry.ENTRY_POINTS),
        EntryPoint("number", "lichen.registry:DEFAULT_METHOD", registry.ENTRY_POINTS),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: broken)
    assert lichen.methods() == list(registry.METHODS)
    for entry in broken:
        with pytest.raises(MethodError, match=entry.value.partition(":")[0]):
            lichen.method(entry.name)
    listed = CliRunner().invoke(command, ["methods"])
    assert listed.exit_code == 0
    assert "no_such_package" in listed.output
    with pytest.raises(NotHonouredError, match="patchmatch"):
        lichen.fill(np.zeros((20, 20, 3)), np.ones((20, 20)) * np.eye(20), method="gatys")
