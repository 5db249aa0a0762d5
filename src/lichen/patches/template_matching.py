"""Squared differences of a template from an exemplar at every offset, by Fourier transforms."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from lichen.arrays import Array

THREADED = 2**18
"""Size of an exemplar, in values, from which on transforms are worth more than one thread."""


class ExemplarSpectra:
    """Transforms of one exemplar, kept while many templates are matched with it.

    ``sum w (f - t)^2 = sum w f^2 - 2 sum (w t) f + sum w t^2``: two correlations with the
    exemplar and a constant. The time does not depend on the template's size.

    Parameters
    ----------
    features
        float32 (H, W, F).
    workers
        Threads that transform a large exemplar.
    """

    def __init__(self, features: Array, workers: int = 1) -> None:
        self.size = features.shape[0], features.shape[1]
        self.workers = workers if features.size >= THREADED else 1
        # Whole templates never reach beyond the exemplar, so that nothing wraps: no padding.
        self._padded = tuple(scipy.fft.next_fast_len(n, real=True) for n in self.size)
        self._mean = features.mean((0, 1), dtype=np.float64).astype(np.float32)
        centred = features - self._mean  # small numbers, for single precision
        squares = np.square(centred).sum(2, keepdims=True)
        planes = np.concatenate([centred * np.float32(-2), squares], axis=2).transpose(2, 0, 1)
        self._spectra = scipy.fft.rfft2(planes, self._padded, axes=(1, 2), workers=self.workers)

    def ssd(self, template: Array, weights: Array) -> Array:
        """Weighted sum of squared differences at each offset of a template.

        Parameters
        ----------
        template
            float32 (h, w, F), no larger than the exemplar; values of weight 0 do not matter.
        weights
            float32 (h, w), at least 0.

        Returns
        -------
        NDArray
            float32 (H - h + 1, W - w + 1), at least 0; accurate to about a millionth of the
            weights' sum times the variance of the features.
        """
        height, width = weights.shape
        centred = template - self._mean
        weighted = np.where(weights[..., None] > 0, centred * weights[..., None], np.float32(0))
        planes = np.empty((self._spectra.shape[0], height, width), np.float32)
        # Turned around, for a product of spectra convolves.
        planes[:-1] = weighted[::-1, ::-1].transpose(2, 0, 1)
        planes[-1] = weights[::-1, ::-1]
        spectra = self._transform(planes)
        spectra *= self._spectra
        columns = scipy.fft.ifft(spectra.sum(0), axis=0, overwrite_x=True, workers=self.workers)
        found = scipy.fft.irfft(
            columns[height - 1 : self.size[0]], self._padded[1], axis=1, workers=self.workers
        )[:, width - 1 : self.size[1]]
        constant = np.einsum("ijf,ijf->", weighted, np.where(weights[..., None] > 0, centred, 0))
        return np.maximum(found + constant, np.float32(0))

    def _transform(self, planes: Array) -> NDArray[np.complex64]:
        """Transform (n, h, w) planes padded by zeros; rows of zeros are left out."""
        rows = scipy.fft.rfft(planes, self._padded[1], axis=2, workers=self.workers)
        return scipy.fft.fft(rows, self._padded[0], axis=1, workers=self.workers)
