"""Non-parametric sampling as the paper's pseudo-code has it, slow and obvious, in double precision.

One exemplar, all features alike; what is known is filled from the start. Randomness is passed in,
so that a faster version can be held to it pixel by pixel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Pixel = tuple[int, int]

EQUAL = 1e-11
"""Errors below this count as equal."""


def inside(pixel: Pixel, size: tuple[int, int], wrap: tuple[bool, bool]) -> Pixel | None:
    """Bring a pixel back onto the canvas, over what wraps; None for one that is not on it."""
    y, x = pixel
    if wrap[0]:
        y %= size[0]
    if wrap[1]:
        x %= size[1]
    return (y, x) if 0 <= y < size[0] and 0 <= x < size[1] else None


def filled_neighbours(filled: Mask, pixel: Pixel, wrap: tuple[bool, bool]) -> int:
    around = [
        inside((pixel[0] + dy, pixel[1] + dx), filled.shape, wrap)
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
    ]
    return sum(bool(filled[p]) for p in around if p is not None)


def unfilled_neighbours(
    filled: Mask, wrap: tuple[bool, bool], rng: np.random.Generator
) -> Iterator[Pixel]:
    """Pixels of one layer in the paper's order."""
    layer = [
        pixel
        for pixel in np.ndindex(*filled.shape)
        if not filled[pixel] and filled_neighbours(filled, pixel, wrap) > 0
    ]
    shuffled = [layer[k] for k in rng.permutation(len(layer))]
    counts = {pixel: filled_neighbours(filled, pixel, wrap) for pixel in shuffled}
    yield from sorted(shuffled, key=lambda pixel: -counts[pixel])


def errors_of(
    features: Array,
    image: Array,
    filled: Mask,
    pixel: Pixel,
    window: int,
    wrap: tuple[bool, bool],
    n_guide: int = 0,
) -> Array:
    """Error of each exemplar pixel whose window is whole, (h - window + 1, w - window + 1)."""
    r = window // 2
    sigma = window / 6.4
    rows, columns = features.shape[0] - 2 * r, features.shape[1] - 2 * r
    sums, masses = np.zeros((2, rows, columns)), np.zeros(2)
    for dy in range(-r, r + 1):
        for dx in range(-r, r + 1):
            q = inside((pixel[0] + dy, pixel[1] + dx), filled.shape, wrap)
            if q is None:
                continue
            weight = np.exp(-(dy**2 + dx**2) / (2 * sigma**2))
            shifted = features[r + dy : r + dy + rows, r + dx : r + dx + columns]
            square = (shifted - image[q]) ** 2
            values = square.shape[2] - n_guide
            parts = square[..., :values].sum(2), square[..., values:].sum(2)
            for part, counts in enumerate((bool(filled[q]), True)):
                if counts:
                    sums[part] += weight * parts[part]
                    masses[part] += weight
    return sum(s / m for s, m in zip(sums, masses, strict=True) if m > 0)


def plain_efros_leung(
    features: Array,
    image: Array,
    filled: Mask,
    window: int,
    rng: np.random.Generator,
    draw: Callable[[int, int], float],
    *,
    usable: Mask | None = None,
    wrap: tuple[bool, bool] = (False, False),
    n_guide: int = 0,
    error_threshold: float = 0.1,
    max_error_threshold: float = 0.3,
) -> NDArray[np.int32]:
    """Fill a canvas; give the flat place that each new pixel is copied from, -1 for the others.

    Parameters
    ----------
    features, usable
        (h, w, F) and (h, w).
    image, filled
        (H, W, F) and (H, W): changed. The last ``n_guide`` features are given everywhere.
    rng
        Permutes the layers.
    draw
        Gives the random number in [0, 1) of a pixel's flat index and of a pass.
    """
    r, width = window // 2, features.shape[1]
    places = np.full(filled.shape, -1, np.int32)
    allowed = np.ones((features.shape[0] - 2 * r, width - 2 * r), bool)
    if usable is not None:
        for y, x in np.ndindex(*allowed.shape):
            allowed[y, x] = usable[y : y + window, x : x + window].all()
    attempt = 0
    while not filled.all():
        progress = False
        for pixel in unfilled_neighbours(filled, wrap, rng):
            errors = errors_of(features, image, filled, pixel, window, wrap, n_guide)
            errors[~allowed] = np.inf
            matches = np.argwhere(errors <= max(errors.min(), EQUAL) * (1 + error_threshold))
            index = pixel[0] * filled.shape[1] + pixel[1]
            y, x = matches[int(draw(index, attempt) * len(matches))]
            if errors[y, x] < max_error_threshold:
                values = features.shape[2] - n_guide
                image[pixel][:values] = features[y + r, x + r, :values]
                filled[pixel] = True
                places[pixel] = (y + r) * width + x + r
                progress = True
        if not progress:
            max_error_threshold *= 1.1
        attempt += 1
    return places
