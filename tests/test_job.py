"""Jobs: JSON that another process can carry out, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lichen
from lichen.canvas import Canvas
from lichen.errors import JobError, LichenError, ProvenanceError
from lichen.exemplar import Exemplar
from lichen.image import read_image, write_image
from lichen.job import Job
from lichen.methods.resampling.patchmatch import PatchMatch
from lichen.run import verbs
from lichen.run.batch import with_seeds
from lichen.run.loop import Run

CHEAP = {"iterations": 1, "threads": 1}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a photo, another, a map and a mask of holes, made the working directory."""
    rng = np.random.default_rng(0)
    for name, channels in {"photo": 3, "other": 3, "height": 1}.items():
        write_image(tmp_path / f"{name}.png", rng.random((32, 28, channels), np.float32))
    hole = np.zeros((32, 28, 1))
    hole[8:14, 8:14] = 1
    write_image(tmp_path / "hole.png", hole)
    monkeypatch.chdir(tmp_path)
    return tmp_path


JOBS: dict[str, Callable[[], Job]] = {
    "synthesize": lambda: verbs.synthesize("photo.png", maps={"height": "height.png"}, **CHEAP),
    "by numbers": lambda: verbs.synthesize(
        "photo.png", guide="height.png", follow="hole.png", **CHEAP
    ),
    "together": lambda: verbs.synthesize("photo.png", also=["other.png"], **CHEAP),
    "init": lambda: verbs.synthesize(
        "photo.png", init="other.png", method="k_coherence", threads=1
    ),
    "initial method": lambda: verbs.synthesize(
        "photo.png", init="quilting", method="gatys", network="pixels", **CHEAP
    ),
    "fill": lambda: verbs.fill("photo.png", "hole.png", grow=1, **CHEAP),
    "fill from another": lambda: verbs.fill("photo.png", "hole.png", "other.png", **CHEAP),
    "extend": lambda: verbs.extend("photo.png", left=5, bottom=3, wrap="columns", **CHEAP),
    "transfer": lambda: verbs.transfer("photo.png", "other.png", **CHEAP),
    "analogy": lambda: verbs.analogy("other.png", "photo.png", "hole.png", threads=1),
    "mix": lambda: verbs.mix(["photo.png", "other.png"], (1, 2), network="pixels", **CHEAP),
    "strip": lambda: verbs.strip(["photo.png", "other.png"], 2, network="pixels", **CHEAP),
}


@pytest.mark.parametrize("name", JOBS)
def test_a_job_survives_json_and_makes_the_same_picture(folder: Path, name: str) -> None:
    job = JOBS[name]()
    read = Job.from_json(job.to_json())
    assert read == job
    assert all(one.loaded is None for given in read.inputs.values() for one in given)
    first, second = (lichen.finish(one, progress=False) for one in (job, read))
    assert first.image.tobytes() == second.image.tobytes()
    assert second.provenance.job.to_dict() == {**job.to_dict(), "device": "cpu"}


def test_another_process_carries_it_out(folder: Path) -> None:
    job = verbs.fill("photo.png", "hole.png", seed=4, **CHEAP)
    Path("job.json").write_text(job.to_json())
    code = (
        "import lichen, pathlib; job = lichen.Job.from_json(pathlib.Path('job.json').read_text());"
        "lichen.finish(job, progress=False).save('there.png')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    lichen.finish(job, progress=False).save("here.png")
    assert np.array_equal(read_image("there.png").pixels, read_image("here.png").pixels)


def test_it_is_plain_data_with_checksums(folder: Path) -> None:
    record = json.loads(verbs.fill("photo.png", "hole.png", grow=2, seed=3, **CHEAP).to_json())
    assert record["verb"] == "fill"
    assert record["canvas"] == {
        "size": [32, 28], "wrap": [False, False], "seed": 3, "init": "noise",
        "margins": [0, 0, 0, 0], "grow": 2,
    }  # fmt: skip
    for role, file in {"known": "photo.png", "hole": "hole.png"}.items():
        (stored,) = record["inputs"][role]
        assert stored["files"]["color"] == {"sha256": read_image(file).sha256, "path": file}
    assert record["parameters"]["patch"] == PatchMatch().patch
    assert "loaded" not in json.dumps(record)


def test_what_changed_or_has_no_file_is_refused(folder: Path) -> None:
    text = verbs.synthesize("photo.png", **CHEAP).to_json()
    write_image("photo.png", np.zeros((32, 28, 3)))
    with pytest.raises(ProvenanceError, match="is not the photo"):
        Run(Job.from_json(text))
    array = verbs.synthesize(np.full((20, 20, 3), 0.5), **CHEAP)
    Run(array)
    with pytest.raises(ProvenanceError, match="given as an array"):
        Run(Job.from_json(array.to_json()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"verb": 3}, "verb"),
        ({"unheard": "of"}, "unheard"),
        ({"canvas": {"size": "large"}}, "canvas"),
        ({"inputs": {"colour": []}}, "inputs"),
    ],
)
def test_other_json_is_no_job(folder: Path, change: dict[str, object], message: str) -> None:
    record = json.loads(verbs.synthesize("photo.png", **CHEAP).to_json())
    with pytest.raises(JobError, match=message):
        Job.from_json(json.dumps({**record, **change}))
    with pytest.raises(JobError, match="not a job"):
        Job.from_json("{")


def test_a_batch_of_seeds_is_what_each_seed_makes(folder: Path) -> None:
    job = verbs.synthesize("photo.png", seed=7, **CHEAP)
    batch = with_seeds(job, 3)
    assert [one.canvas.seed for one in batch] == [7, 8, 9]
    third = lichen.finish(batch[2].unloaded(), progress=False).image
    alone = lichen.synthesize("photo.png", seed=9, progress=False, **CHEAP).image
    assert third.tobytes() == alone.tobytes()


