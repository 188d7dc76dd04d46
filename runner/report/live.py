"""What `runner test` writes while tests run and when they have run: sinks over a text stream, in the manner of unittest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final, TextIO

from registry.records import Outcome
from runner.events import Collected, Ended, Event, FixtureFinished, SubtestProblem, TestFinished, TestStarted
from runner.report.document import dumps, event_document
from runner.report.numbers import seconds
from runner.report.safe import safe_line, safe_text
from runner.report.text import Paint, colour_of, plain

_RULE: Final = "-" * 70
_DOUBLE_RULE: Final = "=" * 70
_MARKS: Final = {
    Outcome.PASSED: (".", "ok"),
    Outcome.FAILED: ("F", "FAIL"),
    Outcome.ERRORED: ("E", "ERROR"),
    Outcome.SKIPPED: ("s", "skipped"),
    Outcome.EXPECTED_FAILURE: ("x", "expected failure"),
    Outcome.UNEXPECTED_SUCCESS: ("u", "unexpected success"),
    Outcome.CRASHED: ("C", "CRASHED"),
    Outcome.TIMED_OUT: ("T", "TIMED OUT"),
    Outcome.NOT_RUN: ("n", "not run"),
}
QUIET, DOTS, VERBOSE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of a run: by outcome, and of fixtures that made it red or were skipped."""

    outcomes: Counter[Outcome]
    red_fixtures: int

    @property
    def last_line(self) -> str:
        """The line that other programs read: `N passed, N failed, N skipped`."""
        passed = self.outcomes[Outcome.PASSED] + self.outcomes[Outcome.EXPECTED_FAILURE]
        return f"{passed} passed, {self.failed} failed, {self.outcomes[Outcome.SKIPPED]} skipped"

    @property
    def failed(self) -> int:
        """Everything that makes the run red, failed fixtures included."""
        return self.red_fixtures + sum(number for outcome, number in self.outcomes.items() if outcome.is_red)

    @property
    def empty(self) -> bool:
        """Tell whether nothing was there to run."""
        return not self.red_fixtures and not sum(self.outcomes.values())

    @property
    def green(self) -> bool:
        """Tell whether nothing made the run red."""
        return self.failed == 0


