"""The principal axes of an exemplar's colours, along which colour planes are uncorrelated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lichen.features.extractor import FeatureExtractor
from lichen.nn.border import Border

FLAT = 0.005
"""Axes with less than this fraction of the largest deviation are dropped as flat.

At full contrast that is the deviation of a grey image due to rounding to 8 bits.
"""

FAINTEST = 0.5
"""Minimum standard deviation, relative to the strongest axis, by which weaker ones are scaled.

At unit variance of all three a faint hue makes the problem so stiff that L-BFGS stalls.
"""


def principal_axes(colours: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Compute the principal components of colours (C, M), in float64 on the CPU.

    Returns
    -------
    mean, variances, directions
        (C,); (C,) ascending; (C, C), a unit direction in each column.
    """
    colours = colours.cpu().double()
    mean = colours.mean(1)
    covariance = torch.cov(colours, correction=0).reshape(2 * (mean.shape[0],))
    variances, directions = torch.linalg.eigh(covariance)
    return mean, variances, directions


@dataclass(frozen=True)
class ColourAxes:
    """A rotation of colours and its inverse; P planes, strongest first, of C channels.

    Attributes
    ----------
    mean
        (C,) of the exemplar.
    directions
        (P, C), rows of unit length, signed so that their channels sum to 0 or more: plane 0 is
        bright where the image is.
    deviations
        (P,) of the exemplar along them, for planes of unit variance.
    """

    mean: Tensor
    directions: Tensor
    deviations: Tensor

    @classmethod
    def of(cls, image: Tensor) -> ColourAxes:
        """Compute the axes of an exemplar (..., C, H, W) or of its usable pixels (C, M).

        Axes along which it is flat are dropped, so P may be less than C; one is always kept.
        """
        colours = image.detach().flatten(-2) if image.dim() > 2 else image.detach()
        mean, variances, vectors = principal_axes(colours.reshape(colours.shape[-2:]))
        deviations, directions = variances.clamp(min=0).sqrt().flip(0), vectors.T.flip(0)
        used = deviations > FLAT * deviations[0]
        used[0] = True
        deviations, directions = deviations[used], directions[used]
        if deviations[0] <= 1e-6 * mean.abs().max():  # flat: only rounding varies
            deviations = torch.ones_like(deviations)
        signs = torch.where(directions.sum(1) < 0, -1.0, 1.0).double()
        parts = mean, directions * signs[:, None], deviations
        return cls(*(part.to(image.device, image.dtype) for part in parts))

    def planes(self, image: Tensor) -> Tensor:
        """(..., C, H, W) to (..., P, H, W), of mean 0 and variance 1 for the exemplar itself."""
        rotated = torch.einsum("pc,...chw->...phw", self.directions, self._centred(image, -1))
        return rotated / self.deviations[:, None, None]

    def image(self, planes: Tensor) -> Tensor:
        """Undo :meth:`planes`, except along the axes that were dropped."""
        scaled = self.directions * self.deviations[:, None]
        return self._centred(torch.einsum("pc,...phw->...chw", scaled, planes), 1)

    def _centred(self, image: Tensor, sign: int) -> Tensor:
        return image + sign * self.mean[:, None, None]


class PrincipalColours(FeatureExtractor):
    """One layer, ``colours``: the image along an exemplar's axes, the strongest at variance 1.

    Histograms of red, green and blue say nothing about which values occur together: noise of all
    hues can have the histograms of a brown leaf. Along these axes it cannot, since the exemplar
    hardly varies along two of them.

    Parameters
    ----------
    mean
        Mean colour, (3,).
    axes
        (3, 3), rows are directions over their standard deviations or half the largest.
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
        """Compute the axes of an exemplar's usable colours (C, M), C 1 or 3."""
        mean, variances, directions = principal_axes(colours.expand(3, -1))
        floor = max(FAINTEST**2 * float(variances[-1]), 1e-6)
        axes = (directions / variances.clamp(min=floor).sqrt()).T
        return cls(*(part.to(colours.device, colours.dtype) for part in (mean, axes)))

    def forward(self, image: Tensor, layers: Sequence[str], border: Border) -> dict[str, Tensor]:
        """Rotate the colours; the border mode does not matter."""
        self.check_layers(layers)
        centred = image - self.mean.view(1, 3, 1, 1)
        rotated = torch.einsum("kc,bchw->bkhw", self.axes, centred)
        return dict.fromkeys(layers, rotated)

    def channels(self, layer: str) -> int:
        """Return 3, the number of axes."""
        self.check_layers([layer])
        return 3
