"""Handling of Ctrl-C that never loses a request."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self


class Interruption:
    """Remember, as a context manager, that the process was asked to stop.

    ``KeyboardInterrupt`` is raised wherever the interpreter happens to be, and is lost where
    exceptions are swallowed: in a finalizer, in a callback from C. The run would then continue. So
    the request is remembered, and raised again at the next step.

    Parameters
    ----------
    deferred
        Whether the first request is only remembered, so that the current step can finish; a second
        one is raised at once.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self, deferred: bool = False) -> None:
        self.requested = False
        self.deferred = deferred
        self._before: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def __enter__(self) -> Self:
        """Handle signals whose handler is Python's; only the main thread has any."""
        if threading.current_thread() is threading.main_thread():
            for number in self.SIGNALS:
                before = signal.getsignal(number)
                if callable(before) and not isinstance(before, signal.Handlers):
                    self._before[number] = before
                    signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Restore the handlers."""
        for number, before in self._before.items():
            signal.signal(number, before)

    def check(self) -> None:
        """Raise ``KeyboardInterrupt`` if the process was asked to stop."""
        if self.requested:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        first, self.requested = not self.requested, True
        if not (self.deferred and first):
            self._before[number](number, frame)
