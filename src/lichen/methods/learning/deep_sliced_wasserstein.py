"""Texture synthesis with the distribution of a network's feature vectors.

E. Heitz, K. Vanhoey, T. Chambon, L. Belcour, "A Sliced Wasserstein Loss for Neural Texture
Synthesis", CVPR 2021 (arXiv 2006.07229): the same distribution, and not only the same Gram matrix.

Departures from the paper: the embedded encoder, coarse to fine and to the contrast of photographs
as in ``gatys``; directions are drawn anew every few iterations and not at every evaluation, which
L-BFGS could not compare; no spatial tags. The preset ``paper`` has its network, its layers and its
64 iterations a round at one scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from lichen.methods.learning.family import ImageLearning
from lichen.statistics.catalogue import Asked

if TYPE_CHECKING:
    from lichen.nn.precision import Precision
    from lichen.solve.coarse_to_fine import Level

VGG_LAYERS = tuple(
    f"relu{block}_{i}" for block, n in ((1, 2), (2, 2), (3, 4), (4, 4)) for i in range(1, n + 1)
)


class DeepSlicedWasserstein(ImageLearning):
    """Make a network's feature vectors those of the exemplar, layer by layer, as distributions.

    Along each random direction the sorted projections of all positions are compared.
    """

    name: ClassVar[str] = "deep_sliced_wasserstein"
    citation: ClassVar[str] = (
        "Heitz, Vanhoey, Chambon, Belcour: A Sliced Wasserstein Loss for Neural Texture "
        "Synthesis, CVPR 2021"
    )
    presets: ClassVar = {
        "paper": {
            "network": "vgg19",
            "layers": VGG_LAYERS,
            "standardise": False,
            "relative": False,
            "colour_weight": 0.0,
            "levels": 1,
            "iterations": 640,
            "renew": 64,
            "bounds": "none",
            "noise": "faint",  # of strong noise a checkerboard is left
        },
    }

    renew: Annotated[
        int,
        Field(ge=1, le=10_000, description="iterations of L-BFGS with the same random directions"),
    ] = 64

    colour_weight: Annotated[float, Field(ge=0, description="weight of the colour histograms")] = (
        1.0
    )

    def own_terms(self) -> list[Asked]:
        """The distances of feature vectors, and colours."""
        return [Asked("deep-swd", 1.0), Asked("colour", self.colour_weight)]

    def _turns(self, level: Level, iterations: int) -> list[tuple[Precision, int]]:
        turns = super()._turns(level, iterations)
        if self.optimizer == "adam":  # which draws at every step
            return turns
        rounds = -(-iterations // self.renew)
        return [(precision, self.renew) for precision, _ in turns for _ in range(rounds)]
