"""Parameters as command-line options: declared once, in the method, and read from text here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from pydantic import BaseModel

from lichen.errors import ParameterError
from lichen.faces.schema import AUTOMATIC, Field, fields


def options(model: type[BaseModel]) -> list[click.Option]:
    """Make an option of every field; the model itself validates the values."""
    return [_option(field) for field in fields(model)]


def given(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """Read the fields that the user set.

    Lists are split at commas, mappings at commas and then at ``=`` or ``:`` (``height=0``,
    ``gram:1``, or a name alone for 1); ``automatic`` is None.
    """
    found: dict[str, Any] = {}
    for field in fields(model):
        value = values.get(field.name)
        if value is None or value == ():
            continue
        if value in (AUTOMATIC, (AUTOMATIC,)) and field.optional:
            value = None
        elif field.kind in ("list", "mapping"):
            texts = [value] if isinstance(value, str) else value
            parts = [part.strip() for text in texts for part in text.split(",")]
            value = [part for part in parts if part]
            if field.kind == "mapping":
                value = _mapping(field, value)
        found[field.name] = value
    return found


def flag(name: str) -> str:
    """Return the option of a field."""
    return "--" + name.replace("_", "-")


def describe(field: Field) -> str:
    """One line: description, values or bounds, default."""
    details = [part for part in (field.limits(), f"default {_default(field)}") if part]
    return f"{field.description}  [{'; '.join(details)}]"


def metavar(field: Field) -> str:
    """Name of a field's kind, as the help shows it."""
    return {"mapping": "NAME=NUMBER"}.get(field.kind, field.kind.upper())


def typed(name: str, value: Any, field: Field) -> str:
    """Return a parameter as it is typed: ``--levels 2``, ``--no-relative``."""
    if isinstance(value, bool):
        return flag(name) if value else f"--no-{name.replace('_', '-')}"
    return f"{flag(name)} {field.typed(value)}"


def _default(field: Field) -> str:
    return field.typed(field.default) or "none"


def _option(field: Field) -> click.Option:
    text = describe(field)
    if field.kind == "yes/no" and not field.optional:
        names = f"{flag(field.name)}/--no-{field.name.replace('_', '-')}"
        return click.Option([names], default=None, help=text)
    return click.Option(
        [flag(field.name)],
        default=None,
        help=text,
        metavar=metavar(field),
        multiple=field.kind in ("list", "mapping"),  # with commas, or by repeating the option
    )


def _mapping(field: Field, parts: list[str]) -> dict[str, float]:
    """Read ``name=number`` or ``name:number``, or ``name`` for 1."""
    found = {}
    for part in parts:
        sign = "=" if "=" in part else ":"
        name, _, number = part.partition(sign)
        if name in found or not name or part.endswith(sign):
            raise ParameterError(
                f"{flag(field.name)} {part}: " + ("given twice" if name in found else "incomplete"),
                f"write it once, as in {flag(field.name)} {name or 'name'}{sign}0.5",
            )
        try:
            found[name] = float(number) if number else 1.0
        except ValueError:
            raise ParameterError(
                f"{flag(field.name)} {part}: {number!r} is not a number",
                f"write it as in {flag(field.name)} {name}{sign}0.5",
            ) from None
    return found