def test_a_canvas_laid_out_in_memory_is_recorded_by_checksum(folder: Path) -> None:
    exemplar = Exemplar.read("photo.png")
    known = exemplar.pixels.copy()
    mask = np.ones((32, 28), bool)
    mask[4:9, 4:9] = False
    canvas = Canvas((32, 28), known=known, known_mask=mask)
    job = verbs.job_of(PatchMatch(iterations=1), [exemplar], canvas, threads=1)
    made = lichen.finish(job, progress=False)
    assert np.array_equal(made.image[mask], known[mask])
    assert {"exemplar", "known", "hole"} == set(json.loads(job.to_json())["inputs"])
    with pytest.raises(LichenError, match="given as an array"):
        Run(Job.from_json(job.to_json()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda job: {"inputs": {**job.inputs, "guide": job.inputs["exemplar"]}},
            "belong together",
        ),
        (lambda job: {"inputs": {**job.inputs, "hole": job.inputs["exemplar"]}}, "`hole` belongs"),
        (lambda job: {"inputs": {**job.inputs, "init": job.inputs["exemplar"]}}, "`init` is given"),
        (lambda job: {"canvas": replace(job.canvas, init="picture")}, "there is no `init`"),
        (lambda job: {"canvas": replace(job.canvas, margins=(0, -1, 0, 0))}, "negative"),
        (lambda job: {"canvas": replace(job.canvas, margins=(0, 1, 0, 0))}, "belong to `known`"),
        (lambda job: {"canvas": replace(job.canvas, grow=2)}, "`grow` belongs"),
        (lambda job: {"threads": 0}, "`threads` = 0"),
        (lambda job: {"restarts": (-1,)}, "`restarts`"),
        (lambda job: {"stop_after": 0}, "`stop_after`"),
        (lambda job: {"verb": "nope"}, "verb"),
        (lambda job: {"preset": "nope"}, "no preset of patchmatch"),
        (lambda job: {"parameters": {"patches": 3}}, "no parameter of patchmatch"),
        (lambda job: {"method": "patchmutch"}, "did you mean patchmatch"),
    ],
)
def test_parts_that_do_not_go_together_are_refused(
    folder: Path, change: Callable[[Job], dict[str, Any]], message: str
) -> None:
    job = verbs.synthesize("photo.png", **CHEAP)
    with pytest.raises(LichenError, match=message):
        Run(Job.from_json(replace(job, **change(job)).to_json()))


def test_margins_that_do_not_fit_the_canvas(folder: Path) -> None:
    job = verbs.extend("photo.png", left=4, **CHEAP)
    wider = replace(job, canvas=replace(job.canvas, size=(32, 40)))
    with pytest.raises(JobError, match="the canvas is 40x32 but photo and its margins are 32x32"):
        Run(wider)
    record = json.loads(job.to_json())
    with pytest.raises(JobError, match="no part of a job's JSON"):
        Job.from_json(json.dumps({**record, "loaded": 5}))


def test_a_picture_taken_further_from_elsewhere_can_be_made_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = verbs.synthesize("photo.png", method="gatys", network="pixels", iterations=1)
    lichen.finish(made, progress=False).save("made.png")
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    further = lichen.finish(verbs.continue_from("../made.png", 1), progress=False)
    saved = further.save("further.png")
    run, record = lichen.rerun(saved)
    again = lichen.finish(run, progress=False)
    assert again.image.tobytes() == further.image.tobytes()
    assert again.provenance.essentials() == record.essentials()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"size": 3.5}, "`size`"),
    ({"size": (3,)}, "`size`"),
    ({"size": (3.5, 40)}, "`size`"),
    ({"size": (48, 48, 3)}, "`size`"),
    ({"wrap": (True,)}, "`wrap`"),
    ({"wrap": ("a", "b")}, "`wrap`"),
    ({"init": 3}, "shape"),
    ({"mask": 3}, "mask has the shape"),
    ({"also": "other.png"}, "`also`"),
    ({"maps": ["height"]}, "`maps`"),
    ({"maps": {3: "height.png"}}, "no name for a map"),
    ({"maps": {"a/b": "height.png"}}, "no name for a map"),
    ({"seed": "x"}, "`seed`"),
    ({"seed": 1.5}, "`seed`"),
    ({"threads": 0}, "`threads`"),
    ({"threads": 1.5}, "`threads`"),
    ({"method": 3}, "method"),
    ({"method": ""}, "method"),
    ({"preset": 3}, "preset"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_arguments_of_wrong_types_are_one_clear_error(
    folder: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(LichenError, match=message):
        Run(verbs.synthesize("photo.png", **arguments))


def test_lists_and_whole_numbers_of_other_verbs(folder: Path) -> None:
    for call in (
        lambda: verbs.mix("photo.png"),
        lambda: verbs.fill("photo.png", "hole.png", grow="x"),  # type: ignore[arg-type]
        lambda: verbs.extend("photo.png", left=2.5),  # type: ignore[arg-type]
    ):
        with pytest.raises(LichenError):
            call()
    coloured = np.zeros((32, 28, 3))
    coloured[4:, :, 1] = 1
    Run(verbs.synthesize("photo.png", mask=coloured, **CHEAP))


def test_what_takes_one_step_has_no_video(folder: Path) -> None:
    with pytest.raises(LichenError, match="quilting cannot show"):
        lichen.synthesize("photo.png", method="quilting", video="growth.webp", progress=False)
    assert not Path("growth.webp").exists()
