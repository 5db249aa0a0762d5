"""Places of the example that whole neighbourhoods surround."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lichen.errors import ImageError
from lichen.patches.atlas import anchors_of

Mask = NDArray[np.bool_]


def centres_of(usable: Mask, radius: int) -> Mask:
    """Places (h, w) whose whole square neighbourhoods are usable.

    Raises
    ------
    ImageError
        If there is none.
    """
    side = 2 * radius + 1
    centres = np.zeros_like(usable)
    anchors = anchors_of(usable, side)[: usable.shape[0] - radius, : usable.shape[1] - radius]
    centres[radius:, radius:] = anchors
    if not centres.any():
        raise ImageError(
            f"no {side}x{side} px neighbourhood fits into what may be copied",
            "use a smaller window, or mark a larger connected area as usable",
        )
    return centres
