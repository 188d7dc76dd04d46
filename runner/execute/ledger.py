"""The account of a run: every test ends in exactly one state, all of it goes to the sink, and the sum is checked."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runner.errors import WorkerFailed
from runner.events import Collected, Ended, FixtureFinished, Flushing, PassedInARow, Printed, TestFinished, emit_row
from runner.execute.schedule import Schedule, Suite

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.events import Event, TestSink

_GREEN_FIXTURES = ("skipped",)


@dataclass(frozen=True, slots=True)
class Summary:
    """How an execution ended.

    Attributes:
        counts: Number of tests by outcome.
        collected: Number of tests that were to run; `added` more came up while the suite ran.
        failed_fixtures: Class, module and import fixtures that failed or crashed.
        interrupted: "SIGINT" or "SIGTERM" where a signal stopped the run.
        no_tests_hint: Where nothing was collected, a sentence that says why.
    """

    counts: Mapping[str, int]
    collected: int
    added: int
    failed_fixtures: int
    duration_s: float
    interrupted: str | None = None
    no_tests_hint: str | None = None

    def with_hint(self, hint: str) -> Summary:
        """Return this summary with the sentence about an empty selection."""
        return replace(self, no_tests_hint=hint)


class Ledger:
    """Passes events to the sink and counts them. What happens before the suite is known is kept until it is."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._sink: TestSink | None = None
        self._schedule: Schedule | None = None
        self._early: list[FixtureFinished | Printed] = []
        self._counts: dict[str, int] = {}
        self._failed_fixtures = 0

    def pass_to(self, sink: TestSink) -> None:
        """Take the sink of all further events."""
        self._sink = sink

    @property
    def is_open(self) -> bool:
        """Tell whether the suite is known."""
        return self._schedule is not None

    @property
    def schedule(self) -> Schedule:
        """The schedule of the run.

        Raises:
            WorkerFailed: The suite is not known yet.
        """
        if self._schedule is None:
            raise WorkerFailed("internal error, please report it: the worker ran a test before it had loaded the suite")
        return self._schedule

    def open(self, schedule: Schedule) -> None:
        """Take the suite, and tell the sink what will run."""
        self._schedule = schedule
        self.emit(Collected(tuple(schedule.keys[position] for position in schedule.order)))
        for event in self._early:
            if isinstance(event, Printed):
                self.emit(event)
            else:
                self.fixture(event)
        self._early.clear()

    def emit(self, event: Event) -> None:
        """Pass an event on that counts nothing."""
        if self._sink is not None:
            self._sink.emit(event)

    def printed(self, event: Printed) -> None:
        """Pass on what was printed outside of tests."""
        if self._schedule is None:
            self._early.append(event)
        else:
            self.emit(event)

    def flush(self) -> None:
        """Let the sink write what it held back."""
        sink: object = self._sink
        if isinstance(sink, Flushing):
            sink.flush()

    def finish(self, event: TestFinished) -> None:
        """Take the one state of a test."""
        self._counts[event.outcome] = self._counts.get(event.outcome, 0) + 1
        self.emit(event)

    def finish_row(self, row: PassedInARow) -> None:
        """Take the one state of each test of a row that passed."""
        self._counts["passed"] = self._counts.get("passed", 0) + len(row.keys)
        if self._sink is not None:
            emit_row(self._sink, row)

    def fixture(self, event: FixtureFinished) -> None:
        """Take a fixture that did not succeed."""
        if self._schedule is None:
            self._early.append(event)
            return
        self._failed_fixtures += event.outcome not in _GREEN_FIXTURES
        self.emit(event)

    def not_run(self, positions: Iterable[int], message: str) -> None:
        """End those of the tests that did not end, and will not run."""
        for position in positions:
            if not self.schedule.has_ended(position):
                self.finish(TestFinished(self.schedule.end(position), "not_run", message=message))

    def close(self, stopped_by: str | None, interrupted: str | None) -> Summary:
        """Give every test that did not end its state, with the reason that the run stopped.

        Raises:
            WorkerFailed: Tests are left and there is no reason: an error of ours.
        """
        if self._schedule is None:
            self.open(Schedule(Suite()))
        schedule = self.schedule
        rest = schedule.unfinished()
        if rest and stopped_by is None:
            first = schedule.keys[rest[0]][0]
            raise WorkerFailed(f"internal error, please report it: {len(rest)} tests ended in no state, the first is {first}")
        self.not_run(rest, stopped_by or "")
        duration = time.monotonic() - self._begun
        self.emit(Ended(duration, interrupted))
        self.flush()
        counts = dict(self._counts)
        added = sum(counts.values()) - schedule.collected
        return Summary(counts, schedule.collected, added, self._failed_fixtures, duration, interrupted)
