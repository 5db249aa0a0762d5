"""Pictures as arrays: validation, sizes as text, resizing."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lichen.errors import ImageError, ParameterError

Array = NDArray[np.float32]


def check_image(array: NDArray[Any], name: str = "image") -> Array:
    """Validate a user's array and convert it to a float32 picture.

    Parameters
    ----------
    array
        (H, W), (H, W, 1) or (H, W, 3); bool, uint8, uint16 or float in [0, 1].
    name
        Its name in error messages.

    Returns
    -------
    NDArray
        C-contiguous float32 (H, W, C) in [0, 1].

    Raises
    ------
    ImageError
        For another shape or type, no pixels, NaN, or floats outside [0, 1].
    """
    array = np.asarray(array)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 3):
        remedy = "give (H, W), (H, W, 1) or (H, W, 3)"
        if array.ndim == 3 and array.shape[2] in (2, 4):
            remedy = "pass its colour as (H, W, 3) or (H, W, 1), and its alpha as `mask`"
        raise ImageError(f"{name} has the shape {array.shape}", remedy)
    if array.size == 0:
        raise ImageError(f"{name} has no pixels: its shape is {array.shape}")
    if array.dtype == np.uint8:
        scaled = array.astype(np.float32) / np.float32(255)
    elif array.dtype == np.uint16:
        scaled = array.astype(np.float32) / np.float32(65535)
    elif array.dtype == np.bool_ or np.issubdtype(array.dtype, np.floating):
        scaled = array.astype(np.float32)
    else:
        raise ImageError(f"{name} has the type {array.dtype}", "use uint8, uint16 or float")
    check_range(scaled, name)
    return np.ascontiguousarray(scaled)


def check_range(pixels: Array, name: str) -> None:
    """Raise for NaN, infinities and values outside [0, 1]."""
    if not np.isfinite(pixels).all():
        raise ImageError(f"{name} contains NaN or infinite values", "replace them first")
    low, high = float(pixels.min()), float(pixels.max())
    if low < 0 or high > 1:
        raise ImageError(
            f"{name} has values from {low:g} to {high:g}", "scale floating-point pixels to [0, 1]"
        )


def parse_size(text: str) -> tuple[int, int]:
    """Read ``WIDTHxHEIGHT``, or one number for a square, as (height, width).

    Raises
    ------
    ParameterError
        For anything else, or no pixels.
    """
    match = re.fullmatch(r"\s*(\d+)\s*(?:[xX]\s*(\d+)\s*)?", text)
    if match is None:
        raise ParameterError(f"size {text!r} is not a size", "write WIDTHxHEIGHT, as in 512x384")
    width = int(match[1])
    height = int(match[2]) if match[2] is not None else width
    if width < 1 or height < 1:
        raise ParameterError(f"size {text!r} has no pixels", "use at least 1x1")
    return height, width


def resize_image(pixels: Array, size: tuple[int, int]) -> Array:
    """Resize (H, W, C) to (height, width) with an anti-aliasing Lanczos kernel."""
    from PIL import Image

    if pixels.shape[:2] == tuple(size):
        return pixels
    planes = [
        Image.fromarray(np.ascontiguousarray(pixels[..., c])).resize(
            (size[1], size[0]), Image.Resampling.LANCZOS
        )
        for c in range(pixels.shape[2])
    ]
    return np.stack([np.asarray(plane) for plane in planes], axis=2).clip(0, 1)
