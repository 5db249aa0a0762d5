"""A network that sees the exemplar at the contrast of photographs."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from lichen.features.extractor import FeatureExtractor
from lichen.nn.border import Border

CONTRAST = 0.2
"""Standard deviation of the network's input, about that of photographs."""


class Standardized(FeatureExtractor):
    """A network behind a fixed affine map of the pixels: mean to 1/2, contrast to 0.2.

    The map is fixed by the exemplar and the same for every image compared with it, so no difference
    is normalized away. Without it the statistics of a dark or flat exemplar are nearly constant and
    its structure is lost (such as the zigzag of a dark parquet).

    Parameters
    ----------
    inner
        The network.
    mean
        Mean colour of the exemplar, (1, 3, 1, 1).
    gain
        Factor on the contrast, the same for all channels to preserve hues.
    """

    def __init__(self, inner: FeatureExtractor, mean: Tensor, gain: float) -> None:
        super().__init__()
        self.inner = inner
        self.network = inner.network
        self.layers = inner.layers
        self.default_layers = inner.default_layers
        self.strides = inner.strides
        self.mean: Tensor
        self.register_buffer("mean", mean)
        self.gain = gain

    @classmethod
    def of(cls, inner: FeatureExtractor, colours: Tensor) -> Standardized:
        """Set mean and contrast by an exemplar's usable colours (C, M), C 1 or 3."""
        shown = colours.expand(3, -1)
        deviation = float(shown.var(1, unbiased=False).mean().sqrt())
        # A flat exemplar has no structure to amplify, only rounding.
        return cls(inner, shown.mean(1).view(1, 3, 1, 1), CONTRAST / max(deviation, 0.02))

    def channels(self, layer: str) -> int:
        """Return the number of channels of a layer."""
        return self.inner.channels(layer)

    def forward(self, image: Tensor, layers: Sequence[str], border: Border) -> dict[str, Tensor]:
        """Compute the maps of ``layers``; see :class:`FeatureExtractor`."""
        shown = 0.5 + self.gain * (image - self.mean)
        maps: dict[str, Tensor] = self.inner(shown, layers, border)
        return maps
