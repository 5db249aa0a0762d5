"""The example of a material: its maps, the pixels that may be used, and where it came from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lichen.errors import ImageError, ParameterError
from lichen.image import check_image, read_image
from lichen.image.rectangle import largest_rectangle

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Exemplar:
    """An example picture.

    Attributes
    ----------
    pixels
        float32 (H, W, C) in [0, 1]; all maps stacked along the channels.
    maps
        Channels of each map, in the order of the stack: ``{"color": 3}`` for a photo,
        ``{"color": 3, "height": 1}`` for a material.
    mask
        bool (H, W), True where pixels may be used; None when all may.
    guide
        float32 (H, W, G) labels, luminance or orientation to be followed; None without.
    name
        Short name for templates and messages.
    path
        The file it was read from; None for an array.
    sha256
        Of the file's bytes, or of the array's.
    mask_path, mask_sha256
        Of the mask's file, where the mask came from one of its own.
    map_paths
        Files of the maps beyond the first, by name; None where there is one picture.
    bit_depths
        Bits per sample of the files, by map: 8, 16 or 32 (float).
    """

    pixels: Array
    maps: Mapping[str, int] = field(default_factory=lambda: {"color": 3})
    mask: NDArray[np.bool_] | None = None
    guide: Array | None = None
    name: str = "array"
    path: Path | None = None
    sha256: str = ""
    map_paths: Mapping[str, Path] | None = None
    bit_depths: Mapping[str, int] = field(default_factory=dict)
    mask_path: Path | None = None
    mask_sha256: str | None = None

    def __post_init__(self) -> None:
        height, width, channels = self.pixels.shape
        if sum(self.maps.values()) != channels:
            raise ParameterError(
                f"the exemplar's maps {dict(self.maps)} do not add up to its {channels} channels"
            )
        if self.mask is not None:
            if self.mask.shape != (height, width):
                raise ImageError(
                    f"the mask is {_size(self.mask)} but the exemplar {self.name} is "
                    f"{_size(self.pixels)}",
                    "give a mask of the exemplar's size",
                )
            if not self.mask.any():
                raise ImageError(
                    f"the mask of {self.name} leaves no usable pixel", "mark some pixels white"
                )

    @classmethod
    def read(cls, path: str | Path, mask: str | Path | None = None) -> Exemplar:
        """Read a picture file; its transparency, or the bright part of ``mask``, is its mask."""
        file = read_image(path)
        usable = file.mask
        mask_file = None if mask is None else read_image(mask)
        if mask_file is not None:
            bright = mask_file.pixels.mean(axis=2) >= 0.5
            usable = bright if usable is None or usable.shape != bright.shape else usable & bright
        return cls(
            pixels=file.pixels,
            maps={"color": file.pixels.shape[2]},
            mask=usable,
            name=Path(path).stem,
            path=Path(path),
            sha256=file.sha256,
            bit_depths={"color": file.bit_depth},
            mask_path=None if mask is None else Path(mask),
            mask_sha256=None if mask_file is None else mask_file.sha256,
        )

    @classmethod
    def from_array(
        cls,
        pixels: NDArray[Any],
        mask: NDArray[Any] | None = None,
        name: str = "array",
    ) -> Exemplar:
        """Take an array (H, W[, C]) with C 1 or 3: uint8, uint16, or float in [0, 1]."""
        checked = check_image(pixels, name)
        usable = None if mask is None else np.asarray(mask).astype(bool)
        return cls(
            pixels=checked,
            maps={"color": checked.shape[2]},
            mask=usable,
            name=name,
            sha256=hash_array(checked),
            mask_sha256=None if usable is None else hash_array(usable),
        )

    @classmethod
    def read_maps(
        cls,
        path: str | Path,
        maps: Mapping[str, str | Path],
        mask: str | Path | None = None,
    ) -> Exemplar:
        """Read a photo and further maps of the same size: ``{"height": "wall_height.png"}``."""
        first = cls.read(path, mask)
        files = {name: read_image(file) for name, file in maps.items()}
        stacked = first.stacked({name: file.pixels for name, file in files.items()})
        digest = hashlib.sha256(first.sha256.encode())
        for file in files.values():
            digest.update(file.sha256.encode())
        return replace(
            stacked,
            path=first.path,
            sha256=digest.hexdigest() if files else first.sha256,
            map_paths={name: Path(file) for name, file in maps.items()} or None,
            bit_depths={
                **first.bit_depths,
                **{name: file.bit_depth for name, file in files.items()},
            },
        )

    def stacked(self, maps: Mapping[str, NDArray[Any]]) -> Exemplar:
        """Give the exemplar with further maps, arrays (H, W[, C]) of its size, by name.

        Raises
        ------
        ImageError
            For a map of another size.
        ParameterError
            For a name that is taken.
        """
        pixels, channels = [self.pixels], dict(self.maps)
        for name, array in maps.items():
            checked = check_image(array, f"the map {name}")
            if checked.shape[:2] != self.size:
                raise ImageError(
                    f"the map {name} is {_size(checked)} but {self.name} {_size(self.pixels)}",
                    "give maps of the photo's size",
                )
            if name in channels:
                raise ParameterError(f"two maps are named {name}", "name each map once")
            pixels.append(checked)
            channels[name] = checked.shape[2]
        joined = np.ascontiguousarray(np.concatenate(pixels, axis=2))
        return replace(
            self,
            pixels=joined,
            maps=channels,
            path=None if maps else self.path,
            sha256=hash_array(joined) if maps else self.sha256,
        )

    def guided(self, guide: NDArray[Any]) -> Exemplar:
        """Give the exemplar with a guide (H, W[, G]) of its size, to be followed elsewhere."""
        checked = check_image(guide, "the guide")
        if checked.shape[:2] != self.size:
            raise ImageError(
                f"the guide is {_size(checked)} but {self.name} {_size(self.pixels)}",
                "give a guide of the photo's size",
            )
        return replace(self, guide=checked)

    def without_guide(self) -> Exemplar:
        """Give the exemplar with nothing to be followed."""
        return self if self.guide is None else replace(self, guide=None)

    @cached_property
    def rectangle(self) -> Array:
        """Largest rectangle all of whose pixels may be used, (H, W, C)."""
        if self.mask is None:
            return self.pixels
        top, left, height, width = largest_rectangle(self.mask)
        return np.ascontiguousarray(self.pixels[top : top + height, left : left + width])

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def channels(self) -> int:
        """Number of channels of all maps together."""
        return int(self.pixels.shape[2])


def as_exemplar(source: str | Path | NDArray[Any] | Exemplar) -> Exemplar:
    """Take an exemplar in any form that the public functions accept."""
    if isinstance(source, Exemplar):
        return source
    if isinstance(source, str | Path):
        return Exemplar.read(source)
    return Exemplar.from_array(np.asarray(source))


def hash_array(array: NDArray[Any]) -> str:
    """SHA-256 over shape, dtype and values."""
    digest = hashlib.sha256(f"{array.shape}{array.dtype}".encode())
    digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _size(array: NDArray[Any]) -> str:
    return f"{array.shape[1]}x{array.shape[0]}"
