"""The pages of the families: tables are the registry's, commands run, pictures are there."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from lichen import registry
from lichen.faces.cli.main import lichen
from lichen.image import write_image

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "resampling.md").read_text("utf-8")
FAMILY = [name for name, row in registry.METHODS.items() if ".resampling." in row.target]
COSTLY = {"512x512": "40x36", "--tile-size 128 --overlap 16": "--tile-size 8 --overlap 2"}
"""What the commands of the page ask for, and what takes no time."""


def command_lines() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    lines = [line.partition(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("lichen ")]


@pytest.mark.parametrize("family", ["resampling", "learning"])
def test_the_table_is_what_the_methods_say(family: str) -> None:
    table = runpy.run_path(str(ROOT / "docs" / "methods_table.py"))["table"](family)
    page = (ROOT / "docs" / f"{family}.md").read_text("utf-8")
    assert table in page, f"run docs/methods_table.py {family} and paste what it prints"


def test_every_method_has_a_row_of_advice_and_its_departures() -> None:
    _, advice, departures = PAGE.split("\n## ")[1:4]
    for name in FAMILY:
        assert f"| `{name}` |" in advice, name
    said = PAGE.partition("## Departures")[2]
    assert departures
    for name in FAMILY:
        assert f"- `{name}`" in said, name


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_files_it_names_are_there(page: Path) -> None:
    for file in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text("utf-8")):
        assert (ROOT / "docs" / file).is_file(), file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with the pictures that the page's commands name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LICHEN_OFFLINE", "1")
    pixels = np.random.default_rng(0).random((32, 32, 3), np.float32)
    names = "photo.jpg wall.png damaged.png target.png a.png a2.png b.png other.png"
    for name in (*names.split(), "normal.png", "roughness.png"):
        write_image(name, pixels)
    write_image("usable.png", np.ones((32, 32, 1)))
    write_image("mask.png", np.pad(np.ones((5, 5, 1)), ((2, 25), (2, 25), (0, 0))))
    (tmp_path / "corpus.txt").write_text("to be or not to be, that is the question " * 9)
    return tmp_path


def test_command_lines_run_in_order(folder: Path) -> None:
    for line in command_lines():
        small = line
        for costly, cheap in COSTLY.items():
            small = small.replace(costly, cheap)
        result = CliRunner().invoke(lichen, shlex.split(small)[1:])
        assert result.exit_code == 0, f"{line}: {result.output}"
    assert (folder / "new_wall_roughness.png").is_file()


def test_the_gallery_makes_its_sheets(folder: Path) -> None:
    script = ROOT / "examples" / "resampling_gallery.py"
    arguments = "sheets photo.jpg --methods chaos_mosaic --size 20 --task-methods chaos_mosaic"
    arguments += " quilting --fill photo.jpg mask.png"
    command = [sys.executable, str(script), *arguments.split()]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made = {Path(line).stem for line in done.stdout.splitlines()}
    assert made == {"chaos_mosaic", "overview", "fill"}
