"""What a picture's seams cost and the best cut, pixel by pixel and labelling by labelling."""

from __future__ import annotations

from itertools import product

import numpy as np


def beyond(region: np.ndarray, place: int, dy: int, dx: int) -> int:
    """Place (dy, dx) further, -1 outside of the source or of the place's region."""
    if place < 0:
        return -1
    height, width = region.shape
    y, x = place // width + dy, place % width + dx
    if not (0 <= y < height and 0 <= x < width):
        return -1
    return y * width + x if region[y, x] == region.flat[place] else -1


def seam_cost(
    features: np.ndarray,
    region: np.ndarray,
    image: np.ndarray,
    places: np.ndarray,
    filled: np.ndarray,
    wraps: tuple[bool, bool] = (False, False),
) -> float:
    """Sum of |A(s) - B(s)| + |A(t) - B(t)| over all links with a seam (Kwatra et al. 2003)."""
    pixels = features.reshape(-1, features.shape[2])
    height, width = places.shape
    total = 0.0
    for y, x, (dy, dx) in product(range(height), range(width), ((0, 1), (1, 0))):
        ty, tx = y + dy, x + dx
        if (ty >= height and not wraps[0]) or (tx >= width and not wraps[1]):
            continue
        s, t = (y, x), (ty % height, tx % width)
        if not (filled[s] and filled[t]) or (places[s] < 0 and places[t] < 0):
            continue
        after = beyond(region, int(places[s]), dy, dx)
        before = beyond(region, int(places[t]), -dy, -dx)
        if after >= 0 and after == places[t]:
            continue
        here = None if before < 0 else np.linalg.norm(image[s] - pixels[before])
        there = None if after < 0 else np.linalg.norm(image[t] - pixels[after])
        if here is None and there is None:
            here = np.linalg.norm(image[s] - image[t])
        total += (here if here is not None else there) + (there if there is not None else here)
    return total


def least_cost(
    features: np.ndarray,
    region: np.ndarray,
    image: np.ndarray,
    places: np.ndarray,
    patch_places: np.ndarray,
    labels: np.ndarray,
    price: np.ndarray,
) -> float:
    """Cost of the best of all labellings: those of free (-1) pixels are tried, all of them."""
    pixels = features.reshape(-1, features.shape[2])
    free = np.argwhere(labels < 0)
    least = np.inf
    for choice in product((False, True), repeat=len(free)):
        new = labels == 1
        new[tuple(free.T)] = choice
        result = np.where(new, patch_places, places)
        shown = np.where(new[..., None], pixels[patch_places], image)
        cost = seam_cost(features, region, shown, result, np.ones_like(new)) + price[new].sum()
        least = min(least, cost)
    return least
