"""What `runner test` writes while tests run and when they have run: sinks over a text stream, in the manner of unittest."""

from __future__ import annotations

from collections import Counter
from typing import Final

from registry.records import Outcome
from runner.events import (
    Ended,
    Event,
    FixtureFinished,
    PassedInARow,
    Polluted,
    Printed,
    SubtestProblem,
    TestFinished,
    TestKey,
    TestStarted,
    Workers,
)
from runner.report.document import dumps, event_document
from runner.report.numbers import counted, seconds
from runner.report.outlet import Writable
from runner.report.reproduction import Reproduction
from runner.report.safe import safe_line, safe_output, safe_text
from runner.report.text import LONGEST_ID, RED, Paint, colour_of, own_text, plain, words_about

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
_SHORTEST_SHOWN_S: Final = 0.001
_POLLUTED_SHOWN: Final = 20
QUIET, DOTS, VERBOSE = 0, 1, 2


class TextReporter:
    """Writes dots or lines as tests end, then failures, slowest tests and counts.

    What tests print is passed on before the mark of the test, unless it is hidden as by --buffer; failures show it again.
    """

    def __init__(
        self,
        stream: Writable,
        verbosity: int = DOTS,
        durations: int | None = None,
        paint: Paint = plain,
        *,
        hide_output: bool = False,
        reproduction: Reproduction | None = None,
    ) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._verbosity = verbosity
        self._durations = durations
        self._paint = paint
        self._dots: dict[str, str] = {outcome: paint(mark, colour_of(outcome)) for outcome, (mark, _) in _MARKS.items()}
        self._open: TestKey | None = None
        self._shares = False
        self._hide_output = hide_output
        self._reproduction = reproduction
        self._problems: list[TestFinished | FixtureFinished] = []
        self._polluted: list[Polluted] = []
        self._flaky: list[tuple[TestFinished, TestFinished]] = []
        self._timed: list[tuple[float, TestKey]] = []

    def emit(self, event: Event, /) -> None:
        """Write what the event calls for."""
        match event:
            case TestFinished():
                self._finished(event)
            case TestStarted():
                if not self._shares:  # the lines of several workers would cut each other
                    self._started(event.key)
            case Workers():
                self._take_workers(event)
            case FixtureFinished():
                self._fixture(event)
            case Printed():
                self._take_printed(event)
            case Polluted():
                self._polluted.append(event)
            case Ended():
                self._ended(event)

    def emit_row(self, row: PassedInARow, /) -> None:
        """Write what a row of tests that passed calls for."""
        if self._verbosity >= VERBOSE or self._durations is not None:
            for event in row.events():
                self.emit(event)
        elif self._verbosity == DOTS and self._is_terminal:  # a live view breaks lines between marks
            for _ in row.keys:
                self._write(self._dots[Outcome.PASSED])
        elif self._verbosity == DOTS:
            self._write(self._dots[Outcome.PASSED] * len(row.keys))

    def _take_workers(self, event: Workers) -> None:
        self._shares = True
        if self._verbosity >= VERBOSE:
            how = "forked from a process that has loaded the suite" if event.method == "fork" else "each a fresh interpreter"
            because = f" ({safe_line(event.reason)})" if event.reason else ""
            self._write(f"{event.jobs} workers, {how}{because}\n")

    def _started(self, key: TestKey) -> None:
        if self._verbosity >= VERBOSE:
            self._end_open_line()
            self._write(f"{_title(key)} ... ")
            self._open = key

    def _take_printed(self, event: Printed) -> None:
        if event.place is None or not self._hide_output:  # as in unittest, --buffer hides nothing outside of fixtures
            self._write(safe_output(event.text))

    def _pass_on(self, output: str | None) -> None:
        if output and not self._hide_output:
            self._write(safe_output(output))

    def _finished(self, event: TestFinished) -> None:
        self._pass_on(event.output)
        if self._verbosity == DOTS:
            self._write(self._dots[event.outcome])
        elif self._verbosity >= VERBOSE:
            self._finish_line(event)
        if event.attempt > 1:
            self._take_attempt(event)
        if event.outcome in RED or any(subtest.outcome in RED for subtest in event.subtests):
            self._problems.append(event)
        if self._durations is not None and event.duration_s is not None:
            self._timed.append((event.duration_s, event.key))

    def _take_attempt(self, event: TestFinished) -> None:
        """Let the last attempt speak for its test, but keep what an earlier one said where this one is green."""
        before = next((one for one in self._problems if isinstance(one, TestFinished) and one.key == event.key), None)
        if before is not None:
            self._problems.remove(before)
            if event.outcome not in RED:
                self._flaky.append((before, event))

    def _finish_line(self, event: TestFinished) -> None:
        # Only the test that started last has a line that waits for its end.
        if self._open != event.key:
            self._started(event.key)
        self._open = None
        outcome = Outcome(event.outcome)
        attempt = f" (attempt {event.attempt})" if event.attempt > 1 else ""
        self._write(f"{self._paint(_MARKS[outcome][1], colour_of(outcome))}{_reason(outcome, event.message)}{attempt}\n")

    def _fixture(self, event: FixtureFinished) -> None:
        self._pass_on(event.output)
        outcome = Outcome(event.outcome)
        if outcome.is_red:
            self._problems.append(event)
        if self._verbosity >= VERBOSE:
            self._end_open_line()
            title = safe_line(event.fixture_id, LONGEST_ID)
            words = self._paint(_MARKS[outcome][1], colour_of(outcome))
            self._write(f"{title} ... {words}{_reason(outcome, event.message)}\n")
        elif self._verbosity == DOTS:
            self._write(self._dots[outcome])

    def _ended(self, event: Ended) -> None:
        if self._verbosity == DOTS:
            self._write("\n")
        self._end_open_line()
        for problem in self._problems:
            if not _is_consequence(problem):
                self._write(_problem(problem, self._paint) + self._again(problem))
        for before, green in self._flaky:
            self._write(_flaky(before, green, self._paint))
        silent = Counter(problem.message for problem in self._problems if _is_consequence(problem))
        for message, number in silent.items():
            title = self._paint(f"NOT RUN: {counted(number, 'test')}", "red")
            self._write(f"{_DOUBLE_RULE}\n{title}\n{_RULE}\n{safe_text(message or 'no reason is known')}\n")
        self._write(_pollution(self._polluted, self._paint))
        self._write(f"{_RULE}\n")
        self._slowest()
        by_whom = f", interrupted by {safe_line(event.interrupted)}" if event.interrupted else ""
        self._write(f"took {seconds(event.duration_s)}{by_whom}\n")

    def _again(self, problem: TestFinished | FixtureFinished) -> str:
        if self._reproduction is None:
            return ""
        if isinstance(problem, FixtureFinished):
            command = self._reproduction.of_fixture(problem.fixture_id)
        else:
            command = self._reproduction.of_test(problem.key[0])
        return f"{_RULE}\nagain: {command}\n" if command else ""

    def _slowest(self) -> None:
        if self._durations is None or not self._timed:
            return
        # As in unittest: 0 shows all, and what took less than a millisecond is shown with -v only.
        longest = sorted(self._timed, reverse=True)[: self._durations or None]
        shown = [timed for timed in longest if self._verbosity >= VERBOSE or timed[0] >= _SHORTEST_SHOWN_S]
        self._write(f"Slowest test durations\n{_RULE}\n")
        for duration_s, key in shown:
            self._write(f"{f'{duration_s:.3f}s':<10} {_title(key)}\n")
        hidden = "(durations < 0.001s were hidden; use -v to show these durations)\n" if len(shown) < len(longest) else ""
        self._write(f"{hidden}{_RULE}\n")

    def _end_open_line(self) -> None:
        if self._open is not None:
            self._open = None
            self._write("\n")

    def flush(self) -> None:
        """Show what was written."""
        self._stream.flush()

    def _write(self, text: str) -> None:
        self._stream.write(text)


