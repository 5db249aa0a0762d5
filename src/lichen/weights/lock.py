"""One process at a time: an advisory lock on a file, released when its holder dies."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from lichen.errors import WeightsError

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: BinaryIO) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def exclusive(path: Path, poll: float = 0.2) -> Iterator[None]:
    """Hold the lock file ``path``, waiting while another process does.

    The operating system releases the lock with its holder, so that a killed process leaves
    nothing to clean up; the empty file itself stays.

    Parameters
    ----------
    path
        Lock file, created when absent.
    poll
        Seconds between two attempts.
    """
    try:
        with path.open("ab") as file:
            while not _try_lock(file):
                time.sleep(poll)
            yield
    except OSError as error:
        raise WeightsError(
            f"cannot lock {path}: {error.strerror or error}",
            "set LICHEN_CACHE to a folder on a local disk that you may write to",
        ) from error
