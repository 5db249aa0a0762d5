"""Kernels of patch matching, voting, refining and correcting, pixel by pixel."""

from __future__ import annotations

import numpy as np

from lichen.kernels import uniform


def plain_cost(atlas, image, place, y, x, side, penalty) -> float:
    """Squared difference of the patch at a place from that at (y, x), and the place's penalty."""
    ay, ax = divmod(int(place), atlas.shape[1])
    ours = atlas[ay : ay + side, ax : ax + side].astype(float)
    return float(((ours - image[y : y + side, x : x + side]) ** 2).sum() + penalty[ay, ax])


def plain_costs(atlas, image, field, side, penalty) -> np.ndarray:
    return np.array(
        [
            [plain_cost(atlas, image, place, y, x, side, penalty) for x, place in enumerate(row)]
            for y, row in enumerate(field)
        ]
    )


def plain_nearest(atlas, anchors, image, shape, side, penalty) -> np.ndarray:
    """Least cost of each query, (rows, columns), over all anchors."""
    places = np.flatnonzero(anchors)
    return np.array(
        [
            [
                min(plain_cost(atlas, image, place, y, x, side, penalty) for place in places)
                for x in range(shape[1])
            ]
            for y in range(shape[0])
        ]
    )


def plain_anchors(usable, side) -> np.ndarray:
    anchors = np.zeros(usable.shape, bool)
    for y in range(usable.shape[0] - side + 1):
        for x in range(usable.shape[1] - side + 1):
            anchors[y, x] = usable[y : y + side, x : x + side].all()
    return anchors


def plain_vote(atlas, field, weights, known, side, wraps, n_values, image) -> np.ndarray:
    """Patch by patch, each adds its pixels where they lie."""
    height, width = known.shape
    sums, totals = np.zeros((height, width, n_values)), np.zeros((height, width))
    for qy in range(field.shape[0]):
        for qx in range(field.shape[1]):
            ay, ax = divmod(int(field[qy, qx]), atlas.shape[1])
            for i in range(side):
                for j in range(side):
                    y, x = qy + i, qx + j
                    y = y % height if wraps[0] else y
                    x = x % width if wraps[1] else x
                    sums[y, x] += weights[qy, qx] * atlas[ay + i, ax + j, :n_values].astype(float)
                    totals[y, x] += weights[qy, qx]
    voted = image.copy()
    voted[~known, :n_values] = (sums / totals[..., None])[~known]
    return voted


def plain_halve(image, usable) -> tuple[np.ndarray, np.ndarray]:
    height, width = usable.shape[0] // 2, usable.shape[1] // 2
    halved, whole = np.empty((height, width, image.shape[2])), np.empty((height, width), bool)
    for y in range(height):
        for x in range(width):
            here = slice(2 * y, 2 * y + 2), slice(2 * x, 2 * x + 2)
            halved[y, x] = image[here].mean((0, 1))
            whole[y, x] = usable[here].all()
    return halved, whole


def plain_correct(atlas, centres, places, image, free, wraps, radius, passes) -> np.ndarray:
    """Places after passes in which every fourth pixel chooses anew; ``image`` is that copied."""
    places, image = places.copy(), image.copy()
    height, width = places.shape
    atlas_width = centres.shape[1]
    for _ in range(passes):
        for first in ((0, 0), (1, 1), (0, 1), (1, 0)):
            before, seen = places.copy(), image.copy()
            for y in range(first[0], height, 2):
                for x in range(first[1], width, 2):
                    if free[y, x]:
                        candidates = _shifted(before, centres, y, x, wraps)
                        if candidates:
                            costs = [
                                _window_cost(atlas, seen, place, y, x, wraps, radius)
                                for place in candidates
                            ]
                            places[y, x] = candidates[int(np.argmin(costs))]
                        image[y, x] = atlas[divmod(int(places[y, x]), atlas_width)]
    return places


def _around(y, x, dy, dx, shape, wraps):
    """A neighbour's row and column, None if it lies beyond a border."""
    found = []
    for at, size, wrap in zip((y + dy, x + dx), shape, wraps, strict=True):
        if not wrap and not 0 <= at < size:
            return None
        found.append(at % size)
    return tuple(found)


