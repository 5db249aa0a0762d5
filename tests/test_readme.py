"""The README's own lines run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from lichen.faces.cli.main import lichen
from lichen.image import write_image
from lichen.source_map import SourceMap

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


ANSWERS = """\
participant,trial,method,exemplar,side_of_real,answer,correct,response_ms,exposure_ms,crop,timestamp,seed
p1,1,gatys,photo,left,left,1,800,1000,96,2026-01-01T00:00:00.000Z,0
"""


TASKS = ("fill", "extend", "transfer", "analogy", "apply")  # the first three by patchmatch


def command_lines() -> list[str]:
    lines = [line.partition(" #")[0] for block in blocks("sh") for line in block.splitlines()]
    return [line.strip() for line in lines if line.startswith("lichen ")]


@pytest.mark.parametrize("line", command_lines())
def test_command_lines_run(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each as it stands but for a cheap network; what needs a download must say so clearly."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LICHEN_OFFLINE", "1")
    small = ("synthesize", "mix", "resume", "continue", "rerun", *TASKS)
    side = 24 if line.split()[1] in small else 208
    side = 96 if "--best-of" in line else side
    pixels = np.random.default_rng(0).random((side, side, 3), np.float32)
    for name in ("photo.jpg", "other.png", "a.png", "b.png", "height.png", "normal.png"):
        write_image(name, pixels)
    write_image("usable.png", np.ones((side, side, 1)))
    write_image("mask.png", np.pad(np.ones((5, 5, 1)), ((9, side - 14), (9, side - 14), (0, 0))))
    SourceMap(np.zeros((side, side, 3), np.int32), ((side, side),)).save("wall.npz")
    Path("answers.csv").write_text(ANSWERS)
    cheap = ["-m", "gatys", "--network", "pixels", "--iterations", "2"]
    runner = CliRunner()
    runner.invoke(lichen, ["synthesize", "photo.jpg", "-o", "new.png", "-q", *cheap])
    arguments = shlex.split(line)[1:]
    arguments = [a.replace("512x384", "48x32") for a in arguments]
    if "gatys" in arguments:
        arguments += [] if "vgg19" in arguments else cheap
    elif arguments[0] in ("synthesize", *TASKS[:3]) or "layers" in arguments:
        arguments += ["--iterations", "2"]
    elif arguments[0] == "mix":
        arguments += cheap
    elif "filters" in arguments:
        arguments += ["--iterations", "2", "--channels", "0"]
    result = runner.invoke(lichen, arguments)
    if "vgg19" in line:
        assert "vgg19" in str(result.exception)
    elif arguments[0] == "resume":  # the run has ended: there is nothing to go on from
        assert "no checkpoint" in str(result.exception)
    else:
        assert result.exit_code == 0, result.output
