"""Every command and every Python snippet of every page runs, in order; files it names are there."""

from __future__ import annotations

import doctest
import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner
from scipy.ndimage import gaussian_filter

import lichen as package
from lichen.errors import LichenError
from lichen.faces.cli.main import lichen
from lichen.image import write_image

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

SMALL = {
    "patch=256": "patch=32, steps=2, batch=2",
    "512x512": "40x36",
    "512x384": "48x32",
    "--tile-size 128 --overlap 16": "--tile-size 8 --overlap 2",
    "--tolerance 0.01": "--tolerance 0.01 --iterations 2 --descent-iterations 2",
    "-n 100": "-n 2",
    "--left 200 --top 50": "--left 12 --top 5",
    "--left 64 --bottom 100": "--left 12 --bottom 5",
    "--order 5 --length 2000": "--order 3 --length 200",
    "--strip 5": "--strip 2",
    "--channels 0-15": "--channels 0-1",
    "iterations=50": "iterations=2",
    'network="vgg19")': 'network="vgg19", iterations=1)',
}
"""What the pages say, and what takes no time."""

ANSWERS = """\
participant,trial,method,exemplar,side_of_real,answer,correct,response_ms,exposure_ms,crop,timestamp,seed
p1,1,gatys,photo,left,left,1,800,1000,96,2026-01-01T00:00:00.000Z,0
"""

TRAINING = "--steps 2 --batch 2 --patch 32"


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


def command_lines(page: Path) -> list[str]:
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    bare = [line.partition(" #")[0].strip() for line in lines]
    return [line for line in bare if line.startswith("lichen ")]


def side_of(line: str) -> int:
    """Side of the photos that a command is given, in pixels: as few as it takes."""
    words = line.split()
    if words[1] in ("compare", "trial", "same") or "--best-of" in words:
        return 208
    return 40


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights_dir: Path) -> Path:
    """A folder with everything that a page's commands name, made the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LICHEN_OFFLINE", "1")
    monkeypatch.setenv("LICHEN_WEIGHTS", str(weights_dir))
    lay_out(40)
    Path("answers.csv").write_text(ANSWERS)
    Path("corpus.txt").write_text("to be or not to be, that is the question " * 9)
    Path("photos").mkdir()
    for number in range(3):
        write_image(f"photos/{number}.png", texture(48, seed=number))
    return tmp_path


def texture(side: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(side, side, channels))
    blurred = gaussian_filter(noise, (1.5, 1.5, 0), mode="wrap")
    return ((blurred - blurred.min()) / np.ptp(blurred)).astype(np.float32)


def lay_out(side: int) -> None:
    """Write the pictures that pages name, in this size."""
    names = "photo.jpg wall.png damaged.png target.png a.png a2.png b.png c.png other.png"
    for number, name in enumerate((*names.split(), "normal.png", "roughness.png")):
        write_image(name, texture(side, seed=number))
    write_image("height.png", texture(side, 1))
    write_image("usable.png", np.ones((side, side, 1)))
    hole = np.zeros((side, side, 1))
    hole[5:12, 5:12] = 1
    write_image("mask.png", hole)


def cheap(line: str) -> list[str]:
    """Return the words of a command, with fewer iterations where it does not count them itself."""
    for said, small in SMALL.items():
        line = line.replace(said, small)
    words = shlex.split(line)[1:]
    if words[0] == "train":
        return [*words, *TRAINING.split()]
    if "--iterations" not in words and _takes_iterations(words):
        words += ["--iterations", "2"]
    return words


def _takes_iterations(words: list[str]) -> bool:
    if words[0] not in ("synthesize", "fill", "extend", "transfer", "analogy", "mix", "probe"):
        return False
    return "--iterations" in CliRunner().invoke(lichen, [*words, "--help"]).output


@pytest.mark.parametrize(
    "page", [page for page in PAGES if command_lines(page)], ids=lambda page: page.name
)
def test_command_lines_run_in_order(page: Path, folder: Path) -> None:
    runner, side = CliRunner(), 40
    if page.name in ("README.md", "probe.md"):  # which begin with pictures that were made
        write_image("new.png", texture(40, seed=9))
    for line in command_lines(page):
        if side_of(line) != side:
            side = side_of(line)
            lay_out(side)
            write_image("new.png", texture(side, seed=9))
        words = cheap(line)
        if words[0] == "resume":  # the run has ended: there is nothing to go on from
            with pytest.raises(LichenError, match="no checkpoint"):
                runner.invoke(lichen, words, catch_exceptions=False)
            continue
        if words[:2] == ["weights", "add"]:
            with pytest.raises(LichenError, match="my_vgg19"):
                runner.invoke(lichen, words, catch_exceptions=False)
            continue
        if words[0] in ("continue", "rerun", "show"):
            made = ["synthesize", "photo.jpg", "-o", "new.png", "-m", "gatys", "--iterations", "1"]
            assert runner.invoke(lichen, made).exit_code == 0
        result = runner.invoke(lichen, words)
        assert result.exit_code == 0, f"{line}: {result.output} {result.exception}"


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.name
)
def test_python_snippets_run_in_order(page: Path, folder: Path) -> None:
    write_image("new.png", texture(40, seed=9))
    names: dict[str, object] = {}
    for code in blocks(page, "python"):
        for said, small in SMALL.items():
            code = code.replace(said, small)
        exec(compile(code, page.name, "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_it_names_are_there(page: Path) -> None:
    text = page.read_text("utf-8")
    for file in re.findall(r"\]\((?!http|#)([^)#]+)\)", text):
        assert (page.parent / file).exists(), file
    for file in re.findall(r"(?:python )?((?:benchmarks|examples|docs)/\w+\.py)", text):
        assert (ROOT / file).is_file(), file


def inline_commands(page: Path) -> list[str]:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    found = re.findall(r"`(lichen [a-z][^`]*)`", text)
    return [line.replace("\n", " ") for line in found]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_its_sentences_exist(page: Path) -> None:
    for line in inline_commands(page):
        command: click.Command = lichen
        for word in line.split()[1:]:
            if isinstance(command, click.Group) and not word.startswith("-") and word.islower():
                below = command.get_command(click.Context(command), word)
                assert below is not None, line
                command = below
        context = click.Context(command)
        context.meta["method"] = _method(line)
        known = {
            option
            for param in command.get_params(context)
            for option in (*param.opts, *param.secondary_opts)
        }
        for option in re.findall(r"(?<= )(--?[a-z][\w-]*)", line):
            assert option in known, line


def _method(line: str) -> str | None:
    named = re.search(r"(?:-m|--method|methods|train) ([a-z]\w+)", line)
    return named[1] if named else "patchmatch" if "synthesize" in line else None


def modules_with_doctests() -> Iterator[str]:
    source = Path(package.__file__).parent
    for path in sorted(source.rglob("*.py")):
        if ">>>" in path.read_text("utf-8"):
            parts = path.relative_to(source.parent).with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__")


@pytest.mark.parametrize("module", list(modules_with_doctests()))
def test_doctests(module: str) -> None:
    outcome = doctest.testmod(import_module(module), optionflags=doctest.ELLIPSIS)
    assert outcome.attempted > 0
    assert outcome.failed == 0