def _shifted(places, centres, y, x, wraps) -> list[int]:
    offsets = [(0, 0)]
    offsets += [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
    found = []
    for dy, dx in offsets:
        neighbour = _around(y, x, dy, dx, places.shape, wraps)
        if neighbour is None or places[neighbour] < 0:
            continue
        ay, ax = divmod(int(places[neighbour]), centres.shape[1])
        ay, ax = ay - dy, ax - dx
        if 0 <= ay < centres.shape[0] and 0 <= ax < centres.shape[1] and centres[ay, ax]:
            found.append(ay * centres.shape[1] + ax)
    return found


def _window_cost(atlas, image, place, y, x, wraps, radius) -> float:
    ay, ax = divmod(place, atlas.shape[1])
    cost = 0.0
    for dy in range(-radius, radius + 1):
        for dx in range(-radius, radius + 1):
            neighbour = _around(y, x, dy, dx, image.shape[:2], wraps)
            if neighbour is not None:
                difference = atlas[ay + dy, ax + dx].astype(float) - image[neighbour]
                cost += float((difference**2).sum())
    return cost


def plain_lay_blocks(
    atlas, usable, anchors, image, done, *, n_values, block, overlap, tolerance, repetition, wraps,
    seed, doubt,
) -> tuple[np.ndarray, float]:  # fmt: skip
    """Places of blocks laid one by one, and the sum of their errors.

    ``image`` and ``done`` are changed as by the kernel.
    """
    height, width = done.shape
    field = np.full(done.shape, -1, np.int32)
    used = np.zeros(anchors.shape)
    grid = [
        (i, j)
        for i in range(-(-height // block))
        for j in range(-(-width // block))
        if _undone_about(done, i, j, block, wraps)
    ]
    filling, number, disagreement = done.any(), -1, 0.0
    while grid:
        number += 1
        if filling:  # max takes the first of equals, in raster order
            down, across = max(grid, key=lambda at: _done_about(done, *at, block, overlap, wraps))
        else:
            down, across = grid[0]
        grid.remove((down, across))
        top, left = down * block, across * block
        errors, counts, total = {}, {}, 0
        window = [
            (i, j, at, slice(0 if done[at] else n_values, image.shape[2]))
            for i in range(-overlap, block + overlap)
            for j in range(-overlap, block + overlap)
            if (at := _around(top, left, i, j, done.shape, wraps)) is not None
            and (done[at] or n_values < image.shape[2])
        ]
        total = len(window)
        for place in zip(*np.nonzero(anchors), strict=True):
            errors[place], counts[place] = 0.0, 0
            for i, j, at, channels in window:
                there = _around(*place, i, j, usable.shape, (False, False))
                if there is not None and usable[there]:
                    difference = atlas[there][channels].astype(float) - image[at][channels]
                    errors[place] += float((difference**2).sum())
                    counts[place] += 1
        whole = [errors[place] for place in errors if counts[place] == total]
        for place in errors:
            if whole:
                missing = total - counts[place]
                errors[place] += doubt * min(whole) * missing / max(total, 1)
            else:
                errors[place] *= total / max(counts[place], 1)
            errors[place] += used[place] * repetition
        limit = min(errors.values()) * (1 + tolerance)
        good = [place for place in errors if errors[place] <= limit]
        ay, ax = good[int(uniform(seed, number, 0) * len(good))]
        disagreement += errors[ay, ax] - used[ay, ax] * repetition
        share = 1 - done[top : top + block, left : left + block].sum() / block**2
        for y, x in np.ndindex(anchors.shape):
            apart = max(abs(y - ay), abs(x - ax))
            if apart < block:
                used[y, x] += share * (1 - apart / block)
        for y in range(top, min(top + block, height)):
            for x in range(left, min(left + block, width)):
                there = ay + y - top, ax + x - left
                field[y, x] = there[0] * anchors.shape[1] + there[1]
                if not done[y, x]:
                    image[y, x, :n_values] = atlas[there][:n_values]
                    done[y, x] = True
    return field, disagreement


def _undone_about(done, down, across, block, wraps) -> bool:
    return any(
        not done[at]
        for i in range(-block, 2 * block)
        for j in range(-block, 2 * block)
        if (at := _around(down * block, across * block, i, j, done.shape, wraps)) is not None
    )


def _done_about(done, down, across, block, overlap, wraps) -> int:
    return sum(
        bool(done[at])
        for i in range(-overlap, block + overlap)
        for j in range(-overlap, block + overlap)
        if (at := _around(down * block, across * block, i, j, done.shape, wraps)) is not None
    )