class JsonReporter:
    """Writes each event as one line of JSON."""

    def __init__(self, stream: Writable) -> None:
        self._stream = stream

    def emit(self, event: Event, /) -> None:
        """Write the event."""
        self._stream.write(dumps(event_document(event)) + "\n")

    def flush(self) -> None:
        """Pass on what was written."""
        self._stream.flush()


def _is_consequence(problem: TestFinished | FixtureFinished) -> bool:
    return isinstance(problem, TestFinished) and problem.outcome == Outcome.NOT_RUN


def _title(key: TestKey) -> str:
    test_id, ordinal = key
    name = test_id.rpartition(".")[2]
    title = safe_line(f"{name} ({test_id})" if name != test_id else test_id, 2 * LONGEST_ID)
    return f"{title} #{ordinal}" if ordinal else title


def _reason(outcome: Outcome, message: str | None) -> str:
    return f" {safe_line(repr(message))}" if outcome is Outcome.SKIPPED and message else ""


def _problem(problem: TestFinished | FixtureFinished, paint: Paint) -> str:
    if isinstance(problem, FixtureFinished):
        lines = _headed(problem.outcome, safe_line(problem.fixture_id, LONGEST_ID), paint)
        lines += _body(words_about(problem.outcome, problem.message, problem.traceback))
        lines += _printed(problem.output)
    else:
        lines = _headed(problem.outcome, _title(problem.key), paint)
        lines += [safe_line(problem.description)] if problem.description else []
        lines += _body(own_text(problem))
        for subtest in problem.subtests:
            lines += _subtest(subtest, paint)
        lines += _printed(problem.output)
    return "\n".join(lines) + "\n"


