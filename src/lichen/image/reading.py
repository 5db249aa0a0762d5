"""Read picture files of any kind as sRGB float32, or say in one line why not."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lichen.errors import ImageError
from lichen.image.arrays import check_range
from lichen.image.colour import array_to_srgb, picture_to_srgb

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 100_000_000
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
ORIENTATIONS = {  # EXIF orientation -> the transformation that turns the stored array upright
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[:, ::-1],
    7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
    8: lambda a: a.swapaxes(0, 1)[::-1],
}


@dataclass(frozen=True, eq=False)
class ImageFile:
    """A picture file as read.

    Attributes
    ----------
    pixels
        float32 (H, W, C) in [0, 1], C 1 or 3, sRGB.
    mask
        bool (H, W), True where the picture is at least half opaque; None when all of it is.
    bit_depth
        Of the file: 8, 16 or 32.
    sha256
        Of the file's bytes.
    path
        The file.
    """

    pixels: NDArray[np.float32]
    mask: NDArray[np.bool_] | None
    bit_depth: int
    sha256: str
    path: Path


def read_image(path: str | Path, *, max_pixels: int = MAX_PIXELS) -> ImageFile:
    """Read a picture.

    PNG (8, 16 bit), JPEG, WebP, TIFF (8, 16, float) and whatever else Pillow reads. EXIF
    orientation is applied; palette, CMYK and embedded colour profiles come out as sRGB; grey
    stays one channel; alpha becomes the mask.

    Raises
    ------
    ImageError
        If it is missing, not a picture, damaged, animated, empty, larger than ``max_pixels``,
        fully transparent, or has NaN or values outside [0, 1].
    """
    path = Path(path)
    data = _read_bytes(path)
    try:
        if data[:4] in TIFF_SIGNATURES and not _is_plain_tiff(data):
            array, depth = _read_deep_tiff(data, path, max_pixels)
        else:
            array, depth = _read_with_pillow(data, path, max_pixels)
    except ImageError:
        raise
    except Exception as error:  # decoders raise nearly everything on damaged files
        raise ImageError(
            f"{path} cannot be read: it is damaged or incomplete ({_first_line(error)})",
            "export or copy it again",
        ) from error
    pixels, mask = _split_alpha(array, path)
    check_range(pixels, str(path))
    return ImageFile(pixels, mask, depth, hashlib.sha256(data).hexdigest(), path)


def read_text(path: str | Path) -> dict[str, str]:
    """Read the text chunks of a PNG; empty for files without."""
    data = _read_bytes(Path(path))
    if data[:8] != PNG_SIGNATURE:
        return {}
    with _opened(data, Path(path), MAX_PIXELS) as picture:
        text = getattr(picture, "text", {})
    return {str(key): str(value) for key, value in text.items()}


def _read_bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ImageError(f"{path} does not exist", "check the name") from None
    except IsADirectoryError:
        raise ImageError(f"{path} is a folder", "name a picture in it") from None
    except OSError as error:
        raise ImageError(f"{path} cannot be opened ({error.strerror})", "check the file") from None
    if not data:
        raise ImageError(f"{path} is empty", "export or copy it again")
    return data


def _opened(data: bytes, path: Path, max_pixels: int) -> Image.Image:
    """Open the header, and refuse what must not be decoded."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data))
    except UnidentifiedImageError:
        raise ImageError(
            f"{path} is not a picture, or is of an unknown format", "use PNG, JPEG, WebP or TIFF"
        ) from None
    except Image.DecompressionBombError as error:
        raise _too_large(path, _first_line(error), max_pixels) from None
    _check_size(picture.size[1], picture.size[0], path, max_pixels)
    frames = getattr(picture, "n_frames", 1)
    if frames > 1 and picture.format != "MPO":  # phones append a preview as second frame
        raise ImageError(f"{path} has {frames} frames or pages", "export the one to be used")
    return picture


