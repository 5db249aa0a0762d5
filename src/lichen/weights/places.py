"""Folders and switches of the environment that decide where weights are looked for."""

from __future__ import annotations

import os
from pathlib import Path

EMBEDDED = Path(__file__).parent / "embedded"
"""Folder of the weights that come with the package."""


def cache_folder() -> Path:
    """Folder for everything that can be made or downloaded again; ``$LICHEN_CACHE`` overrides."""
    given = os.environ.get("LICHEN_CACHE")
    if given:
        return Path(given).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("lichen", appauthor=False))


def weights_cache() -> Path:
    """Folder of downloaded weights."""
    return cache_folder() / "weights"


def own_weights() -> Path | None:
    """``$LICHEN_WEIGHTS``: the user's folder of weights, or one file; None when not set."""
    given = os.environ.get("LICHEN_WEIGHTS")
    return Path(given).expanduser() if given else None


def is_offline() -> bool:
    """Whether ``$LICHEN_OFFLINE`` forbids downloads."""
    return os.environ.get("LICHEN_OFFLINE", "").lower() not in {"", "0", "false", "no"}
