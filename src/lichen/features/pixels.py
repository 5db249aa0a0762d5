"""The image itself as a φ, for statistics of colours and of the spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from lichen.features.extractor import FeatureExtractor
from lichen.nn.border import Border

if TYPE_CHECKING:
    from lichen.features.load import Request


class Pixels(FeatureExtractor):
    """One layer, ``pixels``: the unchanged image, in its own precision."""

    network = "pixels"
    layers = ("pixels",)
    default_layers = ("pixels",)

    def __init__(self) -> None:
        super().__init__()
        self.strides = {"pixels": 1}

    def forward(self, image: Tensor, layers: Sequence[str], border: Border) -> dict[str, Tensor]:
        """Return the image itself under the name ``pixels``; the border mode does not matter."""
        self.check_layers(layers)
        return dict.fromkeys(layers, image)

    def channels(self, layer: str) -> int:
        """Return 3, the number of colour channels."""
        self.check_layers([layer])
        return 3


def build(request: Request) -> Pixels:
    """Make it; there are no options."""
    return Pixels()
