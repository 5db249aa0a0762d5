"""What every kind of bad input says: one line that names it and the remedy, exit code 2."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from lichen.faces import cli

Arguments = list[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a good photo and every kind of bad file, made the working directory."""
    place = tmp_path / "work"
    place.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    Image.fromarray(pixels).save(place / "good.png")
    data = (place / "good.png").read_bytes()
    (place / "cut.png").write_bytes(data[: len(data) // 2])
    (place / "empty.png").write_bytes(b"")
    (place / "text.jpg").write_text("not a picture")
    tifffile.imwrite(place / "nan.tif", np.full((40, 40), np.nan, np.float32))
    Image.fromarray(pixels[:8, :8]).save(place / "small.png")
    Image.new("RGBA", (40, 40), (1, 2, 3, 0)).save(place / "clear.png")
    Image.new("L", (40, 40), 0).save(place / "black.png")
    Image.new("L", (20, 40), 255).save(place / "narrow.png")
    (place / "broken.checkpoint.npz").write_bytes(b"nothing")
    (place / "fake.safetensors").write_bytes(b"nothing")
    monkeypatch.chdir(place)
    monkeypatch.setenv("LICHEN_OFFLINE", "1")
    return place


def synthesis(*arguments: str) -> Arguments:
    return ["synthesize", "good.png", "-o", "out.png", *arguments]


def photo(name: str) -> Arguments:
    return ["synthesize", name, "-o", "out.png"]


TABLE: list[tuple[str, Arguments, list[str]]] = [
    ("missing file", photo("nope.png"), ["nope.png does not exist", "check the name"]),
    ("folder", photo("."), ["is a folder", "name a picture"]),
    ("text as picture", photo("text.jpg"), ["text.jpg is not a picture", "use PNG"]),
    ("truncated", photo("cut.png"), ["cut.png cannot be read", "export or copy it again"]),
    ("empty file", photo("empty.png"), ["empty.png is empty", "again"]),
    ("NaN", photo("nan.tif"), ["nan.tif contains NaN", "replace them"]),
    ("too small", photo("small.png"), ["small is 8x8", "at least 16x16", "use a larger"]),
    ("transparent", photo("clear.png"), ["clear.png is wholly transparent", "flatten"]),
    ("size 0", synthesis("--size", "0x5"), ["size '0x5' has no pixels", "at least 1x1"]),
    ("size not a number", synthesis("--size", "big"), ["size 'big'", "WIDTHxHEIGHT"]),
    ("negative size", synthesis("--size=-3x9"), ["size '-3x9'", "WIDTHxHEIGHT"]),
    ("canvas too small", synthesis("--size", "4x90"), ["canvas is 4x90", "at least 16x16"]),
    ("canvas too large", synthesis("--size", "90000x90000"), ["more than 100,000,000", "smaller"]),
    ("unknown command", ["synthesise", "good.png"], ["'synthesise'", "did you mean synthesize"]),
    ("unknown method", synthesis("--method", "gatis"), ["'gatis'", "did you mean gatys"]),
    ("unknown preset", synthesis("--preset", "papper"), ["'papper'", "did you mean paper"]),
    ("unknown option", synthesis("--iteration", "3"), ["--iteration", "--iterations"]),
    ("unknown network", synthesis("--network", "vgg91"), ["'vgg91'", "did you mean vgg19"]),
    (
        "unknown layer",
        synthesis("--layers", "relu1_1,relu9_9"),
        ["layer of", "'relu9_9'", "did you mean relu"],
    ),
    ("below its bound", synthesis("--iterations", "0"), ["iterations = '0'", "lichen methods"]),
    ("above its bound", synthesis("--levels", "99"), ["levels = '99'", "lichen methods"]),
    ("not a number", synthesis("--memory", "many"), ["memory = 'many'", "lichen methods"]),
    ("not a choice", synthesis("--pooling", "min"), ["pooling = 'min'", "'average' or 'max'"]),
    (
        "weights without layers",
        synthesis("--layer-weights", "1,2"),
        ["layer_weights", "name the layers"],
    ),
    ("unknown wrap", synthesis("--wrap", "sideways"), ["wrap 'sideways'", "use both, none"]),
    ("tile and wrap", synthesis("--tile", "--wrap", "none"), ["--tile and --wrap none", "one of"]),
    ("negative seed", synthesis("--seed", "-1"), ["seed -1", "0 <= seed"]),
    ("mask of another size", synthesis("--mask", "narrow.png"), ["mask is 20x40", "size"]),
    ("black mask", synthesis("--mask", "black.png"), ["no usable pixel", "white"]),
    ("init missing", synthesis("--init", "nothing.png"), ["nothing.png does not exist", "check"]),
    (
        "init of another size",
        synthesis("--init", "small.png", "--size", "40x40"),
        ["initial image is 8x8", "resize"],
    ),
    (
        "output folder missing",
        ["synthesize", "good.png", "-o", "no/where.png"],
        ["does not exist", "make it first"],
    ),
    (
        "output format unknown",
        ["synthesize", "good.png", "-o", "out.xyz"],
        ["cannot write .xyz", "use one of .png"],
    ),
    (
        "16-bit JPEG",
        ["synthesize", "good.png", "-o", "out.jpg", "--bit-depth", "16"],
        [".jpg does not hold 16 bits", "use .png"],
    ),
    (
        "template field",
        ["synthesize", "good.png", "-o", "{name}.png"],
        ["'name'", "output template", "known: exemplar"],
    ),
    (
        "template malformed",
        ["synthesize", "good.png", "-o", "{seed.png"],
        ["malformed", "double literal braces"],
    ),
    (
        "one name for many",
        ["synthesize", "good.png", "-n", "3", "-o", "same.png"],
        ["several pictures one name", "{seed}"],
    ),
    ("no variations", synthesis("-n", "0"), ["0", "x>=1"]),
    ("film format", synthesis("--video", "film.avi"), ["film.avi", "use one of .gif"]),
    ("weights absent", synthesis("--network", "vgg19"), ["vgg19", "not on this machine"]),
    (
        "weights damaged",
        synthesis("--network", "vgg19", "--weights", "fake.safetensors"),
        ["fake.safetensors", "lichen weights"],
    ),
    ("weights unknown", ["weights", "verify", "vgg"], ["'vgg'", "did you mean"]),
    ("checkpoint damaged", ["resume", "broken.checkpoint.npz"], ["not a checkpoint", "npz"]),
    ("checkpoint missing", ["resume", "none.checkpoint.npz"], ["no checkpoint", "npz"]),
    ("no record", ["rerun", "good.png"], ["good.png carries no record", "lichen wrote"]),
    ("prepare nothing", ["prepare", "nowhere"], ["nowhere is not a folder", "name a folder"]),
    (
        "recipe",
        ["train", "encoder", "--steps", "0", "-o", "e.safetensors"],
        ["steps = '0'", "--help"],
    ),
]


def run(arguments: Arguments, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["lichen", *arguments])
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert isinstance(left.value.code, int)
    return left.value.code


@pytest.mark.parametrize(
    ("arguments", "words"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_bad_input(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: Arguments,
    words: list[str],
) -> None:
    before = sorted(folder.rglob("*"))
    assert run(arguments, monkeypatch) == 2
    printed = capsys.readouterr()
    message = printed.err.strip()
    assert "\n" not in message
    assert message.startswith("lichen: error: ")
    for word in words:
        assert word in message
    assert printed.out == ""
    assert sorted(folder.rglob("*")) == before


def test_the_table_is_long_enough_and_its_control_is_accepted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same command without a mistake works: the table fails for its mistakes alone."""
    assert len(TABLE) >= 25
    good: Callable[[], None] = cli.main
    monkeypatch.setattr(
        sys, "argv", ["lichen", *synthesis("--network", "pixels", "--iterations", "1")]
    )
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    good()
    assert (folder / "out.png").is_file()
    assert "out.png: 40x40" in capsys.readouterr().out
