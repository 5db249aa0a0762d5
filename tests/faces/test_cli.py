"""The command line: flags from parameters, templates, rerun, continue, lists."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from click import Command, Context, Group
from click.testing import CliRunner

from lichen import registry
from lichen.errors import ParameterError
from lichen.faces.cli.main import COMMANDS, lichen
from lichen.faces.cli.template import check_distinct, fill
from lichen.image import read_image, write_image
from lichen.method import CAPABILITIES
from lichen.result import read_provenance

CHEAP = ["-m", "gatys", "--network", "pixels", "--iterations", "2"]
Call = Callable[..., str]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_image(tmp_path / "photo.png", np.random.default_rng(0).random((32, 40, 3), np.float32))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_parameter_is_a_flag(call: Call) -> None:
    text = call("synthesize", "--method", "gatys", "--help")
    for name in registry.method("gatys").model_fields:
        assert "--" + name.replace("_", "-") in text
    explained = call("methods", "gatys")
    for name in registry.method("gatys").model_fields:
        assert "--" + name.replace("_", "-") in explained
    assert "Gatys, Ecker, Bethge" in explained
    for word in registry.method("gatys").capabilities():
        assert CAPABILITIES[word] in explained
    assert "paper" in explained


def test_flags_reach_the_method(place: Path, call: Call) -> None:
    call(
        "synthesize", "photo.png", "-o", "a.png", "-m", "gatys",
        "--network", "pixels", "--iterations", "1",
        "--layers", "pixels", "--layer-weights", "2", "--no-relative", "--wrap", "rows",
        "--seed", "9", "--size", "24x20", "-q",
    )  # fmt: skip
    record = json.loads(call("show", "a.png"))
    parameters, canvas = record["job"]["parameters"], record["job"]["canvas"]
    assert parameters["layers"] == ["pixels"]
    assert parameters["layer_weights"] == [2.0]
    assert parameters["relative"] is False
    assert canvas["wrap"] == [True, False]
    assert canvas["seed"] == 9
    assert read_image("a.png").pixels.shape == (20, 24, 3)


def test_variations_are_named_by_the_template(place: Path, call: Call) -> None:
    call("synthesize", "photo.png", "-n", "3", "--seed", "4", *CHEAP,
         "-o", "{exemplar}_{method}_{seed}_{width}.png")  # fmt: skip
    names = {path.name for path in place.glob("photo_*.png")}
    assert names == {f"photo_gatys_{seed}_40.png" for seed in (4, 5, 6)}
    first, second = (read_image(place / f"photo_gatys_{seed}_40.png").pixels for seed in (4, 5))
    assert not np.array_equal(first, second)


def test_same_command_same_picture_and_rerun_same_bytes(place: Path, call: Call) -> None:
    for name in ("a.png", "b.png"):
        call("synthesize", "photo.png", "-o", name, "--seed", "2", "--tile", *CHEAP)
    assert np.array_equal(read_image("a.png").pixels, read_image("b.png").pixels)
    call("rerun", "a.png", "-o", "again.png")
    assert Path("again.png").read_bytes() == Path("a.png").read_bytes()


def test_rerun_of_a_changed_picture_says_so(place: Path, call: Call) -> None:
    from lichen.image import read_text

    call("synthesize", "photo.png", "-o", "a.png", *CHEAP)
    pixels = read_image("a.png").pixels.copy()
    pixels[0, 0] = 1 - pixels[0, 0]
    write_image("a.png", pixels, text=read_text("a.png"))
    result = CliRunner().invoke(lichen, ["rerun", "a.png"])
    assert result.exit_code == 1
    assert "pixels differ" in result.output
    assert not Path("a_rerun.png").exists()


def test_continue_and_other_formats(place: Path, call: Call) -> None:
    call("synthesize", "photo.png", "-o", "a.tif", "--bit-depth", "16", *CHEAP)
    assert read_image("a.tif").bit_depth == 16
    call("continue", "a.tif", "-n", "3", "-o", "b.png")
    record = json.loads(call("show", "b.png"))
    assert record["steps"] == 3
    assert record["job"]["inputs"]["init"][0]["name"] == "a"
    call("rerun", "b.png")
    assert Path("b_rerun.png").read_bytes() == Path("b.png").read_bytes()


def test_lists(place: Path, call: Call) -> None:
    assert "gatys" in call("methods")
    assert "vgg19-torchvision" in call("weights", "list")
    layers = "relu1_1,relu1_2"  # of 32 channels each
    assert "1,056" in call("methods", "gatys", "--count", "--layers", layers)
    means = call("methods", "gatys", "--count", "--layers", layers, "--statistic", "means")
    assert means.splitlines()[-1].split() == ["total", "64"]


def test_prepare(place: Path, call: Call) -> None:
    (place / "photos").mkdir()
    (place / "photo.png").rename(place / "photos" / "photo.png")
    assert "1 of 1 pictures" in call("prepare", "photos", "--size", "24")
    assert (place / "photos_prepared" / "photo.png").is_file()


def test_template_fields() -> None:
    picture = {"exemplar": "a", "method": "m", "preset": "p", "seed": 1, "index": 0,
               "width": 3, "height": 4}  # fmt: skip
    assert fill("{exemplar}/{seed:03}.png", picture) == Path("a/001.png")
    assert fill("{{{preset}}}_{index}_{width}x{height}.png", picture) == Path("{p}_0_3x4.png")
    check_distinct("{seed}.png", [Path("1.png"), Path("2.png")])
    with pytest.raises(ParameterError, match="the same name"):
        check_distinct("{method}.png", [Path("m.png"), Path("x/../m.png")])


def test_every_command_has_help_and_starts_light(call: Call) -> None:
    for name in COMMANDS:
        assert "Usage" in call(name, "--help")
    code = (
        "import sys; sys.argv = ['lichen', '--help']\n"
        "from lichen.faces.cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'scipy', 'skimage', 'numpy', 'pydantic'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def every(command: Command, *path: str) -> Iterator[tuple[tuple[str, ...], Command]]:
    """A command and all below it, with the words that call each."""
    yield path, command
    if isinstance(command, Group):
        for name in command.list_commands(Context(command)):
            below = command.get_command(Context(command), name)
            assert below is not None
            yield from every(below, *path, name)


def test_help_keeps_its_example_lines(call: Call) -> None:
    """What click is to leave as it is, it does: the mark is the control character, and unseen."""
    n_examples = 0
    for path, command in every(lichen):
        text = call(*path, "--help")
        assert "\\b" not in text
        shown = [line.strip() for line in text.splitlines()]
        for line in map(str.strip, (command.help or "").splitlines()):
            if line.startswith("lichen "):
                assert line in shown
                n_examples += 1
    assert n_examples >= 10


def test_terms_imply_the_method_objective_and_may_be_repeated(tmp_path: Path) -> None:
    write_image(tmp_path / "photo.png", np.random.default_rng(0).random((24, 24, 3)))
    how = ["--network", "pixels", "--iterations", "2", "--quiet"]
    photo = str(tmp_path / "photo.png")
    repeated, listed = tmp_path / "repeated.png", tmp_path / "listed.png"
    runs = {
        repeated: ["--term", "gram:1", "--term=spectrum:0.1"],
        listed: ["--method", "objective", "--term", "gram:1,spectrum:0.1"],
    }
    for path, terms in runs.items():
        ran = CliRunner().invoke(lichen, ["synthesize", photo, *terms, *how, "-o", str(path)])
        assert ran.exit_code == 0, ran.output
    assert read_provenance(repeated).job.method == "objective"
    assert read_provenance(repeated).job.parameters["term"] == {"gram": 1.0, "spectrum": 0.1}
    assert np.array_equal(read_image(repeated).pixels, read_image(listed).pixels)
