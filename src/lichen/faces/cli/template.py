"""Names of output files: ``"{exemplar}_{method}_{seed}.png"``."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from pathlib import Path

from lichen.errors import ParameterError, unknown_name

FIELDS = ("exemplar", "target", "method", "preset", "seed", "index", "width", "height")


def fill(template: str, picture: Mapping[str, object]) -> Path:
    """Fill a template for one picture.

    Raises
    ------
    UnknownNameError
        For a field that does not exist.
    ParameterError
        If the template is malformed.
    """
    try:
        used = [field for _, field, _, _ in string.Formatter().parse(template) if field is not None]
    except ValueError as error:
        raise _malformed(template, error) from None
    for field in used:
        if field not in FIELDS:
            raise unknown_name("field of an output template", field, FIELDS)
    try:
        return Path(template.format(**picture))
    except ValueError as error:  # a conversion or format that the field does not support
        raise _malformed(template, error) from None


def check_distinct(template: str, paths: Sequence[Path]) -> None:
    """Raise if two pictures would get the same name."""
    if len({path.resolve() for path in paths}) < len(paths):
        raise ParameterError(
            f"output template {template!r} gives several pictures the same name",
            'add {seed}, {index} or {exemplar}, as in "{exemplar}_{method}_{seed}.png"',
        )


def _malformed(template: str, error: ValueError) -> ParameterError:
    return ParameterError(
        f"output template {template!r} is malformed: {error}",
        "write fields as {seed} or {seed:03}, and literal braces doubled: {{ }}",
    )
