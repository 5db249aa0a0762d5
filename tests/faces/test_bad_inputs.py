"""What every kind of bad input says: one line that names it and the remedy, exit code 2."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner
from PIL import Image

from lichen.faces.cli import main as cli
from lichen.faces.python import finish
from lichen.image import write_image
from lichen.run.checkpoint import Checkpointer
from lichen.source_map import SourceMap
from running import prepare

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
    Image.new("L", (40, 40), 255).save(place / "white.png")
    Image.fromarray(pixels[..., 0]).save(place / "grey.png")
    Image.fromarray(pixels[..., 1]).save(place / "wall_height.png")
    hole = np.zeros((40, 40), np.uint8)
    hole[12:20, 12:20] = 255
    Image.fromarray(hole).save(place / "hole.png")
    hole[::3] = 255
    Image.fromarray(hole).save(place / "stripes.png")
    sources = np.full((20, 30, 3), -1, np.int32)
    SourceMap(sources, ((40, 40),)).save(place / "nowhere.npz")
    SourceMap(np.abs(sources) * 0, ((40, 40),)).save(place / "map.npz")
    (place / "broken.checkpoint.npz").write_bytes(b"nothing")
    (place / "fake.safetensors").write_bytes(b"nothing")
    (place / "sub.png").mkdir()
    shutil.copy(place / "good.png", place / "good_gatys_0.png")
    write_image(place / "odd.png", pixels, text={"lichen": '{"method": "gatys"}'})
    monkeypatch.chdir(place)
    finished = prepare("good.png", method="gatys", network="pixels", iterations=1)
    finish(finished).save("made.png")
    Checkpointer(Path("kept.checkpoint.npz")).write(finished)
    monkeypatch.setenv("LICHEN_OFFLINE", "1")
    return place


def synthesis(*arguments: str) -> Arguments:
    return ["synthesize", "good.png", "-m", "gatys", "-o", "out.png", *arguments]


def fill(*arguments: str) -> Arguments:
    return ["fill", "good.png", *arguments]


def photo(name: str) -> Arguments:
    return ["synthesize", name, "-o", "out.png"]


def to(output: str) -> Arguments:
    return ["synthesize", "good.png", "-o", output]


def contents(folder: Path) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


TABLE: list[tuple[str, Arguments, list[str]]] = [
    ("missing file", photo("nope.png"), ["nope.png does not exist", "check the name"]),
    ("folder", photo("."), ["is a folder", "name a picture"]),
    ("text as picture", photo("text.jpg"), ["text.jpg is not a picture", "use PNG"]),
    ("truncated", photo("cut.png"), ["cut.png cannot be read", "export or copy it again"]),
    ("empty file", photo("empty.png"), ["empty.png is empty", "again"]),
    ("NaN", photo("nan.tif"), ["nan.tif contains NaN", "replace them"]),
    ("too small", [*photo("small.png"), "-m", "gatys"], ["small is 8x8", "at least 16x16"]),
    ("no patch fits", [*photo("small.png"), "--patch", "9"], ["no 9x9 px patch", "smaller patch"]),
    ("transparent", photo("clear.png"), ["clear.png is fully transparent", "flatten"]),
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
    ("below its bound", synthesis("--iterations", "0"), ["--iterations = '0'", "lichen methods"]),
    ("above its bound", synthesis("--levels", "99"), ["--levels = '99'", "lichen methods"]),
    ("not a number", synthesis("--memory", "many"), ["memory = 'many'", "lichen methods"]),
    ("not a choice", synthesis("--pooling", "min"), ["pooling = 'min'", "'average' or 'max'"]),
    (
        "weights without layers",
        synthesis("--layer-weights", "1,2"),
        ["layer_weights", "name the layers"],
    ),
    ("unknown wrap", synthesis("--wrap", "sideways"), ["--wrap 'sideways'", "use none, both"]),
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
        to("no/where.png"),
        ["does not exist", "make it first"],
    ),
    (
        "output format unknown",
        to("out.xyz"),
        ["cannot write .xyz", "use one of .png"],
    ),
    (
        "16-bit JPEG",
        ["synthesize", "good.png", "-o", "out.jpg", "--bit-depth", "16"],
        [".jpg does not support 16 bits", "use .png"],
    ),
    (
        "template field",
        to("{name}.png"),
        ["'name'", "output template", "known: exemplar"],
    ),
    (
        "template malformed",
        to("{seed.png"),
        ["malformed", "literal braces doubled"],
    ),
    (
        "template conversion",
        to("{seed!x}.png"),
        ["malformed", "write fields as {seed}"],
    ),
    (
        "template format",
        to("{exemplar:d}.png"),
        ["malformed", "Unknown format code 'd'"],
    ),
    (
        "template attribute",
        to("{seed.real}.png"),
        ["'seed.real'", "did you mean seed"],
    ),
    (
        "over the photo",
        to("{exemplar}.png"),
        ["good.png is read here", "name another --output"],
    ),
    (
        "over another photo of the batch",
        ["synthesize", "good.png", "good_gatys_0.png", "-m", "gatys"],
        ["good_gatys_0.png is read here", "name another --output"],
    ),
    (
        "video over the photo",
        synthesis("--video", "good.png"),
        ["good.png is read here", "name another --output"],
    ),
    (
        "video over the picture",
        synthesis("--video", "out.png"),
        ["out.png would be written twice", "another name"],
    ),
    (
        "output a folder",
        to("sub.png"),
        ["sub.png is a folder", "file in it"],
    ),
    ("output without suffix", to("out"), ["without suffix", "use one of"]),
    (
        "output name too long",
        to("x" * 245 + ".png"),
        ["File name too long", "another name"],
    ),
    (
        "output under a file",
        to("good.png/x.png"),
        ["x.png", "Not a directory"],
    ),
    ("seed not a number", synthesis("--seed", "1.5"), ["--seed", "'1.5'", "not a valid integer"]),
    (
        "weights of layers",
        synthesis("--layers", "a,b", "--layer-weights", "1,x"),
        ["--layer-weights[1] = 'x'"],
    ),
    ("no layers", synthesis("--layers", ","), ["name at least one layer", "lichen methods"]),
    ("option without value", ["synthesize", "good.png", "-o"], ["'-o'", "requires an argument"]),
    ("nothing to fill", fill(), ["good has no hole to fill", "white, or transparent"]),
    ("black mask to fill", fill("--mask", "black.png"), ["good has no hole", "white"]),
    ("nothing left", fill("--mask", "white.png"), ["leaves nothing of good to copy", "another"]),
    (
        "only slivers left",
        fill("--mask", "stripes.png", "-m", "quilting"),
        ["no block of", "mark a larger"],
    ),
    ("holes of another size", fill("--mask", "narrow.png"), ["mask is 20x40", "photo's size"]),
    ("holes missing", fill("--mask", "none.png"), ["none.png does not exist", "check"]),
    ("grown backwards", fill("--mask", "hole.png", "--grow", "-1"), ["--grow", "x>=0"]),
    ("from nowhere", fill("--mask", "hole.png", "--from", "a.png"), ["a.png does not exist"]),
    (
        "grey from colour",
        ["fill", "grey.png", "--mask", "hole.png", "--from", "good.png"],
        ["grey has grey pixels but good has coloured pixels", "convert"],
    ),
    (
        "filled by gatys",
        fill("--mask", "hole.png", "-m", "gatys"),
        ["gatys does not honour known", "--method patchmatch"],
    ),
    ("filled over it", fill("--mask", "hole.png", "-o", "good.png"), ["good.png is read here"]),
    ("filled over holes", fill("--mask", "hole.png", "-o", "hole.png"), ["hole.png is read here"]),
    (
        "filled over source",
        fill("--mask", "hole.png", "--from", "grey.png", "-o", "grey.png"),
        ["grey.png is read here"],
    ),
    ("filled to tile or not", fill("--tile", "--wrap", "none"), ["--tile and --wrap none"]),
    ("no side extended", ["extend", "good.png"], ["no side is extended", "--left"]),
    ("extended backwards", ["extend", "good.png", "--left", "-3"], ["--left", "x>=0"]),
    (
        "extended by gatys",
        ["extend", "good.png", "--left", "3", "-m", "gatys"],
        ["gatys does not honour known", "--method patchmatch"],
    ),
    ("target missing", ["transfer", "good.png", "a.png"], ["a.png does not exist"]),
    (
        "transferred by gatys",
        ["transfer", "good.png", "grey.png", "-m", "gatys"],
        ["gatys does not honour content", "--method patchmatch"],
    ),
    (
        "blur",
        ["transfer", "good.png", "grey.png", "--blur", "-1"],
        ["--blur = '-1'", "greater than or equal to 0"],
    ),
    (
        "A and A' of two sizes",
        ["analogy", "narrow.png", "good.png", "grey.png", "-m", "patchmatch"],
        ["guide is 20x40 but good is 40x40", "photo's size"],
    ),
    (
        "transferred over its target",
        ["transfer", "good.png", "grey.png", "-o", "grey.png"],
        ["grey.png is read here"],
    ),
    (
        "map without a name",
        synthesis("--map", "grey.png"),
        ["--map grey.png is not NAME=FILE", "height=wall_height.png"],
    ),
    (
        "map with a path for a name",
        synthesis("--map", "../a=grey.png"),
        ["is not NAME=FILE", "height=wall_height.png"],
    ),
    (
        "map named twice",
        synthesis("--map", "height=grey.png", "--map", "height=white.png"),
        ["two maps are named height", "once"],
    ),
    (
        "map named as the photo",
        synthesis("--map", "color=grey.png"),
        ["two maps are named color", "once"],
    ),
    ("map missing", synthesis("--map", "height=a.png"), ["a.png does not exist"]),
    (
        "map of another size",
        synthesis("--map", "height=narrow.png", "-m", "patchmatch"),
        ["map height is 20x40 but good is 40x40", "photo's size"],
    ),
    (
        "maps by gatys",
        synthesis("--map", "height=grey.png"),
        ["gatys does not honour maps", "--method patchmatch"],
    ),
    (
        "weight of an unknown map",
        synthesis("--map", "h=grey.png", "-m", "patchmatch", "--map-weights", "height=1"),
        ["no map is named 'height'", "h"],
    ),
    (
        "map for two photos",
        ["synthesize", "good.png", "grey.png", "--map", "h=white.png"],
        ["--map belongs to a single photo"],
    ),
    (
        "over a map",
        ["synthesize", "good.png", "--map", "h=grey.png", "-o", "grey.png", "-m", "patchmatch"],
        ["grey.png is read here"],
    ),
    (
        "map over a map",
        [
            *("synthesize", "good.png", "--map", "height=wall_height.png"),
            *("-o", "wall.png", "-m", "patchmatch"),
        ],
        ["wall_height.png is read here"],
    ),
    ("one photo together", synthesis("--together"), ["--together needs several", "omit it"]),
    (
        "clear photo together",
        ["synthesize", "good.png", "clear.png", "--together"],
        ["clear.png is fully transparent"],
    ),
    (
        "several by heeger_bergen",
        [
            "synthesize",
            "good.png",
            "good_gatys_0.png",
            "--together",
            "-o",
            "out.png",
            "-m",
            "heeger_bergen",
        ],
        ["heeger_bergen does not honour exemplars", "--method patchmatch"],
    ),
    ("guide alone", synthesis("--guide", "grey.png"), ["--guide and --follow belong together"]),
    ("follow alone", synthesis("--follow", "grey.png"), ["--guide and --follow belong together"]),
    (
        "guide of another size",
        synthesis("--guide", "narrow.png", "--follow", "grey.png", "-m", "patchmatch"),
        ["guide is 20x40", "photo's size"],
    ),
    (
        "guide by gatys",
        synthesis("--guide", "grey.png", "--follow", "grey.png"),
        ["gatys does not honour guide", "--method patchmatch"],
    ),
    (
        "guide and size",
        synthesis("--guide", "grey.png", "--follow", "grey.png", "--size", "40"),
        ["--follow already sets the size", "omit --size"],
    ),
    (
        "guide and init",
        synthesis("--guide", "grey.png", "--follow", "grey.png", "--init", "exemplar"),
        ["--guide and --init cannot be combined"],
    ),
    (
        "over the guide",
        [
            *("synthesize", "good.png", "--guide", "grey.png", "--follow", "white.png"),
            *("-m", "patchmatch", "-o", "white.png"),
        ],
        ["white.png is read here"],
    ),
    (
        "sources of gatys",
        synthesis("--save-map", "new.npz"),
        ["gatys cannot report which exemplar pixel", "--method patchmatch"],
    ),
    (
        "map of sources as a picture",
        synthesis("--save-map", "new.png", "-m", "patchmatch"),
        ["new.png: a source map is an .npz file", ".npz"],
    ),
    (
        "sources over the picture",
        synthesis("--show-sources", "out.png", "-m", "patchmatch"),
        ["out.png would be written twice"],
    ),
    (
        "sources over the photo",
        synthesis("--show-sources", "good.png", "-m", "patchmatch"),
        ["good.png is read here"],
    ),
    (
        "one map of sources for many",
        [
            *("synthesize", "good.png", "-n", "2", "-m", "patchmatch"),
            *("-o", "o_{seed}.png", "--save-map", "new.npz"),
        ],
        ["'new.npz' gives several pictures the same name", "{seed}"],
    ),
    ("no map to apply", ["apply", "a.npz", "good.png"], ["no source map a.npz", "--save-map"]),
    ("picture as a map", ["apply", "good.png", "good.png"], ["good.png is not a source map"]),
    ("applied to two", ["apply", "map.npz", "good.png", "grey.png"], ["from 1 pictures, not 2"]),
    ("applied to another size", ["apply", "map.npz", "narrow.png"], ["20x40", "was 40x40"]),
    (
        "applied without what was known",
        ["apply", "nowhere.npz", "good.png"],
        ["600 pixels of the map", "30x20 picture", "--known"],
    ),
    (
        "known of another size",
        ["apply", "nowhere.npz", "good.png", "--known", "good.png"],
        ["--known is 40x40 but the map is 30x20", "--known"],
    ),
    ("applied over it", ["apply", "map.npz", "good.png", "-o", "good.png"], ["read here"]),
    ("no photo", ["synthesize"], ["Missing argument 'PHOTO...'"]),
    ("size too long", synthesis("--size", "9" * 30 + "x9"), ["9x9", "100,000,000"]),
    (
        "one name for many",
        ["synthesize", "good.png", "-n", "3", "-o", "same.png"],
        ["several pictures the same name", "{seed}"],
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
    ("checkpoint damaged", ["resume", "broken.checkpoint.npz"], ["not a lichen checkpoint", "npz"]),
    ("checkpoint missing", ["resume", "none.checkpoint.npz"], ["no checkpoint", "npz"]),
    (
        "resumed to a depth its format lacks",
        ["resume", "kept.checkpoint.npz", "-o", "out.webp", "--bit-depth", "16"],
        [".webp does not support 16 bits", "use .png"],
    ),
    ("resumed over its photo", ["resume", "kept.checkpoint.npz", "-o", "good.png"], ["read here"]),
    (
        "continued over itself",
        ["continue", "made.png", "-o", "made.png"],
        ["read here", "--output"],
    ),
    ("rerun over its photo", ["rerun", "made.png", "-o", "good.png"], ["read here", "--output"]),
    ("rerun with another photo", ["rerun", "made.png", "--exemplar", "narrow.png"], ["SHA-256"]),
    ("continued for no time", ["continue", "made.png", "-n", "0"], ["'-n'", "x>=1"]),
    ("record of another version", ["show", "odd.png"], ["record", "another version"]),
    ("method for counting", ["methods", "--count"], ["needs a method", "lichen methods gatys"]),
    ("method to explain", ["methods", "gatis"], ["'gatis'", "did you mean gatys"]),
    (
        "parameter without use",
        ["methods", "gatys", "--levels", "2"],
        ["--levels applies only with --count", "lichen synthesize"],
    ),
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
    before = contents(folder)
    assert run(arguments, monkeypatch) == 2
    printed = capsys.readouterr()
    message = printed.err.strip()
    assert "\n" not in message
    assert message.startswith("lichen: error: ")
    for word in words:
        assert word in message
    assert printed.out == ""
    assert contents(folder) == before


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


LIMITED = """
import resource, sys
from lichen.faces.cli.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
main()
"""
"""The system refuses longer files, as it does where a disk is full."""


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "photo.png", "photo.png", "-o", "report.html"],
        ["synthesize", "photo.png", "-m", "chaos_mosaic", "-o", "out.jpg"],
        ["synthesize", "photo.png", "-m", "chaos_mosaic", "--map", "h=grey.png", "-o", "out.png"],
        ["tiles", "photo.png", "--tile-size", "8", "--colours", "1", "-o", "set.png"],
    ],
    ids=lambda arguments: " ".join(arguments[:1] + arguments[-1:]),
)
def test_a_full_disk_is_one_line_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: Arguments
) -> None:
    place = tmp_path / "work"
    place.mkdir()
    rng = np.random.default_rng(0)
    write_image(place / "photo.png", rng.random((64, 64, 3)))
    write_image(place / "grey.png", rng.random((64, 64, 1)))
    before = contents(place)
    monkeypatch.chdir(place)
    worked = CliRunner().invoke(cli.lichen, arguments)  # what is compiled is kept in files, too
    assert worked.exit_code == 0, worked.output
    for path in contents(place).keys() - before.keys():
        path.unlink()
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *arguments], capture_output=True, text=True
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1] == (
        f"lichen: error: {arguments[-1]} cannot be written (File too large); "
        "choose another name or folder"
    )
    assert contents(place) == before
