"""What the import contract of pyproject.toml cannot say: methods stand alone."""

from __future__ import annotations

import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
SHARED = ("family", "options")
"""Modules of a family that its methods share."""


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("lichen")


def test_no_method_imports_another(graph: grimp.ImportGraph) -> None:
    methods = {
        module
        for module in graph.find_descendants("lichen.methods")
        if module.count(".") == 3 and module.rpartition(".")[2] not in SHARED
    }
    assert len(methods) > 20
    for method in methods:
        imported = graph.find_modules_directly_imported_by(method)
        assert not imported & (methods - {method}), method


def test_families_are_independent(graph: grimp.ImportGraph) -> None:
    families = graph.find_children("lichen.methods")
    for family in families:
        for module in graph.find_descendants(family):
            for imported in graph.find_modules_directly_imported_by(module):
                other = ".".join(imported.split(".")[:3])
                assert other == family or other not in families, (module, imported)


def test_the_import_contract_has_no_exceptions() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for contract in settings["tool"]["importlinter"]["contracts"]:
        assert "ignore_imports" not in contract


def test_there_is_no_circle_of_imports(graph: grimp.ImportGraph) -> None:
    """Function-local imports included; a package is not its own circle."""
    circles = [
        (module, imported)
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
        if not module.startswith(f"{imported}.")
        and not imported.startswith(f"{module}.")
        and graph.find_shortest_chain(imported, module) is not None
    ]
    assert circles == []
