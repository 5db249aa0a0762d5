"""Noise with an exemplar's spectrum and nothing else of it.

Galerne, Gousseau and Morel, "Random Phase Textures: Theory and Synthesis", IEEE Transactions on
Image Processing 20, 2011; the periodic component is of Moisan, "Periodic Plus Smooth Image
Decomposition", Journal of Mathematical Imaging and Vision 39, 2011.

With h the exemplar minus its mean m, on N pixels, and X white noise of variance 1:

    random phase:  m + irfft2(rfft2(h) X^ / |X^|)      the spectrum of h, exactly
    ADSN:          m + irfft2(rfft2(h) X^) / sqrt(N)   the spectrum of h, on average

One phase, or one X, serves all channels, which preserves their correlations.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from lichen.arrays import Array, Mask, Size

Kind = Literal["random_phase", "adsn"]

TAPER = 0.1
"""Fraction of its shorter side over which a spot is tapered where its border would show."""


def random_phase(exemplar: Array, seed: int = 0) -> Array:
    """Return random phase noise of the exemplar's size, (H, W, C), not clipped."""
    return spot_noise(exemplar, np.random.default_rng(seed))


def spot_noise(
    exemplar: Array,
    generator: np.random.Generator,
    *,
    kind: Kind = "random_phase",
    size: Size | None = None,
    mask: Mask | None = None,
    taper: float = TAPER,
) -> Array:
    """Return noise with the exemplar's mean, power spectrum and channel correlations.

    Parameters
    ----------
    exemplar
        (H, W, C).
    generator
        Source of the noise.
    kind
        ``"random_phase"`` or ``"adsn"``, asymptotic discrete spot noise.
    size
        Of the noise; by default the exemplar's.
    mask
        bool (H, W), True where the exemplar may be used.
    taper
        As for :func:`extended_spot`.

    Returns
    -------
    NDArray
        float32, periodic on both axes; values may lie outside [0, 1].
    """
    size = exemplar.shape[:2] if size is None else size
    mean = exemplar.mean((0, 1)) if mask is None else exemplar[mask].mean(0)
    spot = extended_spot(exemplar, size, mask, taper)
    noise = np.fft.rfft2(generator.standard_normal(size))
    if kind == "random_phase":
        noise /= np.maximum(np.abs(noise), 1e-12)
    else:
        noise /= np.sqrt(noise.dtype.type(size[0] * size[1]))
    spectrum = np.fft.rfft2(spot, axes=(0, 1))
    spectrum[0, 0] = 0
    result = np.fft.irfft2(spectrum * noise[..., None], size, axes=(0, 1)) + mean
    return result.astype(np.float32)


def extended_spot(
    exemplar: Array, size: Size, mask: Mask | None = None, taper: float = TAPER
) -> Array:
    """Place the exemplar minus its mean on a torus of another size, with the same variance.

    Parameters
    ----------
    exemplar
        (H, W, C). Without a mask its periodic component is taken.
    size
        Of the torus. An axis that is longer than the exemplar is filled with zeros; around a
        shorter one the spot is wrapped, which samples its spectrum.
    mask
        bool (H, W), True where the exemplar may be used.
    taper
        Fraction of the shorter side over which the spot is tapered towards unusable pixels, and
        towards the borders of axes on which the sizes differ.

    Returns
    -------
    NDArray
        (*size, C) of mean 0; its variance over the torus, channels together, is the exemplar's.
    """
    shape = exemplar.shape[:2]
    if mask is None:
        # The jump across the borders would show as a cross in the spectrum.
        spot = periodic_component(exemplar) - exemplar.mean((0, 1))
        if size == shape:
            return spot
    else:
        spot = exemplar - exemplar[mask].mean(0)
    usable = np.ones(shape, bool) if mask is None else mask
    variance = np.square(spot[usable]).mean()
    spot = spot * _taper_weights(usable, size, max(1.0, taper * min(shape)))[..., None]
    turns = [-(-old // new) for old, new in zip(shape, size, strict=True)]
    padding = [(0, n * new - old) for n, new, old in zip(turns, size, shape, strict=True)]
    placed = np.pad(spot, [*padding, (0, 0)])
    placed = placed.reshape(turns[0], size[0], turns[1], size[1], -1).sum((0, 2))
    placed -= placed.mean((0, 1))
    power = np.square(placed).mean()
    return (placed * np.sqrt(variance / power if power > 0 else 0)).astype(np.float32)


def _taper_weights(usable: Mask, size: Size, width: float) -> NDArray[np.float64]:
    """Weights (H, W) that fall to 0 at unusable pixels and at borders that do not wrap."""
    reach = int(np.ceil(width))
    around = usable
    for axis, (old, new) in enumerate(zip(usable.shape, size, strict=True)):
        padding = [(reach, reach) if k == axis else (0, 0) for k in (0, 1)]
        around = np.pad(around, padding, mode="wrap" if old == new else "constant")
    inner = tuple(slice(reach, reach + n) for n in usable.shape)
    if around.all():
        return np.ones(usable.shape)
    distance = distance_transform_edt(around)[inner]
    weights: NDArray[np.float64] = np.sin(0.5 * np.pi * np.minimum(distance / (width + 1), 1)) ** 2
    return weights


def periodic_component(image: Array) -> Array:
    """Subtract the smooth component, whose Laplacian is the jump across the borders (Moisan)."""
    height, width = image.shape[:2]
    jump = np.zeros(image.shape)
    jump[0] += image[0] - image[-1]
    jump[-1] -= image[0] - image[-1]
    jump[:, 0] += image[:, 0] - image[:, -1]
    jump[:, -1] -= image[:, 0] - image[:, -1]
    fy = 2 * np.cos(2 * np.pi * np.fft.fftfreq(height))[:, None, None]
    fx = 2 * np.cos(2 * np.pi * np.fft.rfftfreq(width))[None, :, None]
    laplacian = 4 - fy - fx
    laplacian[0, 0] = 1
    spectrum = np.fft.rfft2(jump, axes=(0, 1)) / laplacian
    spectrum[0, 0] = 0
    smooth = np.fft.irfft2(spectrum, (height, width), axes=(0, 1))
    return (image - smooth).astype(np.float32)
