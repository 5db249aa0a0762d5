"""Image learning: pixels are optimized until their statistics are those of the exemplar.

    y* = argmin_y  sum_j  w_j || E_j(φ_j(y)) - E_j(φ_j(x)) ||

A method names the terms that it sums. What these methods share is here: the minimization coarse to
fine (N. Gonthier, Y. Gousseau, S. Ladjal, 2022, arXiv 2008.01808), from an initial image and within
bounds. φ is the image itself, or a network for methods that inherit :class:`NetworkLearning`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from lichen.arrays import Array, Size
from lichen.canvas import Canvas
from lichen.errors import ParameterError
from lichen.exemplar import Exemplar
from lichen.method import Context, Method, Takes
from lichen.solve.options import (
    ColourOptions,
    MixingOptions,
    NetworkOptions,
    PyramidOptions,
    SolverOptions,
    TermOptions,
)
from lichen.statistics.catalogue import TERMS, TermSpec, term_specs
from lichen.step import Step

if TYPE_CHECKING:  # torch is imported when a run begins, not to list the parameters
    from torch import Tensor

    from lichen.features.extractor import FeatureExtractor
    from lichen.nn.border import Border, BorderMode
    from lichen.nn.precision import Precision
    from lichen.solve.coarse_to_fine import Level
    from lichen.solve.lbfgs import Iterate
    from lichen.solve.objective import Example, Objective
    from lichen.solve.terms import TermInputs

COARSEST = 32
"""Shortest side of the coarsest level, in pixels."""


@dataclass(frozen=True)
class Problem:
    """What a run minimizes for.

    Attributes
    ----------
    examples
        The exemplars of nonzero weight, on the run's device.
    grey
        Whether all of them are grey but stored as RGB. The image then has one channel, so that no
        colour can appear.
    colours
        (C, M) with the mean and covariance of the exemplars' colours.
    canvas, context
        Those of the run.
    """

    examples: Sequence[Example]
    grey: bool
    colours: Tensor
    canvas: Canvas
    context: Context

    @classmethod
    def of(
        cls,
        exemplars: Sequence[Exemplar],
        mix: Sequence[float] | None,
        canvas: Canvas,
        context: Context,
    ) -> Self:
        """Load the exemplars onto the device, with their normalized weights."""
        from lichen.nn.tensor import to_tensor
        from lichen.solve.colours import mixed_colours
        from lichen.solve.objective import Example

        weights = mix or (1.0,) * len(exemplars)
        used = [
            (exemplar, weight / sum(weights))
            for exemplar, weight in zip(exemplars, weights, strict=True)
            if weight != 0
        ]
        grey = all(_is_grey_rgb(exemplar.pixels) for exemplar, _ in used)
        examples = [
            Example(
                to_tensor(exemplar.pixels[..., :1] if grey else exemplar.pixels, context.device),
                None
                if exemplar.mask is None
                else to_tensor(exemplar.mask[..., None].astype(np.float32), context.device),
                weight,
            )
            for exemplar, weight in used
        ]
        return cls(examples, grey, mixed_colours(examples), canvas, context)

    @property
    def channels(self) -> int:
        """Channels of the image that is optimized."""
        return self.colours.shape[0]

    @property
    def smallest(self) -> Size:
        """Least height and least width of the exemplars."""
        sizes = [example.image.shape[2:] for example in self.examples]
        return min(height for height, _ in sizes), min(width for _, width in sizes)


class ImageLearning(MixingOptions, ColourOptions, SolverOptions, PyramidOptions, Method):
    """An objective summed from terms, minimized over the pixels, coarse to fine.

    Exemplar and result are float32 (H, W, C), C 1 or 3, in [0, 1].
    """

    honours: ClassVar[frozenset[str]] = frozenset(
        {"wrap", "init", "mask", "continues", "mixes", "device", "video"}
    )
    takes: ClassVar[Takes] = "several"
    minimum_size: ClassVar[int] = 16

    @abstractmethod
    def own_terms(self) -> list[TermSpec]:
        """Return the terms that define the method."""

    def terms(self) -> list[TermSpec]:
        """Return the terms of the objective; those of weight 0 are left out."""
        return [spec for spec in self.own_terms() if spec.weight > 0]

    def optimizes(self) -> frozenset[str]:
        """Return the statistics that its terms match."""
        return frozenset(kind for spec in self.terms() for kind in TERMS[spec.name].optimizes)

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise also where the number of weights is not that of exemplars."""
        super().check(exemplars, canvas)
        if self.mix is not None and len(self.mix) != len(exemplars):
            raise ParameterError(
                f"{len(self.mix)} weights for {len(exemplars)} exemplars", "give one for each"
            )

    def continued(self, iterations: int) -> Self:
        """Return the method that continues for ``iterations`` at full size."""
        return self.model_copy(update={"iterations": iterations, "levels": 1})

    def mixed(self, weights: Sequence[float] | None) -> Self:
        """Return the method with these weights of its exemplars, equal where None."""
        mix = None if weights is None else tuple(weights)
        return self.configure(**{**self.model_dump(), "mix": mix})

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield a step per iteration of the solver, coarse levels first."""
        import torch

        from lichen.nn.device import out_of_memory

        torch.set_num_threads(context.threads)
        with out_of_memory(context.device, canvas.size):
            problem = Problem.of(exemplars, self.mix, canvas, context)
            yield from self._minimize(problem)

    def _minimize(self, problem: Problem) -> Iterator[Step]:
        from lichen.solve.coarse_to_fine import coarse_to_fine
        from lichen.solve.colours import box

        context = problem.context
        levels = self._levels(problem.canvas.size, problem.smallest)
        bounds = box(problem.examples, self.bounds)
        features = cache(partial(self._features, context))

        def minimize(level: Level, start: Tensor, iterations: int) -> Iterator[Iterate]:
            for number, (precision, at_most) in enumerate(self._rounds(level, iterations, context)):
                objective = self._objective(problem, features(precision), level, number)
                for iterate in self._solve(objective, start, min(at_most, iterations), bounds):
                    iterations, start = iterations - 1, iterate.point
                    yield iterate
                if not iterations:
                    return

        start = self._start(problem, levels[0].size)
        border = self._border(problem.canvas)
        for step in coarse_to_fine(levels, start, minimize, border, context.resume):
            yield replace(step, image=np.repeat(step.image, 3, axis=2)) if problem.grey else step

    def _levels(self, size: Size, exemplar: Size) -> list[Level]:
        """Plan the levels of the pyramid, an octave apart, coarsest first."""
        from lichen.solve.coarse_to_fine import plan_levels
        from lichen.solve.pyramid import n_levels

        count = self.levels or n_levels(size, exemplar, COARSEST)
        return plan_levels(size, count, self.iterations, self.coarser)

    def _start(self, problem: Problem, size: Size) -> Tensor:
        """Return the initial image (1, C, h, w) of the coarsest level, or the one resumed from."""
        import torch

        from lichen.nn.tensor import to_tensor, torch_generator
        from lichen.solve.colours import colour_noise, faint_noise
        from lichen.solve.pyramid import fit, shrink

        canvas, context, channels = problem.canvas, problem.context, problem.channels
        if context.resume is not None:
            return to_tensor(context.resume.image[..., :channels], context.device)
        if isinstance(canvas.init, Exemplar):
            return shrink(to_tensor(canvas.init.pixels[..., :channels], context.device), size)
        if canvas.init == "exemplar":
            return shrink(fit(problem.examples[0].image, canvas.size), size)
        white = torch.randn((1, channels, *size), generator=torch_generator(context.rng("noise")))
        white = white.to(context.device)
        if self.noise == "faint":
            return faint_noise(white)
        single = len(problem.examples) == 1
        return colour_noise(problem.colours, white, correction=int(single))

    def _rounds(
        self, level: Level, iterations: int, context: Context
    ) -> list[tuple[Precision, int]]:
        """Return the precision and the most iterations of each round at a level.

        In each round the objective is built, and what is random in it drawn, anew.
        """
        return [("float32", iterations)]

    def _features(self, context: Context, precision: Precision) -> FeatureExtractor:
        """Return φ: here the image itself."""
        from lichen.features.pixels import Pixels

        return Pixels()

    def _layers(self, features: FeatureExtractor) -> dict[str, float]:
        """Return the weights of the layers: here equal ones of the default layers."""
        return normalized(dict.fromkeys(features.default_layers, 1.0))

    def _term_inputs(
        self, problem: Problem, features: FeatureExtractor, level: Level, number: int
    ) -> TermInputs:
        """Return what the terms of a level are built from, in the round of this number."""
        from lichen.nn.tensor import torch_generator
        from lichen.solve.terms import TermInputs

        purpose = f"terms of level {level.octaves}, turn {number}"
        return TermInputs(
            features=features,
            layers=self._layers(features),
            colours=problem.colours,
            size=level.size,
            wrap=problem.canvas.wrap,
            generator=torch_generator(problem.context.rng(purpose)),
            redraw=self.optimizer == "adam",
        )

    def _objective(
        self, problem: Problem, features: FeatureExtractor, level: Level, number: int = 0
    ) -> Objective:
        """Return the weighted sum at a level, with targets of the exemplars at its scale."""
        from lichen.solve.objective import Objective
        from lichen.solve.terms import build_terms

        inputs = self._term_inputs(problem, features, level, number)
        border = self._border_mode()
        return Objective(
            [term for spec in self.terms() for term in build_terms(spec, inputs)],
            [example.at(level.octaves) for example in problem.examples],
            exemplar_border=(border, border),
            border=self._border(problem.canvas),
        )

    def _solve(
        self, objective: Objective, start: Tensor, iterations: int, bounds: tuple[Tensor, Tensor]
    ) -> Iterator[Iterate]:
        """Minimize one objective within bounds."""
        from lichen.solve.adam import adam
        from lichen.solve.lbfgs import lbfgs

        if self.optimizer == "adam":
            solver = partial(adam, learning_rate=self.learning_rate, final_rate=self.final_rate)
        else:
            solver = partial(lbfgs, memory=self.memory)
        lower, upper = bounds
        return solver(
            objective.value_and_gradient, start, iterations=iterations, lower=lower, upper=upper
        )

    def _border_mode(self) -> BorderMode:
        return "reflect"

    def _border(self, canvas: Canvas) -> Border:
        rows, columns = ("circular" if wraps else self._border_mode() for wraps in canvas.wrap)
        return rows, columns


class NetworkLearning(TermOptions, NetworkOptions, ImageLearning):
    """Image learning on the features of a network, with further terms as the user likes."""

    def terms(self) -> list[TermSpec]:
        """Return the method's own terms and the user's; those of weight 0 are left out."""
        return super().terms() + [spec for spec in term_specs(self.term) if spec.weight > 0]

    def _features(self, context: Context, precision: Precision) -> FeatureExtractor:
        """Load the network, and record it for the provenance."""
        from lichen.features.load import load_features

        features = load_features(
            self.network,
            weights=self.weights,
            pooling=self.pooling,
            rescale=self.rescale,
            precision=precision,
            seed=context.seed,
            progress=context.report_download,
            device=context.device,
        )
        context.record_network(features.network)
        return features

    def _layers(self, features: FeatureExtractor) -> dict[str, float]:
        """Return the weights of the layers, which sum to 1."""
        if self.layers is None:
            return super()._layers(features)
        features.check_layers(self.layers)
        weights = self.layer_weights or (1.0,) * len(self.layers)
        return normalized(dict(zip(self.layers, weights, strict=True)))

    def _term_inputs(
        self, problem: Problem, features: FeatureExtractor, level: Level, number: int
    ) -> TermInputs:
        """Return what the terms of a level are built from; the network may be standardized."""
        from lichen.features.standardized import Standardized

        inputs = super()._term_inputs(problem, features, level, number)
        if self.standardize:
            features = Standardized.of(features, problem.colours)
        return replace(inputs, features=features, relative=self.relative)

    def _rounds(
        self, level: Level, iterations: int, context: Context
    ) -> list[tuple[Precision, int]]:
        """Return the rounds at a level: a second one in float32, where bfloat16 was automatic.

        Rounding to bfloat16 ends the search early. At coarser levels what is left to gain is lost
        when the image is enlarged.
        """
        import torch

        from lichen.nn.precision import choose_precision

        automatic = self.precision == "auto" and level.octaves == 0
        if automatic and choose_precision("auto", context.device) == torch.bfloat16:
            return [("auto", iterations), ("float32", iterations)]
        return [(self.precision, iterations)]

    def _border_mode(self) -> BorderMode:
        return self.border

    def _counts(self, spec: TermSpec) -> dict[str, int]:
        """Count the numbers that a term on layers matches, by layer."""
        from lichen.solve.terms import statistic_of

        features = self._features(Context(), "float32")
        statistic = statistic_of(spec)
        return {name: statistic.count(features.channels(name)) for name in self._layers(features)}


def normalized(weights: Mapping[str, float]) -> dict[str, float]:
    """Return the weights divided by their sum."""
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


def _is_grey_rgb(pixels: Array) -> bool:
    """Whether an image is grey but stored as RGB."""
    return pixels.shape[2] == 3 and bool((pixels == pixels[..., :1]).all())
