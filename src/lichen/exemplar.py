"""An example of a material: its maps, and which of their pixels may be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lichen.arrays import Array, Mask, Size
from lichen.errors import ImageError, ParameterError
from lichen.image import check_image, read_image
from lichen.image.maps import File, Map, MapFormat
from lichen.image.rectangle import largest_rectangle


@dataclass(frozen=True, eq=False)
class Exemplar:
    """An example of a material.

    Attributes
    ----------
    maps
        One or more maps of one size and different names: a photo alone, or a material.
    mask
        bool (H, W), True where pixels may be used; None when all may.
    guide
        float32 (H, W, G): labels, luminance or orientation of each pixel, matched against the
        canvas's guide; None if there is none.
    name
        Short name for templates and messages.
    mask_file
        Where the mask came from, if it has a file or array of its own.
    """

    maps: tuple[Map, ...]
    mask: Mask | None = None
    guide: Array | None = None
    name: str = "array"
    mask_file: File | None = None

    def __post_init__(self) -> None:
        names = [one.name for one in self.maps]
        for name in names:
            if names.count(name) > 1:
                raise ParameterError(f"two maps are named {name}", "name each map once")
        for one in self.maps:
            if one.size != self.size:
                raise ImageError(
                    f"the map {one.name} is {_size(one.pixels)} but {self.name} is "
                    f"{_size(self.maps[0].pixels)}",
                    "give maps of the photo's size",
                )
        if self.mask is not None:
            if self.mask.shape != self.size:
                raise ImageError(
                    f"the mask is {_size(self.mask)} but the exemplar {self.name} is "
                    f"{_size(self.maps[0].pixels)}",
                    "give a mask of the exemplar's size",
                )
            if not self.mask.any():
                raise ImageError(
                    f"the mask of {self.name} leaves no usable pixel", "mark some pixels white"
                )

    @classmethod
    def read(
        cls,
        path: str | Path,
        mask: str | Path | None = None,
        maps: Mapping[str, str | Path] | None = None,
    ) -> Self:
        """Read a photo and, if given, further maps of its size: ``{"height": "height.png"}``.

        The photo's transparency, or the bright part of ``mask``, is the mask.
        """
        photo = read_image(path)
        usable = photo.mask
        mask_file = None if mask is None else read_image(mask)
        if mask_file is not None:
            bright = mask_file.pixels.mean(axis=2) >= 0.5
            usable = bright if usable is None or usable.shape != bright.shape else usable & bright
        others = [Map.read(file, name) for name, file in (maps or {}).items()]
        return cls(
            maps=(Map.of_file(photo), *others),
            mask=usable,
            name=Path(path).stem,
            mask_file=None if mask_file is None else File.of(mask_file),
        )

    @classmethod
    def from_array(
        cls,
        pixels: NDArray[Any],
        mask: NDArray[Any] | None = None,
        name: str = "array",
    ) -> Self:
        """Make an exemplar of an array (H, W[, 1 or 3]): uint8, uint16, or float in [0, 1]."""
        usable = None if mask is None else np.asarray(mask).astype(bool)
        return cls(
            maps=(Map.from_array(pixels, called=name),),
            mask=usable,
            name=name,
            mask_file=None if usable is None else File.of_array(usable),
        )

    @classmethod
    def of_maps(cls, pixels: Array, formats: Sequence[MapFormat], name: str) -> Self:
        """Make an exemplar of the stacked pixels (H, W, C) of several maps."""
        parts = split(pixels, formats)
        maps = (
            replace(Map.from_array(part, one.name), role=one.role, bit_depth=one.bit_depth)
            for part, one in zip(parts, formats, strict=True)
        )
        return cls(tuple(maps), name=name)

    def with_maps(self, maps: Mapping[str, NDArray[Any] | Map]) -> Self:
        """Return the exemplar with further maps of its size, by name.

        Raises
        ------
        ImageError
            For a map of another size.
        ParameterError
            For a name that is already taken.
        """
        added = (
            one if isinstance(one, Map) else Map.from_array(one, name) for name, one in maps.items()
        )
        return replace(self, maps=(*self.maps, *added))

    def with_pixels(self, pixels: Array, formats: Sequence[MapFormat] | None = None) -> Self:
        """Return the exemplar with other pixels (H, W, C), split into its maps or ``formats``."""
        layout = [one.format for one in self.maps] if formats is None else formats
        parts = split(pixels, layout)
        return replace(
            self,
            maps=tuple(
                replace(old, pixels=part, name=new.name, role=new.role, bit_depth=new.bit_depth)
                for old, new, part in zip(self.maps, layout, parts, strict=True)
            ),
        )

    def with_mask(self, mask: Mask | None) -> Self:
        """Return the exemplar with another mask of usable pixels."""
        return replace(self, mask=mask)

    def with_guide(self, guide: NDArray[Any] | None) -> Self:
        """Return the exemplar with a guide (H, W[, G]) of its size, or without one."""
        if guide is None:
            return self if self.guide is None else replace(self, guide=None)
        checked = check_image(guide, "the guide")
        if checked.shape[:2] != self.size:
            raise ImageError(
                f"the guide is {_size(checked)} but {self.name} is {_size(self.pixels)}",
                "give a guide of the photo's size",
            )
        return replace(self, guide=checked)

    @cached_property
    def pixels(self) -> Array:
        """All maps stacked along the channels, (H, W, C)."""
        if len(self.maps) == 1:
            return self.maps[0].pixels
        return np.ascontiguousarray(np.concatenate([one.pixels for one in self.maps], axis=2))

    @cached_property
    def rectangle(self) -> Array:
        """Largest rectangle of usable pixels, (H, W, C)."""
        if self.mask is None:
            return self.pixels
        top, left, height, width = largest_rectangle(self.mask)
        return np.ascontiguousarray(self.pixels[top : top + height, left : left + width])

    @property
    def formats(self) -> tuple[MapFormat, ...]:
        """The maps without their pixels."""
        return tuple(one.format for one in self.maps)

    @property
    def size(self) -> Size:
        """Height and width in pixels."""
        return self.maps[0].size

    @property
    def channels(self) -> int:
        """Total number of channels of all maps."""
        return sum(int(one.pixels.shape[2]) for one in self.maps)

    @property
    def path(self) -> Path | None:
        """File of the first map; None for an array."""
        path = self.maps[0].file.path
        return None if path is None else Path(path)

    @property
    def sha256(self) -> str:
        """Checksum of the first map."""
        return self.maps[0].file.sha256


def as_exemplar(source: str | Path | NDArray[Any] | Exemplar) -> Exemplar:
    """Convert any form of exemplar that the public functions accept."""
    if isinstance(source, Exemplar):
        return source
    if isinstance(source, str | Path):
        return Exemplar.read(source)
    return Exemplar.from_array(np.asarray(source))


def split(pixels: Array, formats: Sequence[MapFormat]) -> list[Array]:
    """Split pixels (H, W, C) into maps, (H, W, c) each.

    Raises
    ------
    ParameterError
        If the channels of the maps do not add up to C.
    """
    total = sum(one.channels for one in formats)
    if pixels.shape[2] != total:
        raise ParameterError(
            f"the maps {[one.name for one in formats]} have {total} channels but the pixels "
            f"have {pixels.shape[2]}"
        )
    if len(formats) == 1:
        return [pixels]
    ends = np.cumsum([one.channels for one in formats])[:-1]
    return [np.ascontiguousarray(part) for part in np.split(pixels, ends, axis=2)]


def _size(array: NDArray[Any]) -> str:
    return f"{array.shape[1]}x{array.shape[0]}"
