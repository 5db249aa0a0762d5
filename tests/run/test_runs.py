"""The runner: records, checkpoints, interruption, video."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lichen
from lichen.errors import ImageError, LichenError, ProvenanceError
from lichen.faces.python import RunInterruptedError, finish, synthesize
from lichen.image import read_image, write_image
from lichen.result import Provenance, read_provenance
from lichen.run.checkpoint import Checkpointer, checkpoint_path, read_checkpoint, resume
from lichen.run.loop import Run
from lichen.run.rerun import rerun
from lichen.run.video import MAX_FRAMES, Recorder
from lichen.step import Step
from running import prepare

CHEAP = {"method": "gatys", "network": "pixels", "iterations": 6}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    write_image(path, np.random.default_rng(0).random((40, 32, 3), np.float32))
    return path


def test_record_says_how_it_was_made(photo: Path) -> None:
    result = synthesize(photo, size=(24, 20), wrap="rows", seed=7, **CHEAP)
    record = result.provenance
    job = record.job
    assert (job.verb, job.method, job.device) == ("synthesize", "gatys", "cpu")
    assert (job.canvas.seed, job.canvas.size, job.canvas.wrap) == (7, (24, 20), (True, False))
    assert job.parameters["network"] == "pixels"
    assert job.inputs["exemplar"][0].files["color"].sha256 == read_image(photo).sha256
    assert record.networks == ("pixels",)
    assert record.complete
    assert record.steps > 0
    assert record.seconds > 0
    assert record.version == lichen.__version__
    assert set(record.losses) == {"total", "gram", "means", "colour", "hues", "spectrum"}
    assert Provenance.from_json(record.to_json()) == record


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
def test_record_travels_with_the_file(photo: Path, tmp_path: Path, suffix: str) -> None:
    result = synthesize(photo, **CHEAP)
    saved = result.save(tmp_path / f"out{suffix}")
    assert read_provenance(saved) == result.provenance


def test_files_without_record(photo: Path, tmp_path: Path) -> None:
    with pytest.raises(ProvenanceError, match="carries no record"):
        read_provenance(photo)
    write_image(tmp_path / "odd.png", np.zeros((4, 4, 3)), text={"lichen": "{}"})
    with pytest.raises(ProvenanceError, match="damaged"):
        read_provenance(tmp_path / "odd.png")
    record = json.loads(synthesize(photo, **CHEAP).provenance.to_json())
    for change in ({"networks": 1}, {"job": [1]}, {"unheard": "of"}):
        beside = tmp_path / "odd.jpg.json"
        beside.write_text(json.dumps({**record, **change}))
        with pytest.raises(ProvenanceError, match="another version"):
            read_provenance(tmp_path / "odd.jpg")
    beside.write_bytes(b"\xff\xfe not text")
    with pytest.raises(ProvenanceError, match="damaged"):
        read_provenance(tmp_path / "odd.jpg")


@pytest.mark.parametrize("depth", [8, 16])
def test_rerun_gives_the_same_picture_and_record(photo: Path, tmp_path: Path, depth: int) -> None:
    saved = synthesize(photo, seed=3, **CHEAP).save(tmp_path / "out.png", depth)
    run, record = rerun(saved)
    again = finish(run)
    assert again.provenance.essentials() == record.essentials()
    again.save(tmp_path / "again.png", depth)
    assert np.array_equal(read_image(tmp_path / "again.png").pixels, read_image(saved).pixels)


def test_rerun_refuses_another_exemplar(photo: Path, tmp_path: Path) -> None:
    saved = synthesize(photo, **CHEAP).save(tmp_path / "out.png")
    write_image(photo, np.random.default_rng(1).random((40, 32, 3), np.float32))
    with pytest.raises(ProvenanceError, match="is not the photo"):
        rerun(saved)
    photo.unlink()
    with pytest.raises(ProvenanceError, match="is gone"):
        rerun(saved)
    array = synthesize(np.zeros((20, 20, 3)) + 0.5, **CHEAP).save(tmp_path / "array.png")
    with pytest.raises(ProvenanceError, match="given as an array"):
        rerun(array)


def test_ctrl_c_gives_the_best_so_far_and_a_checkpoint_that_resumes(
    photo: Path, tmp_path: Path
) -> None:
    def interrupt(step: Step) -> None:
        if step.level == step.n_levels - 1 and step.iteration == 3:
            raise KeyboardInterrupt

    kept = tmp_path / "state.npz"
    with pytest.raises(RunInterruptedError) as caught:
        synthesize(photo, checkpoint=kept, on_step=interrupt, **CHEAP)
    assert caught.value.result is not None
    partial = caught.value.result
    assert not partial.provenance.complete
    assert partial.image.shape == (40, 32, 3)
    resumed = resume(kept)
    steps = list(resumed)
    assert [step.iteration for step in steps] == [4, 5, 6]
    assert steps[-1].losses["total"] <= partial.provenance.losses["total"]
    whole = resumed.result().provenance
    assert whole.complete
    assert whole.steps == partial.provenance.steps + 3
    assert whole.seconds >= partial.provenance.seconds


def test_an_interrupted_picture_can_be_made_again(photo: Path, tmp_path: Path) -> None:
    def interrupt(step: Step) -> None:
        if step.iteration == 2:
            raise KeyboardInterrupt

    with pytest.raises(RunInterruptedError) as caught:
        synthesize(photo, on_step=interrupt, **CHEAP)
    assert caught.value.result is not None
    saved = caught.value.result.save(tmp_path / "part.png")
    run, _ = rerun(saved)
    assert np.array_equal(finish(run).image, caught.value.result.image)


def test_interrupted_before_the_first_step(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = prepare(photo, **CHEAP)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(run), "__iter__", interrupt)
    with pytest.raises(RunInterruptedError) as caught:
        finish(run)
    assert caught.value.result is None


def test_a_coarse_checkpoint_resumes_on_its_level(photo: Path, tmp_path: Path) -> None:
    def interrupt(step: Step) -> None:
        if step.level == 0 and step.iteration == 2:
            raise KeyboardInterrupt

    kept = tmp_path / "state.npz"
    parameters = {"method": "gatys", "network": "pixels", "iterations": 3, "levels": 2}
    with pytest.raises(RunInterruptedError) as caught:
        synthesize(photo, checkpoint=kept, on_step=interrupt, **parameters)
    assert caught.value.result is not None
    assert caught.value.result.image.shape == (40, 32, 3)
    step = read_checkpoint(kept).step
    assert step.image.shape == (20, 16, 3)
    levels = [step.level for step in resume(kept)]
    assert levels[0] == 0
    assert levels[-1] == 1


@pytest.mark.parametrize("stops", [(2,), (4, 6), (7, 9)])
def test_a_resumed_picture_can_be_made_again(
    photo: Path, tmp_path: Path, stops: tuple[int, ...]
) -> None:
    """Its record says where the solver started afresh, so that a rerun does the same."""
    kept = tmp_path / "state.npz"

    def interrupted(run: Run, steps: int) -> None:
        def interrupt(step: Step) -> None:
            if run.n_steps == steps:
                raise KeyboardInterrupt

        with pytest.raises(RunInterruptedError):
            finish(run, checkpoint=kept, on_step=interrupt)

    interrupted(prepare(photo, levels=2, **CHEAP), stops[0])
    for steps in stops[1:]:
        interrupted(resume(kept), steps)
    saved = finish(resume(kept)).save(tmp_path / "out.png", 16)
    record = read_provenance(saved)
    assert record.restarts == stops
    run, _ = rerun(saved)
    again = finish(run)
    assert again.provenance.essentials() == record.essentials()
    again.save(tmp_path / "again.png", 16)
    assert np.array_equal(read_image(tmp_path / "again.png").pixels, read_image(saved).pixels)


def test_a_checkpoint_of_the_last_step_has_nothing_left_to_do(photo: Path, tmp_path: Path) -> None:
    run = prepare(photo, levels=2, **CHEAP)
    whole = finish(run)
    Checkpointer(tmp_path / "state.npz").write(run)
    resumed = resume(tmp_path / "state.npz")
    assert list(resumed) == []
    assert np.array_equal(resumed.result().image, whole.image)
    assert resumed.result().provenance.losses == whole.provenance.losses
    assert resumed.result().provenance.complete


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04 cut"])
def test_damaged_checkpoints(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ProvenanceError, match="not a lichen checkpoint"):
        read_checkpoint(tmp_path / "a.npz")
    with pytest.raises(ProvenanceError, match="no checkpoint"):
        read_checkpoint(tmp_path / "b.npz")


def long_run(photo: Path, output: Path) -> subprocess.Popen[str]:
    command = [
        sys.executable, "-m", "lichen", "synthesize", str(photo), "-o", str(output), "-m", "gatys",
        "--network", "pixels", "--iterations", "20000", "--levels", "1", "--optimizer", "adam",
        "--checkpoint-every", "0",
    ]  # fmt: skip
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    patience = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < patience
        time.sleep(0.05)


def test_sigint_saves_the_best_so_far(photo: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    process = long_run(photo, output)
    wait_for(checkpoint_path(output), process)
    time.sleep(random.uniform(0, 0.5))
    process.send_signal(signal.SIGINT)
    try:
        _, message = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert "the best so far is" in message
    assert f"lichen resume {checkpoint_path(output)}" in message
    assert read_image(output).pixels.shape == (40, 32, 3)
    assert not read_provenance(output).complete
    assert next(iter(resume(checkpoint_path(output)))).iteration > 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_that_was_dropped_is_not_lost(photo: Path, number: signal.Signals) -> None:
    """Raised in a finaliser, say, the exception goes nowhere; the run must end all the same."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    seen = []

    def drop(step: Step) -> None:
        seen.append(step)
        if len(seen) == 3:
            with contextlib.suppress(KeyboardInterrupt):
                signal.raise_signal(number)

    try:
        handler = signal.getsignal(number)
        with pytest.raises(RunInterruptedError) as caught:
            synthesize(
                photo, method="gatys", network="pixels", iterations=30, levels=1, on_step=drop
            )
        assert signal.getsignal(number) is handler
    finally:
        signal.signal(signal.SIGTERM, before)
    assert len(seen) == 3
    assert caught.value.result is not None


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize("attempt", range(3))
def test_sigkill_leaves_no_half_written_file(photo: Path, tmp_path: Path, attempt: int) -> None:
    output = tmp_path / "out.png"
    process = long_run(photo, output)
    wait_for(checkpoint_path(output), process)
    time.sleep(random.uniform(0, 0.4))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert not output.exists()
    visible = {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")}
    assert visible - {"lichen-cache"} == {"photo.png", checkpoint_path(output).name}
    kept = read_checkpoint(checkpoint_path(output))
    step = kept.step
    assert step.iteration == kept.provenance.steps >= 1
    assert next(iter(resume(checkpoint_path(output)))).iteration == step.iteration + 1


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_a_video_has_its_frames(photo: Path, tmp_path: Path, suffix: str) -> None:
    video = tmp_path / f"video{suffix}"
    result = synthesize(
        photo, video=video, method="gatys", network="pixels", iterations=4, levels=1
    )
    with Image.open(video) as frames:
        assert frames.size == (32, 40)
        assert 1 < frames.n_frames <= result.provenance.steps


def test_a_long_video_is_thinned() -> None:
    recorder = Recorder(Path("video.gif"), (4, 4))
    for number in range(5 * MAX_FRAMES):
        recorder(Step(np.full((4, 4, 3), number / (5 * MAX_FRAMES), np.float32)))
    kept = [int(frame[0, 0, 0]) for frame in recorder._frames]
    assert MAX_FRAMES / 2 <= len(kept) <= MAX_FRAMES
    assert kept == sorted(kept)
    assert kept[-1] > 245


def test_bad_videos(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="video"):
        Recorder(tmp_path / "video.xyz", (4, 4))
    with pytest.raises(ImageError, match="folder"):
        Recorder(tmp_path / "no" / "video.gif", (4, 4))


def test_no_result_before_the_first_step(photo: Path) -> None:
    with pytest.raises(LichenError, match="no picture yet"):
        prepare(photo, **CHEAP).result()


def test_iterate_checks_at_once(photo: Path) -> None:
    with pytest.raises(LichenError):
        lichen.iterate(photo, size=(0, 4))
    steps = list(lichen.iterate(photo, **CHEAP))
    assert steps[-1].fraction == pytest.approx(1)
