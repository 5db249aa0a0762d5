"""Methods by name. Rows are text, so that a list of methods imports none of them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points

from lichen.errors import UnknownNameError, unknown_name
from lichen.method import Method

ENTRY_POINTS = "lichen.methods"


@dataclass(frozen=True)
class Row:
    """Where a method's class is, and one line about it."""

    target: str
    summary: str


METHODS: dict[str, Row] = {
    "patchmatch": Row(
        "lichen.methods.resampling.patchmatch:PatchMatch",
        "Overlapping patches agree, coarse to fine, then pixels are copied; fast, takes all tasks",
    ),
    "gatys": Row(
        "lichen.methods.learning.gatys:Gatys",
        "Gram matrices of a network's features, by optimisation (Gatys, Ecker, Bethge 2015)",
    ),
}


def rows() -> dict[str, Row]:
    """All methods by name: the built-in ones, then those of installed packages."""
    found = dict(METHODS)
    for entry in entry_points(group=ENTRY_POINTS):
        found.setdefault(entry.name, Row(entry.value, f"from {entry.value.partition(':')[0]}"))
    return found


def methods_that_honour(features: frozenset[str]) -> list[str]:
    """Names of the built-in methods that honour all of these canvas features."""
    return [name for name in METHODS if features <= get(name).honours]


def get(name: str) -> type[Method]:
    """Import the class of a method.

    Raises
    ------
    UnknownNameError
        With the nearest known names.
    """
    known = rows()
    if name not in known:
        raise unknown_name("method", name, known)
    module, _, attribute = known[name].target.partition(":")
    method = getattr(import_module(module), attribute)
    if not (isinstance(method, type) and issubclass(method, Method)):
        raise UnknownNameError(f"{known[name].target} is not a lichen method")
    return method
