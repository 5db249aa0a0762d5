"""Draw the graph of the folders in docs/architecture.md: who imports whom, from the code itself.

python docs/import_graph.py            # prints it
python docs/import_graph.py --write    # puts it into the page
"""

from __future__ import annotations

import argparse
import re
import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"
MARKS = ("<!-- graph -->", "<!-- /graph -->")


def layers() -> list[list[str]]:
    """Return the layers of the import contract, highest first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    return [[name.strip() for name in layer.split("|")] for layer in contract["layers"]]


def edges() -> dict[str, set[str]]:
    """Return what each folder or module of the package imports, of the others."""
    graph = grimp.build_graph("lichen")
    found: dict[str, set[str]] = {}
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            above, below = _top(importer), _top(imported)
            if above and below and above != below:
                found.setdefault(above, set()).add(below)
    return found


def _top(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def reduced(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """Leave out what is implied by longer paths, so that the drawing can be read."""

    def reachable(start: str, without: str) -> set[str]:
        seen: set[str] = set()
        waiting = [name for name in graph.get(start, ()) if name != without]
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += graph.get(name, ())
        return seen

    return {
        above: {name for name in below if name not in reachable(above, name)}
        for above, below in graph.items()
    }


def drawing() -> str:
    """Return the graph as a Mermaid diagram, a row for each layer."""
    lines = ["```mermaid", "flowchart TD"]
    for number, names in enumerate(layers()):
        lines.append(f"  subgraph layer{number}[ ]")
        lines += [f"    {name}" for name in names]
        lines.append("  end")
    known = {name for names in layers() for name in names}
    for above, below in sorted(reduced(edges()).items()):
        lines += [f"  {above} --> {name}" for name in sorted(below) if {above, name} <= known]
    return "\n".join([*lines, "```"])


def main() -> None:
    """Print the graph, or put it into the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="put it into docs/architecture.md")
    if not parser.parse_args().write:
        print(drawing())
        return
    page = PAGE.read_text("utf-8")
    start, end = map(re.escape, MARKS)
    between = f"{MARKS[0]}\n{drawing()}\n{MARKS[1]}"
    PAGE.write_text(re.sub(f"{start}.*{end}", lambda _: between, page, flags=re.DOTALL), "utf-8")


if __name__ == "__main__":
    main()
