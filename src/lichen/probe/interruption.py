"""Ctrl-C while pictures are being optimized: those finished so far are kept."""

from __future__ import annotations

from typing import Any


class ProbeInterruptedError(KeyboardInterrupt):
    """Ctrl-C during a probe; ``so_far`` is the return value as far as it got.

    Before there is any picture a plain ``KeyboardInterrupt`` is raised.
    """

    def __init__(self, so_far: Any) -> None:
        super().__init__("interrupted")
        self.so_far = so_far
