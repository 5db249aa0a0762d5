"""Where each pixel was copied from: saved, shown, and applied to other pictures."""

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
            float32 (H, W, C): pixels to use where nothing was copied; required if there are any.

        Returns
        -------
        NDArray
            float32 (H, W, C).

        Raises
        ------
        ImageError
            See :meth:`check`.
        """
        self.check(pictures, known)
        height, width = self.sources.shape[:2]
        copied = np.zeros((height, width, pictures[0].shape[2]), np.float32)
        for number, picture in enumerate(pictures):
            here = self.sources[..., 0] == number
            copied[here] = picture[self.sources[here, 1], self.sources[here, 2]]
        if known is not None:
            missing = self.sources[..., 0] < 0
            copied[missing] = known[missing]
        return copied

    def check(self, pictures: Sequence[Array], known: Array | None = None) -> None:
        """Raise unless :meth:`apply` can copy from these.

        Raises
        ------
        ImageError
            For the wrong number of pictures, or wrong sizes or channels.
        """
        if len(pictures) != len(self.sizes):
            raise ImageError(
                f"the map copies from {len(self.sizes)} pictures, not {len(pictures)}",
                "give one for each exemplar, in the same order",
            )
        channels = {
            picture.shape[2] for picture in [*pictures, *([] if known is None else [known])]
        }
        if len(channels) > 1:
            raise ImageError(
                "the pictures differ in their channels", "give all in grey or all in colour"
            )
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
                f"{missing:,} pixels of the map have no source",
                f"give a {width}x{height} picture that contains them as `known`",
            )
        if known is not None and known.shape[:2] != (height, width):
            raise ImageError(
                f"`known` is {known.shape[1]}x{known.shape[0]} but the map is {width}x{height}",
                "give a picture of the map's size",
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
            valid = sources.ndim == 3 and sources.shape[2] == 3 and sizes.shape[1:] == (2,)
            valid = valid and _within(sources, sizes)
        except FileNotFoundError:
            raise ProvenanceError(
                f"there is no source map {path}", "save one with `save_map`"
            ) from None
        except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile):
            valid = False
        if not valid:
            raise ProvenanceError(f"{path} is not a source map", "save one with `save_map`")
        return cls(sources.astype(np.int32), tuple((int(h), int(w)) for h, w in sizes))


def _within(sources: IntArray, sizes: NDArray[np.int64]) -> bool:
    """Whether every source is a pixel of one of the exemplars, or -1."""
    if not np.issubdtype(sources.dtype, np.integer) or len(sizes) == 0 or sources.size == 0:
        return False
    number, positions = sources[..., 0], sources[..., 1:]
    inside = (positions >= 0) & (positions < sizes[np.clip(number, 0, len(sizes) - 1)])
    return bool((number < len(sizes)).all() and inside[number >= 0].all())
