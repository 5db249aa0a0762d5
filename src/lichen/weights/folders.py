"""Folders and environment variables that determine where weights are looked for."""

from __future__ import annotations

import os
from pathlib import Path

EMBEDDED = Path(__file__).parent / "embedded"
"""Folder of the weights that come with the package."""


def cache_folder() -> Path:
    """Return ``$LICHEN_CACHE``, or the user's cache folder."""
    given = os.environ.get("LICHEN_CACHE")
    if given:
        return Path(given).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("lichen", appauthor=False))


def weights_cache() -> Path:
    """Return the folder of downloaded weights."""
    return cache_folder() / "weights"


def own_weights() -> Path | None:
    """Return ``$LICHEN_WEIGHTS``, a folder of weights or one file; None when it is not set."""
    given = os.environ.get("LICHEN_WEIGHTS")
    return Path(given).expanduser() if given else None


def is_offline() -> bool:
    """Whether ``$LICHEN_OFFLINE`` forbids downloads."""
    return os.environ.get("LICHEN_OFFLINE", "").lower() not in {"", "0", "false", "no"}
