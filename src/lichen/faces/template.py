"""Names of output files: ``"{exemplar}_{method}_{seed}.png"``."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from pathlib import Path

from lichen.errors import ParameterError, unknown_name

FIELDS = ("exemplar", "method", "preset", "seed", "index", "width", "height")


def output_paths(template: str, pictures: Sequence[Mapping[str, object]]) -> list[Path]:
    """Fill a template for each picture.

    Raises
    ------
    UnknownNameError
        For a field that does not exist.
    ParameterError
        If two pictures would get the same name, or the template is malformed.
    """
    try:
        used = [field for _, field, _, _ in string.Formatter().parse(template) if field is not None]
    except ValueError as error:
        raise ParameterError(
            f"output template {template!r} is malformed: {error}", "double literal braces: {{ }}"
        ) from None
    for field in used:
        if field not in FIELDS:
            raise unknown_name("field of an output template", field, FIELDS)
    paths = [Path(template.format(**picture)) for picture in pictures]
    if len(set(paths)) < len(paths):
        raise ParameterError(
            f"output template {template!r} gives several pictures one name",
            'add {seed}, {index} or {exemplar}, as in "{exemplar}_{method}_{seed}.png"',
        )
    return paths
