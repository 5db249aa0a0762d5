"""Files <-> float32 (H, W, C) arrays in [0, 1], sRGB: formats, depth, alpha, colour, rotation."""

from lichen.image.arrays import check_image, parse_size, resize_image
from lichen.image.reading import MAX_PIXELS, ImageFile, read_image, read_text
from lichen.image.writing import check_writable, encode_image, write_image

__all__ = [
    "MAX_PIXELS",
    "ImageFile",
    "check_image",
    "check_writable",
    "encode_image",
    "parse_size",
    "read_image",
    "read_text",
    "resize_image",
    "write_image",
]
