"""Pixel by pixel: in which order, which of them at the same time, and the loop over them.

A schedule is an order of pixels in groups. Pixels of a group do not see each other in their
windows, so that a group can be done at once with the result of the order, whatever the threads.
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


class Schedule(NamedTuple):
    """An order of pixels in groups.

    Attributes
    ----------
    order
        int64 (N,): flat indices of pixels.
    starts
        int64 (G + 1,): group g is ``order[starts[g] : starts[g + 1]]``.
    """

    order: Indices
    starts: Indices


def raster(free: Mask, radius: int, wraps: tuple[bool, bool]) -> Schedule:
    """Free pixels (H, W) in raster order, in groups for windows of a radius.

    Without a wrap of columns, pixel (y, x) can be done at the same time as (y + 1, x - radius - 1):
    groups are diagonals. A window over that wrap sees the end of the row before: each pixel is a
    group.
    """
    if wraps[1]:
        order = np.flatnonzero(free)
        return Schedule(order, np.arange(len(order) + 1))
    rows, columns = np.nonzero(free)
    wave = columns + (radius + 1) * rows
    order = np.argsort(wave, kind="stable")
    starts = np.flatnonzero(np.diff(wave[order], prepend=-1))
    return Schedule((rows * free.shape[1] + columns)[order], np.append(starts, len(order)))


def grouped(order: Indices, radius: int, wraps: tuple[bool, bool], size: Size) -> Schedule:
    """Pixels in any order, in groups for windows of a radius in a picture of ``size``."""
    groups = groups_in_order(order, radius, wraps, size)
    return Schedule(order[np.argsort(groups, kind="stable")], np.cumsum(np.bincount(groups + 1)))


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
        @overload(source_of)
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
        Number of pixels that are done at the same time.
    """
    for group in range(len(schedule.starts) - 1):
        first, last = schedule.starts[group], schedule.starts[group + 1]
        if last - first == 1:  # starting threads would take longer
            _copy_pixel(schedule.order[first], search, index, neighbourhood, level, scratch, 0)
        else:
            for slot in numba.prange(n_slots):
                for k in range(first + slot, last, n_slots):
                    _copy_pixel(
                        schedule.order[k], search, index, neighbourhood, level, scratch, slot
                    )


@kernel()
def _copy_pixel(
    pixel: int,
    search: Any,
    index: Any,
    neighbourhood: Any,
    level: Level,
    scratch: Any,
    slot: int,
) -> None:
    y, x = divmod(pixel, level.known.shape[1])
    source = source_of(search, index, neighbourhood, level, scratch, y, x, slot)
    if source < 0:
        return
    ay, ax = divmod(source, level.usable.shape[1])
    for c in range(level.n_values):
        level.image[y, x, c] = level.features[ay, ax, c]
    level.sources[y, x] = source
    level.filled[y, x] = True
