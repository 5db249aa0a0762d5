"""One pass of k-coherence in raster order, pixel by pixel; with k 1 it is Ashikhmin's."""

from __future__ import annotations

import numpy as np

from lichen.kernels import mix, uniform
from lichen.patches.coherence import CandidateSets, CoherentSearch, coherent_scan
from lichen.patches.pyramid import Level


def fast_scan(
    atlas, centres, similar, image, made, places, free, *, n_values, radius, wraps, noise, started,
    seed,
):  # fmt: skip
    """Call the library's scan as :func:`plain_scan` is called."""
    level = Level(atlas, centres, image, ~free, made, places, n_values, *wraps)
    coherent_scan(
        level,
        CandidateSets.of(atlas, centres, similar),
        radius,
        CoherentSearch(noise, started, seed),
    )


def plain_scan(
    atlas, centres, similar, image, made, places, free, *, n_values, radius, wraps, noise, started,
    seed,
):  # fmt: skip
    """Change image, made and places, as :func:`lichen.patches.coherence.coherent_scan` does."""
    height, width = free.shape
    spare = np.flatnonzero(centres)
    for y in range(height):
        for x in range(width):
            if not free[y, x]:
                continue
            compared, candidates = _look(
                atlas, image, made, places, spare, y, x, n_values, radius, wraps, noise, started,
                seed,
            )  # fmt: skip
            best, least = -1, np.inf
            for cell, source, dy, dx in candidates:
                for k, like in enumerate(similar[source]):
                    ay, ax = like // atlas.shape[1] - dy, like % atlas.shape[1] - dx
                    inside = 0 <= ay < atlas.shape[0] and 0 <= ax < atlas.shape[1]
                    if like < 0 or not inside or not centres[ay, ax]:
                        if k > 0:
                            continue
                        drawn = uniform(seed, y * width + x, cell + 1)
                        ay, ax = divmod(spare[int(drawn * len(spare))], atlas.shape[1])
                    error = sum(
                        ((atlas[ay + i, ax + j, channels] - values) ** 2).sum()
                        for i, j, channels, values in compared
                    )
                    if error < least:
                        best, least = ay * atlas.shape[1] + ax, error
            if best < 0:
                drawn = uniform(seed, y * width + x, (2 * radius + 1) ** 2 + 1)
                best = spare[int(drawn * len(spare))]
            places[y, x] = best
            made[y, x] = True
            image[y, x, :n_values] = atlas.reshape(-1, atlas.shape[2])[best, :n_values]


def _look(
    atlas, image, made, places, spare, y, x, n_values, radius, wraps, noise, started, seed
):  # fmt: skip
    """What a pixel sees, as (dy, dx, channels, values), and its sources, its own first."""
    compared, candidates = [], []
    cells = [(dy, dx) for dy in range(-radius, radius + 1) for dx in range(-radius, radius + 1)]
    for cell, (dy, dx) in enumerate(cells):
        qy, qx = y + dy, x + dx
        if wraps[0]:
            qy %= image.shape[0]
        if wraps[1]:
            qx %= image.shape[1]
        inside = 0 <= qy < image.shape[0] and 0 <= qx < image.shape[1]
        if inside:
            compared.append((dy, dx, slice(n_values, None), image[qy, qx, n_values:]))
        if inside and (made[qy, qx] or started):
            compared.append((dy, dx, slice(0, n_values), image[qy, qx, :n_values]))
            if made[qy, qx] and places[qy, qx] >= 0:
                candidates.append((cell, places[qy, qx], dy, dx))
        elif noise and (dy, dx) < (0, 0):
            drawn = uniform(seed, np.uint64(mix(qy + radius, qx + radius)), 0)
            source = spare[int(drawn * len(spare))]
            values = atlas.reshape(-1, atlas.shape[2])[source, :n_values]
            compared.append((dy, dx, slice(0, n_values), values))
            candidates.append((cell, source, dy, dx))
    candidates.sort(key=lambda candidate: candidate[2:] != (0, 0))
    return compared, candidates
