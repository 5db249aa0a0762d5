"""Picture files against what independent libraries wrote and read."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageCms, ImageOps

from lichen.errors import ImageError
from lichen.image import check_image, parse_size, read_image, read_text, resize_image, write_image

FORMATS = [
    (".png", 8), (".png", 16), (".webp", 8), (".tif", 8), (".tif", 16), (".tif", 32),
]  # fmt: skip


def photo(height: int = 12, width: int = 9, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)


@pytest.mark.parametrize(("suffix", "depth"), FORMATS)
@given(
    pixels=hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3])),
        elements=st.floats(0, 1, width=32),
    )
)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_write_then_read_is_within_half_a_step(
    tmp_path: Path, suffix: str, depth: int, pixels: np.ndarray
) -> None:
    path = tmp_path / f"a{suffix}"
    write_image(path, pixels, bit_depth=depth)
    first = path.read_bytes()
    write_image(path, pixels, bit_depth=depth)
    assert path.read_bytes() == first
    back = read_image(path)
    assert back.bit_depth == depth
    if suffix == ".webp" and pixels.shape[2] == 1:  # which has no grey
        assert back.pixels.shape[2] == 3
        pixels = np.repeat(pixels, 3, axis=2)
    assert back.pixels.shape == pixels.shape
    half_a_step = 0.0 if depth == 32 else 0.5 / (2**depth - 1) + 1e-7
    assert np.abs(back.pixels - pixels).max() <= half_a_step


def test_what_is_written_is_what_pillow_and_tifffile_read(tmp_path: Path) -> None:
    bytes8 = photo()
    write_image(tmp_path / "a.png", bytes8 / np.float32(255))
    assert np.array_equal(np.asarray(Image.open(tmp_path / "a.png")), bytes8)
    deep = np.random.default_rng(1).integers(0, 65536, (5, 6, 3), np.uint16)
    write_image(tmp_path / "a.tif", deep / np.float32(65535), bit_depth=16)
    assert np.array_equal(tifffile.imread(tmp_path / "a.tif"), deep)


def test_jpeg_is_near(tmp_path: Path) -> None:
    smooth = resize_image(photo(4, 4) / np.float32(255), (64, 48))
    write_image(tmp_path / "a.jpg", smooth)
    assert np.abs(read_image(tmp_path / "a.jpg").pixels - smooth).mean() < 0.01


def test_png_carries_text_that_pillow_reads(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", photo(), text={"lichen": '{"seed": 1}', "b": "c"})
    assert read_text(tmp_path / "a.png") == {"lichen": '{"seed": 1}', "b": "c"}
    with Image.open(tmp_path / "a.png") as picture:
        picture.load()
        assert picture.text == {"lichen": '{"seed": 1}', "b": "c"}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_orientation_is_applied_as_pillow_does(
    tmp_path: Path, orientation: int, suffix: str
) -> None:
    picture = Image.fromarray(photo(40, 24))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"a{suffix}"
    picture.save(path, exif=exif, **({"lossless": True} if suffix == ".webp" else {}))
    with Image.open(path) as stored:
        upright = np.asarray(ImageOps.exif_transpose(stored))
    np.testing.assert_allclose(read_image(path).pixels * 255, upright, atol=1e-3)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_orientation_of_deep_tiff(tmp_path: Path, orientation: int) -> None:
    deep = photo(6, 4).astype(np.uint16) * 257
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, deep, photometric="rgb", extratags=[(274, "H", 1, orientation, True)])
    turned = {3: np.rot90(deep, 2), 6: np.rot90(deep, -1), 8: np.rot90(deep)}[orientation]
    np.testing.assert_allclose(read_image(path).pixels * 65535, turned, atol=0.01)


def test_palette_and_bilevel_and_grey(tmp_path: Path) -> None:
    indexed = Image.fromarray(photo()).quantize(16)
    indexed.save(tmp_path / "p.png")
    np.testing.assert_allclose(
        read_image(tmp_path / "p.png").pixels * 255, np.asarray(indexed.convert("RGB")), atol=1e-3
    )
    grey = Image.fromarray(photo(5, 5, 1)[..., 0])
    grey.save(tmp_path / "g.png")
    assert read_image(tmp_path / "g.png").pixels.shape == (5, 5, 1)
    grey.convert("1").save(tmp_path / "b.png")
    assert set(np.unique(read_image(tmp_path / "b.png").pixels)) <= {0.0, 1.0}
    assert read_image(tmp_path / "b.png").pixels.shape == (5, 5, 1)


def test_alpha_becomes_the_mask(tmp_path: Path) -> None:
    alpha = np.zeros((12, 9), np.uint8)
    alpha[:4] = 255
    rgba = np.dstack([photo(), alpha])
    Image.fromarray(rgba).save(tmp_path / "a.png")
    read = read_image(tmp_path / "a.png")
    assert read.mask is not None
    assert np.array_equal(read.mask, alpha > 127)
    np.testing.assert_allclose(read.pixels * 255, rgba[..., :3], atol=1e-3)
    rgba[..., 3] = 255
    Image.fromarray(rgba).save(tmp_path / "b.png")
    assert read_image(tmp_path / "b.png").mask is None
    transparent = Image.fromarray(photo()).quantize(8)
    transparent.save(tmp_path / "c.png", transparency=0)
    mask = read_image(tmp_path / "c.png").mask
    assert mask is not None
    assert np.array_equal(mask, np.asarray(transparent) != 0)


def test_cmyk_comes_out_as_rgb(tmp_path: Path) -> None:
    cmyk = Image.new("CMYK", (4, 4), (0, 255, 255, 0))
    cmyk.save(tmp_path / "a.tif")
    np.testing.assert_allclose(
        read_image(tmp_path / "a.tif").pixels, np.broadcast_to([1.0, 0, 0], (4, 4, 3)), atol=0.01
    )


def swapped_profile() -> bytes:
    """An sRGB profile whose red and blue primaries are exchanged."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    position = {}
    for entry in range(int.from_bytes(data[128:132], "big")):
        start = 132 + 12 * entry
        position[bytes(data[start : start + 4])] = start
    red, blue = position[b"rXYZ"], position[b"bXYZ"]
    data[red + 4 : red + 12], data[blue + 4 : blue + 12] = (
        data[blue + 4 : blue + 12],
        data[red + 4 : red + 12],
    )
    return bytes(data).replace(b"s\0R\0G\0B", b"o\0d\0d\0 ")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_an_embedded_profile_is_followed(tmp_path: Path, suffix: str) -> None:
    """With red and blue exchanged in the profile, what is stored as red is seen as blue."""
    picture = Image.new("RGB", (16, 16), (255, 0, 0))
    options = {"lossless": True} if suffix == ".webp" else {}
    picture.save(tmp_path / f"a{suffix}", icc_profile=swapped_profile(), **options)
    mean = read_image(tmp_path / f"a{suffix}").pixels.mean((0, 1))
    np.testing.assert_allclose(mean, [0, 0, 1], atol=0.03)


