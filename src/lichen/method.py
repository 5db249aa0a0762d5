"""What a method is: a pydantic model whose fields are its parameters, and a run of steps."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from lichen.canvas import Canvas
from lichen.errors import (
    CanvasError,
    ImageError,
    ModelError,
    NotHonouredError,
    ParameterError,
    unknown_name,
)
from lichen.exemplar import Exemplar
from lichen.model import Model
from lichen.step import Step

CAPABILITIES: Mapping[str, str] = {
    "wrap": "make results that tile along the axes that wrap",
    "known": "keep given pixels: fill holes, extend borders",
    "guide": "follow labels or another guide: texture by numbers, analogies",
    "content": "keep, follow or render another picture",
    "maps": "synthesize all maps of a material in register",
    "mask": "learn only from the pixels that a mask allows",
    "exemplars": "learn from several exemplars at once",
    "init": "start from a picture, the exemplar, or another method's result",
    "sources": "copy each pixel from a given source",
    "copies": "report which exemplar pixel each pixel was copied from",
    "continues": "continue a finished picture for more iterations",
    "mixes": "mix the statistics of several exemplars",
    "counts": "count the statistics that it matches",
    "video": "show the picture as it forms, step by step",
    "model": "be trained, and run from the trained model",
    "device": "compute on a GPU where there is one",
}
"""What a method can do, one word each: "it can ...". There is no other test for it."""

VERB_GIVING: Mapping[str, str] = {
    "content": "transfer",
    "sources": "apply",
    "guide": "analogy",
    "known": "fill",
}
"""The verb by which a canvas gets what a method needs."""

Takes = Literal["none", "one", "several"]
"""How many exemplars a method learns from."""


@dataclass
class Context:
    """What a run passes to its method: randomness, a device, and the step to resume from.

    Attributes
    ----------
    seed
        The canvas's seed; the only source of randomness.
    threads
        Threads to compute with; the last bits of a result may depend on it.
    device
        Where tensors are created: ``cpu``, ``cuda:0``, ``mps``.
    resume
        The last step of an interrupted run, to resume from.
    networks
        Filled by the method: each network used, with the checksum of its weights.
    model
        The trained model, for a method that honours ``model``.
    report_download
        Called with (what, bytes done, total bytes) while weights are downloaded.
    """

    seed: int = 0
    threads: int = 1
    device: str = "cpu"
    resume: Step | None = None
    networks: list[str] = field(default_factory=list)
    model: Model | None = None
    report_download: Callable[[str, int, int | None], None] | None = None

    def rng(self, purpose: str) -> np.random.Generator:
        """Return a NumPy generator for one purpose, independent of those for all others.

        Neural code makes a torch generator of it: :func:`lichen.nn.tensor.torch_generator`.
        """
        return np.random.default_rng([self.seed, zlib.crc32(purpose.encode())])

    def record_network(self, name: str) -> None:
        """Record a network for the provenance."""
        if name not in self.networks:
            self.networks.append(name)


class Configurable(BaseModel):
    """Named parameters with presets: what methods and trained networks have in common.

    Attributes
    ----------
    name
        Registered name.
    presets
        Parameters by preset name.
    explained_by
        Command that explains the parameters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=False)

    name: ClassVar[str]
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    explained_by: ClassVar[str] = "lichen methods {name}"

    @classmethod
    def configure(cls, preset: str | None = None, **parameters: Any) -> Self:
        """Build the method from a preset and parameters that override it.

        Raises
        ------
        UnknownNameError
            For a preset or parameter that does not exist.
        ParameterError
            For a value outside its bounds.
        """
        if preset is not None and preset not in cls.presets:
            raise unknown_name(f"preset of {cls.name}", preset, cls.presets)
        for name in parameters:
            if name not in cls.model_fields:
                raise unknown_name(f"parameter of {cls.name}", name, cls.model_fields)
        values = {**(cls.presets[preset] if preset else {}), **parameters}
        try:
            return cls(**values)
        except ValidationError as error:
            raise _parameter_error(cls, error) from None


