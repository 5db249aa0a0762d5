"""Texture synthesis with the distribution of a network's feature vectors.

E. Heitz, K. Vanhoey, T. Chambon, L. Belcour, "A Sliced Wasserstein Loss for Neural Texture
Synthesis", CVPR 2021 (arXiv 2006.07229): the same distribution, not just the same Gram matrix.

Departures from the paper: the embedded encoder, coarse to fine and on colours standardized as in
``gatys``; directions are redrawn every few iterations and not at every evaluation, whose losses
L-BFGS could not compare; no spatial tags. The preset ``paper`` has its network, its layers and its
64 iterations per round at one scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from lichen.method import Context
from lichen.methods.learning.family import NetworkLearning
from lichen.solve.options import ColourTermOptions
from lichen.statistics.catalogue import TermSpec

if TYPE_CHECKING:
    from lichen.nn.precision import Precision
    from lichen.solve.coarse_to_fine import Level

VGG_LAYERS = tuple(
    f"relu{block}_{i}" for block, n in ((1, 2), (2, 2), (3, 4), (4, 4)) for i in range(1, n + 1)
)


class DeepSlicedWasserstein(ColourTermOptions, NetworkLearning):
    """Match the distribution of a network's feature vectors, layer by layer.

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
            "standardize": False,
            "relative": False,
            "colour_weight": 0.0,
            "levels": 1,
            "iterations": 640,
            "redraw_every": 64,
            "bounds": "none",
            "noise": "faint",  # strong noise leaves a checkerboard
        },
    }

    redraw_every: Annotated[
        int,
        Field(
            ge=1,
            le=10_000,
            description="iterations with the same random directions (optimizer lbfgs)",
            json_schema_extra={
                "trades": "fewer see more directions; more let L-BFGS get further with each set"
            },
        ),
    ] = 64

    def own_terms(self) -> list[TermSpec]:
        """Return the distances of feature vectors, and colours."""
        return [TermSpec("deep-swd", 1.0), TermSpec("colour", self.colour_weight)]

    def _rounds(
        self, level: Level, iterations: int, context: Context
    ) -> list[tuple[Precision, int]]:
        """Split the rounds, so that directions are redrawn; for Adam they are at every step."""
        rounds = super()._rounds(level, iterations, context)
        if self.optimizer == "adam":
            return rounds
        count = -(-iterations // self.redraw_every)
        return [(precision, self.redraw_every) for precision, _ in rounds for _ in range(count)]
