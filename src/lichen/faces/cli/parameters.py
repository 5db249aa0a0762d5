"""Pydantic fields as command-line options: a parameter is written once, in its method."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

AUTOMATIC = "automatic"
"""What is typed, and shown, where a parameter is left to the method."""


def options(model: type[BaseModel]) -> list[click.Option]:
    """Make an option of every field; values stay text for the model itself to judge."""
    return [_option(name, field) for name, field in model.model_fields.items()]


def given(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """Pick the fields that the user set: lists split at commas, ``automatic`` for None."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        value = values.get(name)
        if value is None or value == ():
            continue
        if value in (AUTOMATIC, (AUTOMATIC,)) and field.default is None:
            value = None
        elif _is_list(field):
            texts = [value] if isinstance(value, str) else value
            parts = [part.strip() for text in texts for part in text.split(",")]
            value = [part for part in parts if part]
        found[name] = value
    return found


def flag(name: str) -> str:
    """Give the option of a field."""
    return "--" + name.replace("_", "-")


def _option(name: str, field: FieldInfo) -> click.Option:
    text = describe(field)
    if field.annotation is bool:
        names = f"{flag(name)}/--no-{name.replace('_', '-')}"
        return click.Option([names], default=None, help=text)
    return click.Option(
        [flag(name)],
        default=None,
        help=text,
        metavar=kind(field).upper(),
        multiple=_is_list(field),  # a list is typed with commas, or by giving the option again
    )


def describe(field: FieldInfo) -> str:
    """One line: description, values or bounds, default."""
    details = [part for part in (limits(field), f"default {default(field)}") if part]
    return f"{field.description or ''}  [{'; '.join(details)}]"


def kind(field: FieldInfo) -> str:
    """Name of a field's type, for people."""
    if _is_list(field):
        return "list"
    for part in _parts(field.annotation):
        if typing.get_origin(part) is Literal:
            return "choice"
        if isinstance(part, type):
            names = {"str": "text", "float": "number", "int": "integer", "bool": "yes/no"}
            return names.get(part.__name__, part.__name__.lower())
    return "text"


def limits(field: FieldInfo) -> str:
    """Allowed values or bounds, and the unit."""
    words = [
        ", ".join(map(str, typing.get_args(part)))
        for part in _parts(field.annotation)
        if typing.get_origin(part) is Literal
    ]
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    for rule in field.metadata:
        words += [f"{sign} {getattr(rule, a)}" for a, sign in signs.items() if hasattr(rule, a)]
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "unit" in extra:
        words.append(f"in {extra['unit']}")
    return ", ".join(words)


def default(field: FieldInfo) -> str:
    """Default value as it would be typed."""
    value = field.get_default(call_default_factory=True)
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return AUTOMATIC if value is None else str(value)


def _is_list(field: FieldInfo) -> bool:
    return any(typing.get_origin(part) in (tuple, list) for part in _parts(field.annotation))


def _parts(annotation: Any) -> Iterator[Any]:
    """Members of a union, or the type itself, without Annotated."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        for member in typing.get_args(annotation):
            yield from _parts(member)
    elif typing.get_origin(annotation) is typing.Annotated:
        yield from _parts(typing.get_args(annotation)[0])
    elif annotation is not type(None):
        yield annotation
