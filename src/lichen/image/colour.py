"""Colour: from any colour space of a file to sRGB, luminance, and principal axes."""

from __future__ import annotations

import io
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lichen.arrays import Array

if TYPE_CHECKING:
    from PIL import Image

REC_709 = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Weights of R, G and B in luminance, of the primaries of sRGB."""

NTSC = np.array([0.299, 0.587, 0.114])
"""Those in Y of YIQ and of Rec. 601, for methods whose papers say YIQ."""

NEGLIGIBLE = 1e-3
"""Deviations below this fraction of the largest are indistinguishable from rounding in float32."""


def luminance(pixels: Array, weights: NDArray[np.floating] = REC_709) -> Array:
    """Luminance (...) of pixels (..., 3), or the values of pixels (..., 1) themselves."""
    if pixels.shape[-1] == 1:
        return pixels[..., 0]
    return np.asarray(pixels @ weights, np.float32)


def principal_axes(vectors: Array, count: int | None = None) -> tuple[Array, Array, Array]:
    """Find the directions in which colours, or any vectors (N, D), vary most.

    Parameters
    ----------
    count
        Number of directions at most; D when None.

    Returns
    -------
    tuple
        Mean (D,), directions (D, K) in descending order of deviation, and standard deviations
        (K,). Directions in which a few vectors do not differ may be zeros.
    """
    count = vectors.shape[1] if count is None else count
    mean = vectors.mean(0)
    centred = vectors - mean
    with one_blas_thread():
        if len(vectors) < vectors.shape[1]:  # the smaller of the two products has the same values
            values, sides = np.linalg.eigh(centred @ centred.T / np.float32(len(vectors)))
            values, sides = values[::-1][:count], sides[:, ::-1][:, :count]
            axes = centred.T @ sides
            lengths = np.linalg.norm(axes, axis=0)
            # Where vectors do not differ, what is left is rounding, not orthogonal to the others.
            lengths[lengths <= NEGLIGIBLE * lengths.max(initial=0)] = np.inf
            axes /= lengths
        else:
            values, axes = np.linalg.eigh(centred.T @ centred / np.float32(len(vectors)))
            values, axes = values[::-1][:count], axes[:, ::-1][:, :count]
    return mean, np.ascontiguousarray(axes), np.sqrt(values.clip(0))


def one_blas_thread() -> AbstractContextManager[object]:
    """Keep NumPy's products to one thread: the last bits depend on how many share the sums."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, "blas")


def picture_to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Turn an 8-bit Pillow picture of any mode into L, LA, RGB or RGBA in sRGB.

    An embedded profile is followed with the perceptual intent; without one RGB is taken as
    sRGB, and CMYK is converted as Pillow does.
    """
    if picture.mode == "P" or "transparency" in picture.info:
        # A palette of greys only is a grey picture.
        grey = picture.mode in ("1", "L", "LA")
        picture = picture.convert("RGBA" if _has_alpha(picture) else "RGB")
        if grey:
            picture = picture.convert("LA" if picture.mode == "RGBA" else "L")
    if picture.mode == "1":
        picture = picture.convert("L")
    alpha = picture.getchannel("A") if picture.mode in ("RGBA", "LA", "PA") else None
    if alpha is not None:
        picture = picture.convert("L" if picture.mode == "LA" else "RGB")
    target = "L" if picture.mode == "L" else "RGB"
    if profile and picture.mode in ("L", "RGB", "CMYK", "LAB") and not _is_srgb(profile):
        picture = _follow_profile(picture, profile)
    if picture.mode != target:
        picture = picture.convert(target)
    if alpha is not None:
        picture.putalpha(alpha)
    return picture


def _has_alpha(picture: Image.Image) -> bool:
    return picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info


def _follow_profile(picture: Image.Image, profile: bytes) -> Image.Image:
    from PIL import ImageCms

    try:
        converted = ImageCms.profileToProfile(
            picture,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except ImageCms.PyCMSError:
        # A profile that does not fit its picture is ignored by every viewer too.
        return picture
    return picture if converted is None else converted


def array_to_srgb(samples: NDArray[Any], profile: bytes | None) -> NDArray[np.float32]:
    """Turn uint16 (H, W, 1 to 4) samples into float32 in [0, 1], following an RGB profile."""
    scaled = samples.astype(np.float32) / np.float32(65535)
    if profile and samples.shape[2] >= 3 and not _is_srgb(profile):
        import imagecodecs

        colour = imagecodecs.cms_transform(
            np.ascontiguousarray(samples[..., :3]),
            profile,
            imagecodecs.cms_profile("srgb"),
            colorspace="rgb",
            outcolorspace="rgb",
        )
        scaled[..., :3] = colour.astype(np.float32) / np.float32(65535)
    return scaled


def _is_srgb(profile: bytes) -> bool:
    """Whether a profile calls itself sRGB: following it would only add rounding."""
    from PIL import ImageCms

    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError):
        return False
    return "srgb" in name.lower()
