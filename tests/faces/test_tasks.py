"""The commands of the tasks: files they read and leave, and that each can be made again."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from lichen import registry
from lichen.errors import LichenError
from lichen.faces.cli.main import COMMANDS, lichen
from lichen.faces.cli.method_command import MethodCommand
from lichen.faces.python import finish
from lichen.image import read_image, write_image
from lichen.image.maps import MapFormat
from lichen.result import files_of, read_provenance
from lichen.run import verbs
from lichen.run.checkpoint import Checkpointer, checkpoint_path
from lichen.run.loop import Run
from lichen.source_map import SourceMap

CHEAP = ["--iterations", "2", "-q"]
PATCHMATCH = ["-m", "patchmatch", *CHEAP]
Call = Callable[..., str]


def pixels(name: str | Path) -> np.ndarray:
    return read_image(name).pixels


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with photos, maps and masks, made the working directory."""
    rng = np.random.default_rng(0)
    for name, channels, depth in (
        ("photo", 3, 8), ("other", 3, 8), ("height", 1, 16), ("normal", 3, 8), ("deep", 1, 16),
        ("target", 1, 8),
    ):  # fmt: skip
        noise = gaussian_filter(rng.normal(size=(72, 64, channels)), (2, 2, 0))
        scaled = (noise - noise.min()) / np.ptp(noise)
        write_image(tmp_path / f"{name}.png", scaled, bit_depth=depth)
    hole = np.zeros((72, 64, 1))
    hole[20:36, 24:44] = 1
    write_image(tmp_path / "hole.png", hole)
    cut_out = np.dstack([pixels(tmp_path / "photo.png"), 1 - hole])
    Image.fromarray(np.round(cut_out * 255).astype(np.uint8)).save(tmp_path / "cut.png")
    labels = np.zeros((72, 64, 1))
    labels[:, 32:] = 1
    write_image(tmp_path / "labels.png", labels)
    write_image(tmp_path / "wanted.png", np.rot90(labels))
    monkeypatch.chdir(tmp_path)
    return tmp_path


MAPS = ["--map", "height=height.png", "--map", "normal=normal.png"]
RUNS: dict[str, list[str]] = {
    "fill": ["fill", "photo.png", "--mask", "hole.png", *CHEAP],
    "fill what is transparent": ["fill", "cut.png", "--grow", "1", "--tile", *CHEAP],
    "fill from another": ["fill", "photo.png", "--mask", "hole.png", "--from", "other.png", *CHEAP],
    "extend": ["extend", "photo.png", "--left", "7", "--bottom", "9", *CHEAP],
    "transfer": ["transfer", "photo.png", "target.png", *CHEAP],
    "analogy": ["analogy", "labels.png", "photo.png", "wanted.png", *PATCHMATCH],
    "by numbers": [
        *("synthesize", "photo.png", "--guide", "labels.png", "--follow", "wanted.png"),
        *MAPS, *PATCHMATCH,
    ],
    "maps": ["synthesize", "photo.png", *MAPS, "--size", "50x40", "--tile", *PATCHMATCH],
    "together": ["synthesize", "photo.png", "other.png", "--together", *PATCHMATCH],
}  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
def test_it_shows_how_it_was_made_and_is_made_again(place: Path, call: Call, name: str) -> None:
    call(*RUNS[name], "-o", "out.png", "--save-map", "map.npz", "--seed", "3")
    record = json.loads(call("show", "out.png"))
    assert record["job"]["canvas"]["seed"] == 3
    assert record["job"]["method"] == "patchmatch"
    text = call("rerun", "out.png", "-o", "again.png", "--save-map", "again.npz")
    assert "the same bytes" in text
    maps = ["color", "height", "normal"] if "height=height.png" in RUNS[name] else ["color"]
    for first, second in zip(
        *(files_of(Path(name), map(MapFormat, maps)) for name in ("out.png", "again.png")),
        strict=True,
    ):
        assert first.read_bytes() == second.read_bytes()
    assert Path("map.npz").read_bytes() == Path("again.npz").read_bytes()


