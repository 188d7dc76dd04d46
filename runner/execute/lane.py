"""One worker as the scheduler sees it: which units it has, and what it is doing now."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from runner.execute.schedule import Range, Unit, runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.execute.process import WorkerProcess
    from runner.execute.schedule import Schedule, Suite

_GIVEN_AHEAD_S = 0.05
_GIVEN_AHEAD = 32


class Lane:
    """A worker process with its view of the suite.

    A worker that replaces a dead one loads the suite anew, and may find other tests; its positions are translated by
    (id, ordinal).

    Attributes:
        number: Counts the workers of a run.
        slot: Counts those that run at the same time: a replacement has the slot of the dead.
        given: Units that it was given and that are not done, in order.
        running: Positions, of the run's schedule, of the tests that started and did not finish.
        fixture: The fixture that is running: its name and the positions it would prevent.
        importing: The module whose import was announced last.
        ended: Why the worker said `end`, empty for the usual end; None before.
        finished: How many tests it brought to an end.
        last: Position of the last one.
        busy_since: When what it is doing began; None while it waits.
        overran_s: The time limit that it ran into.
        kill_at: When it is killed if it is still there.
    """

    def __init__(self, number: int, slot: int, process: WorkerProcess) -> None:
        self.number = number
        self.slot = slot
        self.process = process
        self.given: deque[Unit] = deque()
        self.running: set[int] = set()
        self.fixture: tuple[str, list[int]] | None = None
        self.importing: str | None = None
        self.has_loaded = False
        self.is_template = False
        self.is_leaving = False
        self.ended: str | None = None
        self.finished = 0
        self.last: int | None = None
        self.busy_since: float | None = time.monotonic()
        self.overran_s: float | None = None
        self.kill_at = float("inf")
        self._blocks: list[Range] = []
        self._is_same = True
        self._translation: dict[int, int] = {}
        self._own: dict[int, int] = {}
        self._unit_began = 0.0
        self._unit_s = 1.0

    def load(self, suite: Suite, schedule: Schedule) -> None:
        """Take the worker's view of the suite; the schedule has that of the run's first worker."""
        self.has_loaded = True
        self._is_same = suite.ids == schedule.suite.ids and suite.ordinals == schedule.suite.ordinals
        if not self._is_same:
            places = {key: position for position, key in enumerate(schedule.keys)}
            self._translation = {own: places[key] for own, key in enumerate(suite.keys) if key in places}
            self._own = {position: own for own, position in self._translation.items()}
        for start, stop in suite.blocks:
            known = [place for own in range(start, stop) if (place := self.position(own)) is not None]
            if known:
                self._blocks.append((known[0], known[-1] + 1))

    def share(self, suite: Suite) -> None:
        """Take the view of the process that this worker was forked from: that of the run."""
        self.has_loaded = True
        self.busy_since = None
        self._blocks = [(start, stop) for start, stop in suite.blocks]

    def add(self, own: int, position: int) -> None:
        """Note where the run keeps a test that was not collected."""
        self._translation[own] = position

    def position(self, own: int) -> int | None:
        """Translate the worker's position into the run's; None for a test that the run does not know."""
        return self._translation.get(own, own if self._is_same else None)

    def end(self, own: int) -> int | None:
        """Note that a test ended, and return its position in the run; None for one that the run does not know."""
        position = self.position(own)
        if position is not None:
            self.running.discard(position)
            self.finished += 1
            self.last = position
        return position

    def end_row(self, positions: Sequence[int]) -> None:
        """Note tests that started and ended one after the other; only for a worker with the view of the run."""
        self.finished += len(positions)
        self.last = positions[-1]

    @property
    def is_same(self) -> bool:
        """Tell whether all of the worker's positions are those of the run."""
        return self._is_same and not self._translation

    def knows(self, position: int) -> bool:
        """Tell whether this worker found the test when it loaded the suite."""
        return self._is_same or position in self._own

    def give(self, unit: Unit) -> None:
        """Make the worker run these positions of the run when it is done with what it has."""
        if not self.given:
            self.busy_since = self._unit_began = time.monotonic()
        self.given.append(unit)
        ranges = unit if self._is_same else self._in_own_words(unit)
        self.process.command(b"run " + b" ".join(b"%d %d" % bounds for bounds in ranges) + b"\n")

    def leave(self) -> None:
        """Let the worker tear down what is set up and say `end` when it is done with what it has."""
        self.is_leaving = True
        self.process.command(b"end\n")

    def touch(self) -> None:
        """Note a sign of life."""
        if self.busy_since is not None:
            self.busy_since = time.monotonic()

    def busy_for(self, now: float) -> float:
        """Return the seconds since the last sign of life of a worker that has something to do."""
        return 0.0 if self.busy_since is None else now - self.busy_since

    def enter_fixture(self, name: str, start: int, stop: int) -> None:
        """Note which fixture is running and which of the worker's positions it would prevent."""
        self.fixture = (name, [place for own in range(start, stop) if (place := self.position(own)) is not None])

    def unit_done(self) -> None:
        """Note that the first of the given units is done."""
        now = time.monotonic()
        self._unit_s, self._unit_began = now - self._unit_began, now
        self.given.popleft()
        if not self.given:
            self.busy_since = None

    @property
    def appetite(self) -> int:
        """How many units it should have at hand, so that a worker of quick tests need not wait for its parent."""
        return max(1, min(int(_GIVEN_AHEAD_S / max(self._unit_s, 1e-6)), _GIVEN_AHEAD))

    @property
    def blocks(self) -> list[Range]:
        """The suites that run as a whole among what it was given."""
        places = {place for unit in self.given for bounds in unit for place in range(*bounds)}
        return [block for block in self._blocks if block[0] in places]

    def _in_own_words(self, unit: Unit) -> list[Range]:
        places = [position for start, stop in unit for position in range(start, stop)]
        own = [self._own[position] for position in places]
        # In load order the worker's own order decides, for it keeps classes together; an order that was chosen is kept.
        return runs(sorted(own) if places == sorted(places) else own)
