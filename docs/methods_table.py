"""Print the table of docs/resampling.md: what each resampling method honours.

Run by hand when a method is added or learns something: ``python docs/methods_table.py``;
``tests/test_docs.py`` says when the page is out of date.
"""

from __future__ import annotations

from lichen import registry
from lichen.matching.copying import CopyingMethod

FAMILY = ".resampling."
FEATURES = ("wrap", "known", "guide", "mask", "maps", "exemplars", "init")
HEAD = ("method", *FEATURES, "copies", "least", "presets")


def table() -> str:
    """Give the table in Markdown: a row for each method of the family, in the registry's order."""
    lines = [" | ".join(HEAD), "|".join(["---"] * len(HEAD))]
    for name in registry.METHODS:
        if FAMILY not in registry.METHODS[name].target:
            continue
        method = registry.get(name)
        marks = [feature in method.honours for feature in FEATURES]
        marks.append(issubclass(method, CopyingMethod))
        cells = [f"`{name}`", *("✓" if mark else "" for mark in marks)]
        cells += [f"{method.minimum_size} px", ", ".join(method.presets)]
        lines.append(" | ".join(cells))
    return "\n".join(f"| {line} |" for line in lines)


if __name__ == "__main__":
    print(table())
