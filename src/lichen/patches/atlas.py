"""Everything that may be copied, as one picture: exemplars, masks and rotated versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lichen.arrays import Array, IntArray, Mask
from lichen.canvas import Canvas
from lichen.errors import ImageError, ParameterError, unknown_name
from lichen.exemplar import Exemplar
from lichen.image.maps import MapFormat
from lichen.patches.windows import anchors_of


@dataclass(frozen=True, eq=False)
class Atlas:
    """Exemplars side by side, with an unusable line between them.

    To a kernel, several exemplars, masks and rotated versions are one picture with a mask: a
    patch may be copied if all its pixels are usable. A source pixel is a flat index into this
    picture, y * width + x.

    Attributes
    ----------
    pixels
        float32 (H, W, C): what is copied, all maps.
    features
        float32 (H, W, F): what patches are compared by, weighted maps and then the guide's
        channels. Their squared differences are summed.
    usable
        bool (H, W).
    origin
        int32 (H, W, 3): number of the exemplar, row and column; -1 between exemplars.
    n_guide
        Number of the guide's features.
    scale
        float32 (C,): factors from the maps' values to features.
    guide_scale
        Factor from the guide's values to features.
    """

    pixels: Array
    features: Array
    usable: Mask
    origin: IntArray
    n_guide: int
    scale: Array
    guide_scale: float

    @classmethod
    def of(
        cls,
        exemplars: Sequence[Exemplar],
        maps: Sequence[MapFormat],
        *,
        map_weights: Mapping[str, float] | None = None,
        guide_weight: float = 1.0,
        rotations: bool = False,
        mirror: bool = False,
    ) -> Atlas:
        """Lay out exemplars that have the same maps.

        Parameters
        ----------
        exemplars
            One or more, of any sizes.
        maps
            The maps that each of them has, as the canvas says.
        map_weights
            Weight of each map; 1 for the first and 0.5 for others when not given. It is divided
            equally among the map's channels.
        guide_weight
            Total weight of the guide's channels.
        rotations, mirror
            Whether the exemplars may also be used rotated by quarter turns, and mirrored.

        Raises
        ------
        ParameterError
            For exemplars with different maps or guides, unknown maps, and rotated normal maps.
        """
        layout = {one.name: one.channels for one in maps}
        for exemplar in exemplars:
            found = {one.name: one.channels for one in exemplar.formats}
            if found != layout:
                raise ParameterError(
                    f"the canvas has the maps {layout} but {exemplar.name} has {found}",
                    "give exemplars with the same maps",
                )
        guides = {0 if e.guide is None else e.guide.shape[2] for e in exemplars}
        if len(guides) > 1:
            raise ParameterError(
                "the exemplars' guides differ in their channels", "give guides of the same kind"
            )
        if (rotations or mirror) and any(one.role == "normal" for one in maps):
            raise ParameterError(
                "a rotated normal map would be lit from another side",
                "use neither `rotations` nor `mirror`, or omit the normal map",
            )
        n_guide = guides.pop()
        scale = _scale(layout, map_weights)
        guide_scale = float(np.sqrt(guide_weight / n_guide)) if n_guide else 0.0
        tiles = [
            tile
            for number, exemplar in enumerate(exemplars)
            for tile in _versions(_stack(number, exemplar), rotations, mirror)
        ]
        sheet, usable = _lay_out(tiles)
        channels = sum(layout.values())
        pixels = np.ascontiguousarray(sheet[..., :channels])
        guide = sheet[..., channels : channels + n_guide] * np.float32(guide_scale)
        return cls(
            pixels=pixels,
            features=np.ascontiguousarray(np.concatenate([pixels * scale, guide], axis=2)),
            usable=usable,
            origin=np.ascontiguousarray(sheet[..., channels + n_guide :]).astype(np.int32),
            n_guide=n_guide,
            scale=scale,
            guide_scale=guide_scale,
        )

    @property
    def n_values(self) -> int:
        """Number of features without those of the guide."""
        return self.features.shape[2] - self.n_guide

    def anchors(self, side: int) -> Mask:
        """Return the top left pixels of all squares that are wholly usable, (H, W).

        Raises
        ------
        ImageError
            If there is none.
        """
        found = anchors_of(self.usable, side)
        if not found.any():
            raise ImageError(
                f"no {side}x{side} px patch fits into the usable pixels",
                "use a smaller patch, or mark a larger connected area as usable",
            )
        return found

    def copy(self, sources: IntArray) -> Array:
        """Return the values of source pixels of any shape, (..., C)."""
        copied: Array = self.pixels.reshape(-1, self.pixels.shape[2])[sources]
        return copied

    def origins(self, sources: IntArray) -> IntArray:
        """Return exemplar, row and column (H, W, 3) of source pixels (H, W); -1 if negative."""
        found: IntArray = self.origin.reshape(-1, 3)[np.maximum(sources, 0)]
        found[sources < 0] = -1
        return found

    def features_of(self, canvas: Canvas) -> tuple[Array, Mask]:
        """Return the known pixels and the guide of a canvas, as features.

        Returns
        -------
        tuple
            float32 (H, W, F): known pixels' maps, 0 where unknown, and the guide's channels
            everywhere; bool (H, W): where pixels are known.
        """
        height, width = canvas.size
        channels = self.pixels.shape[2]
        features = np.zeros((height, width, channels + self.n_guide), np.float32)
        known = np.zeros((height, width), bool)
        if canvas.known is not None and canvas.known_mask is not None:
            known = canvas.known_mask.copy()
            features[known, :channels] = canvas.known[known] * self.scale
        if canvas.guide is not None:
            features[..., channels:] = canvas.guide * np.float32(self.guide_scale)
        return features, known

    def initial_features(self, canvas: Canvas) -> Array | None:
        """Return the initial image's features (H, W, C), without the guide; None for noise."""
        if isinstance(canvas.init, Exemplar):
            return canvas.init.pixels * self.scale
        if canvas.init == "noise":
            return None
        # The first exemplar, unrotated, is in the corner, up to the line that separates it.
        height, width = (
            int(np.argmin(np.append(line == 0, False)))
            for line in (self.origin[:, 0, 0], self.origin[0, :, 0])
        )
        y, x = np.arange(canvas.size[0]) % height, np.arange(canvas.size[1]) % width
        return self.pixels[np.ix_(y, x)] * self.scale


