"""Folders of pictures, patches of them, pairs and domains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from lichen.errors import ImageError, TrainingError
from lichen.image import write_image
from lichen.training.data.domains import UnpairedPatches, read_domains
from lichen.training.data.folder import PictureSet
from lichen.training.data.pairs import PairedPatches, read_pairs
from lichen.training.data.patches import Patches


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Return a folder of four photographs of clouds, one of them grey, and a file that is none."""
    place = tmp_path / "photos"
    (place / "more").mkdir(parents=True)
    for number in range(4):
        clouds = gaussian_filter(rng.normal(size=(40, 48, 3 if number else 1)), (1.5, 1.5, 0))
        picture = np.clip(0.5 + clouds, 0, 1).astype(np.float32)
        write_image(place / ("more" if number == 3 else ".") / f"{number}.png", picture)
    (place / "notes.txt").write_text("not a picture")
    return place


def found(patch: torch.Tensor, picture: torch.Tensor) -> bool:
    """Whether a picture (3, H, W) has a patch (3, 16, 16) anywhere."""
    windows = picture.unfold(1, 16, 1).unfold(2, 16, 1)  # (3, rows, columns, 16, 16)
    return bool((windows == patch[:, None, None]).all(dim=(0, 3, 4)).any())


def test_patches_are_cut_from_the_photographs(folder: Path) -> None:
    photographs = PictureSet.read(folder, smallest=16)
    assert [p.path.name for p in photographs.pictures] == ["0.png", "1.png", "2.png", "3.png"]
    whole = torch.from_numpy(photographs.pictures[1].pixels.transpose(2, 0, 1).copy())
    patches = Patches(photographs.pictures[1:2], 16, seed=3, shuffle_channels=True)
    mirrored = reordered = 0
    for number in range(16):
        patch = patches[number]
        assert torch.equal(patch, patches[number])
        turned = not found(patch.sort(0).values, whole.sort(0).values)
        straight = patch.flip(2) if turned else patch
        assert found(straight.sort(0).values, whole.sort(0).values)
        mirrored += turned
        reordered += not found(straight, whole)
    assert 0 < mirrored < 16
    assert 0 < reordered < 16


def test_photographs_beyond_the_memory_are_read_again(folder: Path) -> None:
    kept, again = (
        PictureSet.read(folder, smallest=16),
        PictureSet.read(folder, smallest=16, memory=6000),
    )
    assert [p.kept is None for p in again.pictures] == [False, True, True, True]
    assert kept.trained_on == again.trained_on
    for one, other in zip(kept.pictures, again.pictures, strict=True):
        assert np.array_equal(one.pixels, other.pixels)
    write_image(again.pictures[1].path, np.zeros((40, 48, 3), np.float32))
    with pytest.raises(ImageError, match="has changed"):
        _ = again.pictures[1].pixels


def test_the_split_is_by_the_seed_and_loses_none(folder: Path) -> None:
    photographs = PictureSet.read(folder, smallest=16)
    trained, judges = photographs.split(0.5, seed=1)
    assert len(judges) == 2
    assert {p.sha256 for p in [*trained, *judges]} == {p.sha256 for p in photographs.pictures}
    assert photographs.split(0.5, seed=1) == (trained, judges)
    assert len(photographs.split(0.999, seed=1)[0]) == 1


def result(reading):  # type: ignore[no-untyped-def]
    """Return what a reading returns."""
    while True:
        try:
            next(reading)
        except StopIteration as end:
            return end.value


def test_pictures_in_memory_and_single_files_are_sources_too(
    folder: Path, rng: np.random.Generator
) -> None:
    array = rng.random((20, 20, 3))
    found = PictureSet.read(array, folder / "1.png", folder)
    assert [one.source for one in found.pictures] == [0, 1, 2, 2, 2, 2]
    assert [(one.name, one.pictures) for one in found.trained_on] == [
        ("array", 1),
        ("1.png", 1),
        ("photos", 4),
    ]
    assert np.abs(found.pictures[0].pixels / 255 - array).max() < 0.003


def test_pairs_are_found_by_name_and_cut_at_one_position(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "inverted"
    (other / "more").mkdir(parents=True)
    for name in ("0", "2", "more/3"):
        pixels = lichen_pixels(folder / f"{name}.png")
        write_image(other / f"{name}.tif", 1 - pixels)
    found = result(read_pairs([folder, other]))
    assert [a.path.stem for a, _ in found.pairs] == ["0", "2", "3"]
    assert any("1.png has no partner" in line for line in found.left_out)
    patches = PairedPatches(found.pairs, 16, seed=1)
    for number in range(5):
        a, b = patches[number]
        assert torch.equal(a, 255 - b)
        assert torch.equal(patches[number][0], a)
    (other / "more/3.tif").unlink()
    write_image(other / "more" / "3.tif", np.zeros((8, 8, 3), np.float32))
    with pytest.raises(TrainingError, match="differ in size"):
        result(read_pairs([folder, other]))


def test_domains_are_drawn_independently(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "dark"
    other.mkdir()
    write_image(other / "a.png", np.zeros((30, 30, 3), np.float32))
    found = result(read_domains([folder, other], smallest=16))
    assert (len(found.a), len(found.b)) == (4, 1)
    assert [one.name for one in found.trained_on] == ["photos", "dark"]
    a, b = UnpairedPatches(found, 16, seed=0)[7]
    assert a.shape == b.shape == (3, 16, 16)
    assert not b.any()
    assert a.any()
    with pytest.raises(TrainingError, match="dark holds 1 pictures"):
        result(read_domains([folder, other], fewest=2))


def lichen_pixels(path: Path) -> np.ndarray:
    from lichen.image import read_image

    return read_image(path).pixels
