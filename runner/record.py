"""The events of a test run to the registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from registry.errors import RegistryError
from registry.records import (
    Coverage,
    FixtureRecord,
    Outcome,
    PollutionRecord,
    RunStatus,
    SubtestRecord,
    TestRecord,
)
from runner.events import Event as TestEvent
from runner.events import FixtureFinished, PassedInARow, Polluted, SubtestProblem, TestFinished

if TYPE_CHECKING:
    from registry.recording import ActiveRun


class TestRecorder:
    """A sink that records the results of a test run."""

    def __init__(self, run: ActiveRun) -> None:
        self._run = run
        self._held: list[TestRecord] = []
        self.error: RegistryError | None = None

    def emit(self, event: TestEvent, /) -> None:
        """Take the event where it is a result; the tests go on when the registry fails, and `error` says why."""
        if isinstance(event, TestFinished):
            self._held.append(test_record(event))
        elif isinstance(event, FixtureFinished):
            self.flush()
            self._attempt(lambda: self._run.add_fixtures((fixture_record(event),)))
        elif isinstance(event, Polluted):
            self._attempt(lambda: self._run.add_pollution(pollution_records(event)))

    def emit_row(self, row: PassedInARow, /) -> None:
        """Take a row of tests that passed."""
        self.flush()
        self._attempt(lambda: self._run.add_passed(row.keys, row.durations_s, row.worker))

    def flush(self) -> None:
        """Hand the results over that were taken since the last time."""
        if self._held:
            held, self._held = self._held, []
            self._attempt(lambda: self._run.add_results(held))

    def note(self, params: Mapping[str, object]) -> None:
        """Record what became known of the run's configuration only now."""
        self._attempt(lambda: self._run.log_params(params))

    def finish(self, status: RunStatus, green: bool | None, duration_s: float, coverage: Coverage | None) -> None:
        """Close the run; `error` says why where it could not be closed."""
        self.flush()
        if coverage is not None:
            self._attempt(lambda: self._run.set_coverage(coverage))
        self._attempt(lambda: self._run.finish(status, green=green, duration_s=duration_s))

    def _attempt(self, write: Callable[[], None]) -> None:
        if self.error is not None:
            return
        try:
            write()
        except RegistryError as error:
            self.error = error


class TestCollector:
    """A sink that keeps the results of a test run which is not recorded."""

    def __init__(self) -> None:
        self.results: list[TestRecord] = []
        self.fixtures: list[FixtureRecord] = []
        self.pollution: list[PollutionRecord] = []

    def emit(self, event: TestEvent, /) -> None:
        """Keep the event where it is a result."""
        if isinstance(event, TestFinished):
            self.results.append(test_record(event))
        elif isinstance(event, FixtureFinished):
            self.fixtures.append(fixture_record(event))
        elif isinstance(event, Polluted):
            self.pollution += pollution_records(event)


def test_record(event: TestFinished) -> TestRecord:
    """Return the record of a finished test; what it printed is kept where it did not end well."""
    test_id, ordinal = event.key
    outcome = Outcome(event.outcome)
    return TestRecord(
        test_id=test_id,
        ordinal=ordinal,
        outcome=outcome,
        attempt=event.attempt,
        duration_s=event.duration_s,
        message=event.message,
        traceback=event.traceback,
        worker=event.worker,
        subtests=tuple(map(_subtest_record, event.subtests)) if event.subtests else (),
        subtests_passed=event.subtests_passed,
        seed=event.seed,
        output=event.output if outcome.is_red else None,
    )


def _subtest_record(problem: SubtestProblem) -> SubtestRecord:
    return SubtestRecord(problem.params, Outcome(problem.outcome), problem.message, problem.traceback)


def fixture_record(event: FixtureFinished) -> FixtureRecord:
    """Return the record of a fixture that failed or was skipped."""
    outcome = Outcome(event.outcome)
    output = event.output if outcome.is_red else None
    return FixtureRecord(event.fixture_id, outcome, event.message, event.traceback, output)


def pollution_records(event: Polluted) -> tuple[PollutionRecord, ...]:
    """Return a record for each change that was left behind."""
    return tuple(PollutionRecord(event.place, change.what, change.change) for change in event.changes)
