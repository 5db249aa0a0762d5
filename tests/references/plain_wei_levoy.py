"""Synthesis in scan order as Wei and Levoy's pseudo-code has it, slow and obvious.

Level by level, each pixel from the exemplar pixel whose neighbourhood has the least squared
difference; the noise that each level begins with is passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def halve(image: Array) -> Array:
    height, width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
    return image[:height, :width].reshape(height // 2, 2, width // 2, 2, -1).mean((1, 3))


def neighbourhood(
    fine: Array, coarse: Array | None, y: int, x: int, window: int, parent: int, deviation: float
) -> Array:
    """Weighted values above and to the left on a torus, then those around the parent pixel."""
    r, p = window // 2, parent // 2
    terms = [
        (fine[(y + dy) % fine.shape[0], (x + dx) % fine.shape[1]], dy**2 + dx**2)
        for dy in range(-r, 1)
        for dx in range(-r, r + 1)
        if (dy, dx) < (0, 0)
    ]
    if coarse is not None:
        terms += [
            (
                coarse[(y // 2 + dy) % coarse.shape[0], (x // 2 + dx) % coarse.shape[1]],
                4 * (dy**2 + dx**2),
            )
            for dy in range(-p, p + 1)
            for dx in range(-p, p + 1)
        ]
    return np.concatenate([v * np.exp(-d / (4 * deviation**2)) for v, d in terms])


def inside(y: int, x: int, shape: Sequence[int], radius: int) -> bool:
    return radius <= y < shape[0] - radius and radius <= x < shape[1] - radius


def plain_wei_levoy(
    exemplar: Array,
    size: tuple[int, int],
    n_levels: int,
    noise: Callable[[list[int], tuple[int, int]], NDArray[np.int64]],
    window: int,
    parent: int,
    deviation: float,
) -> NDArray[np.int64]:
    """Flat exemplar place of each pixel, (H, W); sizes divisible by ``2^(n_levels - 1)``.

    Parameters
    ----------
    noise
        Gives places to begin a level with, out of a list of places and of a shape.
    """
    examples, sizes = [exemplar], [size]
    for _ in range(n_levels - 1):
        examples.append(halve(examples[-1]))
        sizes.append((sizes[-1][0] // 2, sizes[-1][1] // 2))
    below: tuple[Array, Array] | None = None
    for example, shape in zip(reversed(examples), reversed(sizes), strict=True):
        candidates = [
            (y, x)
            for y, x in np.ndindex(*example.shape[:2])
            if inside(y, x, example.shape, window // 2)
            and (below is None or inside(y // 2, x // 2, below[0].shape, parent // 2))
        ]
        coarse_example, coarse_image = below or (None, None)
        vectors = np.array(
            [
                neighbourhood(example, coarse_example, y, x, window, parent, deviation)
                for y, x in candidates
            ]
        )
        flat = [y * example.shape[1] + x for y, x in candidates]
        places = noise(flat, shape)
        image = example.reshape(-1, example.shape[2])[places]
        for y, x in np.ndindex(*shape):
            wanted = neighbourhood(image, coarse_image, y, x, window, parent, deviation)
            best = ((vectors - wanted) ** 2).sum(1).argmin()
            places[y, x], image[y, x] = flat[best], example[candidates[best]]
        below = (example, image)
    return places
