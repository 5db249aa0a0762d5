"""Power spectrum and autocorrelation of the luminance of an exemplar and of results."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lichen.arrays import Array
from lichen.errors import ImageError, ParameterError
from lichen.image.colour import NTSC, luminance
from lichen.probe.inputs import pixels_of
from lichen.run.inputs import Picture
from lichen.statistics.second_order import (
    FLOOR,
    autocorrelation,
    radial_spectrum,
    welch_spectrum,
)

MINIMUM = 8
"""Smallest window, in pixels: smaller ones resolve hardly any frequencies."""


@dataclass(frozen=True, eq=False)
class SecondOrder:
    """Second moments of N pictures, all measured with the same window and lags.

    Attributes
    ----------
    frequency
        (F,) in cycles per pixel.
    radial
        float32 (N, F) mean power over each circle of frequencies, in decibels.
    spectrum
        float32 (N, S, S) power in decibels, frequency 0 in the middle: row v, column u is for
        (v - S // 2) / S cycles per pixel down and (u - S // 2) / S to the right.
    autocorrelation
        float32 (N, 2 L + 1, 2 L + 1), 1 in the middle.
    """

    frequency: NDArray[np.float64]
    radial: Array
    spectrum: Array
    autocorrelation: Array


def second_order(
    *images: Picture, window: int | None = None, lag: int | None = None
) -> SecondOrder:
    """Measure the power spectrum and autocorrelation of pictures.

    Parameters
    ----------
    *images
        Picture files, or arrays (H, W[, C]): uint8, uint16, or float in [0, 1]; of any sizes.
    window
        Side of Welch's windows, in pixels; the shortest side of all pictures when None.
    lag
        Largest lag of the autocorrelations, in pixels; a quarter of that side when None.
    """
    if not images:
        raise ParameterError("no picture is given", "give an exemplar")
    planes = [luminance(pixels_of(image), NTSC) for image in images]
    shortest = min(min(plane.shape) for plane in planes)
    side = shortest if window is None else window
    reach = shortest // 4 if lag is None else lag
    for name, value, minimum in (("window", side, MINIMUM), ("lag", reach, 1)):
        if not minimum <= value <= shortest:
            raise ImageError(
                f"`{name}` = {value} does not fit pictures of {shortest} pixels",
                f"use {minimum} to {shortest}, or larger pictures",
            )
    radial = [radial_spectrum(plane, side) for plane in planes]
    return SecondOrder(
        radial[0][0],
        np.stack([power for _, power in radial]),
        np.stack([_full_spectrum(welch_spectrum(plane, side)) for plane in planes]),
        np.stack([autocorrelation(plane, reach) for plane in planes]),
    )


def _full_spectrum(half: Array) -> Array:
    """Spectrum (S, S // 2 + 1) of a real picture as (S, S), centred, in decibels."""
    side = half.shape[0]
    mirrored = np.roll(half[::-1, ::-1], 1, axis=0)  # row v of it is row -v
    rest = mirrored[:, 1 if side % 2 == 0 else 0 : -1]
    whole = np.fft.fftshift(np.concatenate([half, rest], axis=1))
    return (10 * np.log10(whole + FLOOR)).astype(np.float32)
