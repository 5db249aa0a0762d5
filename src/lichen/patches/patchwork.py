"""A picture under construction, of patches that are cut out along the least visible seams."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import find_objects

from lichen.arrays import Array, IntArray, Mask
from lichen.patches.graph_cut import FREE, NEW, OLD, Labels, minimum_cut
from lichen.patches.seam_costs import Links, Source, link_costs, seam_costs
from lichen.patches.windows import Indices

Point = tuple[int, int]


class Patchwork:
    """Which pixel of the example was copied to each pixel, and how visible the seams are.

    Parameters
    ----------
    source
        The example that patches are copied from.
    wanted
        float32 (H, W, F + G): features of the known pixels, and the guide to follow everywhere.
    known
        bool (H, W): pixels that stay.
    wraps
        Whether (rows, columns) wrap around.
    guide
        float32 (h, w, G): the example's guide, compared with the last channels of ``wanted``.
    pitch
        Side of the cells that costs are summed over.

    Attributes
    ----------
    size
        (H, W).
    image, sources, filled
        float32 (H, W, F), int32 (H, W) and bool (H, W): features, source pixels (-1 for pixels
        that are known or not filled yet), and pixels that have values.
    visible
        float32 (H, W): cost of the seams below and to the right of each pixel, and its difference
        from the guide.
    cell_costs
        float64 (ceil(H / pitch), ceil(W / pitch)): sums of ``visible``.
    """

    def __init__(
        self,
        source: Source,
        wanted: Array,
        known: Mask,
        wraps: tuple[bool, bool],
        guide: Array,
        pitch: int,
    ) -> None:
        values = source.features.shape[2]
        self.source = source
        self.size: tuple[int, int] = (known.shape[0], known.shape[1])
        self.known = known
        self.wraps = wraps
        self.image = np.ascontiguousarray(wanted[..., :values])
        self.sources = np.full(known.shape, -1, np.int32)
        self.filled = known.copy()
        self.visible = np.zeros(known.shape, np.float32)
        self.cell_costs = np.zeros([-(-n // pitch) for n in known.shape])
        self._pitch = pitch
        self._wanted_guide = wanted[..., values:]
        self._guide = guide
        self._boxes = find_objects(source.region)

    def lay(self, at: Point, anchor: Point, side: int, reach: int) -> bool:
        """Lay a square of the example on a square of the picture, and what is around it.

        Empty pixels are filled, others replaced where that reduces the visible cost. Pixels beside
        the end of a patch stay.

        Parameters
        ----------
        at, anchor
            Rows and columns of the squares' top left pixels, in the picture and in the example.
        side
            Of the squares; the one of the example must be in one region.
        reach
            How far the patch may extend beyond the square.

        Returns
        -------
        bool
            Whether any pixel has changed.
        """
        box = self._boxes[self.source.region[anchor] - 1]
        offsets = [
            self._extent(axis, at[axis], anchor[axis], side, reach, box[axis]) for axis in (0, 1)
        ]
        rows, columns = (
            (at[axis] + offset) % self.size[axis] for axis, offset in enumerate(offsets)
        )
        width = self.source.region.shape[1]
        here = np.ix_(rows, columns)
        laid = (anchor[0] + offsets[0])[:, None] * width + anchor[1] + offsets[1]  # (h, w)
        laid = laid.astype(np.int32)
        region = self.source.region.ravel()
        covered = region[laid] == region[anchor[0] * width + anchor[1]]
        labels = self._labels(rows, columns, covered)
        if not (labels != OLD).any():
            return False
        patch = self.source.features.reshape(-1, self.image.shape[2])[laid]
        links = [
            _without(
                link_costs(self.source, self.image[here], self.sources[here], patch, axis),
                ~covered & ~self.filled[here],
                axis,
            )
            for axis in (0, 1)
        ]
        replaced = minimum_cut(labels, self._replacement_cost(here, laid), links[0], links[1])
        if not replaced.any():
            return False
        y, x = rows[np.nonzero(replaced)[0]], columns[np.nonzero(replaced)[1]]
        self.image[y, x] = patch[replaced]
        self.sources[y, x] = laid[replaced]
        self.filled[y, x] = True
        self._update_costs(rows, columns)
        return True

    def _extent(
        self, axis: int, at: int, anchor: int, side: int, reach: int, region: slice
    ) -> Indices:
        """Offsets along an axis, from the square's first line, of the lines laid of a region."""
        size = self.size[axis]
        first = max(-reach, region.start - anchor)
        last = min(side - 1 + reach, region.stop - 1 - anchor)
        if not self.wraps[axis]:
            first, last = max(first, -at), min(last, size - 1 - at)
        elif last - first >= size:  # once around, with the square in its middle if possible
            least, most = max(first, side - size), min(0, last - size + 1)
            first = min(max((side - size) // 2, least), most)
            last = first + size - 1
        return np.arange(first, last + 1)

    def _labels(self, rows: Indices, columns: Indices, covered: Mask) -> Labels:
        """Empty pixels must be new; known ones, and those beside others beyond the patch, old."""
        here = np.ix_(rows, columns)
        filled = self.filled[here]
        beyond = np.pad(filled & ~covered, 1)
        for axis, index in ((0, rows), (1, columns)):
            size = self.size[axis]
            for side, line in ((0, index[0] - 1), (-1, index[-1] + 1)):
                if self.wraps[axis] or 0 <= line < size:
                    across = (line % size, columns) if axis == 0 else (rows, line % size)
                    edge = (side, slice(1, -1)) if axis == 0 else (slice(1, -1), side)
                    beyond[edge] = self.filled[across]
        bound = beyond[:-2, 1:-1] | beyond[2:, 1:-1] | beyond[1:-1, :-2] | beyond[1:-1, 2:]
        free = covered & filled & ~self.known[here] & ~bound
        return np.where(covered & ~filled, NEW, np.where(free, FREE, OLD)).astype(np.int8)

    def _replacement_cost(self, here: tuple[Indices, ...], laid: IntArray) -> Array:
        if not self._guide.shape[2]:
            return np.zeros(laid.shape, np.float32)
        return self._guide_error(here, laid) - self._guide_error(here, self.sources[here])

    def _guide_error(self, here: tuple[Indices, ...], sources: IntArray) -> Array:
        """Distance of source pixels from the guide; 0 where there are none."""
        guide = self._guide.reshape(-1, self._guide.shape[2])[np.maximum(sources, 0)]
        apart = np.linalg.norm(guide - self._wanted_guide[here], axis=2)
        return np.where(sources >= 0, apart, np.float32(0))

    def _update_costs(self, rows: Indices, columns: Indices) -> None:
        """Update the visible cost of a rectangle, and of the links that lead into it."""
        lines, seen = zip(
            *(self._lines(axis, i) for axis, i in ((0, rows), (1, columns))), strict=True
        )
        around = np.ix_(*lines)
        image, sources, filled = self.image[around], self.sources[around], self.filled[around]
        visible = np.zeros(sources.shape, np.float32)
        for axis in (0, 1):
            visible += seam_costs(self.source, image, sources, filled, axis, wrap=False)
        if self._guide.shape[2]:
            visible += self._guide_error(around, sources)
        visible = visible[: seen[0], : seen[1]]
        y, x = lines[0][: seen[0], None], lines[1][None, : seen[1]]
        change = visible.astype(np.float64) - self.visible[y, x]
        np.add.at(self.cell_costs, (y // self._pitch, x // self._pitch), change)
        self.visible[y, x] = visible

    def _lines(self, axis: int, index: Indices) -> tuple[Indices, int]:
        """Lines and their neighbours on both sides, and the number of those with a next line."""
        size = self.size[axis]
        if len(index) == size and self.wraps[axis]:
            return (index[0] + np.arange(size + 1)) % size, size
        lines = index[0] + np.arange(-1, len(index) + 1)
        if self.wraps[axis]:
            return lines % size, len(lines) - 1
        lines = lines[(lines >= 0) & (lines < size)]
        return lines, len(lines) - (lines[-1] < size - 1)


def _without(links: Links, absent: Mask, axis: int) -> Links:
    """Set links to 0 that lead to pixels with nothing before and after."""
    if not absent.any():
        return links
    there = absent | np.roll(absent, -1, axis)
    return Links(*(np.where(there, np.float32(0), cost) for cost in vars(links).values()))
