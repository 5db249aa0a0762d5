"""The public page, and what importing costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import lichen


def public_names() -> list[str]:
    stub = Path(lichen.__file__).with_suffix(".pyi").read_text()
    return [
        alias.asname or alias.name
        for node in ast.parse(stub).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]


@pytest.mark.parametrize("name", public_names())
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(lichen, name).__doc__
    assert name in lichen.__all__


@pytest.mark.parametrize(
    "module",
    [
        "lichen",
        "lichen.run.verbs",
        "lichen.faces.python",
        "lichen.methods.learning.gatys",
        "lichen.image",
    ],
)
def test_importing_does_not_import_torch(module: str) -> None:
    code = f"import {module}, sys; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_versions_agree() -> None:
    from importlib.metadata import version

    assert version("lichen") == lichen.__version__
