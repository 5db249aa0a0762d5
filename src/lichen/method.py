"""What a method is: a pydantic model whose fields are its parameters, and a run of steps."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from lichen.canvas import Canvas
from lichen.errors import (
    CanvasError,
    ImageError,
    NotHonouredError,
    ParameterError,
    unknown_name,
)
from lichen.exemplar import Exemplar
from lichen.step import Step

if TYPE_CHECKING:
    import torch


@dataclass
class Context:
    """What a run gives its method: randomness, where to resume, and an ear for news.

    Attributes
    ----------
    seed
        The canvas's seed; the only source of randomness.
    threads
        Threads to compute with; results may depend on it in the last bits.
    resume
        A step of an earlier, interrupted run to go on from.
    networks
        Filled by the method: each network used, with its weights' hash.
    on_download
        Called with (what, bytes done, bytes in all) while weights are fetched.
    """

    seed: int = 0
    threads: int = 1
    resume: Step | None = None
    networks: list[str] = field(default_factory=list)
    on_download: Callable[[str, int, int | None], None] | None = None

    def rng(self, purpose: str) -> np.random.Generator:
        """NumPy generator of one purpose, independent of those of all others."""
        return np.random.default_rng([self.seed, zlib.crc32(purpose.encode())])

    def torch_generator(self, purpose: str) -> torch.Generator:
        """Torch CPU generator of one purpose, independent of those of all others."""
        import torch

        return torch.Generator().manual_seed(int(self.rng(purpose).integers(2**63)))

    def used_network(self, name: str) -> None:
        """Record a network for the provenance."""
        if name not in self.networks:
            self.networks.append(name)


class Method(BaseModel, ABC):
    """A published algorithm and its parameters.

    A subclass is one file: a docstring that cites the paper, fields with bounds, default,
    unit (``json_schema_extra={"unit": "px"}``) and description, and :meth:`run`.

    Attributes
    ----------
    name
        Registered name.
    citation
        The paper, in one line.
    honours
        Canvas features beyond size and seed: ``wrap``, ``init``, ``known``, ``guide``; and of
        the exemplar: ``mask``, ``maps``, ``exemplars`` (more than one).
    minimum_size
        Least height and width of exemplar and canvas, in pixels.
    presets
        Parameters by preset name.
    starts_from
        What the canvas starts from, by preset, where that is not noise; as ``--init`` says it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=False)

    name: ClassVar[str]
    citation: ClassVar[str]
    honours: ClassVar[frozenset[str]] = frozenset()
    minimum_size: ClassVar[int] = 1
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    starts_from: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield a step per iteration; the last one's image is the result.

        Parameters
        ----------
        exemplars
            One or, where ``exemplars`` is honoured, more.
        canvas
            What is wanted.
        context
            Randomness and resumption.
        """

    def optimises(self) -> frozenset[str]:
        """Kinds of statistics that this method makes equal; the report card does not rank by them.

        Among ``gram``, ``covariance``, ``means``, ``histogram``, ``spectrum``, ``patches``,
        ``autocorrelation``, ``portilla-simoncelli``.
        """
        return frozenset()

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
            raise _parameter_error(cls.name, error) from None

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        asked = set(canvas.requested())
        if len(exemplars) > 1:
            asked.add("exemplars")
        for exemplar in exemplars:
            asked |= {"mask"} if exemplar.mask is not None else set()
            asked |= {"maps"} if len(exemplar.maps) > 1 else set()
        missing = sorted(asked - self.honours)
        if missing:
            raise NotHonouredError(
                f"{self.name} does not honour {', '.join(missing)}",
                f"it honours: size, seed, {', '.join(sorted(self.honours))}",
                frozenset(asked),
            )
        least = self.minimum_size
        for what, size in [(f"exemplar {e.name}", e.size) for e in exemplars] + [
            ("canvas", canvas.size)
        ]:
            if min(size) < least:
                raise ImageError(
                    f"{what} is {size[1]}x{size[0]} but {self.name} needs at least {least}x{least}",
                    "use a larger picture or another method",
                )
        channels = exemplars[0].channels
        if isinstance(canvas.init, Exemplar) and canvas.init.size != canvas.size:
            raise CanvasError(
                f"the initial image is {canvas.init.size[1]}x{canvas.init.size[0]} but the canvas "
                f"{canvas.size[1]}x{canvas.size[0]}",
                "resize one of them, or leave --size out",
            )
        if isinstance(canvas.init, Exemplar) and canvas.init.channels != channels:
            raise CanvasError(
                f"the initial image has {canvas.init.channels} channels, the exemplar {channels}",
                "convert one of them",
            )


def _parameter_error(method: str, error: ValidationError) -> ParameterError:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    problem = f"{name} = {first['input']!r} is not allowed: {message}" if name else message
    return ParameterError(f"{method}: {problem}", f"see `lichen methods {method}`")
