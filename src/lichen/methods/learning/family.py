"""The image's own values, optimised until their summaries are the exemplar's.

    y* = argmin_y  sum_j  w_j || E_j(phi_j(y)) - E_j(phi_j(x)) ||

Here is what all such methods share: phi from a network, coarse to fine (N. Gonthier, Y. Gousseau,
S. Ladjal, 2022, arXiv 2008.01808), the solver, its start and its box. A method says which terms
it sums; its user may ask for further ones.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from lichen.canvas import Canvas
from lichen.errors import LichenError, ParameterError
from lichen.exemplar import Exemplar
from lichen.method import Context, Method, Takes
from lichen.statistics.catalogue import TERMS, Asked, read_term
from lichen.step import Step

if TYPE_CHECKING:  # torch is imported when a run begins, not to list the parameters
    from torch import Tensor

    from lichen.features.extractor import FeatureExtractor
    from lichen.nn.border import Border
    from lichen.nn.precision import Precision
    from lichen.solve.coarse_to_fine import Level
    from lichen.solve.lbfgs import Iterate
    from lichen.solve.objective import Example, Objective

LEAST_SUM = 1e-6
"""Weights of a mixture that sum to no more cannot be scaled to sum to 1."""
COARSEST = 32
"""Smallest side of the coarsest level, in pixels."""


class ImageLearning(Method):
    """An objective summed from terms, minimised over the pixels, coarse to fine.

    The exemplar and the result are float32 (H, W, C), C 1 or 3, in [0, 1]. A grey exemplar is
    optimised as one channel.
    """

    honours: ClassVar[frozenset[str]] = frozenset(
        {"wrap", "init", "mask", "continues", "mixes", "device", "video"}
    )
    takes: ClassVar[Takes] = "several"
    minimum_size: ClassVar[int] = 16

    network: Annotated[
        str,
        Field(
            description="encoder, vgg19, squeezenet, autoencoder, random-vgg, random-filters or "
            "pixels"
        ),
    ] = "encoder"
    weights: Annotated[
        Path | None, Field(description="file of the network's weights, instead of looking it up")
    ] = None
    layers: Annotated[
        tuple[str, ...] | None,
        Field(description="layers to match; the network's own when not given"),
    ] = None
    layer_weights: Annotated[
        tuple[Annotated[float, Field(ge=0)], ...] | None,
        Field(description="weight of each layer, scaled to sum to one; equal when not given"),
    ] = None
    term: Annotated[
        tuple[str, ...],
        Field(description="further terms of the objective, NAME:WEIGHT, as in spectrum:0.1"),
    ] = ()
    mix: Annotated[
        tuple[float, ...] | None,
        Field(
            description="weight of each of several exemplars, scaled to sum to one; below 0 leads "
            "away from it; equal when not given"
        ),
    ] = None
    relative: Annotated[
        bool, Field(description="divide each layer's loss by that of an all-zero summary")
    ] = True
    iterations: Annotated[
        int, Field(ge=1, le=100_000, description="iterations at the finest level")
    ] = 60
    coarser: Annotated[
        float, Field(ge=0.1, le=10, description="factor on the iterations per coarser level")
    ] = 1.5
    levels: Annotated[
        int | None,
        Field(ge=1, le=12, description="pyramid levels; as many as 32 px allow when not given"),
    ] = None
    optimizer: Annotated[Literal["lbfgs", "adam"], Field(description="solver")] = "lbfgs"
    memory: Annotated[int, Field(ge=1, le=200, description="pairs that L-BFGS remembers")] = 20
    learning_rate: Annotated[float, Field(gt=0, le=1, description="step length of Adam")] = 0.02
    noise: Annotated[
        Literal["colour", "faint"],
        Field(
            description="initial noise: Gaussian of the exemplar's mean and covariance, or of "
            "standard deviation 1/255 about the mean colour of ImageNet, as in the paper"
        ),
    ] = "colour"
    bounds: Annotated[
        Literal["channel", "global", "none"],
        Field(description="box: the exemplar's range per channel, over all, or just [0, 1]"),
    ] = "channel"
    pooling: Annotated[Literal["average", "max"], Field(description="pooling of the network")] = (
        "average"
    )
    rescale: Annotated[
        bool, Field(description="rescale each filter to mean activation 1 over natural images")
    ] = True
    standardise: Annotated[
        bool, Field(description="show the network the exemplar at the mean and contrast of photos")
    ] = True
    border: Annotated[
        Literal["reflect", "replicate", "zero"],
        Field(description="what the network sees beyond an edge that does not wrap"),
    ] = "reflect"
    precision: Annotated[
        Literal["auto", "float32", "bfloat16", "float64"],
        Field(description="of the network; auto takes bfloat16 where the processor has it"),
    ] = "auto"

    @model_validator(mode="after")
    def _weights_match_layers(self) -> Self:
        if self.layer_weights is not None:
            if self.layers is None or len(self.layers) != len(self.layer_weights):
                raise ValueError("give as many layer_weights as layers, and name the layers")
            if not sum(self.layer_weights) > 0:
                raise ValueError("at least one of layer_weights must be above 0")
        if self.layers is not None and not self.layers:
            raise ValueError("name at least one layer")
        return self

    @field_validator("term")
    @classmethod
    def _terms_exist(cls, term: tuple[str, ...]) -> tuple[str, ...]:
        for text in term:
            try:
                read_term(text)
            except LichenError as error:
                raise ValueError(str(error)) from None
        return term

    @field_validator("mix")
    @classmethod
    def _mixes(cls, mix: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if mix is not None and not (np.isfinite(mix).all() and sum(mix) > LEAST_SUM):
            raise ValueError("the weights have to be numbers that sum to more than 0")
        return mix

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise also where exemplars do not go together, or weights do not go with them."""
        super().check(exemplars, canvas)
        if self.mix is not None and len(self.mix) != len(exemplars):
            raise ParameterError(
                f"{len(self.mix)} weights for {len(exemplars)} exemplars", "give one for each"
            )

    def continued(self, iterations: int) -> Self:
        """Return the method that takes a picture ``iterations`` further, at full size only."""
        return self.model_copy(update={"iterations": iterations, "levels": 1})

    def mixed(self, weights: Sequence[float] | None) -> Self:
        """Return the method with these weights of its exemplars."""
        given = None if weights is None else tuple(weights)
        return self.configure(**{**self.model_dump(), "mix": given})

    @abstractmethod
    def own_terms(self) -> list[Asked]:
        """Terms that make this method what it is."""

    def asked_terms(self) -> list[Asked]:
        """Its own terms and the user's, those of weight 0 left out."""
        every = [*self.own_terms(), *map(read_term, self.term)]
        return [asked for asked in every if asked.weight > 0]

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield a step per iteration of the solver, coarse levels first."""
        import torch

        from lichen.nn.tensor import to_tensor
        from lichen.solve.coarse_to_fine import coarse_to_fine
        from lichen.solve.colours import box

        torch.set_num_threads(context.threads)
        examples, grey = self._examples(exemplars)
        smallest = (
            min(one.image.shape[2] for one in examples),
            min(one.image.shape[3] for one in examples),
        )
        levels = self._levels(canvas.size, smallest)
        low, high = box(
            [_usable(one) for one in examples], [one.weight for one in examples], self.bounds
        )
        features = cache(partial(self._features, context))

        def minimise(level: Level, start: Tensor, iterations: int) -> Iterator[Iterate]:
            for turn, (precision, most) in enumerate(self._turns(level, iterations)):
                objective = self._objective(
                    features(precision), examples, level, canvas, context, turn
                )
                for iterate in self._solver(min(most, iterations))(
                    objective.value_and_gradient, start, lower=low, upper=high
                ):
                    iterations, start = iterations - 1, iterate.point
                    yield iterate
                if not iterations:
                    return

        start = self._start(levels[0].size, examples, canvas, context)
        if context.resume is not None:
            start = to_tensor(context.resume.image[..., : 1 if grey else None])
        for step in coarse_to_fine(
            levels, start, minimise, self._border(canvas.wrap), context.resume
        ):
            yield replace(step, image=np.repeat(step.image, 3, axis=2)) if grey else step

    def optimizes(self) -> frozenset[str]:
        """What its terms make equal."""
        return frozenset(
            kind for asked in self.asked_terms() for kind in TERMS[asked.name].optimizes
        )

    def _examples(self, exemplars: Sequence[Exemplar]) -> tuple[list[Example], bool]:
        """Exemplars that count, with their weights, and whether grey stored as RGB is made grey.

        So that no colour can creep in, all are then reduced to one channel.
        """
        from lichen.nn.tensor import to_tensor
        from lichen.solve.objective import Example

        weights = self.mix or (1.0,) * len(exemplars)
        counting = [
            (exemplar, weight / sum(weights))
            for exemplar, weight in zip(exemplars, weights, strict=True)
            if weight != 0
        ]
        grey = all(_is_idle_rgb(exemplar.pixels) for exemplar, _ in counting)
        return [
            Example(
                to_tensor(exemplar.pixels[..., :1] if grey else exemplar.pixels),
                None
                if exemplar.mask is None
                else to_tensor(exemplar.mask[..., None].astype(np.float32)),
                weight,
            )
            for exemplar, weight in counting
        ], grey

    def _levels(self, size: tuple[int, int], exemplar: tuple[int, int]) -> list[Level]:
        from lichen.solve.coarse_to_fine import Level
        from lichen.solve.pyramid import level_size, n_levels

        count = self.levels or n_levels(size, exemplar, COARSEST)
        return [
            Level(
                octaves,
                level_size(size, octaves),
                max(1, round(self.iterations * self.coarser**octaves)),
            )
            for octaves in reversed(range(count))
        ]

    def _precisions(self, level: Level) -> tuple[Precision, ...]:
        """What a level is solved in: in float32 too, where bfloat16's rounding ends it early.

        Not at the coarser levels: what is left to improve there is lost in enlarging.
        """
        import torch

        from lichen.nn.precision import choose_precision

        chosen = choose_precision(self.precision)
        last = self.precision == "auto" and chosen == torch.bfloat16 and level.octaves == 0
        return ("auto", "float32") if last else (self.precision,)

    def _turns(self, level: Level, iterations: int) -> list[tuple[Precision, int]]:
        """How often a level's objective is made anew: each time its precision and iterations.

        What is drawn at random in it is drawn again.
        """
        return [(precision, iterations) for precision in self._precisions(level)]

    def _features(self, context: Context, precision: Precision | None = None) -> FeatureExtractor:
        from lichen.features.load import load_features

        features = load_features(
            self.network,
            weights=self.weights,
            pooling=self.pooling,
            rescale=self.rescale,
            precision=precision or self.precision,
            seed=context.seed,
            progress=context.report_download,
        )
        context.record_network(features.network)
        return features

    def _layers(self, features: FeatureExtractor) -> dict[str, float]:
        names = self.layers or features.default_layers
        features.check_layers(names)
        given = self.layer_weights or (1.0,) * len(names)
        return {name: weight / sum(given) for name, weight in zip(names, given, strict=True)}

    def _objective(
        self,
        features: FeatureExtractor,
        examples: Sequence[Example],
        level: Level,
        canvas: Canvas,
        context: Context,
        turn: int = 0,
    ) -> Objective:
        """The weighted sum at one level, its targets from the exemplars at the level's scale."""
        from lichen.features.standardized import Standardized
        from lichen.solve.objective import Example, Objective
        from lichen.solve.pyramid import level_size, shrink
        from lichen.solve.terms.setting import Setting, build

        layers = self._layers(features)
        colours = _mixed(examples)
        if self.standardise:
            features = Standardized.of(features, colours)
        setting = Setting(
            features=features,
            layers=layers,
            colours=colours,
            size=level.size,
            wrap=canvas.wrap,
            relative=self.relative,
            generator=context.torch_generator(f"terms of level {level.octaves}, turn {turn}"),
            redraw=self.optimizer == "adam",
        )
        small = []
        for one in examples:
            size = level_size((one.image.shape[2], one.image.shape[3]), level.octaves)
            mask = one.mask
            if mask is not None:
                mask = (shrink(mask, size) > 0.999).to(one.image.dtype)
            small.append(Example(shrink(one.image, size), mask, one.weight))
        return Objective(
            [term for asked in self.asked_terms() for term in build(asked, setting)],
            small,
            exemplar_border=(self.border, self.border),
            border=self._border(canvas.wrap),
        )

    def _border(self, wrap: tuple[bool, bool]) -> Border:
        return (
            "circular" if wrap[0] else self.border,
            "circular" if wrap[1] else self.border,
        )

    def _start(
        self,
        size: tuple[int, int],
        examples: Sequence[Example],
        canvas: Canvas,
        context: Context,
    ) -> Tensor:
        """The image that the coarsest level starts from."""
        import torch

        from lichen.nn.tensor import to_tensor
        from lichen.solve.colours import colour_noise, faint_noise
        from lichen.solve.pyramid import fit, shrink

        channels = examples[0].image.shape[1]
        if isinstance(canvas.init, Exemplar):
            given = to_tensor(canvas.init.pixels)
            return shrink(given if channels == given.shape[1] else given[:, :1], size)
        if canvas.init == "exemplar":
            return shrink(fit(examples[0].image, canvas.size), size)
        noise = torch.randn((1, channels, *size), generator=context.torch_generator("noise"))
        if self.noise == "faint":
            return faint_noise(noise)
        return colour_noise(_mixed(examples), noise, correction=int(len(examples) == 1))

    def _solver(self, iterations: int) -> Callable[..., Iterator[Iterate]]:
        from lichen.solve.adam import adam
        from lichen.solve.lbfgs import lbfgs

        if self.optimizer == "adam":
            return partial(adam, iterations=iterations, learning_rate=self.learning_rate)
        return partial(lbfgs, iterations=iterations, memory=self.memory)


def _usable(example: Example) -> Tensor:
    """Colours of the pixels that may be used, (C, M)."""
    colours = example.image[0].flatten(1)
    return colours if example.mask is None else colours[:, example.mask.flatten() > 0]


def _mixed(examples: Sequence[Example]) -> Tensor:
    """Colours (C, M) of the mixture, or the exemplar's own where it is alone."""
    from lichen.solve.colours import mixed_colours

    return mixed_colours([_usable(one) for one in examples], [one.weight for one in examples])


def _is_idle_rgb(pixels: NDArray[np.float32]) -> bool:
    """Whether a picture is grey but stored as RGB."""
    return pixels.shape[2] == 3 and bool((pixels == pixels[..., :1]).all())
