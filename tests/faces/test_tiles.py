"""The command that makes Wang tiles: three files that agree, or none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from lichen.errors import LichenError
from lichen.faces.cli.main import lichen
from lichen.image import read_image, write_image

SMALL = ["--tile-size", "12", "--colours", "2", "--attempts", "1", "--preview", "40x30"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_image(tmp_path / "photo.png", np.random.default_rng(0).random((40, 48, 3), np.float32))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str) -> str:
    result = CliRunner().invoke(lichen, ["tiles", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize(("kind", "count", "rows"), [("complete", 16, 4), ("compact", 8, 3)])
def test_the_index_finds_each_tile_in_the_sheet(
    place: Path, kind: str, count: int, rows: int
) -> None:
    said = call("photo.png", "-o", "set.png", "--seed", "3", "--tile-set", kind, *SMALL)
    assert f"{count} tiles of 12x12" in said
    sheet = read_image("set.png").pixels
    assert sheet.shape == (12 * rows, 12 * int(np.ceil(np.sqrt(count))), 3)
    index = json.loads((place / "set.json").read_text())
    assert index["sheet"] == "set.png"
    assert index["parameters"]["tile_size"] == 12
    found = {}
    for tile in index["tiles"]:
        y, x = tile["y"], tile["x"]
        found[tuple(tile[edge] for edge in ("north", "east", "south", "west"))] = sheet[
            y : y + tile["height"], x : x + tile["width"]
        ]
    assert len(found) == count
    photo = {tuple(pixel) for pixel in read_image("photo.png").pixels.reshape(-1, 3)}
    for (north, east, _, _), pixels in found.items():
        assert {tuple(pixel) for pixel in pixels.reshape(-1, 3)} <= photo
        for (other_north, other_east, _, _), others in found.items():
            if north == other_north:  # one sample: the same pixels along the edge
                np.testing.assert_array_equal(pixels[0], others[0])
            if east == other_east:
                np.testing.assert_array_equal(pixels[1:-1, -1], others[1:-1, -1])


def test_the_index_says_what_the_photo_decided(place: Path) -> None:
    assert "81 tiles of 20x20" in call("photo.png", "--attempts", "1", "--preview", "40x30")
    index = json.loads((place / "photo_tiles.json").read_text())
    assert index["parameters"]["tile_size"] == 20
    assert {(tile["width"], tile["height"]) for tile in index["tiles"]} == {(20, 20)}


def test_the_preview_is_laid_of_the_tiles(place: Path) -> None:
    call("photo.png", *SMALL)
    sheet, shown = (
        read_image("photo_tiles.png").pixels,
        read_image("photo_tiles_preview.png").pixels,
    )
    assert shown.shape == (30, 40, 3)
    tiles = {
        sheet[y : y + 12, x : x + 12].tobytes() for y in (0, 12, 24, 36) for x in (0, 12, 24, 36)
    }
    assert {shown[y : y + 12, x : x + 12].tobytes() for y in (0, 12) for x in (0, 12, 24)} <= tiles
    first = [(place / name).read_bytes() for name in ("photo_tiles.png", "photo_tiles.json")]
    call("photo.png", *SMALL)
    assert first == [
        (place / name).read_bytes() for name in ("photo_tiles.png", "photo_tiles.json")
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["photo.png", "-o", "photo.png"], "would be overwritten"),
        (["photo.png", "--tile-size", "13"], "`tile_size` = '13'"),
        (["photo.png", "--tile-size", "64"], "use a smaller `tile_size`"),
        (["photo.png", "--preview", "big"], "WIDTHxHEIGHT"),
        (["photo.png", "--preview", "0x4"], "no pixels"),
        (["photo.png", "--seed", "-1"], "out of range"),
        (["photo.png", "-o", "nowhere/set.png"], "does not exist"),
        (["photo.png", "-o", "set.txt"], "cannot write .txt"),
        (["absent.png"], "absent.png"),
    ],
)
def test_what_cannot_be_writes_nothing(place: Path, arguments: list[str], said: str) -> None:
    before = {path: path.read_bytes() for path in place.iterdir()}
    with pytest.raises(LichenError) as error:
        CliRunner().invoke(lichen, ["tiles", *arguments], catch_exceptions=False)
    assert said in str(error.value)
    assert {path: path.read_bytes() for path in place.iterdir()} == before


def test_all_files_or_none(place: Path) -> None:
    (place / "set_preview.png").mkdir()
    with pytest.raises(LichenError, match="is a folder"):
        CliRunner().invoke(lichen, ["tiles", "photo.png", "-o", "set.png"], catch_exceptions=False)
    (place / "set_preview.png").rmdir()
    (place / "set.json").mkdir()
    with pytest.raises(LichenError, match="is a folder"):
        CliRunner().invoke(
            lichen, ["tiles", "photo.png", "-o", "set.png", *SMALL], catch_exceptions=False
        )
    assert {path.name for path in place.iterdir()} == {"photo.png", "set.json"}
