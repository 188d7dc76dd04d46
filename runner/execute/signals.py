"""Ctrl-C and SIGTERM while tests run: noted, and acted upon by the loop."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Self

from runner.errors import Terminated

if TYPE_CHECKING:
    from types import FrameType, TracebackType

_WATCHED = (signal.SIGINT, signal.SIGTERM)


class SignalWatch:
    """Notes the signals that ask to stop; outside the main thread, and where they are ignored, it leaves them alone.

    A watch inside another one goes on with what that one noted. `received` holds their names in order.

    Args:
        patience: After so many signals the next one unwinds what is being done, for nobody may look at `received`; None: never.
    """

    def __init__(self, patience: int | None = None) -> None:
        self.received: list[str] = []
        self._patience = patience
        self._previous: dict[int, object] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in _WATCHED:
                previous = signal.getsignal(number)
                if previous is not signal.SIG_IGN:
                    outer = getattr(previous, "__self__", None)
                    self.received = outer.received if isinstance(outer, SignalWatch) else self.received
                    self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        for number, previous in self._previous.items():
            signal.signal(number, previous)  # type: ignore[arg-type]

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.received.append(signal.Signals(number).name)
        if self._patience is not None and len(self.received) > self._patience:
            raise Terminated if number == signal.SIGTERM else KeyboardInterrupt