@pytest.mark.parametrize("name", RUNS)
def test_applied_to_its_own_examples_the_map_gives_the_picture(
    place: Path, call: Call, name: str
) -> None:
    call(*RUNS[name], "-o", "out.png", "--save-map", "map.npz", "--show-sources", "shown.png")
    examples = {"together": ["photo.png", "other.png"], "fill from another": ["other.png"]}
    known = ["--known", "photo.png"] if name == "fill from another" else []
    call("apply", "map.npz", *examples.get(name, ["photo.png"]), *known, "-o", "applied.png", "-q")
    np.testing.assert_array_equal(pixels("applied.png"), pixels("out.png"))
    assert pixels("shown.png").shape == pixels("out.png").shape
    assert "the same bytes" in call("rerun", "applied.png")
    if "height=height.png" in RUNS[name]:
        for other in ("height", "normal"):
            call("apply", "map.npz", f"{other}.png", "-o", "applied.png", "-q")
            np.testing.assert_array_equal(pixels("applied.png"), pixels(f"out_{other}.png"))


def test_known_pixels_of_a_file_stay_whatever_their_depth(place: Path, call: Call) -> None:
    hole = pixels("hole.png")[..., 0] > 0
    for photo, depth in (("photo", 8), ("deep", 16)):
        call("fill", f"{photo}.png", "--mask", "hole.png", *CHEAP)
        filled = read_image(f"{photo}_filled.png")
        assert filled.bit_depth == depth
        np.testing.assert_array_equal(filled.pixels[~hole], pixels(f"{photo}.png")[~hole])
        assert (filled.pixels[hole] != pixels(f"{photo}.png")[hole]).any()
    call("extend", "deep.png", "--top", "5", "-o", "more.tif", *CHEAP)
    np.testing.assert_array_equal(pixels("more.tif")[5:], pixels("deep.png"))
    call("fill", "deep.png", "--mask", "hole.png", "--bit-depth", "8", "-o", "flat.png", *CHEAP)
    assert read_image("flat.png").bit_depth == 8


def test_sixteen_bit_height_in_and_out(place: Path, call: Call) -> None:
    call("synthesize", "photo.png", *MAPS, "-o", "out.png", "--save-map", "map.npz", *PATCHMATCH)
    depths = {name: read_image(f"out{name}.png").bit_depth for name in ("", "_height", "_normal")}
    assert depths == {"": 8, "_height": 16, "_normal": 8}
    _, row, column = np.moveaxis(SourceMap.read("map.npz").sources, 2, 0)
    np.testing.assert_array_equal(pixels("out_height.png"), pixels("height.png")[row, column])
    call("apply", "map.npz", "height.png", "-o", "applied.png", "-q")
    assert read_image("applied.png").bit_depth == 16
    call("apply", "map.npz", "height.png", "-o", "applied.webp", "-q")
    assert read_image("applied.webp").bit_depth == 8


def test_names_are_templates(place: Path, call: Call) -> None:
    call("transfer", "photo.png", "target.png", *CHEAP)
    call("analogy", "labels.png", "photo.png", "wanted.png", *PATCHMATCH)
    assert Path("target_photo.png").is_file()
    assert Path("wanted_photo.png").is_file()
    call(
        "synthesize", "photo.png", *MAPS, "-n", "2", "-o", "{exemplar}_{seed}.jpg",
        "--save-map", "{seed}.npz", "--show-sources", "from_{seed}.png", *PATCHMATCH,
    )  # fmt: skip
    for seed in (0, 1):
        for name in (
            f"photo_{seed}.jpg", f"photo_{seed}.jpg.json", f"photo_{seed}_height.jpg",
            f"photo_{seed}_normal.jpg", f"{seed}.npz", f"from_{seed}.png",
        ):  # fmt: skip
            assert Path(name).is_file()
    assert "the same bytes" in call("rerun", "photo_1.jpg")


def test_fill_from_another_is_named_by_the_photo(place: Path, call: Call) -> None:
    call("fill", "photo.png", "--mask", "hole.png", "--from", "other.png", *CHEAP)
    assert Path("photo_filled.png").is_file()


def test_best_of_and_report_judge_the_first_map_and_keep_all(place: Path, call: Call) -> None:
    text = call(
        "synthesize", "photo.png", *MAPS, "--best-of", "2", "--report", "-o", "best.jpg",
        "--save-map", "best.npz", "-m", "patchmatch", "--iterations", "1",
    )  # fmt: skip
    assert "best.jpg: kept, seed" in text
    left = {path.name for path in Path().glob("best*")}
    assert left == {
        "best.jpg", "best.jpg.json", "best_height.jpg", "best_normal.jpg", "best.npz", "best.html",
    }  # fmt: skip
    seed = read_provenance("best.jpg").seed
    call("synthesize", "photo.png", *MAPS, "--seed", str(seed), "-o", "one.jpg",
         "--save-map", "one.npz", "-m", "patchmatch", "--iterations", "1")  # fmt: skip
    for name in (".jpg", "_height.jpg", "_normal.jpg", ".npz"):
        assert Path(f"best{name}").read_bytes() == Path(f"one{name}").read_bytes()


