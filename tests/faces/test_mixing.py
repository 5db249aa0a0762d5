"""``lichen mix`` and ``--init METHOD`` on the command line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from lichen.errors import LichenError
from lichen.faces.cli.main import lichen
from lichen.image import read_image, write_image
from lichen.run.loop import GAP
from lichen.run.mixture import random_weights

Call = Callable[..., str]
CHEAP = ["--network", "pixels", "--iterations", "3", "--levels", "1"]


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed, (name, channels) in enumerate({"a": 3, "b": 3, "grey": 1}.items()):
        noise = np.random.default_rng(seed).random((26, 22, channels), np.float32)
        write_image(tmp_path / f"{name}.png", noise ** (seed + 1))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "how",
    [
        ["a.png", "b.png", "--weights", "0.3,0.7"],
        ["a.png", "b.png", "grey.png", "--weights", "1,-0.5,1", "--tile"],
        ["a.png", "b.png", "--strip", "3", "--size", "20x18"],
        ["a.png", "b.png", "-m", "objective", "--term", "histogram:1"],
        ["a.png", "b.png", "--init", "patchmatch"],
        ["a.png", "b.png", "--strip", "2", "--init", "patchmatch"],
    ],
)
def test_it_is_made_again(call: Call, how: list[str]) -> None:
    call("mix", *how, *CHEAP, "-o", "out.png", "--seed", "3")
    assert "the same bytes as out.png" in call("rerun", "out.png")
    record = json.loads(call("show", "out.png"))
    assert record["job"]["canvas"]["seed"] == 3
    names = ["a", "b", "grey"] if "grey.png" in how else ["a", "b"]
    assert [one["name"] for one in record["job"]["inputs"]["exemplar"]] == names


def test_a_strip_apart_is_the_strip(call: Call) -> None:
    call("mix", "a.png", "b.png", "--strip", "3", *CHEAP, "-o", "row.png")
    call("mix", "a.png", "b.png", "--strip", "3", "--apart", *CHEAP, "-o", "step_{index}.png")
    row = read_image("row.png").pixels
    for number in range(3):
        left = number * (22 + GAP)
        one = read_image(f"step_{number}.png").pixels
        np.testing.assert_array_equal(row[:, left : left + 22], one)
    assert "the same bytes" in call("rerun", "step_1.png")


def test_random_mixtures_go_by_their_seeds(call: Call) -> None:
    how = ["a.png", "b.png", "--extrapolate", "0.3", *CHEAP]
    said = call("mix", *how, "--random", "3", "--seed", "4")
    for seed in (4, 5, 6):
        record = json.loads(call("show", f"a_mixed_{seed}.png"))
        assert tuple(record["job"]["parameters"]["mix"]) == random_weights(2, seed, 0.3)
    assert f"weights {random_weights(2, 5, 0.3)[0]:.3g}," in said
    call("mix", *how, "--random", "1", "--seed", "6", "-o", "last.png")
    last, again = read_image("last.png").pixels, read_image("a_mixed_6.png").pixels
    np.testing.assert_array_equal(last, again)


def test_a_first_method_is_recorded_and_made_again(call: Call) -> None:
    call("synthesize", "a.png", "-m", "gatys", "--init", "k_coherence:paper", *CHEAP, "-o", "o.png")
    record = json.loads(call("show", "o.png"))
    assert record["job"]["canvas"]["init"]["method"] == "k_coherence"
    assert record["job"]["canvas"]["init"]["parameters"]["passes"] == 1
    assert "the same bytes" in call("rerun", "o.png")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("mix a.png b.png --weights 1,-1", "sum to more than 0"),
        ("mix a.png b.png --weights 1,x", "`mix`[1] = 'x'"),
        ("mix a.png b.png --weights 1,2,3", "3 weights for 2 exemplars"),
        ("mix a.png", "two or more"),
        ("mix a.png grey.png b.png --strip 3", "not 3"),
        ("mix a.png b.png --strip 3 --random 2", "cannot be combined"),
        ("mix a.png b.png --strip 3 --weights 1,2", "cannot be combined"),
        ("mix a.png b.png --apart", "--apart needs --strip"),
        ("mix a.png b.png --strip 3 --apart", "the same name"),
        ("mix a.png b.png --extrapolate 0.5", "--extrapolate needs --random"),
        ("mix a.png b.png -m quilting", "cannot mix the statistics of several exemplars"),
        ("mix a.png b.png --init b.png", "a mixture cannot start from"),
        ("mix a.png b.png -o b.png", "would be overwritten"),
        ("synthesize a.png -m gatys --init gatyss", "did you mean gatys"),
        ("synthesize a.png -m graphcut --init patchmatch", "does not honour init"),
    ],
)
def test_what_is_refused(line: str, message: str) -> None:
    """By an error that the command line answers with exit code 2."""
    before = sorted(Path().iterdir())
    result = CliRunner().invoke(lichen, line.split())
    assert isinstance(result.exception, LichenError)
    assert message in str(result.exception)
    assert sorted(Path().iterdir()) == before


PAGE = (Path(__file__).parents[2] / "docs" / "mixing.md").read_text("utf-8")


def test_the_pages_pictures_are_there_and_made_by_the_example(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    for file in re.findall(r"\]\((?!http)([^)#]+)\)", PAGE):
        assert (root / "docs" / file).is_file(), file
    command = [sys.executable, str(root / "examples" / "mixing_strips.py"), "strips.jpg"]
    command += ["--side", "24", "--steps", "2", "--ways", "gram", "patches", "--iterations", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert read_image("strips.jpg").pixels.shape[1] == 2 * 24 + GAP