class Method(Configurable, ABC):
    """A published algorithm and its parameters.

    A subclass is one file: a docstring that cites the paper, fields with bounds, default,
    description and, in ``json_schema_extra``, ``unit`` ("px") and ``trades``: what more or less of
    it gains and costs; and :meth:`run`.

    Attributes
    ----------
    citation
        The paper, in one line.
    honours
        Words of :data:`CAPABILITIES` that apply to it, beyond size and seed.
    takes
        How many exemplars it learns from.
    needs
        Words of :data:`CAPABILITIES` that it requires of a canvas.
    minimum_size
        Minimum height and width of exemplar and canvas, in pixels.
    starts_from
        Initial image by preset, where that is not noise: ``"exemplar"`` or a method's name.
    """

    citation: ClassVar[str]
    honours: ClassVar[frozenset[str]] = frozenset()
    takes: ClassVar[Takes] = "one"
    needs: ClassVar[frozenset[str]] = frozenset()
    minimum_size: ClassVar[int] = 1
    starts_from: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Reject words that are not in the vocabulary."""
        for word in (cls.honours | cls.needs) - CAPABILITIES.keys():
            raise unknown_name("capability", word, CAPABILITIES)

    @classmethod
    def capabilities(cls) -> frozenset[str]:
        """Return the words of :data:`CAPABILITIES` that hold for the method."""
        return cls.honours | cls.needs | ({"exemplars"} if cls.takes == "several" else set())

    @abstractmethod
    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield a step per iteration; the last one's image is the result.

        Parameters
        ----------
        exemplars
            As many as the method takes; all have the canvas's maps.
        canvas
            What to make.
        context
            Randomness, device and resumption.
        """

    def optimizes(self) -> frozenset[str]:
        """Return the kinds of statistics that it matches; the report card does not rank it by them.

        Any of ``gram``, ``covariance``, ``means``, ``histogram``, ``spectrum``, ``patches``,
        ``autocorrelation``, ``portilla-simoncelli``.
        """
        return frozenset()

    def continued(self, iterations: int) -> Self:
        """Return the method that continues a picture for ``iterations`` more; `continues`."""
        raise self._cannot("continues")

    def mixed(self, weights: Sequence[float] | None) -> Self:
        """Return the method with weights for its exemplars, equal ones if None; `mixes`."""
        raise self._cannot("mixes")

    def count_statistics(self) -> dict[str, int]:
        """Count the statistics that are matched, by layer or group; `counts`."""
        raise self._cannot("counts")

    def _cannot(self, capability: str) -> NotHonouredError:
        return NotHonouredError(
            f"{self.name} cannot {CAPABILITIES[capability]} ({capability})",
            "use another method",
            frozenset({capability}),
        )

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise, before any work, if this method cannot fill this canvas from these exemplars."""
        self._check_capabilities(exemplars, canvas)
        minimum = self.minimum_size
        for what, size in [(f"exemplar {e.name}", e.size) for e in exemplars] + [
            ("canvas", canvas.size)
        ]:
            if min(size) < minimum:
                raise ImageError(
                    f"{what} is {size[1]}x{size[0]} but {self.name} needs at least "
                    f"{minimum}x{minimum}",
                    "use a larger picture or another method",
                )
        for exemplar in exemplars:
            if exemplar.channels != canvas.channels:
                raise ImageError(
                    f"{exemplar.name} has {exemplar.channels} channels but the canvas has "
                    f"{canvas.channels}",
                    "convert one of them",
                )
        init = canvas.init
        if isinstance(init, Exemplar) and init.size != canvas.size:
            raise CanvasError(
                f"the initial image is {init.size[1]}x{init.size[0]} but the canvas is "
                f"{canvas.size[1]}x{canvas.size[0]}",
                "resize one of them, or omit `size`",
            )
        if isinstance(init, Exemplar) and init.channels != canvas.channels:
            raise CanvasError(
                f"the initial image has {init.channels} channels but the exemplar has "
                f"{canvas.channels}",
                "convert one of them",
            )

    def check_model(self, model: Model | None) -> None:
        """Raise unless the method can use this model; None if there is none.

        Raises
        ------
        ModelError
            When a model is missing, or belongs to another method.
        NotHonouredError
            When the method reads no model.
        """
        if model is None:
            if "model" in self.needs:
                raise ModelError(
                    f"{self.name} must be trained before it is used, and there is no model",
                    f"name one that `lichen train {self.name}` wrote",
                )
            return
        if "model" not in self.capabilities():
            raise self._cannot("model")
        if model.method != self.name:
            raise ModelError(
                f"{model.name} is a model of {model.method}, not of {self.name}",
                f"use `method` {model.method}, or a model of {self.name}",
            )

    def _check_capabilities(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        requested = set(canvas.requested())
        if len(exemplars) > 1:
            requested.add("exemplars")
        if any(exemplar.mask is not None for exemplar in exemplars):
            requested.add("mask")
        able = self.capabilities()
        if lacking := sorted(requested - able):
            raise NotHonouredError(
                f"{self.name} does not honour {', '.join(lacking)}",
                f"it honours: size, seed, {', '.join(sorted(able))}",
                frozenset(requested),
            )
        if absent := sorted(self.needs - requested - {"model"}):
            verbs = " or ".join(f"`lichen {VERB_GIVING[word]}`" for word in absent)
            raise CanvasError(
                f"{self.name} needs {', '.join(absent)}", f"use {verbs}, or another method"
            )
        if self.takes == "none" and exemplars:
            raise CanvasError(f"{self.name} takes no exemplar", "leave it out")
        if self.takes != "none" and not exemplars:
            raise CanvasError(f"{self.name} needs an exemplar", "give one")


def _parameter_error(of: type[Configurable], error: ValidationError) -> ParameterError:
    first = error.errors()[0]
    message = first["msg"].removeprefix("Value error, ")
    problem = message
    if first["loc"]:
        name, *items = first["loc"]
        item = "".join(f"[{part}]" for part in items)
        problem = f"`{name}`{item} = {first['input']!r} is not allowed: {message}"
    return ParameterError(f"{of.name}: {problem}", f"see `{of.explained_by.format(name=of.name)}`")
