"""The results of one run, kept by test for whoever looks at a few of them."""

from __future__ import annotations

from runner.events import Event, TestFinished, TestKey


class KeptResults:
    """A sink that keeps the last result of each test.

    Attributes:
        found: Results by test.
    """

    def __init__(self) -> None:
        self.found: dict[TestKey, TestFinished] = {}

    def emit(self, event: Event, /) -> None:
        """Keep a result; other events say nothing here."""
        if isinstance(event, TestFinished):
            self.found[event.key] = event
