"""From whatever colour space a file is in to sRGB."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image


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
