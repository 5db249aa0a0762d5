"""Ctrl-C while pictures are optimised: those so far are not lost."""

from __future__ import annotations

from typing import Any


class ProbeInterruptedError(KeyboardInterrupt):
    """Ctrl-C during a probe; ``so_far`` is what it would have returned, as far as it came.

    Before there is any picture a plain ``KeyboardInterrupt`` is raised.
    """

    def __init__(self, so_far: Any) -> None:
        super().__init__("interrupted")
        self.so_far = so_far
