"""The README's own lines run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from lichen.faces.cli import lichen
from lichen.image import write_image

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_python_snippets_run_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    found = blocks("python")
    assert len(found) >= 2
    for code in found:
        exec(compile(code, "README.md", "exec"), names)
    assert (tmp_path / "new.png").is_file()
    assert (tmp_path / "results" / "synth_photo.png").is_file()


def command_lines() -> list[str]:
    lines = [line.partition(" #")[0] for block in blocks("sh") for line in block.splitlines()]
    return [line.strip() for line in lines if line.startswith("lichen ")]


@pytest.mark.parametrize("line", command_lines())
def test_command_lines_run(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each as it stands but for a cheap network; what needs a download must say so clearly."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LICHEN_OFFLINE", "1")
    pixels = np.random.default_rng(0).random((24, 24, 3), np.float32)
    write_image("photo.jpg", pixels)
    write_image("usable.png", np.ones((24, 24, 1)))
    cheap = ["--network", "pixels", "--iterations", "2"]
    runner = CliRunner()
    runner.invoke(lichen, ["synthesize", "photo.jpg", "-o", "new.png", "-q", *cheap])
    arguments = shlex.split(line)[1:]
    if arguments[0] == "synthesize" and "--network" not in arguments:
        arguments += cheap
        arguments = [a.replace("512x384", "48x32") for a in arguments]
    result = runner.invoke(lichen, arguments)
    if "vgg19" in line:
        assert "vgg19" in str(result.exception)
    elif arguments[0] == "resume":  # the run has ended: there is nothing to go on from
        assert "no checkpoint" in str(result.exception)
    else:
        assert result.exit_code == 0, result.output
