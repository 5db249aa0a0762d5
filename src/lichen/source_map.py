"""Where each pixel was copied from: kept in a file, shown, applied to other pictures."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lichen.arrays import Array, IntArray
from lichen.atomic import atomic_path
from lichen.errors import ImageError, ProvenanceError


@dataclass(frozen=True, eq=False)
class SourceMap:
    """Source of each pixel.

    Attributes
    ----------
    sources
        int32 (H, W, 3): number of the exemplar, row and column; -1 where nothing was copied.
    sizes
        Height and width of each exemplar.
    """

    sources: IntArray
    sizes: tuple[tuple[int, int], ...]

    def apply(self, pictures: Sequence[Array], known: Array | None = None) -> Array:
        """Copy from other pictures of the exemplars' sizes.

        Parameters
        ----------
        pictures
            float32 (h, w, C), one per exemplar, the same C.
        known
            float32 (H, W, C): what stands where nothing was copied; needed if there are such
            pixels.

        Returns
        -------
        NDArray
            float32 (H, W, C).

        Raises
        ------
        ImageError
            As :meth:`check` says.
        """
        self.check(pictures, known)
        height, width = self.sources.shape[:2]
        made = np.zeros((height, width, pictures[0].shape[2]), np.float32)
        for number, picture in enumerate(pictures):
            ours = self.sources[..., 0] == number
            made[ours] = picture[self.sources[ours, 1], self.sources[ours, 2]]
        if known is not None:
            missing = self.sources[..., 0] < 0
            made[missing] = known[missing]
        return made

    def check(self, pictures: Sequence[Array], known: Array | None = None) -> None:
        """Raise unless :meth:`apply` can copy from these.

        Raises
        ------
        ImageError
            For pictures of other numbers, sizes or channels than are needed.
        """
        if len(pictures) != len(self.sizes):
            raise ImageError(
                f"the map copies from {len(self.sizes)} pictures, {len(pictures)} are given",
                "give one for each exemplar, in the order in which they were given",
            )
        channels = {
            picture.shape[2] for picture in [*pictures, *([] if known is None else [known])]
        }
        if len(channels) > 1:
            raise ImageError("the pictures differ in their channels", "give all grey or all colour")
        for number, (picture, size) in enumerate(zip(pictures, self.sizes, strict=True)):
            if picture.shape[:2] != size:
                raise ImageError(
                    f"picture {number + 1} is {picture.shape[1]}x{picture.shape[0]} but its "
                    f"exemplar was {size[1]}x{size[0]}",
                    "give a picture of the exemplar's size",
                )
        height, width = self.sources.shape[:2]
        missing = int((self.sources[..., 0] < 0).sum())
        if missing and known is None:
            raise ImageError(
                f"{missing:,} pixels of the map are copied from nowhere",
                f"give a {width}x{height} picture that has them as `known`",
            )
        if known is not None and known.shape[:2] != (height, width):
            raise ImageError(
                f"what is known is {known.shape[1]}x{known.shape[0]} but the map {width}x{height}",
                "give a picture of the map's size as `known`",
            )

    def picture(self) -> Array:
        """Show the sources, (H, W, 3): a hue per exemplar; lightness by row, colour by column."""
        from matplotlib.colors import hsv_to_rgb

        number, row, column = np.moveaxis(self.sources, 2, 0)
        sizes = np.array(self.sizes, np.float32)[np.maximum(number, 0)]
        hue = np.maximum(number, 0) / len(self.sizes)
        colour = np.stack(
            [hue, 0.35 + 0.6 * column / sizes[..., 1], 0.35 + 0.65 * row / sizes[..., 0]], axis=2
        )
        shown: Array = hsv_to_rgb(colour.clip(0, 1)).astype(np.float32)
        shown[number < 0] = 0
        return shown

    def save(self, path: str | Path) -> Path:
        """Write an .npz file, whole or not at all."""
        path = Path(path)
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, sources=self.sources, sizes=np.array(self.sizes, np.int64))
        return path

    @classmethod
    def read(cls, path: str | Path) -> SourceMap:
        """Read what :meth:`save` wrote."""
        try:
            with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as stored:
                sources, sizes = stored["sources"], stored["sizes"]
            good = sources.ndim == 3 and sources.shape[2] == 3 and sizes.shape[1:] == (2,)
            good = good and _within(sources, sizes)
        except FileNotFoundError:
            raise ProvenanceError(
                f"there is no map {path}", "save one with a result: `save_map`"
            ) from None
        except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile):
            good = False
        if not good:
            raise ProvenanceError(
                f"{path} is no map of sources", "save one with a result: `save_map`"
            )
        return cls(sources.astype(np.int32), tuple((int(h), int(w)) for h, w in sizes))


def _within(sources: IntArray, sizes: NDArray[np.int64]) -> bool:
    """Whether every source is a pixel of one of the exemplars, or -1."""
    if not np.issubdtype(sources.dtype, np.integer) or len(sizes) == 0 or sources.size == 0:
        return False
    number, places = sources[..., 0], sources[..., 1:]
    inside = (places >= 0) & (places < sizes[np.clip(number, 0, len(sizes) - 1)])
    return bool((number < len(sizes)).all() and inside[number >= 0].all())
