"""Run failing tests again, each alone in a fresh process: one that then passes is flaky, and both attempts are told.

Not tried again are a fixture that failed with the tests that it prevented, and a module that could not be imported: neither is a
test, and the run stays red for them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runner.errors import RunnerError
from runner.events import (
    Collected,
    Ended,
    FixtureFinished,
    Flushing,
    Polluted,
    Printed,
    TestFinished,
    TestStarted,
    Workers,
)
from runner.execute.supervise import Execution, start

if TYPE_CHECKING:
    from runner.events import Event, TestKey, TestSink
    from runner.execute.ledger import Summary
    from runner.execute.options import Selection, WorkerOptions

TRIED_AGAIN = frozenset({"failed", "errored", "crashed", "timed_out"})
"""The outcomes of a test that is run again."""

_NO_TEST = "unittest.loader."
_GREEN = frozenset({"passed", "skipped", "expected_failure"})


@dataclass(frozen=True, slots=True)
class Again:
    """What to run again.

    Attributes:
        retries: How many more attempts a failing test gets at most.
    """

    selection: Selection
    options: WorkerOptions
    retries: int


def run_with_retries(execution: Execution, again: Again, sink: TestSink) -> Summary:
    """Run to the end, then the failing tests again; the end is told to the sink after the last attempt.

    Raises:
        UsageError: As `Execution.run`.
        WorkerFailed: As `Execution.run`; where only a retry cannot be started, that attempt is not_run.
    """
    first = _First(sink)
    summary = execution.run(first)
    begun = time.monotonic()
    interrupted = summary.interrupted
    for key in first.failed:
        if interrupted is not None:
            break
        interrupted = _retry(key, again, first)
    duration_s = summary.duration_s + time.monotonic() - begun
    sink.emit(Ended(duration_s, interrupted))
    first.flush()
    return replace(summary, duration_s=duration_s, interrupted=interrupted)


class _First:
    """Passes on the events of the run itself but for its end, and notes which tests to try again."""

    def __init__(self, sink: TestSink) -> None:
        self.sink = sink
        self.failed: list[TestKey] = []
        self.fixtures: set[str] = set()

    def emit(self, event: Event, /) -> None:
        if isinstance(event, Ended):
            return
        if isinstance(event, TestFinished) and event.outcome in TRIED_AGAIN and not event.key[0].startswith(_NO_TEST):
            self.failed.append(event.key)
        elif isinstance(event, FixtureFinished):
            self.fixtures.add(event.fixture_id)
        self.sink.emit(event)

    def flush(self) -> None:
        sink: object = self.sink
        if isinstance(sink, Flushing):
            sink.flush()


def _retry(key: TestKey, again: Again, first: _First) -> str | None:
    """Run one test until it is green or no attempt is left; return the signal that interrupted it."""
    for attempt in range(2, again.retries + 2):
        tried = _Attempt(key, attempt, first)
        interrupted = _run_alone(tried, again)
        if interrupted is not None:
            return interrupted
        finished = tried.finished or TestFinished(
            key, "not_run", attempt=attempt, message="it was not found when the suite was loaded to try it again"
        )
        first.sink.emit(finished)
        tried.tell_fixtures()
        first.flush()
        if finished.outcome in _GREEN:
            break
    return None


class _Attempt:
    """Takes the events of one more attempt: those of its test, and fixtures that failed for the first time."""

    def __init__(self, key: TestKey, attempt: int, first: _First) -> None:
        self.key = key
        self.finished: TestFinished | None = None
        self._attempt = attempt
        self._first = first
        self._fixtures: list[FixtureFinished] = []

    def emit(self, event: Event, /) -> None:
        match event:
            case TestStarted() if event.key == self.key:
                self._first.sink.emit(event)
            case TestFinished() if event.key == self.key:
                self.finished = replace(event, attempt=self._attempt)
            case FixtureFinished():
                self._fixtures.append(event)
            case Printed() | Polluted():
                self._first.sink.emit(event)
            case Collected() | Workers() | TestStarted() | TestFinished() | Ended():
                pass

    def tell_fixtures(self) -> None:
        """Tell fixtures that failed now and not before: a teardown that fails leaves its tests green."""
        for event in self._fixtures:
            if event.fixture_id not in self._first.fixtures:
                self._first.fixtures.add(event.fixture_id)
                self._first.sink.emit(event)


def _run_alone(tried: _Attempt, again: Again) -> str | None:
    for selection in _selections(tried.key, again.selection):
        try:
            with start(selection, replace(again.options, jobs=1)) as execution:
                summary = execution.run(tried)
        except RunnerError as error:
            tried.emit(TestFinished(tried.key, "not_run", message=f"it could not be tried again: {error}"))
            return None
        if tried.finished is not None or summary.interrupted is not None:
            return summary.interrupted
    return None


def _selections(key: TestKey, selection: Selection) -> Iterator[Selection]:
    """Yield the test's own file, where discovery may find it there by its id, and then the whole selection."""

    def only(keys: Sequence[TestKey]) -> list[int]:
        return [keys.index(key)] if key in keys else []

    alone = replace(selection, choose=only)
    parts = key[0].split(".")
    if not selection.names and key[1] == 0 and len(parts) > 2:  # noqa: PLR2004 - module, class and test
        yield replace(alone, pattern=f"{parts[-3]}.py")
    yield alone
