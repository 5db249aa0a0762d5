"""A φ at every octave of a pyramid, for statistics of several scales at once.

X. Snelgrove, "High-Resolution Multi-Scale Neural Texture Synthesis", SIGGRAPH Asia Technical
Briefs 2017, with the pyramid of P. Burt, E. Adelson, "The Laplacian Pyramid as a Compact Image
Code", 1983: rows and columns are smoothed by (1, 5, 8, 5, 1) / 20, and every other one is kept.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from lichen.errors import ParameterError
from lichen.features.extractor import FeatureExtractor
from lichen.nn.border import Border, pad, zero_as_replicate

SMOOTHING = (0.05, 0.25, 0.4, 0.25, 0.05)
"""Burt and Adelson's weights for a = 0.4."""


class Octaves(FeatureExtractor):
    """Layers ``{layer}@{octave}`` of another φ: of the image, its half, its quarter ...

    Parameters
    ----------
    inner
        The φ that is run on every octave.
    octaves
        Number of octaves; 1 is the image alone.
    """

    def __init__(self, inner: FeatureExtractor, octaves: int = 4) -> None:
        super().__init__()
        if octaves < 1:
            raise ParameterError(f"`octaves` = {octaves} is not allowed", "use 1 or more")
        self.inner = inner
        self.octaves = octaves
        self.network = inner.network
        self.layers = self.on_all(inner.layers)
        self.default_layers = self.on_all(inner.default_layers)
        self.strides = {
            f"{layer}@{octave}": stride * 2**octave
            for octave in range(octaves)
            for layer, stride in inner.strides.items()
        }

    def on_all(self, layers: Sequence[str]) -> tuple[str, ...]:
        """Return the names of inner layers on every octave, finest first."""
        return tuple(f"{layer}@{octave}" for octave in range(self.octaves) for layer in layers)

    def channels(self, layer: str) -> int:
        """Return the number of channels of a layer."""
        self.check_layers([layer])
        return self.inner.channels(layer.partition("@")[0])

    def forward(self, image: Tensor, layers: Sequence[str], border: Border) -> dict[str, Tensor]:
        """Compute the maps of ``layers``; see :class:`FeatureExtractor`."""
        self.check_layers(layers)
        found: dict[str, Tensor] = {}
        for octave in range(self.octaves):
            inner = [name.partition("@")[0] for name in layers if name.endswith(f"@{octave}")]
            if inner:
                maps = self.inner(image, inner, border)
                found |= {f"{layer}@{octave}": maps[layer] for layer in inner}
            if len(found) == len(set(layers)):
                break
            image = reduce(image, border)
        return {name: found[name] for name in layers}


def reduce(image: Tensor, border: Border) -> Tensor:
    """Smooth (B, C, H, W) and keep every other row and column, starting with the first.

    If their number is odd the last is kept too; if such an axis wraps around, its ends are then one
    step of the larger image apart instead of two.
    """
    kernel = torch.tensor(SMOOTHING, dtype=image.dtype, device=image.device)
    channels = image.shape[1]
    padded = pad(image, (2, 2), (2, 2), zero_as_replicate(border))
    rows = F.conv2d(
        padded, kernel.view(1, 1, 5, 1).expand(channels, -1, -1, -1), stride=(2, 1), groups=channels
    )
    return F.conv2d(
        rows, kernel.view(1, 1, 1, 5).expand(channels, -1, -1, -1), stride=(1, 2), groups=channels
    )
