"""The noise that the syntheses of a probe start from."""

from __future__ import annotations

import numpy as np

from lichen.arrays import Array, Size
from lichen.errors import ImageError


def soft_noise(exemplar: Array, size: Size, seed: int) -> Array:
    """Noise of the exemplar's colours, smoothed by a Gaussian of 1 px, (*size, C).

    White noise leaves a checkerboard that deeper layers hardly respond to, even after 100
    iterations. From smooth noise there is none, and full contrast is reached sooner than from the
    faint noise of Gatys et al.
    """
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(colour_noise(exemplar, size, seed), (1, 1, 0), mode="reflect")


def colour_noise(exemplar: Array, size: Size, seed: int) -> Array:
    """White Gaussian noise of the exemplar's mean colour and covariance, (*size, C) in [0, 1]."""
    import torch

    from lichen.nn.tensor import to_pixels
    from lichen.solve import colours

    values = exemplar.reshape(-1, exemplar.shape[2])
    if len(values) < 2:
        raise ImageError("a single pixel has no covariance", "give a larger picture")
    white = np.random.default_rng(seed).standard_normal((*size, exemplar.shape[2]), np.float32)
    noise = torch.from_numpy(white).permute(2, 0, 1)[None]  # (1, C, H, W)
    return to_pixels(colours.colour_noise(torch.from_numpy(values.T), noise, correction=1))
