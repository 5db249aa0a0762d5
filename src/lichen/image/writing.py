"""Write pictures, whole or not at all; the same pixels give the same bytes."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lichen.atomic import atomic_path, check_folder
from lichen.errors import ImageError
from lichen.image.arrays import check_image

DEPTHS = {
    ".png": (8, 16),
    ".jpg": (8,),
    ".jpeg": (8,),
    ".webp": (8,),
    ".tif": (8, 16, 32),
    ".tiff": (8, 16, 32),
}


def check_writable(path: str | Path, bit_depth: int = 8) -> None:
    """Raise unless a picture of this depth could be written there; before a long run.

    Raises
    ------
    ImageError
        For an unknown suffix or a depth that the format does not support.
    LichenError
        For a folder that is missing or not writable.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in DEPTHS:
        raise ImageError(
            f"{path}: cannot write {suffix or 'a file without suffix'}",
            f"use one of {', '.join(DEPTHS)}",
        )
    if bit_depth not in DEPTHS[suffix]:
        supporting = [name for name, depths in DEPTHS.items() if bit_depth in depths]
        raise ImageError(
            f"{path}: {suffix} does not support {bit_depth} bits per sample",
            f"use {', '.join(supporting)}" if supporting else "use 8, 16 or 32",
        )
    check_folder(path)


def write_image(
    path: str | Path,
    pixels: NDArray[Any],
    *,
    bit_depth: int = 8,
    text: Mapping[str, str] | None = None,
    quality: int = 95,
) -> None:
    """Write a picture; the suffix names the format.

    Parameters
    ----------
    path
        .png, .jpg, .webp (lossless) or .tif.
    pixels
        Float (H, W, C) in [0, 1], C 1 or 3.
    bit_depth
        8, 16 (PNG, TIFF) or 32 (float TIFF). Values are rounded to the nearest.
    text
        ASCII text by keyword, for PNG only.
    quality
        Of JPEG, 1 to 95.
    """
    path = Path(path)
    data = encode_image(path, pixels, bit_depth=bit_depth, text=text, quality=quality)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def encode_image(
    path: Path,
    pixels: NDArray[Any],
    *,
    bit_depth: int = 8,
    text: Mapping[str, str] | None = None,
    quality: int = 95,
) -> bytes:
    """Return the bytes that :func:`write_image` writes; raise if ``path`` is not writable."""
    check_writable(path, bit_depth)
    pixels = check_image(pixels, str(path))
    if path.suffix.lower() == ".png":
        return _png(_quantized(pixels, bit_depth), text or {})
    if path.suffix.lower() in (".tif", ".tiff"):
        return _tiff(_quantized(pixels, bit_depth))
    return _pillow(_quantized(pixels, 8), path.suffix.lower(), quality)


def _quantized(pixels: NDArray[np.float32], bit_depth: int) -> NDArray[Any]:
    """(H, W, 3), or (H, W) for grey."""
    squeezed = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    if bit_depth == 32:
        return squeezed
    steps = 2**bit_depth - 1
    rounded = np.round(squeezed.astype(np.float64) * steps)
    return rounded.astype(np.uint8 if bit_depth == 8 else np.uint16)


def _png(samples: NDArray[Any], text: Mapping[str, str]) -> bytes:
    import imagecodecs

    data = bytes(imagecodecs.png_encode(samples))
    header = 8 + 25  # signature and IHDR, which must come first
    chunks = b"".join(_text_chunk(key, value) for key, value in sorted(text.items()))
    return data[:header] + chunks + data[header:]


def _text_chunk(key: str, value: str) -> bytes:
    """Make a tEXt chunk: length, name, keyword, zero, text, checksum."""
    body = b"tEXt" + key.encode("latin-1") + b"\0" + value.encode("ascii")
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def _tiff(samples: NDArray[Any]) -> bytes:
    import tifffile

    buffer = io.BytesIO()
    photometric = "minisblack" if samples.ndim == 2 else "rgb"
    tifffile.imwrite(
        buffer, samples, photometric=photometric, compression="zlib", metadata=None, software=False
    )
    return buffer.getvalue()


def _pillow(samples: NDArray[Any], suffix: str, quality: int) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    picture = Image.fromarray(samples)
    if suffix == ".webp":
        picture.save(buffer, "WEBP", lossless=True)
    else:
        picture.save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()
