"""One level of image analogies: every place is looked at, pixel by pixel."""

from __future__ import annotations

import numpy as np


def window(side, causal):
    """Offsets, and Gaussian weights that add up to 1."""
    reach = range(-(side // 2), side // 2 + 1)
    offsets = [(i, j) for i in reach for j in reach if not causal or (i, j) < (0, 0)]
    weights = np.array([np.exp(-(i * i + j * j) / (2 * (side / 5) ** 2)) for i, j in offsets])
    return list(zip(offsets, weights / weights.sum(), strict=True))


def features(fine, coarse, y, x, n_values, wraps, whole):
    """The vector of a pixel, every value times the root of its weight."""

    def at(picture, row, column):
        rows, columns = picture.shape[:2]
        row = row % rows if wraps[0] else min(max(row, 0), rows - 1)
        column = column % columns if wraps[1] else min(max(column, 0), columns - 1)
        return picture[row, column]

    parts = [np.sqrt(w) * at(fine, y + i, x + j)[:n_values] for (i, j), w in window(5, not whole)]
    parts += [np.sqrt(w) * at(fine, y + i, x + j)[n_values:] for (i, j), w in window(5, False)]
    if coarse is not None:
        parts += [np.sqrt(w) * at(coarse, y // 2 + i, x // 2 + j) for (i, j), w in window(3, False)]
    return np.concatenate(parts)


def plain_level(
    atlas, coarse_atlas, centres, image, coarse_image, places, free, made, *, n_values, kappa,
    wraps, whole,
):  # fmt: skip
    """Change image and places in raster order."""
    width = centres.shape[1]
    vectors = {
        (ay, ax): features(atlas, coarse_atlas, ay, ax, n_values, (False, False), whole)
        for ay, ax in np.argwhere(centres)
    }
    for y, x in np.argwhere(free):
        query = features(image, coarse_image, y, x, n_values, wraps, whole)
        distance = {place: ((vector - query) ** 2).sum() for place, vector in vectors.items()}
        best = min(distance, key=distance.get)
        coherent = set()
        for i in range(-2, 3):
            for j in range(-2, 3):
                qy, qx = y + i, x + j
                if wraps[0]:
                    qy %= image.shape[0]
                if wraps[1]:
                    qx %= image.shape[1]
                if not (0 <= qy < image.shape[0] and 0 <= qx < image.shape[1]):
                    continue
                if made[qy, qx] and places[qy, qx] >= 0:
                    coherent.add((places[qy, qx] // width - i, places[qy, qx] % width - j))
        coherent &= set(distance)
        if coherent:
            nearest = min(coherent, key=distance.get)
            if distance[nearest] <= distance[best] * (1 + kappa):
                best = nearest
        places[y, x] = best[0] * width + best[1]
        made[y, x] = True
        image[y, x, :n_values] = atlas[best][:n_values]
