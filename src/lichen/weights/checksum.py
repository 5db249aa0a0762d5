"""SHA-256 of weight files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex, cached while the file does not change."""
    state = path.stat()
    return _sha256(path.resolve(), state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=64)
def _sha256(path: Path, size: int, mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_published(sha256: str, published: Iterable[str]) -> bool:
    """Whether a checksum is, or starts with, one of the published ones."""
    return any(sha256.startswith(known) for known in published if known)
