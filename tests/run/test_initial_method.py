"""A method that starts from what another makes: the same as by hand, interrupted, made again."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lichen
from lichen.errors import LichenError, UnknownNameError
from lichen.exemplar import Exemplar
from lichen.faces.cli.methods import explain
from lichen.faces.progress import ProgressBar
from lichen.faces.python import RunInterruptedError, finish
from lichen.image import read_image, write_image
from lichen.job import MethodInit
from lichen.methods.learning.gatys import Gatys
from lichen.result import Provenance
from lichen.run.arguments import initial_image
from lichen.run.checkpoint import Checkpointer, read_checkpoint, resume
from lichen.run.loop import Run
from lichen.run.rerun import rerun
from lichen.step import Step
from running import prepare

FIRST = {"method": "gatys", "network": "pixels", "iterations": 3, "levels": 1}
THEN: dict[str, dict[str, Any]] = {
    "gatys": FIRST,
    "sliced_wasserstein": {"iterations": 2, "patch": 3, "directions": 4},
    "texture_optimization": {"iterations": 1},
    "heeger_bergen": {"iterations": 2},
}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    write_image(path, np.random.default_rng(0).random((40, 32, 3), np.float32))
    return path


@pytest.mark.parametrize("method", THEN)
def test_it_equals_running_the_two_by_hand(photo: Path, method: str) -> None:
    how = {"size": (30, 36), "wrap": "rows", "seed": 5, "progress": False}
    one = lichen.synthesize(photo, method="patchmatch", **how)
    wanted = {**how, **THEN[method], "method": method}
    by_hand = lichen.synthesize(photo, init=one.image, **wanted)
    chained = lichen.synthesize(photo, init="patchmatch", **wanted)
    assert chained.image.tobytes() == by_hand.image.tobytes()
    assert chained.provenance.steps == one.provenance.steps + by_hand.provenance.steps
    assert chained.image.tobytes() != lichen.synthesize(photo, **wanted).image.tobytes()


def test_the_record_has_the_first_methods_parameters_and_reruns(
    photo: Path, tmp_path: Path
) -> None:
    made = lichen.synthesize(photo, init="k_coherence:paper", **FIRST, progress=False)
    init = made.provenance.job.canvas.init
    assert isinstance(init, MethodInit)
    assert init.method == "k_coherence"
    assert init.parameters["window"] > 0
    assert Provenance.from_json(made.provenance.to_json()) == made.provenance
    run, record = rerun(made.save(tmp_path / "out.png"))
    again = finish(run, progress=False)
    assert again.provenance.essentials() == record.essentials()
    assert again.image.tobytes() == made.image.tobytes()


def chain(photo: Path) -> Run:
    """Gatys of three steps, then the same of three: both are resumed, not started again."""
    first = {name: value for name, value in FIRST.items() if name != "method"}
    return prepare(photo, init=MethodInit("gatys", parameters=first), **FIRST)


@pytest.mark.parametrize("taken", [1, 3, 4])
def test_interrupted_it_goes_on_and_is_made_again(photo: Path, tmp_path: Path, taken: int) -> None:
    """In the first method, just at its end, and in the second."""
    run = chain(photo)
    steps = list(islice(run, taken))
    part = run.result()
    assert np.array_equal(part.image, steps[-1].image)
    Checkpointer(tmp_path / "kept.npz").write(run)
    assert (read_checkpoint(tmp_path / "kept.npz").initial_image is not None) == (taken > 3)
    going_on = resume(tmp_path / "kept.npz")
    left = list(going_on)
    assert len(left) == 6 - taken
    whole = going_on.result()
    assert whole.provenance.complete
    assert whole.provenance.steps == 6
    assert whole.provenance.restarts == (taken,)
    for number, picture in enumerate((part, whole)):
        again, record = rerun(picture.save(tmp_path / f"{number}.png", 16))
        made = finish(again, progress=False)
        assert made.provenance.essentials() == record.essentials()
        assert made.image.tobytes() == picture.image.tobytes()


def test_a_preset_may_say_what_it_starts_from(photo: Path) -> None:
    def init_of(**how: Any) -> object:
        return prepare(photo, method="gatys", **how).job.canvas.init

    start = init_of(preset="polish")
    assert isinstance(start, MethodInit)
    assert start.method == "patchmatch"
    assert init_of(preset="polish", init="noise") == "noise"
    assert init_of(preset="spectrum") == "noise"
    assert "--init patchmatch" in explain("gatys")


def test_the_report_card_knows_what_the_first_method_optimized() -> None:
    picture = np.random.default_rng(1).random((64, 64, 3)).astype(np.float32)
    for init, known in (("noise", False), ("patchmatch", True)):
        made = lichen.synthesize(picture, init=init, **FIRST, progress=False)
        figures = lichen.compare(picture, made).cards[0].figures
        assert figures["sliced patches"].optimized == known
        assert figures["colour histogram"].optimized


def test_ctrl_c_in_the_first_method_leaves_its_best(photo: Path) -> None:
    def interrupt(step: Step) -> None:
        raise KeyboardInterrupt

    with pytest.raises(RunInterruptedError) as caught:
        finish(chain(photo), progress=False, on_step=interrupt)
    assert caught.value.result is not None
    assert not caught.value.result.provenance.complete
    assert caught.value.result.provenance.steps == 1


def test_the_bar_names_both(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bars: list[ProgressBar] = []
    monkeypatch.setattr(ProgressBar, "__exit__", lambda self, *_: bars.append(self))
    finish(chain(photo), progress=False, title="new.png")
    shown = [(task.description, task.completed) for task in bars[0]._bar.tasks]
    assert shown == [("new.png: gatys first", 1.0), ("new.png", 1.0)]


def test_words_are_methods_and_all_else_files(tmp_path: Path) -> None:
    assert initial_image("noise", Gatys(), None) == "noise"
    for word, preset in (("patchmatch", None), ("gatys:spectrum", "spectrum")):
        read = initial_image(word, Gatys(), None)
        name = word.partition(":")[0]
        whole = lichen.method(name).configure(preset).model_dump(mode="json")
        assert read == MethodInit(name, whole)
    write_image(tmp_path / "start.png", np.zeros((8, 8, 3)))
    picture = initial_image(str(tmp_path / "start.png"), Gatys(), None)
    assert isinstance(picture, Exemplar)
    assert np.array_equal(picture.pixels, read_image(tmp_path / "start.png").pixels)


@pytest.mark.parametrize(
    ("init", "message"),
    [
        ("patchmtch", "did you mean patchmatch"),
        ("noize", "did you mean noise"),
        ("gatys:paperr", "did you mean paper"),
        ("./patchmatch", "patchmatch"),
    ],
)
def test_unknown_inits(photo: Path, init: str, message: str) -> None:
    with pytest.raises(LichenError, match=message):
        prepare(photo, init=init, **FIRST)


def test_both_methods_must_honour_the_canvas(photo: Path) -> None:
    with pytest.raises(LichenError, match="chaos_mosaic does not honour init"):
        prepare(photo, init="patchmatch", method="chaos_mosaic")
    with pytest.raises(LichenError, match="heeger_bergen does not honour exemplars"):
        prepare(photo, also=[photo], init="heeger_bergen", **FIRST)
    with pytest.raises(UnknownNameError):
        prepare(photo, init=MethodInit("nothing"), **FIRST)
