"""Luminance apart from colour: the YIQ space, and one picture's luminance brought to another's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

TO_YIQ = np.array(
    [[0.299, 0.587, 0.114], [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]]
)
"""Luminance and the two chrominances of NTSC, by row, from R, G and B."""


def luminance(pixels: Array) -> Array:
    """Y of pixels (..., 3), or pixels (..., 1) themselves, (..., 1)."""
    if pixels.shape[-1] == 1:
        return pixels
    return np.asarray(pixels @ TO_YIQ[0][:, None], np.float32)


def with_luminance(pixels: Array, wanted: Array) -> Array:
    """Colours of pixels (..., 3) or (..., 1) with the luminance ``wanted``, (..., 1).

    Chrominance I and Q stay; the result, (..., 3) or (..., 1), is cut to [0, 1].
    """
    # Equal steps of R, G and B change Y alone.
    shifted = pixels + (wanted - luminance(pixels))
    return np.asarray(shifted.clip(0, 1), np.float32)


def luminance_remap(example: Array, target: Array) -> tuple[float, float]:
    """Gain and offset that give an example's luminance a target's mean and deviation.

    ``Y <- sigma_B / sigma_A (Y - mu_A) + mu_B`` (Hertzmann et al. 2001), as ``gain * Y + offset``.
    A flat example is only shifted.
    """
    mean, deviation = float(example.mean()), float(example.std())
    gain = float(target.std()) / deviation if deviation > 1e-6 else 1.0
    return gain, float(target.mean()) - gain * mean
