"""What a test run tells the parent: frozen events, passed up from the scheduler to reporters and the recorder.

The worker's JSON lines are decoded into these in `runner.execute`, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, runtime_checkable

TestKey = tuple[str, int]
"""(id, ordinal): `TestCase.id()`, and 0 for the first test of that id in load order, 1 for the second."""


@dataclass(frozen=True, slots=True)
class Collected:
    """Sent once, before the first test: every test of the run, in load order."""

    tests: tuple[TestKey, ...]


@dataclass(frozen=True, slots=True)
class Workers:
    """Sent once where several workers share the suite.

    Attributes:
        jobs: How many run at the same time.
        method: "fork": from a process that has loaded the suite; "spawn": as fresh interpreters.
        reason: Why; empty for the usual way.
    """

    jobs: int
    method: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TestStarted:
    """A test is about to run."""

    key: TestKey
    worker: int


@dataclass(frozen=True, slots=True)
class SubtestProblem:
    """A subtest that did not pass. `outcome` is failed, errored or skipped."""

    params: str
    outcome: str
    message: str | None = None
    traceback: str | None = None


@dataclass(frozen=True, slots=True)
class TestFinished:
    """A test ended in its one state, a value of `registry.records.Outcome`; also sent for tests that never ran.

    Attributes:
        message: One line, bounded: the exception's, the reason of a skip, or why the test did not run.
        description: First line of the test's docstring.
        seed: What the random generators were seeded with before the test; None where nothing was seeded.
        output: What the test wrote to the file descriptors 1 and 2, bounded; None where it wrote nothing.
    """

    key: TestKey
    outcome: str
    worker: int | None = None
    attempt: int = 1
    duration_s: float | None = None
    message: str | None = None
    traceback: str | None = None
    description: str | None = None
    subtests: tuple[SubtestProblem, ...] = ()
    subtests_passed: int = 0
    seed: int | None = None
    output: str | None = None


@dataclass(frozen=True, slots=True)
class PassedInARow:
    """Tests that a worker started and passed, one right after the other: their events in a form that costs less to pass on.

    Attributes:
        durations_s: Of each test.
    """

    keys: Sequence[TestKey]
    worker: int
    durations_s: Sequence[float]

    def events(self) -> Iterator[TestStarted | TestFinished]:
        """Yield the events that this stands for."""
        for key, duration_s in zip(self.keys, self.durations_s, strict=True):
            yield TestStarted(key, self.worker)
            yield TestFinished(key, "passed", self.worker, duration_s=duration_s)


@dataclass(frozen=True, slots=True)
class FixtureFinished:
    """A class, module or import fixture that failed or was skipped, as `setUpClass (pkg.mod.Class)`.

    Attributes:
        output: What it wrote to the file descriptors 1 and 2, bounded; None where it wrote nothing.
    """

    fixture_id: str
    outcome: str
    message: str | None = None
    traceback: str | None = None
    output: str | None = None


@dataclass(frozen=True, slots=True)
class Printed:
    """Text that no test wrote: a fixture, an import, or what runs between tests.

    Attributes:
        place: The fixture, as in FixtureFinished; None outside of fixtures.
    """

    place: str | None
    text: str


@dataclass(frozen=True, slots=True)
class StateChange:
    """A piece of the process's state that was left changed.

    Attributes:
        what: Such as "working directory", "environment", "sys.path" or "torch".
        change: What was left, one line; of environment variables the names, never the values.
    """

    what: str
    change: str


@dataclass(frozen=True, slots=True)
class Polluted:
    """Tests left the process's state changed; it was put right before the next ones.

    Attributes:
        place: The class, module or test that left it.
    """

    place: str
    changes: tuple[StateChange, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """Sent once, last. `interrupted` is "SIGINT" or "SIGTERM" where a signal stopped the run."""

    duration_s: float
    interrupted: str | None = None


Event = Collected | Workers | TestStarted | TestFinished | FixtureFinished | Printed | Polluted | Ended


class TestSink(Protocol):
    """Anything that takes the events of a test run: a reporter, a recorder, a list in a test."""

    def emit(self, event: Event, /) -> None:
        """Take one event, in order, from one thread."""


AnyEvent = TypeVar("AnyEvent")
_Taken_contra = TypeVar("_Taken_contra", contravariant=True)


class Sink(Protocol[_Taken_contra]):
    """Anything that takes events, of a test run or of a training."""

    def emit(self, event: _Taken_contra, /) -> None:
        """Take one event."""


@runtime_checkable
class Flushing(Protocol):
    """A sink that may hold back what it was given for as long as more events wait."""

    def flush(self) -> None:
        """Write or hand over what was held back."""


@runtime_checkable
class TakingRows(Protocol):
    """A sink that need not see each test of a row that passed."""

    def emit_row(self, row: PassedInARow, /) -> None:
        """Take what `emit` would be given for each of `row.events()`."""


def emit_row(sink: TestSink, row: PassedInARow) -> None:
    """Give a sink a row, in the form that it takes."""
    if isinstance(sink, TakingRows):
        sink.emit_row(row)
    else:
        for event in row.events():
            sink.emit(event)


class FanOut(Generic[AnyEvent]):
    """A sink that passes each event on to several, in order."""

    def __init__(self, *sinks: Sink[AnyEvent]) -> None:
        self._emits = tuple(sink.emit for sink in sinks)
        self._flushing = tuple(sink for sink in sinks if isinstance(sink, Flushing))

    def emit(self, event: AnyEvent, /) -> None:
        """Pass the event on."""
        for emit in self._emits:
            emit(event)

    def flush(self) -> None:
        """Flush those that hold something back."""
        for sink in self._flushing:
            sink.flush()


class TestFanOut(FanOut[Event]):
    """A sink of the events of a test run that passes them on to several."""

    def __init__(self, *sinks: TestSink) -> None:
        super().__init__(*sinks)
        self._sinks = sinks

    def emit_row(self, row: PassedInARow, /) -> None:
        """Pass the row on, to each in the form that it takes."""
        for sink in self._sinks:
            emit_row(sink, row)
