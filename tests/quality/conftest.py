"""Pictures, pages and the command line of the human test."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lichen.faces.cli import main as cli
from lichen.image import write_image
from lichen.quality.trial import write_trial


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a photo and two results, made the working directory."""
    rng = np.random.default_rng(0)
    write_image(tmp_path / "photo.png", rng.random((64, 80, 3)))
    write_image(tmp_path / "secret.png", rng.random((64, 64, 3)))
    write_image(tmp_path / "comma, name.png", rng.random((70, 64, 1)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(place: Path) -> Callable[..., str]:
    """Return a function that writes a page of three trials per result and returns it."""

    def written(output: str = "trial.html", **options: Any) -> str:
        given: dict[str, Any] = {"n_trials": 3, "crop": 24, "seed": 5, **options}
        results = [Path("secret.png"), Path("comma, name.png")]
        write_trial(Path("photo.png"), results, Path(output), **given)
        return Path(output).read_text("utf-8")

    return written


@pytest.fixture
def lichen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """The command line: one line of error with exit code 2, else the output."""
    monkeypatch.setitem(cli.COMMANDS, "trial", ("trial:trial", ""))

    def call(*arguments: str, fails: bool = False) -> str:
        monkeypatch.setattr(sys, "argv", ["lichen", "trial", *arguments])
        if not fails:
            cli.main()
            return capsys.readouterr().out
        with pytest.raises(SystemExit) as left:
            cli.main()
        message = capsys.readouterr().err
        assert left.value.code == 2
        assert re.fullmatch(r"lichen: error: [^\n]+; [^\n]+\n", message), message
        return message

    return call
