"""Maps of sources: what is copied, files, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.errors import ImageError, ProvenanceError
from lichen.source_map import SourceMap

SIZES = ((5, 7), (4, 3))


def random_map(seed: int, *, with_gaps: bool = False) -> SourceMap:
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 9, 2)
    number = rng.integers(-1 if with_gaps else 0, 2, (height, width))
    sizes = np.array(SIZES)[np.maximum(number, 0)]
    places = (rng.random((height, width, 2)) * sizes).astype(int)
    sources = np.concatenate([number[..., None], places], axis=2)
    sources[number < 0] = -1
    return SourceMap(sources.astype(np.int32), SIZES)


def pictures(channels: int) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [rng.random((*size, channels), np.float32) for size in SIZES]


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**32), channels=st.sampled_from([1, 3]))
def test_apply_copies_pixel_by_pixel(seed: int, channels: int) -> None:
    source_map = random_map(seed, with_gaps=True)
    given_pictures = pictures(channels)
    known = np.random.default_rng(seed).random((*source_map.sources.shape[:2], channels))
    made = source_map.apply(given_pictures, known.astype(np.float32))
    for place in np.ndindex(made.shape[:2]):
        number, row, column = source_map.sources[place]
        expected = known.astype(np.float32)[place]
        if number >= 0:
            expected = given_pictures[number][row, column]
        np.testing.assert_array_equal(made[place], expected)


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_a_file_keeps_all(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    source_map = random_map(seed, with_gaps=True)
    path = source_map.save(tmp_path_factory.mktemp("maps") / "map.npz")
    read = SourceMap.read(path)
    np.testing.assert_array_equal(read.sources, source_map.sources)
    assert read.sizes == source_map.sizes


def test_the_picture_tells_exemplars_and_places_apart() -> None:
    sources = np.array([[[0, 0, 0], [1, 0, 0], [0, 4, 0], [0, 0, 6], [-1, -1, -1]]], np.int32)
    shown = SourceMap(sources, SIZES).picture()
    assert shown.shape == (1, 5, 3)
    assert 0 <= shown.min() <= shown.max() <= 1
    apart = np.abs(shown[0, :, None] - shown[0, None]).max(2) + np.eye(5)
    assert apart.min() > 0.1
    assert (shown[0, 4] == 0).all()


def test_what_cannot_be_applied() -> None:
    first, second = pictures(3)
    source_map = random_map(3)
    height, width = source_map.sources.shape[:2]
    with pytest.raises(ImageError, match="2 pictures, not 1"):
        source_map.apply([first])
    with pytest.raises(ImageError, match="picture 1 is 3x4 but its exemplar was 7x5"):
        source_map.apply([second, first])
    with pytest.raises(ImageError, match="differ in their channels"):
        source_map.apply([first, second[..., :1]])
    with pytest.raises(ImageError, match=f"but the map is {width}x{height}"):
        source_map.apply([first, second], np.zeros((height + 1, width, 3), np.float32))
    gaps = SourceMap(np.full((2, 2, 3), -1, np.int32), SIZES)
    with pytest.raises(ImageError, match=r"4 pixels of the map .* as `known`"):
        gaps.apply([first, second])


@pytest.mark.parametrize(
    "change",
    [
        {"sources": np.zeros((3, 3), np.int32)},
        {"sources": np.zeros((3, 3, 2), np.int32)},
        {"sources": np.full((3, 3, 3), 2, np.int32)},
        {"sources": np.array([[[0, 5, 0]]], np.int32)},
        {"sources": np.array([[[1, 0, 3]]], np.int32)},
        {"sources": np.array([[[0, -1, 0]]], np.int32)},
        {"sources": np.zeros((3, 3, 3), np.float32)},
        {"sizes": np.zeros((0, 2), np.int64)},
        {"sizes": np.zeros(2, np.int64)},
    ],
)
def test_files_that_are_no_maps(tmp_path: Path, change: dict[str, np.ndarray]) -> None:
    good = {"sources": np.zeros((3, 3, 3), np.int32), "sizes": np.array(SIZES)}
    np.savez(tmp_path / "good.npz", **good)
    assert SourceMap.read(tmp_path / "good.npz").sizes == SIZES
    np.savez(tmp_path / "bad.npz", **{**good, **change})
    with pytest.raises(ProvenanceError, match="is not a source map"):
        SourceMap.read(tmp_path / "bad.npz")


@pytest.mark.parametrize("name", ["array.npy", "text.npz", "empty.npz"])
def test_other_files(tmp_path: Path, name: str) -> None:
    np.save(tmp_path / "array.npy", np.zeros(3))
    (tmp_path / "text.npz").write_text("no map")
    (tmp_path / "empty.npz").write_bytes(b"")
    with pytest.raises(ProvenanceError, match="is not a source map"):
        SourceMap.read(tmp_path / name)
    with pytest.raises(ProvenanceError, match="there is no source map"):
        SourceMap.read(tmp_path / "absent.npz")