def test_a_profile_of_a_deep_tiff_is_followed(tmp_path: Path) -> None:
    red = np.zeros((8, 8, 3), np.uint16)
    red[..., 0] = 65535
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, red, photometric="rgb", iccprofile=swapped_profile())
    np.testing.assert_allclose(read_image(path).pixels.mean((0, 1)), [0, 0, 1], atol=0.03)


def test_an_srgb_profile_changes_nothing(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(photo()).save(tmp_path / "a.png", icc_profile=profile)
    np.testing.assert_allclose(read_image(tmp_path / "a.png").pixels * 255, photo(), atol=1e-3)


def broken_files(folder: Path) -> dict[str, tuple[Path, str]]:
    """File and words of the message by case."""
    buffer = io.BytesIO()
    Image.fromarray(photo(64, 64)).save(buffer, "PNG")
    png = buffer.getvalue()
    buffer = io.BytesIO()
    Image.fromarray(photo(64, 64)).save(buffer, "JPEG")
    jpeg = buffer.getvalue()
    contents = {
        "empty.png": (b"", "is empty"),
        "text.png": (b"hello, this is not a picture", "not a picture"),
        "cut.png": (png[: len(png) // 2], "damaged or incomplete"),
        "cut.jpg": (jpeg[: len(jpeg) // 2], "damaged or incomplete"),
        "header.png": (png[:30], "not a picture|damaged"),
        "flipped.png": (png[:100] + bytes([png[100] ^ 255]) + png[101:], "damaged or incomplete"),
    }
    cases = {}
    for name, (data, words) in contents.items():
        (folder / name).write_bytes(data)
        cases[name] = (folder / name, words)
    nan = np.full((4, 4, 3), np.nan, np.float32)
    tifffile.imwrite(folder / "nan.tif", nan, photometric="rgb")
    cases["nan.tif"] = (folder / "nan.tif", "NaN")
    tifffile.imwrite(folder / "hdr.tif", np.full((4, 4, 3), 7, np.float32), photometric="rgb")
    cases["hdr.tif"] = (folder / "hdr.tif", r"scale floating-point pixels to \[0, 1\]")
    tifffile.imwrite(folder / "five.tif", np.zeros((4, 4, 5), np.uint16), planarconfig="contig")
    cases["five.tif"] = (folder / "five.tif", "channels|cannot be read")
    frames = [Image.fromarray(photo()), Image.fromarray(photo()[::-1])]
    frames[0].save(folder / "two.gif", save_all=True, append_images=frames[1:])
    cases["two.gif"] = (folder / "two.gif", "2 frames")
    Image.new("RGBA", (4, 4), (9, 9, 9, 0)).save(folder / "clear.png")
    cases["clear.png"] = (folder / "clear.png", "fully transparent")
    cases["missing"] = (folder / "missing.png", "does not exist")
    cases["folder"] = (folder, "is a folder")
    return cases


@pytest.mark.parametrize("case", [
    "empty.png", "text.png", "cut.png", "cut.jpg", "header.png", "flipped.png", "nan.tif",
    "hdr.tif", "five.tif", "two.gif", "clear.png", "missing", "folder",
])  # fmt: skip
def test_broken_files_are_named_in_one_line(tmp_path: Path, case: str) -> None:
    path, words = broken_files(tmp_path)[case]
    with pytest.raises(ImageError, match=words) as caught:
        read_image(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_too_many_pixels_are_refused_before_decoding(tmp_path: Path) -> None:
    Image.new("L", (200, 100)).save(tmp_path / "a.png")
    with pytest.raises(ImageError, match="too many pixels"):
        read_image(tmp_path / "a.png", max_pixels=19_999)
    assert read_image(tmp_path / "a.png", max_pixels=20_000).pixels.shape == (100, 200, 1)
    bomb = bytearray((tmp_path / "a.png").read_bytes())
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4, "big")
    (tmp_path / "bomb.png").write_bytes(bomb)
    with pytest.raises(ImageError, match="too many pixels"):
        read_image(tmp_path / "bomb.png")


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 4, 4)), "as `mask`"),
        (np.zeros((4, 4, 7)), "shape"),
        (np.zeros((0, 4, 3)), "no pixels"),
        (np.full((2, 2), np.nan), "NaN"),
        (np.full((2, 2), 2.0), "scale"),
        (np.zeros((2, 2), np.int64), "int64"),
        (np.zeros(5), "shape"),
    ],
)
def test_bad_arrays(array: np.ndarray, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        check_image(array, "photo")


def test_good_arrays() -> None:
    assert check_image(np.full((2, 3), 255, np.uint8)).max() == 1
    assert check_image(np.full((2, 3, 3), 65535, np.uint16)).max() == 1
    assert check_image(np.ones((2, 3), bool)).shape == (2, 3, 1)


def test_sizes() -> None:
    assert parse_size("512x384") == (384, 512)
    assert parse_size("64") == (64, 64)
    for bad in ("0x5", "-1x2", "abc", "5x", "5x0", "1.5x2"):
        with pytest.raises(Exception, match="size"):
            parse_size(bad)


@pytest.mark.parametrize(
    ("name", "depth", "words"),
    [("a.xyz", 8, "cannot write"), ("a", 8, "without suffix"), ("a.jpg", 16, "16 bits")],
)
def test_unwritable(tmp_path: Path, name: str, depth: int, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        write_image(tmp_path / name, photo(), bit_depth=depth)
    assert list(tmp_path.iterdir()) == []
