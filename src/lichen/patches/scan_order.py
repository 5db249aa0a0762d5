"""Pixel by pixel: in which order, which of them at the same time, and the loop over them.

Pixels whose windows do not see each other can be chosen at the same time. A schedule says which, so
that the result is that of one order, whatever the threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numba
import numpy as np
from numba.extending import overload

from lichen.arrays import Mask, Size
from lichen.kernels import kernel
from lichen.patches.pyramid import Level
from lichen.patches.windows import Indices

Function = TypeVar("Function", bound=Callable[..., Any])


TILE = 32
"""Side of the tiles of a raster order that threads take, in pixels."""


class Schedule(NamedTuple):
    """An order of pixels, divided into groups of runs.

    Runs of a group are done at the same time, pixels of a run one after another.

    Attributes
    ----------
    order
        int64 (N,): flat indices of pixels.
    runs
        int64 (R + 1,): run r is ``order[runs[r] : runs[r + 1]]``.
    groups
        int64 (G + 1,): group g has the runs ``groups[g]`` up to ``groups[g + 1]``.
    """

    order: Indices
    runs: Indices
    groups: Indices

    @classmethod
    def one_by_one(cls, order: Indices) -> Schedule:
        """Do pixels one after another."""
        return cls(order, np.array([0, len(order)]), np.array([0, 1]))

    @classmethod
    def of_pixels(cls, order: Indices, groups: Indices) -> Schedule:
        """Do pixels of a group at the same time, given the group of each, in ascending order."""
        return cls(order, np.arange(len(order) + 1), _starts(groups))


def raster(free: Mask, radius: int, wraps: tuple[bool, bool]) -> Schedule:
    """Free pixels (H, W) in raster order, for windows of a radius.

    In (y, x + slope * y), slope 1 more than the radius, a window sees nothing of what precedes it
    but at smaller values of both, so that square tiles can be done diagonal by diagonal, each in
    raster order. A window over a wrap of columns sees the end of the row before: there all pixels
    are a single run.
    """
    if wraps[1]:
        return Schedule.one_by_one(np.flatnonzero(free))
    y, x = np.nonzero(free)
    down, across = y // TILE, (x + (radius + 1) * y) // TILE
    tile = (down + across) * (free.shape[0] // TILE + 1) + down  # a number for each
    order = np.argsort(tile, kind="stable")  # pixels are in raster order already
    tile, diagonal = tile[order], (down + across)[order]
    runs = _starts(tile)
    groups = _starts(diagonal[runs[:-1]])
    return Schedule((y * free.shape[1] + x)[order], runs, groups)


def wavefronts(free: Mask, radius: int) -> Schedule:
    """Free pixels (H, W) in raster order for windows of a radius, a run each, in large groups.

    Wraps are not regarded.
    """
    y, x = np.nonzero(free)
    wave = x + (radius + 1) * y
    order = np.argsort(wave, kind="stable")
    return Schedule.of_pixels((y * free.shape[1] + x)[order], wave[order])


def grouped(order: Indices, radius: int, wraps: tuple[bool, bool], size: Size) -> Schedule:
    """Pixels in any order for windows of a radius in a picture of ``size``, a run each."""
    groups = groups_in_order(order, radius, wraps, size)
    stable = np.argsort(groups, kind="stable")
    return Schedule.of_pixels(order[stable], groups[stable])


def _starts(labels: Indices) -> Indices:
    """First index of each run of equal labels (N,), and N."""
    changes = np.flatnonzero(np.diff(labels, prepend=labels[:1] - 1))
    return np.append(changes, len(labels))


@kernel()
def groups_in_order(order: Indices, radius: int, wraps: tuple[bool, bool], size: Size) -> Indices:
    """Number of the group of each pixel of an order, (N,).

    It is the first one after those of all pixels that come earlier in ``order`` and are in the
    pixel's window.
    """
    height, width = size
    latest = np.zeros(size, np.int64)
    groups = np.empty(len(order), np.int64)
    # The window is no wider than the picture: each pixel is seen once.
    low_y, low_x = -min(radius, height - 1), -min(radius, width - 1)
    for k in range(len(order)):
        y, x = divmod(order[k], width)
        group = 0
        for dy in range(low_y, 1 - low_y):
            qy = y + dy
            if wraps[0]:
                qy %= height
            elif qy < 0 or qy >= height:
                continue
            for dx in range(low_x, 1 - low_x):
                qx = x + dx
                if wraps[1]:
                    qx %= width
                if 0 <= qx < width:
                    group = max(group, latest[qy, qx])
        latest[y, x] = group + 1
        groups[k] = group
    return groups


def source_of(
    search: Any,
    index: Any,
    neighbourhood: Any,
    level: Level,
    scratch: Any,
    y: int,
    x: int,
    slot: int,
) -> int:
    """Source pixel for a pixel of the level, -1 to leave it as it is.

    Compiled code calls what is registered for the type of ``search`` by :func:`searches`.
    """
    raise NotImplementedError(type(search).__name__)


def searches(kind: type) -> Callable[[Function], Function]:
    """Register the kernel that is :func:`source_of` for a search of this named tuple."""

    def register(function: Function) -> Function:
        @overload(source_of, inline="always")
        def chosen(
            search: Any,
            index: Any,
            neighbourhood: Any,
            level: Any,
            scratch: Any,
            y: Any,
            x: Any,
            slot: Any,
        ) -> Any:
            if getattr(search, "instance_class", None) is not kind:
                return None

            def implementation(
                search: Any,
                index: Any,
                neighbourhood: Any,
                level: Any,
                scratch: Any,
                y: Any,
                x: Any,
                slot: Any,
            ) -> Any:
                return function(search, index, neighbourhood, level, scratch, y, x, slot)

            return implementation

        return function

    return register


@kernel(parallel=True)
def scan(
    schedule: Schedule,
    search: Any,
    index: Any,
    neighbourhood: Any,
    level: Level,
    scratch: Any,
    n_slots: int,
) -> None:
    """Copy a source pixel to each scheduled pixel; change the level's image, filled and sources.

    Parameters
    ----------
    search
        Named tuple of scalars; its type says which search it is.
    index
        Named tuple of what is searched.
    neighbourhood
        What is compared.
    scratch
        Named tuple of arrays with a row for each slot.
    n_slots
        Number of runs that are done at the same time.
    """
    groups = schedule.groups
    for group in range(len(groups) - 1):
        first, last = groups[group], groups[group + 1]
        if last - first == 1 or n_slots == 1:  # starting threads would take longer
            _copy_runs(schedule, search, index, neighbourhood, level, scratch, 0, first, last, 1)
        else:
            for slot in numba.prange(n_slots):
                _copy_runs(
                    schedule,
                    search,
                    index,
                    neighbourhood,
                    level,
                    scratch,
                    slot,
                    first + slot,
                    last,
                    n_slots,
                )


@kernel(allocates=False)
def _copy_runs(
    schedule: Schedule,
    search: Any,
    index: Any,
    neighbourhood: Any,
    level: Level,
    scratch: Any,
    slot: int,
    first: int,
    last: int,
    step: int,
) -> None:
    """Do every ``step``-th run from ``first`` up to ``last``."""
    features, image, filled, sources = level.features, level.image, level.filled, level.sources
    order, runs, n_values = schedule.order, schedule.runs, level.n_values
    width, example_width = filled.shape[1], features.shape[1]
    for run in range(first, last, step):
        for k in range(runs[run], runs[run + 1]):
            y, x = divmod(order[k], width)
            source = source_of(search, index, neighbourhood, level, scratch, y, x, slot)
            if source < 0:
                continue
            ay, ax = divmod(source, example_width)
            for c in range(n_values):
                image[y, x, c] = features[ay, ax, c]
            sources[y, x] = source
            filled[y, x] = True
