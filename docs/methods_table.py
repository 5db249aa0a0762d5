"""Print the tables of docs/resampling.md and docs/learning.md: what each method can do.

``python docs/methods_table.py learning`` prints one, ``--write`` puts all into their pages;
``tests/test_docs.py`` says when a page is out of date.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from lichen import registry
from lichen.method import CAPABILITIES

FAMILIES = ("resampling", "learning")


def table(family: str) -> str:
    """Return the table in Markdown: a row for each method of the family, in the registry's order.

    Capabilities that no method of the family has get no column.
    """
    found = {
        name: registry.method(name)
        for name, row in registry.METHODS.items()
        if row.family == family
    }
    able = set[str]().union(*(method.capabilities() for method in found.values()))
    columns = [word for word in CAPABILITIES if word in able]
    head = ("method", *columns, "minimum", "presets")
    lines = [" | ".join(head), "|".join(["---"] * len(head))]
    for name, method in found.items():
        marks = ["✓" if word in method.capabilities() else "" for word in columns]
        cells = [f"`{name}`", *marks, f"{method.minimum_size} px", ", ".join(method.presets)]
        lines.append(" | ".join(cells))
    return "\n".join(f"| {line} |" for line in lines)


def write(family: str) -> None:
    """Put the table into the family's page, in place of the one that is there."""
    page = Path(__file__).parent / f"{family}.md"
    text = page.read_text("utf-8")
    page.write_text(
        re.sub(r"(\| method \| wrap.*\n)(\|.*\n)+", table(family) + "\n", text), "utf-8"
    )


if __name__ == "__main__":
    if "--write" in sys.argv:
        for name in FAMILIES:
            write(name)
    else:
        print(table(sys.argv[1]))
