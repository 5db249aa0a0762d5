"""Random phase noise: the exemplar's spectrum with random phases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.method import Context, Method
from lichen.statistics.random_phase import TAPER, Kind, spot_noise
from lichen.step import Step


class RandomPhase(Method):
    """Keep the exemplar's power spectrum and channel correlations; draw all phases at random.

    Galerne, Gousseau and Morel, "Random Phase Textures: Theory and Synthesis", IEEE Transactions
    on Image Processing 20, 2011: random phase noise and its relative, asymptotic discrete spot
    noise (ADSN), on the periodic component of the exemplar (Moisan 2011). Suited to
    micro-textures (sand, fabric, clouds); other textures keep only their grain and colour. The
    result always tiles.

    Departures from the paper: the width over which the spot is tapered is a parameter; on sizes
    below the exemplar's the spot is wrapped around the torus; with a mask it is tapered towards the
    unusable pixels, and no periodic component is taken; its variance, all channels together, is
    scaled to the exemplar's exactly. Values are clipped to [0, 1] at the end.
    """

    name: ClassVar[str] = "random_phase"
    citation: ClassVar[str] = (
        "Galerne, Gousseau, Morel: Random Phase Textures: Theory and Synthesis, "
        "IEEE Transactions on Image Processing 2011"
    )
    honours: ClassVar[frozenset[str]] = frozenset({"wrap", "mask", "maps"})
    minimum_size: ClassVar[int] = 2

    kind: Kind = Field(
        "random_phase",
        description="random phase noise, or asymptotic discrete spot noise (adsn)",
        json_schema_extra={
            "trades": "random_phase has the exemplar's spectrum exactly; adsn only on average, and "
            "varies more"
        },
    )
    taper: Annotated[float, Field(gt=0, le=0.5)] = Field(
        TAPER,
        description="width of the taper for other sizes, as a fraction of the shorter side",
        json_schema_extra={
            "trades": "a wider taper hides the border of the exemplar better; a narrower one uses "
            "more of it"
        },
    )

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield the one step."""
        noise = spot_noise(
            exemplars[0].pixels,
            context.rng("phase"),
            kind=self.kind,
            size=canvas.size,
            mask=exemplars[0].mask,
            taper=self.taper,
        )
        yield Step(noise.clip(0, 1), fraction=1.0)

    def optimizes(self) -> frozenset[str]:
        """The spectrum and what follows from it."""
        return frozenset({"spectrum", "autocorrelation", "covariance"})
