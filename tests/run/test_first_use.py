"""The first run with kernels says that it compiles, later ones do not."""

from __future__ import annotations

from pathlib import Path

import numba  # noqa: F401  # as a method with kernels does
import pytest

from lichen.run.first_use import FirstUse


def test_only_the_first_finished_run_compiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LICHEN_CACHE", str(tmp_path))
    FirstUse("quilting")  # interrupted: not done
    first = FirstUse("quilting")
    assert first.compiles
    first.done()
    assert not FirstUse("quilting").compiles
    assert FirstUse("graphcut").compiles


def test_a_cache_that_cannot_be_written_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("LICHEN_CACHE", str(tmp_path / "file"))
    first = FirstUse("quilting")
    first.done()
    assert FirstUse("quilting").compiles
