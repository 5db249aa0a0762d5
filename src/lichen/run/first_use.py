"""Whether a method's kernels have been compiled on this machine: the first run is slow."""

from __future__ import annotations

import platform
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from lichen.run.machine import lichen_version
from lichen.weights.folders import cache_folder


class FirstUse:
    """Remember in the cache folder which methods have run.

    Parameters
    ----------
    method
        Name of a method, whose class has been imported.

    Attributes
    ----------
    compiles
        Whether the method has kernels that this run will compile. Numba keeps them on disk.
    """

    def __init__(self, method: str) -> None:
        self._marker: Path | None = None
        if "numba" in sys.modules:  # only methods with kernels import it
            key = f"{method}-{lichen_version()}-numba{version('numba')}-{platform.machine()}"
            self._marker = cache_folder() / "kernels" / key
        self.compiles = self._marker is not None and not self._marker.is_file()

    def done(self) -> None:
        """Record that the method has run to its end."""
        if self.compiles and self._marker is not None:
            with suppress(OSError):  # a cache that cannot be written costs only the notice
                self._marker.parent.mkdir(parents=True, exist_ok=True)
                self._marker.touch()
