"""Ctrl-C that is never lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self


class Interruption:
    """Remembers that the process was asked to stop, while it is entered.

    ``KeyboardInterrupt`` is raised wherever the interpreter happens to be, and is lost where
    exceptions are swallowed: in a finalizer, in a callback from C. The run would then go on. So the
    request is remembered, and raised again at the next step.

    Parameters
    ----------
    deferred
        Whether the first request is only remembered, so that a step ends before anything stops; a
        second one is raised at once.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self, deferred: bool = False) -> None:
        self.asked = False
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
        if self.asked:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        first, self.asked = not self.asked, True
        if not (self.deferred and first):
            self._before[number](number, frame)
