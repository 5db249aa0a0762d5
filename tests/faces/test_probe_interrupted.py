"""Ctrl-C during ``lichen probe``: the figure so far, and a line that says so."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lichen.faces.cli.main import lichen
from lichen.image import write_image

DRIVER = """
from pathlib import Path
from lichen.faces.progress import ProgressBar

step = ProgressBar.step

def observed(*given, **named):
    step(*given, **named)
    Path("started").touch()

ProgressBar.step = observed
from lichen.faces.cli.main import main
main()
"""
"""The command line, and a file that appears after the first step."""

LONG = ["--network", "pixels", "--iterations", "100000"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_image(
        tmp_path / "photo.png", np.random.default_rng(0).random((24, 20, 3), dtype=np.float32)
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def interrupted(arguments: list[str]) -> str:
    """Run a command, send SIGINT after its first step, and return its standard error."""
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER, "probe", *arguments], stderr=subprocess.PIPE, text=True
    )
    try:
        patience = time.monotonic() + 60
        while not Path("started").exists():
            assert process.poll() is None, process.stderr and process.stderr.read()
            assert time.monotonic() < patience
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130, message
    return message


@pytest.mark.parametrize(
    ("arguments", "pictures"),
    [
        (["filters", "--layer", "pixels", "--channels", "0,2", "--size", "16"], "pixels_images"),
        (["reconstruct", "photo.png", "--total-variation", "1"], "images"),
        (["starts", "photo.png"], "images"),
    ],
)
def test_ctrl_c_keeps_the_figure_so_far(place: Path, arguments: list[str], pictures: str) -> None:
    message = interrupted([*arguments, *LONG, "-o", "figure.png", "--data", "arrays.npz"])
    assert message == "lichen: interrupted; the best so far is figure.png\n"
    with Image.open("figure.png") as figure:
        assert min(figure.size) > 100
    with np.load("arrays.npz") as data:
        assert len(data[pictures]) == (2 if arguments[0] == "filters" else 1)
        assert data[pictures].std() > 0


def test_ctrl_c_keeps_the_video_so_far(place: Path) -> None:
    message = interrupted(["video", "photo.png", *LONG, "-o", "video.gif", "--data", "video.npz"])
    assert message == "lichen: interrupted; the best so far is video.gif\n"
    with Image.open("video.gif") as video, np.load("video.npz") as data:
        assert video.n_frames == len(data["pixels"]) >= 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["filters", "--layer", "pixels"], "maximization.maximize_channels"),
        (["reconstruct", "photo.png"], "inversion.reconstruct"),
        (["layers", "photo.png"], "classics.classic"),
    ],
)
def test_before_the_first_step_nothing_is_written(
    place: Path,
    arguments: list[str],
    what: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def too_early(*given: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"lichen.probe.{what}", too_early)
    with pytest.raises(SystemExit) as leave:
        lichen.main(["probe", *arguments, *LONG, "-o", "figure.png"], standalone_mode=False)
    assert leave.value.code == 130
    assert "nothing written" in capsys.readouterr().err
    assert not Path("figure.png").exists()
