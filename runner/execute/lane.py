"""One worker as the scheduler sees it: which tests it has, and what it is doing now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.execute.schedule import Range, keys_of, runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.events import TestKey
    from runner.execute.process import WorkerProcess


class Lane:
    """A worker process with its view of the suite.

    A worker that replaces a dead one loads the suite anew, and may find other tests; its positions are translated by
    (id, ordinal).

    Attributes:
        running: Positions, of the run's schedule, of the tests that started and did not finish.
        fixture: The fixture that is running: its name and the positions it would prevent.
        importing: The module whose import was announced last.
        ended: Why the worker said `end`, empty for the usual end; None before.
        finished: How many tests it brought to an end.
        last: Position of the last one.
        blocks: Positions of the suites that run as a whole.
    """

    def __init__(self, number: int, process: WorkerProcess) -> None:
        self.number = number
        self.process = process
        self.running: set[int] = set()
        self.fixture: tuple[str, list[int]] | None = None
        self.importing: str | None = None
        self.has_loaded = False
        self.ended: str | None = None
        self.finished = 0
        self.last: int | None = None
        self.blocks: list[Range] = []
        self._is_same = True
        self._translation: dict[int, int] = {}
        self._own: dict[int, int] = {}

    def load(self, ids: Sequence[str], blocks: Sequence[Sequence[int]], keys: list[TestKey]) -> None:
        """Take the worker's view of the suite; `keys` is the run's, made by its first worker."""
        self.has_loaded = True
        own_keys = keys_of(ids)
        self._is_same = own_keys == keys
        if not self._is_same:
            places = {key: position for position, key in enumerate(keys)}
            self._translation = {own: places[key] for own, key in enumerate(own_keys) if key in places}
            self._own = {position: own for own, position in self._translation.items()}
        for start, stop in blocks:
            known = [place for own in range(start, stop) if (place := self.position(own)) is not None]
            if known:
                self.blocks.append((known[0], known[-1] + 1))

    def add(self, own: int, position: int) -> None:
        """Note where the run keeps a test that was not collected."""
        self._translation[own] = position

    def position(self, own: int) -> int | None:
        """Translate the worker's position into the run's; None for a test that the run does not know."""
        return self._translation.get(own, own if self._is_same else None)

    def knows(self, position: int) -> bool:
        """Tell whether this worker found the test when it loaded the suite."""
        return self._is_same or position in self._own

    def commands(self, ranges: Sequence[Range]) -> bytes:
        """Return the lines that make the worker run these positions of the run and then end."""
        if not self._is_same:
            places = [position for start, stop in ranges for position in range(start, stop)]
            own = [self._own[position] for position in places]
            # In load order the worker's own order decides, for it keeps classes together; an order that was chosen is kept.
            ranges = runs(sorted(own) if places == sorted(places) else own)
        return "".join(f"run {start} {stop}\n" for start, stop in ranges).encode() + b"end\n"
