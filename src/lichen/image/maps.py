"""Maps of a material: colour, normals, height and so on, each with the meaning of its numbers."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from lichen.arrays import Array, Size
from lichen.errors import ParameterError
from lichen.image.arrays import check_image
from lichen.image.reading import ImageFile, read_image

Role = Literal["color", "normal", "height", "roughness", "metallic", "occlusion", "opacity", "data"]
"""What the numbers of a map are; ``data`` is anything else."""

ColourSpace = Literal["sRGB", "data"]
"""``data`` is left as it is stored: lengths, angles, fractions."""

ROLES: dict[str, Role] = {
    **dict.fromkeys(("color", "colour", "albedo", "diffuse", "basecolor", "col"), "color"),
    **dict.fromkeys(("normal", "normals", "nor", "nrm"), "normal"),
    **dict.fromkeys(("height", "disp", "displacement", "bump"), "height"),
    **dict.fromkeys(("roughness", "rough", "gloss", "glossiness"), "roughness"),
    **dict.fromkeys(("metallic", "metal", "metalness"), "metallic"),
    **dict.fromkeys(("ao", "occlusion"), "occlusion"),
    **dict.fromkeys(("opacity", "alpha"), "opacity"),
}
"""Common names of maps, as words of a name such as ``wall_nor_gl``."""


def check_name(name: str) -> None:
    """Raise for the name of a map that cannot be part of the name of a file."""
    if not isinstance(name, str) or not re.fullmatch(r"\w[\w-]*", name):
        raise ParameterError(
            f"{name!r} is no name for a map", "use letters, digits, _ and -, as in height"
        )


def role_of(name: str) -> Role:
    """Return the role that a map's name implies; ``data`` if it implies none."""
    lowered = name.lower()
    for word in lowered.replace("-", "_").split("_"):
        if word in ROLES:
            return ROLES[word]
    return "normal" if "normal" in lowered else "data"


def hash_array(array: NDArray[Any]) -> str:
    """SHA-256 over shape, dtype and values."""
    digest = hashlib.sha256(f"{array.shape}{array.dtype}".encode())
    digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class File:
    """A file: the hash of its content and its path; an array has only the hash."""

    sha256: str
    path: str | None = None

    @classmethod
    def of(cls, read: ImageFile) -> Self:
        """Record a picture file that has been read."""
        return cls(read.sha256, read.path.as_posix())

    @classmethod
    def of_array(cls, array: NDArray[Any]) -> Self:
        """Record an array, which has no path."""
        return cls(hash_array(array))


@dataclass(frozen=True)
class MapFormat:
    """A map without its pixels: what a canvas asks for.

    Attributes
    ----------
    name
        Unique among the maps of a material; part of the names of files.
    role
        What the numbers are.
    channels
        1 or 3.
    bit_depth
        Bits per sample of the file: 8, 16 or 32 (float).
    """

    name: str = "color"
    role: Role = "color"
    channels: int = 3
    bit_depth: int = 8


@dataclass(frozen=True, eq=False)
class Map:
    """One map of a material.

    Attributes
    ----------
    pixels
        float32 (H, W, C) in [0, 1], C 1 or 3.
    name
        Unique among the maps of a material.
    role
        What the numbers are.
    colour_space
        ``sRGB`` for colours, ``data`` for everything else.
    bit_depth
        Bits per sample of the file: 8, 16 or 32 (float).
    file
        Where it was read from; without a path for an array.
    """

    pixels: Array
    name: str = "color"
    role: Role = "color"
    colour_space: ColourSpace = "sRGB"
    bit_depth: int = 8
    file: File = File("")

    @classmethod
    def read(cls, path: str | Path, name: str) -> Self:
        """Read a map; its transparency is ignored."""
        return cls.of_file(read_image(path), name)

    @classmethod
    def of_file(cls, read: ImageFile, name: str = "color") -> Self:
        """Make a map of a picture file that has been read."""
        role = role_of(name)
        space: ColourSpace = "sRGB" if role == "color" else "data"
        return cls(read.pixels, name, role, space, read.bit_depth, File.of(read))

    @classmethod
    def from_array(cls, pixels: NDArray[Any], name: str = "color", called: str = "") -> Self:
        """Make a map of an array (H, W[, 1 or 3]): uint8, uint16, or float in [0, 1]."""
        checked = check_image(pixels, called or f"the map {name}")
        role = role_of(name)
        space: ColourSpace = "sRGB" if role == "color" else "data"
        return cls(checked, name, role, space, file=File.of_array(checked))

    @property
    def format(self) -> MapFormat:
        """The map without its pixels."""
        return MapFormat(self.name, self.role, int(self.pixels.shape[2]), self.bit_depth)

    @property
    def size(self) -> Size:
        """Height and width in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]