def _flaky(before: TestFinished, green: TestFinished, paint: Paint) -> str:
    words = f"{_MARKS[Outcome(green.outcome)][1]} on attempt {green.attempt}, {_MARKS[Outcome(before.outcome)][1]} before"
    lines = [_DOUBLE_RULE, paint(f"FLAKY: {_title(green.key)}: {words}", "yellow"), *_body(own_text(before))]
    for subtest in before.subtests:
        lines += _subtest(subtest, paint)
    return "\n".join(lines) + "\n"


def _headed(outcome: str, title: str, paint: Paint) -> list[str]:
    return [_DOUBLE_RULE, paint(f"{_MARKS[Outcome(outcome)][1].upper()}: {title}", colour_of(outcome))]


def _body(text: str | None) -> list[str]:
    return [_RULE, safe_text(text).rstrip()] if text else []


def _printed(output: str | None) -> list[str]:
    return [_RULE, "captured output:", safe_output(output).rstrip("\n")] if output else []


def _pollution(polluted: list[Polluted], paint: Paint) -> str:
    if not polluted:
        return ""
    lines = [_DOUBLE_RULE, paint("left changed by tests, and put right:", "yellow")]
    for event in polluted[:_POLLUTED_SHOWN]:
        lines += (safe_line(f"  {event.place}: {change.what}, {change.change}", LONGEST_ID) for change in event.changes)
    hidden = len(polluted) - _POLLUTED_SHOWN
    return "\n".join([*lines, *([f"  and {hidden} more"] if hidden > 0 else [])]) + "\n"


def _subtest(subtest: SubtestProblem, paint: Paint) -> list[str]:
    words = _MARKS[Outcome(subtest.outcome)][1]
    title = paint(f"{words}: {safe_line(subtest.params, LONGEST_ID)}", colour_of(subtest.outcome))
    return [_RULE, title, *filter(None, [safe_text(subtest.traceback or subtest.message or "").rstrip()])]
