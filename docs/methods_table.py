"""Print the tables of docs/resampling.md and docs/learning.md: what each method honours.

Run by hand when a method is added or learns something: ``python docs/methods_table.py learning``;
``tests/test_docs.py`` says when a page is out of date.
"""

from __future__ import annotations

import sys

from lichen import registry

FAMILIES = ("resampling", "learning")
FEATURES = ("wrap", "known", "guide", "mask", "maps", "exemplars", "init")


def table(family: str) -> str:
    """Give the table in Markdown: a row for each method of the family, in the registry's order."""
    copies = family == "resampling"
    head = ("method", *FEATURES, *(["copies"] if copies else []), "least", "presets")
    lines = [" | ".join(head), "|".join(["---"] * len(head))]
    for name in registry.METHODS:
        if f".{family}." not in registry.METHODS[name].target:
            continue
        method = registry.method(name)
        marks = [feature in method.honours for feature in FEATURES]
        if copies:
            from lichen.methods.resampling.family import CopyingMethod

            marks.append(issubclass(method, CopyingMethod))
        cells = [f"`{name}`", *("✓" if mark else "" for mark in marks)]
        cells += [f"{method.minimum_size} px", ", ".join(method.presets)]
        lines.append(" | ".join(cells))
    return "\n".join(f"| {line} |" for line in lines)


if __name__ == "__main__":
    print(table(sys.argv[1]))
