"""The pages of the families: tables are the registry's, advice names every method."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lichen import registry
from lichen.image import write_image

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "resampling.md").read_text("utf-8")
FAMILY = [name for name, row in registry.METHODS.items() if ".resampling." in row.target]


@pytest.mark.parametrize("family", ["resampling", "learning"])
def test_the_table_is_what_the_methods_say(family: str) -> None:
    table = runpy.run_path(str(ROOT / "docs" / "methods_table.py"))["table"](family)
    page = (ROOT / "docs" / f"{family}.md").read_text("utf-8")
    assert table in page, f"run docs/methods_table.py {family} and paste what it prints"


def test_the_graph_of_the_folders_is_the_codes() -> None:
    drawing = runpy.run_path(str(ROOT / "docs" / "import_graph.py"))["drawing"]()
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    assert drawing in page, "run docs/import_graph.py --write"


def test_every_method_has_a_row_of_advice_and_its_departures() -> None:
    _, advice, departures = PAGE.split("\n## ")[1:4]
    for name in FAMILY:
        assert f"| `{name}` |" in advice, name
    said = PAGE.partition("## Departures")[2]
    assert departures
    for name in FAMILY:
        assert f"- `{name}`" in said, name


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a photo and a mask, made the working directory."""
    monkeypatch.chdir(tmp_path)
    write_image("photo.jpg", np.random.default_rng(0).random((32, 32, 3), np.float32))
    write_image("mask.png", np.pad(np.ones((5, 5, 1)), ((2, 25), (2, 25), (0, 0))))
    return tmp_path


def test_the_gallery_makes_its_sheets(folder: Path) -> None:
    script = ROOT / "examples" / "resampling_gallery.py"
    arguments = "sheets photo.jpg --methods chaos_mosaic --size 20 --task-methods chaos_mosaic"
    arguments += " quilting --fill photo.jpg mask.png"
    command = [sys.executable, str(script), *arguments.split()]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made = {Path(line).stem for line in done.stdout.splitlines()}
    assert made == {"chaos_mosaic", "overview", "fill"}
