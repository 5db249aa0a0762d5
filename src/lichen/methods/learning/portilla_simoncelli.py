"""Texture synthesis from joint statistics of a steerable pyramid's bands.

J. Portilla and E. P. Simoncelli, "A Parametric Texture Model Based on Joint Statistics of Complex
Wavelet Coefficients", IJCV 40:49, 2000.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import Field, model_validator

from lichen.canvas import Canvas
from lichen.errors import ImageError, ParameterError
from lichen.exemplar import Exemplar
from lichen.method import Context, Method
from lichen.solve.options import Periodic
from lichen.statistics.random_phase import periodic_component
from lichen.step import Step

if TYPE_CHECKING:  # torch is imported when a run begins, not to list the parameters
    from torch import Tensor

    from lichen.portilla_simoncelli.adjustments import Gamut
    from lichen.portilla_simoncelli.loss import PortillaSimoncelliLoss

    Limit = Callable[[Tensor], Tensor]

SCALES = 4
"""The paper's number, used where sizes have room for it."""


class PortillaSimoncelli(Method):
    """Impose the exemplar's 710 statistics per plane on noise, by projections and by descent.

    The model is :mod:`lichen.portilla_simoncelli`. The exemplar's colours, all maps together, are
    transformed onto their principal axes; the planes are synthesized together, with the statistics
    that join them. First come ``iterations`` rounds of the paper's sequential projections, which
    approach fast; then ``descent_iterations`` of descent in the metric of the statistics' gradients
    (:mod:`lichen.portilla_simoncelli.gauss_newton`), to any precision. The run ends when every
    group of statistics is within ``tolerance``.

    ``losses`` are the root mean square residuals of the result by group: correlations as they
    are, deviations and kurtosis relative to the exemplar's
    (:mod:`lichen.portilla_simoncelli.loss`). ``total`` is the sum of their squares.

    The result always tiles. Any size is possible: all statistics are means, and as many scales are
    used as exemplar and result have room for, at most four where ``scales`` is not given. With a
    mask, the exemplar's largest usable rectangle is analysed.

    Departures from the paper: colour; sizes; the gradient (as in plenoptic); an exemplar that
    does not tile is analysed by its periodic component (Moisan 2011); colours are kept within the
    exemplar's range also channel by channel, and along the diagonals of its planes, in every round
    of the projections; and those of :mod:`lichen.portilla_simoncelli.projections` and
    :mod:`lichen.portilla_simoncelli.statistics`.
    """

    name: ClassVar[str] = "portilla_simoncelli"
    citation: ClassVar[str] = (
        "Portilla, Simoncelli: A Parametric Texture Model Based on Joint Statistics of Complex "
        "Wavelet Coefficients, IJCV 2000"
    )
    honours: ClassVar[frozenset[str]] = frozenset(
        {"wrap", "init", "mask", "maps", "continues", "video", "device"}
    )
    minimum_size: ClassVar[int] = 13
    presets: ClassVar = {
        "projections": {"iterations": 50, "descent_iterations": 0},
        "exact": {"iterations": 50, "descent_iterations": 300, "tolerance": 1e-3},
    }

    scales: Annotated[
        int | None,
        Field(
            ge=1,
            le=12,
            description="octaves; by default up to 4, as sizes allow",
            json_schema_extra={
                "trades": "more match larger structure, in more time, and need larger pictures"
            },
        ),
    ] = None
    orientations: Annotated[
        int,
        Field(
            ge=1,
            le=16,
            description="orientations of each octave",
            json_schema_extra={
                "trades": "more tell directions apart, with more statistics and in more time"
            },
        ),
    ] = 4
    neighbours: Annotated[
        int,
        Field(
            ge=1,
            le=31,
            description="side of the autocorrelations' neighbourhood, odd",
            json_schema_extra={
                "trades": "larger matches periodicity at longer distances, and needs larger "
                "pictures"
            },
        ),
    ] = 7
    iterations: Annotated[
        int,
        Field(
            ge=0,
            le=100_000,
            description="rounds of the paper's projections",
            json_schema_extra={
                "trades": "more come nearer, each by less, in proportionally more time",
            },
        ),
    ] = 50
    descent_iterations: Annotated[
        int,
        Field(
            ge=0,
            le=100_000,
            description="iterations of gradient descent after the projections",
            json_schema_extra={
                "trades": "more reach the statistics to any precision; the picture hardly changes "
                "any more"
            },
        ),
    ] = 0
    tolerance: Annotated[
        float,
        Field(
            ge=0,
            description="root mean square residual of every group at which to stop",
            json_schema_extra={
                "trades": "more stops sooner, farther from the statistics; 0 uses all iterations"
            },
        ),
    ] = 0.0
    memory: Annotated[
        int,
        Field(
            ge=1,
            le=200,
            description="correction pairs kept by L-BFGS in the descent",
            json_schema_extra={
                "trades": "more may descend faster, with the memory of two pictures for each"
            },
        ),
    ] = 50
    periodic: Periodic = False

    @model_validator(mode="after")
    def _valid(self) -> Self:
        if self.neighbours % 2 == 0:
            raise ValueError("neighbours must be odd")
        if not self.iterations + self.descent_iterations:
            raise ValueError("at least one of iterations and descent_iterations must be positive")
        return self

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise if this method cannot synthesize this canvas from these exemplars."""
        super().check(exemplars, canvas)
        height, width = exemplars[0].rectangle.shape[:2]
        least = self.minimum_size
        if min(height, width) < least:
            raise ImageError(
                f"{exemplars[0].name} has usable pixels of {width}x{height} in one rectangle but "
                f"{self.name} needs at least {least}x{least}",
                "use a larger image or another method",
            )
        side = min(height, width, *canvas.size)
        wanted = self.scales or 1
        if -(-side // 2**wanted) < self.neighbours:
            raise ParameterError(
                f"{side} pixels per side are too few for scales = {wanted} and neighbours = "
                f"{self.neighbours}",
                "use fewer of either or larger images",
            )

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield a step per round of projections, then per iteration of the descent."""
        import torch

        from lichen.nn.device import out_of_memory

        torch.set_num_threads(context.threads)
        with out_of_memory(context.device, canvas.size):
            yield from self._steps(exemplars, canvas, context)

    def _steps(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        import torch

        from lichen.nn.tensor import to_pixels, to_tensor
        from lichen.portilla_simoncelli.adjustments import Gamut
        from lichen.portilla_simoncelli.loss import PortillaSimoncelliLoss

        # Moments are taken in float64, which MPS does not have.
        device = "cpu" if context.device.startswith("mps") else context.device
        pixels = exemplars[0].rectangle
        analysed = to_tensor(pixels if self.periodic else periodic_component(pixels), device)
        loss = PortillaSimoncelliLoss(
            analysed,
            n_scales=self.scales or SCALES,
            n_orientations=self.orientations,
            n_neighbours=self.neighbours,
            size=canvas.size,
        )
        example = to_tensor(pixels, device)
        low, high = (bound.view(-1, 1, 1) for bound in torch.aminmax(example[0].flatten(1), dim=1))
        within = partial(torch.clamp, min=low, max=high)

        done, total = 0, self.iterations + self.descent_iterations
        if context.resume is not None:
            done = context.resume.iteration
            start = loss.axes.planes(to_tensor(context.resume.image, device)[0])
        else:
            start = self._start(loss, example, canvas, context)
        gamut = Gamut.of(loss.axes.planes(analysed[0]))
        states = self._states(loss, start, done, gamut, within)
        step = context.resume
        for iteration, planes in enumerate(states, done + 1):
            image = within(loss.axes.image(planes))[None]
            errors = loss.errors(image)
            reached = max(errors.values()) <= self.tolerance
            step = Step(
                to_pixels(image),
                {"total": sum(error**2 for error in errors.values()), **errors},
                iteration=iteration,
                n_iterations=total,
                fraction=1.0 if reached else iteration / total,
            )
            yield step
            if reached:
                return
        if step is not None and step.fraction < 1:  # the descent ended early
            yield replace(step, fraction=1.0)

    def continued(self, iterations: int) -> Self:
        """Return the method that takes an image ``iterations`` further, by its last stage."""
        last, other = "iterations", "descent_iterations"
        if self.descent_iterations:
            last, other = other, last
        return self.configure(**{**self.model_dump(), last: iterations, other: 0})

    def optimizes(self) -> frozenset[str]:
        """Return its statistics, and those that they contain."""
        return frozenset({"portilla-simoncelli", "autocorrelation", "covariance"})

    def _states(
        self, loss: PortillaSimoncelliLoss, start: Tensor, done: int, gamut: Gamut, within: Limit
    ) -> Iterator[Tensor]:
        """Yield planes after each remaining round of projections, then iteration of the descent."""
        from lichen.portilla_simoncelli.gauss_newton import descend
        from lichen.portilla_simoncelli.projections import project

        def displayable(planes: Tensor) -> Tensor:
            return loss.axes.planes(within(loss.axes.image(gamut.nearest(planes))))

        planes = start
        rounds = project(start, loss.target, limit=displayable)
        for planes in islice(rounds, max(0, self.iterations - done)):
            yield planes
        left = min(self.descent_iterations, self.iterations + self.descent_iterations - done)
        for iterate in descend(
            loss, planes, iterations=left, memory=self.memory, limit=displayable
        ):
            yield displayable(iterate.point)

    def _start(
        self, loss: PortillaSimoncelliLoss, example: Tensor, canvas: Canvas, context: Context
    ) -> Tensor:
        """Return the initial planes: noise of their mean and variance, or an image's."""
        import torch

        from lichen.nn.tensor import to_tensor, torch_generator
        from lichen.solve.pyramid import fit

        if isinstance(canvas.init, Exemplar):
            return loss.axes.planes(to_tensor(canvas.init.pixels, str(example.device))[0])
        if canvas.init == "exemplar":
            return loss.axes.planes(fit(example, canvas.size)[0])
        pixels = loss.target.planes.pixels[..., None, None]  # (P, 6, 1, 1)
        generator = torch_generator(context.rng("noise"))
        noise = torch.randn((len(pixels), *canvas.size), generator=generator)
        return pixels[:, 0] + pixels[:, 1].sqrt() * noise.to(example.device)