def _scale(maps: Mapping[str, int], weights: Mapping[str, float] | None) -> Array:
    """Root of each channel's weight, (C,)."""
    given = dict(weights or {})
    for name in given:
        if name not in maps:
            raise unknown_name("map", name, maps)
    first = next(iter(maps))
    scales = []
    for name, channels in maps.items():
        weight = given.get(name, 1.0 if name == first else 0.5)
        scales += [np.sqrt(weight / channels)] * channels
    if not any(scales):
        raise ParameterError("all maps have weight 0", "give one of them a weight above 0")
    return np.array(scales, np.float32)


def _stack(number: int, exemplar: Exemplar) -> Array:
    """Pixels, guide, origin and mask of one exemplar as channels."""
    height, width = exemplar.size
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    parts = [exemplar.pixels]
    if exemplar.guide is not None:
        parts.append(exemplar.guide)
    mask = np.ones((height, width), bool) if exemplar.mask is None else exemplar.mask
    origin = np.stack([np.full_like(rows, number), rows, columns, mask], axis=2)
    return np.concatenate([*parts, origin], axis=2, dtype=np.float32)


def _versions(tile: Array, rotations: bool, mirror: bool) -> list[Array]:
    rotated = [np.rot90(tile, quarters) for quarters in range(4 if rotations else 1)]
    return rotated + [version[:, ::-1] for version in rotated if mirror]


def _lay_out(tiles: Sequence[Array]) -> tuple[Array, Mask]:
    """Put tiles into rows of about equal width, one unusable line after each."""
    area = sum((tile.shape[0] + 1) * (tile.shape[1] + 1) for tile in tiles)
    limit = max(int(np.sqrt(area)), max(tile.shape[1] for tile in tiles) + 1)
    if len(tiles) == 1:
        limit = tiles[0].shape[1] + 1
    corners, y, x, tallest, width = [], 0, 0, 0, 0
    for tile in tiles:
        if x and x + tile.shape[1] + 1 > limit:
            y, x, tallest = y + tallest + 1, 0, 0
        corners.append((y, x))
        x += tile.shape[1] + 1
        tallest, width = max(tallest, tile.shape[0]), max(width, x - 1)
    depth = tiles[0].shape[2]
    sheet = np.zeros((y + tallest, width, depth), np.float32)
    sheet[..., depth - 4 : depth - 1] = -1
    for (top, left), tile in zip(corners, tiles, strict=True):
        sheet[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return sheet[..., :-1], sheet[..., -1] > 0.5