class TextReporter:
    """Writes dots or lines as tests end, then failures, slowest tests and counts."""

    def __init__(self, stream: TextIO, verbosity: int = DOTS, durations: int | None = None, paint: Paint = plain) -> None:
        self._stream = stream
        self._verbosity = verbosity
        self._durations = durations
        self._paint = paint
        self._problems: list[TestFinished | FixtureFinished] = []
        self._timed: list[tuple[float, str]] = []

    def emit(self, event: Event, /) -> None:
        """Write what the event calls for."""
        match event:
            case TestStarted(key):
                self._started(key[0])
            case TestFinished():
                self._finished(event)
            case FixtureFinished():
                self._fixture(event)
            case Ended(duration_s):
                self._ended(duration_s)
            case Collected():
                pass

    def _started(self, test_id: str) -> None:
        if self._verbosity >= VERBOSE:
            self._write(f"{_title(test_id)} ... ")

    def _finished(self, event: TestFinished) -> None:
        outcome = Outcome(event.outcome)
        mark, words = _MARKS[outcome]
        if self._verbosity >= VERBOSE:
            # A test that never started has no line to end.
            opening = f"{_title(event.key[0])} ... " if outcome is Outcome.NOT_RUN else ""
            reason = f" {safe_line(repr(event.message))}" if outcome is Outcome.SKIPPED and event.message else ""
            self._write(opening + self._paint(words, colour_of(outcome)) + reason + "\n")
        elif self._verbosity == DOTS:
            self._write(self._paint(mark, colour_of(outcome)))
        if outcome.is_red or any(Outcome(subtest.outcome).is_red for subtest in event.subtests):
            self._problems.append(event)
        if self._durations is not None and event.duration_s is not None:
            self._timed.append((event.duration_s, event.key[0]))

    def _fixture(self, event: FixtureFinished) -> None:
        outcome = Outcome(event.outcome)
        if outcome.is_red:
            self._problems.append(event)
        if self._verbosity >= VERBOSE:
            self._write(f"{safe_line(event.fixture_id)} ... {self._paint(_MARKS[outcome][1], colour_of(outcome))}\n")
        elif self._verbosity == DOTS and outcome.is_red:
            self._write(self._paint(_MARKS[outcome][0], colour_of(outcome)))

    def _ended(self, duration_s: float) -> None:
        if self._verbosity == DOTS:
            self._write("\n")
        silent = Counter(problem.message for problem in self._problems if _is_consequence(problem))
        for problem in self._problems:
            if not _is_consequence(problem):
                self._write(_problem(problem, self._paint))
        for message, number in silent.items():
            self._write(f"{_DOUBLE_RULE}\n{number} NOT RUN: {safe_line(message or 'no reason is known')}\n")
        self._write(f"{_RULE}\n")
        self._slowest()
        self._write(f"took {seconds(duration_s)}\n")

    def _slowest(self) -> None:
        if self._durations is None:
            return
        # As in unittest: 0 shows all.
        longest = sorted(self._timed, reverse=True)[: self._durations or None]
        self._write("Slowest test durations\n")
        for duration_s, test_id in longest:
            self._write(f"{duration_s:.3f}s  {safe_line(test_id)}\n")
        self._write(f"{_RULE}\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class JsonReporter:
    """Writes each event as one line of JSON."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def emit(self, event: Event, /) -> None:
        """Write the event."""
        self._stream.write(dumps(event_document(event)) + "\n")
        self._stream.flush()


class Tallier:
    """Counts outcomes as they come."""

    def __init__(self) -> None:
        self._outcomes: Counter[Outcome] = Counter()
        self._red_fixtures = 0

    def emit(self, event: Event, /) -> None:
        """Count the event where it is a result."""
        if isinstance(event, TestFinished):
            self._outcomes[Outcome(event.outcome)] += 1
        elif isinstance(event, FixtureFinished) and Outcome(event.outcome).is_red:
            self._red_fixtures += 1

    @property
    def tally(self) -> Tally:
        """The counts so far."""
        return Tally(self._outcomes, self._red_fixtures)


def tally_text(tally: Tally, paint: Paint = plain) -> str:
    """Return the counts by outcome and, last, the line that other programs read."""
    told = [(outcome, tally.outcomes[outcome]) for outcome in Outcome if tally.outcomes[outcome]]
    counts = [paint(f"{number} {outcome}", colour_of(outcome)) for outcome, number in told]
    if not tally.outcomes[Outcome.NOT_RUN]:
        counts.append(f"0 {Outcome.NOT_RUN}")
    if tally.red_fixtures:
        counts.append(paint(f"{tally.red_fixtures} failed fixture{'s' if tally.red_fixtures > 1 else ''}", "red"))
    return ", ".join(counts) + "\n" + tally.last_line + "\n"


def _is_consequence(problem: TestFinished | FixtureFinished) -> bool:
    return isinstance(problem, TestFinished) and problem.outcome == Outcome.NOT_RUN


def _title(test_id: str) -> str:
    name = test_id.rpartition(".")[2]
    return safe_line(f"{name} ({test_id})" if name != test_id else test_id)


def _problem(problem: TestFinished | FixtureFinished, paint: Paint) -> str:
    outcome = Outcome(problem.outcome)
    title = _title(problem.key[0]) if isinstance(problem, TestFinished) else safe_line(problem.fixture_id)
    lines = [_DOUBLE_RULE, paint(f"{_MARKS[outcome][1].upper()}: {title}", colour_of(outcome))]
    if isinstance(problem, TestFinished) and problem.description:
        lines.append(safe_line(problem.description))
    body = problem.traceback or problem.message
    # The traceback of a test whose subtests failed is that of the first of them.
    subtests = problem.subtests if isinstance(problem, TestFinished) else ()
    if body and not subtests:
        lines += [_RULE, safe_text(body).rstrip()]
    for subtest in subtests:
        lines += _subtest(subtest, paint)
    return "\n".join(lines) + "\n"


def _subtest(subtest: SubtestProblem, paint: Paint) -> list[str]:
    title = paint(f"{_MARKS[Outcome(subtest.outcome)][1]}: {safe_line(subtest.params)}", colour_of(subtest.outcome))
    return [_RULE, title, safe_text(subtest.traceback or subtest.message or "").rstrip()]
