"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from lichen.atomic import atomic_path, atomic_paths
from lichen.errors import LichenError


def test_the_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with atomic_path(target) as temporary:
        temporary.write_text("whole")
        assert not target.exists()
        assert temporary.suffix == ".txt"
    assert target.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_by_a_failure(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def fail() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_what_the_system_refuses_is_one_line(tmp_path: Path) -> None:
    long = tmp_path / ("very" * 70 + "long.png")
    with pytest.raises(LichenError, match=r"File name too long"), atomic_path(long) as temporary:
        temporary.write_text("x")
    with pytest.raises(LichenError, match="No space left"), atomic_path(tmp_path / "a.txt"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("last", [False, True])
def test_several_files_appear_together_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: bool
) -> None:
    """The disk may be found full when a file is written, or only when the last is flushed."""
    targets = [tmp_path / "a.png", tmp_path / "b.json"]
    targets[0].write_text("old")

    def write(data: str) -> None:
        with atomic_paths(targets) as temporaries:
            for temporary in temporaries:
                temporary.write_text(data)
            if not last:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    calls = iter([None, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))])

    def flush(file: int) -> None:
        if (error := next(calls)) is not None:
            raise error

    monkeypatch.setattr(os, "fsync", flush)
    with pytest.raises(LichenError, match=r"a\.png cannot be written \(No space left"):
        write("new")
    assert targets[0].read_text() == "old"
    assert list(tmp_path.iterdir()) == targets[:1]
    monkeypatch.undo()
    last = True
    write("new")
    assert [target.read_text() for target in targets] == ["new", "new"]
    assert sorted(tmp_path.iterdir()) == targets


def test_a_missing_folder_and_a_folder_are_errors(tmp_path: Path) -> None:
    with pytest.raises(LichenError, match="does not exist"), atomic_path(tmp_path / "no" / "a.txt"):
        pass
    with pytest.raises(LichenError, match="is a folder"), atomic_path(tmp_path):
        pass
