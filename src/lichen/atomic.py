"""Files that appear whole or not at all: written under a temporary name, then renamed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from lichen.errors import LichenError


def check_folder(path: Path) -> None:
    """Raise unless a file could be written at ``path``."""
    folder = path.absolute().parent
    try:
        path.lstat()
    except FileNotFoundError:
        pass
    except OSError as error:  # a name too long, a file where a folder should be
        raise _refused(path, error) from None
    if path.is_dir():
        raise LichenError(f"{path} is a folder", "name a file in it")
    if not folder.is_dir():
        raise LichenError(f"{path}: the folder {folder} does not exist", "make it first")
    if not os.access(folder, os.W_OK):
        raise LichenError(f"{path}: the folder {folder} is not writable", "choose another one")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that takes its place when the block succeeds.

    The temporary file has the same suffix and is removed on any exception, Ctrl-C included.

    Raises
    ------
    LichenError
        If the folder does not exist or is not writable, ``path`` is a folder, or the system
        refuses to write: no space is left, the name is too long.
    """
    with atomic_paths([path]) as (temporary,):
        yield temporary


@contextmanager
def atomic_paths(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Yield temporary paths for files that appear together, or none of them; see atomic_path."""
    for path in paths:
        check_folder(path)
    temporaries = [
        path.with_name(f".{path.stem[:32]}.{secrets.token_hex(4)}{path.suffix}") for path in paths
    ]
    try:
        yield temporaries
        for temporary in temporaries:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        for temporary, path in zip(temporaries, paths, strict=True):
            temporary.replace(path)
    except BaseException as error:
        for temporary in temporaries:
            with suppress(OSError):
                temporary.unlink()
        if isinstance(error, OSError):
            raise _refused(paths[0], error) from error
        raise


def _refused(path: Path, error: OSError) -> LichenError:
    return LichenError(
        f"{path} cannot be written ({error.strerror or error})", "choose another name or folder"
    )
