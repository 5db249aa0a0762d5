"""Maps: roles by name, formats, and how an exemplar is built of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lichen.errors import ImageError, ParameterError
from lichen.exemplar import Exemplar, split
from lichen.image import write_image
from lichen.image.maps import Map, MapFormat, hash_array, role_of


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("color", "color"), ("wall_nor_gl", "normal"), ("NormalDX", "normal"), ("nrm", "normal"),
        ("Height", "height"), ("disp", "height"), ("roughness-2k", "roughness"),
        ("AO", "occlusion"), ("metalness", "metallic"), ("alpha", "opacity"), ("labels", "data"),
        ("abnormality", "normal"), ("northern", "data"),
    ],
)  # fmt: skip
def test_a_name_says_the_role(name: str, role: str) -> None:
    assert role_of(name) == role


def test_colours_are_srgb_and_all_else_is_data() -> None:
    pixels = np.zeros((4, 5, 3))
    assert Map.from_array(pixels, "albedo").colour_space == "sRGB"
    assert Map.from_array(pixels, "normal").colour_space == "data"


def test_an_exemplar_stacks_its_maps_and_splits_again(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    photo, height = rng.random((6, 5, 3), np.float32), rng.random((6, 5, 1), np.float32)
    write_image(tmp_path / "photo.png", photo, bit_depth=16)
    write_image(tmp_path / "height.png", height)
    exemplar = Exemplar.read(tmp_path / "photo.png", maps={"height": tmp_path / "height.png"})
    assert exemplar.formats == (
        MapFormat("color", "color", 3, 16),
        MapFormat("height", "height", 1, 8),
    )
    assert exemplar.pixels.shape == (6, 5, 4)
    assert exemplar.channels == 4
    colour, heights = split(exemplar.pixels, exemplar.formats)
    np.testing.assert_array_equal(colour, exemplar.maps[0].pixels)
    np.testing.assert_array_equal(heights, exemplar.maps[1].pixels)
    flipped = exemplar.with_pixels(exemplar.pixels[::-1])
    np.testing.assert_array_equal(flipped.maps[1].pixels, heights[::-1])
    assert flipped.formats == exemplar.formats


def test_what_does_not_go_together() -> None:
    exemplar = Exemplar.from_array(np.zeros((6, 5, 3)))
    with pytest.raises(ParameterError, match="two maps are named color"):
        exemplar.with_maps({"color": np.zeros((6, 5))})
    with pytest.raises(ImageError, match="the map height is 5x4 but array is 5x6"):
        exemplar.with_maps({"height": np.zeros((4, 5))})
    with pytest.raises(ParameterError, match="3 channels but the pixels have 4"):
        split(np.zeros((6, 5, 4), np.float32), exemplar.formats)


def test_a_checksum_tells_shape_type_and_values_apart() -> None:
    ones = np.ones((2, 6), np.float32)
    others = [ones.reshape(6, 2), ones.astype(np.float64), 1 - ones]
    assert len({hash_array(array) for array in [ones, *others]}) == 4
    assert hash_array(ones[:, ::-1]) == hash_array(ones)