def test_a_video_shows_the_first_map(place: Path, call: Call) -> None:
    call("synthesize", "photo.png", *MAPS, "-o", "out.png", "--video", "growth.png", *PATCHMATCH)
    with Image.open("growth.png") as video:
        video.seek(video.n_frames - 1)
        last = np.asarray(video.convert("RGB")) / np.float32(255)
    np.testing.assert_array_equal(last, pixels("out.png"))


@pytest.mark.parametrize("verb", ["fill", "synthesize"])
def test_resume_starts_again_and_gives_the_same(place: Path, call: Call, verb: str) -> None:
    how = {"method": "patchmatch", "iterations": 2, "seed": 1}

    def begin() -> Run:
        if verb == "fill":
            return Run(verbs.fill("photo.png", "hole.png", **how))
        return Run(verbs.synthesize("photo.png", maps={"height": "height.png"}, **how))

    run = begin()
    for _ in islice(run, 1):
        pass
    kept = checkpoint_path(Path("out.png"))
    Checkpointer(kept).write(run)
    call("resume", str(kept), "--save-map", "map.npz", "-q")
    assert not kept.exists()
    whole = finish(begin(), progress=False).save("whole.png")
    np.testing.assert_array_equal(pixels("out.png"), pixels(whole))
    SourceMap.read("map.npz")
    assert "the same bytes" in call("rerun", "out.png")


def test_an_interrupted_task_is_made_again(place: Path, call: Call) -> None:
    run = Run(verbs.fill("photo.png", "hole.png", iterations=2))
    for _ in islice(run, 1):
        pass
    run.result().save("part.png")
    assert not read_provenance("part.png").complete
    assert "the same bytes" in call("rerun", "part.png")


def test_moved_files_are_found_beside_or_named(place: Path, call: Call) -> None:
    call("fill", "photo.png", "--mask", "hole.png", "-o", "out.png", *CHEAP)
    Path("moved").mkdir()
    for name in ("photo.png", "hole.png", "out.png"):
        Path(name).rename(f"moved/{name}")
    assert "the same bytes" in call("rerun", "moved/out.png")
    Path("moved/photo.png").rename("elsewhere.png")
    with pytest.raises(LichenError, match=r"photo\.png is gone"):
        call("rerun", "moved/out.png")
    assert "the same bytes" in call("rerun", "moved/out.png", "--exemplar", "elsewhere.png")


def test_rerun_says_which_map_differs(place: Path, call: Call) -> None:
    call("synthesize", "photo.png", *MAPS, "-o", "out.png", *PATCHMATCH)
    changed = pixels("out_height.png").copy()
    changed[0, 0] = 1 - changed[0, 0]
    write_image("out_height.png", changed, bit_depth=16)
    with pytest.raises(AssertionError, match=r"pixels differ by up to .* in out_height\.png"):
        call("rerun", "out.png")
    assert not list(Path().glob("out_rerun*"))


def test_apply_is_bound_to_its_map(place: Path, call: Call) -> None:
    for seed in ("1", "2"):
        call("synthesize", "photo.png", "-o", "out.png", "--seed", seed,
             "--save-map", f"{seed}.npz", *PATCHMATCH)  # fmt: skip
    call("apply", "1.npz", "other.png", "-o", "applied.png", "-q")
    Path("2.npz").replace("1.npz")
    with pytest.raises(LichenError, match="is not the map"):
        call("rerun", "applied.png")


def test_a_task_cannot_be_taken_further(place: Path, call: Call) -> None:
    call("fill", "photo.png", "--mask", "hole.png", "-o", "out.png", *CHEAP)
    with pytest.raises(LichenError, match="patchmatch cannot continue a finished picture"):
        call("continue", "out.png")


def test_no_parameter_of_a_method_is_an_option_of_a_command() -> None:
    context, found = click.Context(lichen), set()
    for name in COMMANDS:
        command = lichen.get_command(context, name)
        if not isinstance(command, MethodCommand):
            continue
        found.add(name)
        own = {parameter.name for parameter in command.params} - command.renamed
        for method in registry.METHODS:
            assert not own & set(registry.method(method).model_fields), (name, method)
    assert found >= {"synthesize", "fill", "extend", "transfer", "analogy"}
