"""Fixtures of the tests of the command line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner

from lichen.faces.cli.main import lichen


@pytest.fixture
def call() -> Callable[..., str]:
    """Give what runs a command line that must succeed, and returns what it printed."""

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(lichen, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return run
