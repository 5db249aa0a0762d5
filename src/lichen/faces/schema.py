"""Every field of a model as plain data, from which flags, page controls and help are made."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Kind = Literal["integer", "number", "text", "choice", "yes/no", "list", "mapping", "path"]

BOUNDS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
AUTOMATIC = "automatic"
"""Typed, and shown, for a parameter that the method chooses itself."""


@dataclass(frozen=True)
class Field:
    """One parameter.

    Attributes
    ----------
    name
        As Python has it.
    kind
        Kind of its values.
    description, trades, unit
        For people: what it is, what more or less of it gains and costs, and its unit; empty if
        there is none.
    default
        None if the method chooses.
    optional
        Whether None may be given.
    choices
        The allowed values of a choice.
    bounds
        Limits of a number, by comparison: ``{">=": 1}``.
    """

    name: str
    kind: Kind
    description: str
    trades: str
    unit: str
    default: Any
    optional: bool
    choices: tuple[str, ...]
    bounds: Mapping[str, float]

    def limits(self) -> str:
        """Return the allowed values or bounds, and the unit, for people."""
        words = [", ".join(self.choices)] if self.choices else []
        words += [f"{sign} {value}" for sign, value in self.bounds.items()]
        words += [f"in {self.unit}"] if self.unit else []
        return ", ".join(words)

    def typed(self, value: Any) -> str:
        """Return a value as it is typed on a command line."""
        if value is None:
            return AUTOMATIC
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, Mapping):
            return ",".join(f"{key}={weight:g}" for key, weight in value.items())
        if isinstance(value, tuple | list):
            return ",".join(map(str, value))
        return str(value)


def fields(model: type[BaseModel]) -> list[Field]:
    """Describe every field of a model."""
    return [_field(name, info) for name, info in model.model_fields.items()]


def _field(name: str, info: FieldInfo) -> Field:
    parts = list(_parts(info.annotation))
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    return Field(
        name=name,
        kind=_kind(parts),
        description=info.description or "",
        trades=str(extra.get("trades", "")),
        unit=str(extra.get("unit", "")),
        default=info.get_default(call_default_factory=True),
        optional=_is_optional(info.annotation),
        choices=tuple(
            str(value)
            for part in parts
            if typing.get_origin(part) is Literal
            for value in typing.get_args(part)
        ),
        bounds={
            sign: getattr(rule, bound)
            for rule in info.metadata
            for bound, sign in BOUNDS.items()
            if getattr(rule, bound, None) is not None
        },
    )


def _kind(parts: list[Any]) -> Kind:
    origins = {typing.get_origin(part) for part in parts}
    if origins & {dict, Mapping}:
        return "mapping"
    if origins & {tuple, list}:
        return "list"
    for part in parts:
        if typing.get_origin(part) is Literal:
            return "choice"
        kinds: dict[str, Kind] = {
            "float": "number",
            "int": "integer",
            "bool": "yes/no",
            "Path": "path",
        }
        if isinstance(part, type):
            return kinds.get(part.__name__, "text")
    return "text"


def _is_optional(annotation: Any) -> bool:
    if typing.get_origin(annotation) is typing.Annotated:
        return _is_optional(typing.get_args(annotation)[0])
    return type(None) in typing.get_args(annotation)


def _parts(annotation: Any) -> Iterator[Any]:
    """Yield the members of a union, or the type itself, without Annotated."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        for member in typing.get_args(annotation):
            yield from _parts(member)
    elif origin is typing.Annotated:
        yield from _parts(typing.get_args(annotation)[0])
    elif origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        yield dict[str, Any]
    elif annotation is not type(None):
        yield annotation
