"""Cleaning a folder of photos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lichen.errors import LichenError
from lichen.image import read_image
from lichen.training.data.prepare import MANIFEST, prepare_folder


def picture(seed: int, height: int, width: int) -> Image.Image:
    small = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for name in ("banded", "dotted"):
        (folder / name).mkdir(parents=True)
    picture(1, 60, 90).save(folder / "banded" / "one.jpg")
    picture(2, 80, 64).save(folder / "dotted" / "two.png")
    picture(1, 60, 90).resize((45, 30)).resize((90, 60)).save(folder / "dotted" / "again.jpg")
    picture(3, 20, 90).save(folder / "dotted" / "small.jpg")
    Image.new("RGB", (64, 64), (90, 90, 90)).save(folder / "dotted" / "flat.png")
    (folder / "dotted" / "broken.jpg").write_bytes(b"\xff\xd8 nothing")
    (folder / "readme.txt").write_text("about")
    return folder


def test_good_pictures_are_cropped_and_bad_ones_explained(collection: Path, tmp_path: Path) -> None:
    target = tmp_path / "clean"
    entries = {entry.source: entry for entry in prepare_folder(collection, target, size=32)}
    kept = {name for name, entry in entries.items() if entry.kept}
    assert kept == {"banded/one.jpg", "dotted/two.png"}
    reasons = {name: entry.reason for name, entry in entries.items() if not entry.kept}
    assert "smaller" in reasons["dotted/small.jpg"]
    assert "contrast" in reasons["dotted/flat.png"]
    assert "same" in reasons["dotted/again.jpg"]
    assert "picture" in reasons["dotted/broken.jpg"]
    assert "picture" in reasons["readme.txt"]
    assert read_image(target / "banded" / "one.png").pixels.shape == (32, 32, 3)
    centre = picture(2, 80, 64).crop((0, 8, 64, 72)).resize((32, 32), Image.Resampling.LANCZOS)
    ours = read_image(target / "dotted" / "two.png").pixels * 255
    assert np.abs(ours - np.asarray(centre, np.float32)).mean() < 1


def test_a_second_call_does_nothing_and_a_lost_file_is_made_again(
    collection: Path, tmp_path: Path
) -> None:
    target = tmp_path / "clean"
    first = prepare_folder(collection, target, size=32)
    made = target / "banded" / "one.png"
    stamp = made.stat().st_mtime_ns
    assert prepare_folder(collection, target, size=32) == first
    assert made.stat().st_mtime_ns == stamp
    made.unlink()
    prepare_folder(collection, target, size=32)
    assert made.is_file()
    assert (target / MANIFEST).is_file()


def test_bad_folders(collection: Path, tmp_path: Path) -> None:
    with pytest.raises(LichenError, match="not a folder"):
        prepare_folder(tmp_path / "nothing", tmp_path / "out")
    with pytest.raises(LichenError, match="outside"):
        prepare_folder(collection, collection / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(LichenError, match="no files"):
        prepare_folder(tmp_path / "empty", tmp_path / "out")
