"""The image in the colour axes of an exemplar, for statistics of colours that go together."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lichen.features.extractor import Border, FeatureExtractor

FAINTEST = 0.5
"""Of the strongest axis: weaker ones are brought up no more than one of this strength.

At unit variance of all three a faint hue makes the problem so stiff that L-BFGS does not get done.
"""


class PrincipalColours(FeatureExtractor):
    """One layer, ``colours``: an exemplar's principal axes of colour, the strongest at variance 1.

    Histograms of red, green and blue say nothing of which values go together: noise in all
    hues has the histograms of a brown leaf. On these axes it does not, since the exemplar hardly
    varies along two of them.

    Parameters
    ----------
    mean
        Mean colour, (3,).
    axes
        Rows are directions, over their standard deviations or half the largest, (3, 3).
    """

    network = "pixels"
    layers = ("colours",)
    default_layers = ("colours",)

    def __init__(self, mean: Tensor, axes: Tensor) -> None:
        super().__init__()
        self.strides = {"colours": 1}
        self.mean: Tensor
        self.axes: Tensor
        self.register_buffer("mean", mean)
        self.register_buffer("axes", axes)

    @classmethod
    def of(cls, colours: Tensor) -> PrincipalColours:
        """Take the axes from an exemplar's usable colours (C, M), C 1 or 3."""
        shown = colours.expand(3, -1).double()
        mean = shown.mean(1)
        values, vectors = torch.linalg.eigh(torch.cov(shown, correction=0))
        spread = values.clamp(min=max(FAINTEST**2 * float(values[-1]), 1e-6)).sqrt()  # rising
        axes = (vectors / spread).T
        return cls(mean.to(colours.dtype), axes.to(colours.dtype))

    def forward(self, image: Tensor, layers: Sequence[str], border: Border) -> dict[str, Tensor]:
        """Turn the colours; borders play no part."""
        self.check_layers(layers)
        centred = image - self.mean.view(1, 3, 1, 1)
        turned = torch.einsum("kc,bchw->bkhw", self.axes, centred)
        return dict.fromkeys(layers, turned)

    def channels(self, layer: str) -> int:
        """Three axes."""
        self.check_layers([layer])
        return 3
