"""Planes of colour that do not correlate: the principal axes of an exemplar's colours."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

FAINTEST = 0.005
"""Of the deviation along the strongest axis: the exemplar is taken as flat along weaker ones.

For a picture of full contrast that is what rounding to 8 bits leaves in a grey one.
"""


@dataclass(frozen=True)
class ColourAxes:
    """A turn of colours and back; P planes, strongest first, of C channels.

    Attributes
    ----------
    mean
        (C,) of the exemplar.
    directions
        (P, C), rows of unit length, signed so that their channels sum to 0 or more: plane 0 is
        bright where the picture is.
    deviations
        (P,) of the exemplar along them, for planes of unit variance.
    """

    mean: Tensor
    directions: Tensor
    deviations: Tensor

    @classmethod
    def of(cls, image: Tensor) -> ColourAxes:
        """Take them from an exemplar (..., C, H, W) or its usable pixels (C, M).

        Axes along which it is flat are left out, so P may be less than C; one is always kept.
        """
        colours = image.detach().flatten(-2) if image.dim() > 2 else image.detach()
        colours = colours.reshape(colours.shape[-2:]).double()  # (C, M)
        mean = colours.mean(1)
        covariance = torch.cov(colours, correction=0).reshape(2 * (mean.shape[0],))
        values, vectors = torch.linalg.eigh(covariance)  # rising
        deviations, directions = values.clamp(min=0).sqrt().flip(0), vectors.T.flip(0)
        used = deviations > FAINTEST * deviations[0]
        used[0] = True
        deviations, directions = deviations[used], directions[used]
        if deviations[0] <= 1e-6 * mean.abs().max():  # flat: rounding is no contrast
            deviations = torch.ones_like(deviations)
        signs = torch.where(directions.sum(1) < 0, -1.0, 1.0).double()
        parts = mean, directions * signs[:, None], deviations
        return cls(*(part.to(image.device, image.dtype) for part in parts))

    def planes(self, image: Tensor) -> Tensor:
        """(..., C, H, W) to (..., P, H, W), of mean 0 and variance 1 for the exemplar itself."""
        turned = torch.einsum("pc,...chw->...phw", self.directions, self._centred(image, -1))
        return turned / self.deviations[:, None, None]

    def image(self, planes: Tensor) -> Tensor:
        """Undo :meth:`planes`, but for what lies along the axes that were left out."""
        scaled = self.directions * self.deviations[:, None]
        return self._centred(torch.einsum("pc,...phw->...chw", scaled, planes), 1)

    def _centred(self, image: Tensor, sign: int) -> Tensor:
        return image + sign * self.mean[:, None, None]