def _check_size(height: int, width: int, path: Path, max_pixels: int) -> None:
    if height < 1 or width < 1:
        raise ImageError(f"{path} has no pixels: it is {width}x{height}", "export it again")
    if height * width > max_pixels:
        raise _too_large(path, f"{width}x{height}", max_pixels)


def _too_large(path: Path, what: str, max_pixels: int) -> ImageError:
    return ImageError(
        f"{path} has too many pixels ({what}); the limit is {max_pixels:,}",
        "crop or shrink it first",
    )


def _read_with_pillow(data: bytes, path: Path, max_pixels: int) -> tuple[NDArray[np.float32], int]:
    picture = _opened(data, path, max_pixels)
    orientation = int(picture.getexif().get(0x0112, 1))
    profile = picture.info.get("icc_profile")
    if data[:8] == PNG_SIGNATURE and data[24] == 16:
        import imagecodecs  # Pillow would reduce 16-bit colour to 8 bits

        picture.load()  # verifies the checksums of all chunks
        samples = imagecodecs.png_decode(data)
        array, depth = array_to_srgb(np.atleast_3d(samples), profile), 16
    elif picture.mode.startswith("I;16"):
        array, depth = np.atleast_3d(np.asarray(picture)).astype(np.float32) / np.float32(65535), 16
    elif picture.mode in ("I", "F"):
        array, depth = np.atleast_3d(np.asarray(picture)).astype(np.float32), 32
        if picture.mode == "I":
            array, depth = array / np.float32(65535), 16
    else:
        array = np.atleast_3d(np.asarray(picture_to_srgb(picture, profile)))
        array, depth = array.astype(np.float32) / np.float32(255), 8
    return _upright(array, orientation), depth


def _is_plain_tiff(data: bytes) -> bool:
    """Whether Pillow reads this TIFF in full: 8 bits or fewer a sample."""
    import tifffile

    try:
        with tifffile.TiffFile(io.BytesIO(data)) as tiff:
            dtype = tiff.pages.first.dtype
            return dtype is None or dtype.itemsize == 1
    except Exception:  # if something is wrong with it, Pillow will say what
        return True


def _read_deep_tiff(data: bytes, path: Path, max_pixels: int) -> tuple[NDArray[np.float32], int]:
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        if len(tiff.pages) > 1:
            raise ImageError(f"{path} has {len(tiff.pages)} pages", "export the one to be used")
        page: Any = tiff.pages.first
        _check_size(page.imagelength, page.imagewidth, path, max_pixels)
        samples = page.asarray()
        tag = page.tags.get("Orientation")
        profile = page.tags.get("InterColorProfile")
    if samples.ndim == 3 and page.planarconfig == 2:
        samples = samples.transpose(1, 2, 0)
    samples = np.atleast_3d(samples)
    if samples.dtype == np.uint16:
        array, depth = array_to_srgb(samples, None if profile is None else profile.value), 16
    elif np.issubdtype(samples.dtype, np.floating):
        array, depth = samples.astype(np.float32), 32
    else:
        raise ImageError(
            f"{path} has samples of type {samples.dtype}", "export it as 8, 16 bit or float"
        )
    return _upright(array, 1 if tag is None else int(tag.value)), depth


def _upright(array: NDArray[np.float32], orientation: int) -> NDArray[np.float32]:
    turn = ORIENTATIONS.get(orientation)
    return array if turn is None else turn(array)


def _split_alpha(
    array: NDArray[np.float32], path: Path
) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
    channels = array.shape[2]
    if channels not in (1, 2, 3, 4):
        raise ImageError(f"{path} has {channels} channels", "export it as grey or RGB")
    mask = None
    if channels in (2, 4):
        opaque = array[..., -1] >= 0.5
        if not opaque.any():
            raise ImageError(f"{path} is fully transparent", "flatten it or correct its alpha")
        mask = None if opaque.all() else np.ascontiguousarray(opaque)
        array = array[..., :-1]
    return np.ascontiguousarray(array, dtype=np.float32), mask


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
