"""The result that unittest talks to: it turns each call into events.

Third-party code calls every method of `unittest.TestResult`, so this is one, and it keeps the lists of its base. What decides a
test's state is only what was reported between its start and its stop; nothing is derived from counts, which differ between
versions of Python.
"""
# The names of unittest are not PEP 8's, and some of what must be overridden is private.
# ruff: noqa: N802, SLF001

import io
import sys
from time import perf_counter
from unittest import loader
from unittest.result import TestResult

from .loading import Layout, test_id
from .wire import Channel, array, bounded, one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from unittest import TestCase

    from .capture import Capture
    from .seeding import Seeding

    ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

__unittest = True

_SEVERITY = ("passed", "expected_failure", "skipped", "unexpected_success", "failed", "errored")
_RANK = {outcome: rank for rank, outcome in enumerate(_SEVERITY)}
_TRACEBACKS_OF_SUBTESTS = 100


class _State:
    """One test between its start and its end. `outcome` is None until something was reported."""

    __slots__ = ("begun", "duration", "message", "outcome", "position", "seed", "subtests", "subtests_passed", "texts")

    def __init__(self, position: int, begun: float) -> None:
        self.position = position
        self.begun = begun
        self.duration: float | None = None
        self.seed: int | None = None
        self.outcome: str | None = None
        self.message: str | None = None
        self.texts: list[str] = []
        self.subtests: list[list[str | None]] = []
        self.subtests_passed = 0

    def add(self, outcome: str, message: str | None = None, text: str | None = None) -> None:
        """Take one report; the worst decides, and its first message is kept."""
        if self.outcome is None or _RANK[outcome] > _RANK[self.outcome]:
            self.outcome, self.message = outcome, message
        if text is not None:
            self.texts.append(text)


class Result(TestResult):
    """Send what unittest reports to the parent."""

    if TYPE_CHECKING:  # what the base class and the suites keep here for unittest's fixtures and for --buffer
        _previousTestClass: type | None  # noqa: N815
        _moduleSetUpFailed: bool  # noqa: N815
        _testRunEntered: bool  # noqa: N815
        _stdout_buffer: io.StringIO | None
        _stderr_buffer: io.StringIO | None

    def __init__(
        self, channel: Channel, layout: Layout, capture: "Capture | None" = None, seeding: "Seeding | None" = None
    ) -> None:
        super().__init__()
        self.causes: dict[str, tuple[str, str | None]] = {}
        self.extras: list[str] = []
        self._send = channel.send
        self._take_output: Callable[[], str | None] = _nothing if capture is None else capture.take
        self._seeding = seeding
        self._clock = perf_counter
        self._ids = layout.ids
        self._extra_position = len(layout.ids)
        self._expected: dict[int, list[int]] = {}
        self._states: dict[int, tuple[object, _State]] = {}

    # What the driver asks for.

    def expect(self, test: object, position: int) -> None:
        """Announce which test is about to run."""
        self._expected.setdefault(id(test), []).append(position)  # one object may be in a suite twice

    def forget(self) -> list[int]:
        """Return the positions that were expected and not started."""
        if not self._expected:
            return []
        missing = sorted(position for positions in self._expected.values() for position in positions)
        self._expected.clear()
        return missing

    @property
    def is_open(self) -> bool:
        """Tell whether a test was started and not stopped."""
        return bool(self._states)

    def settle(self, outcome: str | None = None, message: str | None = None, text: str | None = None) -> bool:
        """Finish the tests that were started and not stopped; tell whether there was one."""
        open_states = list(self._states.values())
        for test, state in open_states:
            if outcome is not None and (state.outcome is None or outcome == "errored"):
                state.outcome, state.message = outcome, message
                state.texts += [text] if text is not None else []
            self._finish(test, state)
        return bool(open_states)

    def finish_unrun(self, position: int, outcome: str, message: str | None) -> None:
        """End a test that was never started."""
        self._send(array("d", position, outcome, None, message, None, None, [], 0))

    def fixture(self, name: str, outcome: str, message: str | None, text: str | None) -> None:
        """Report a fixture that did not succeed; the first report of a name is the cause of what it prevents."""
        self.causes.setdefault(name, (outcome, message))
        self._send(array("F", name, outcome, message, text, self._take_output()))

    def describe(self, err: "ExcInfo", test: object) -> tuple[str, str]:
        """Return the message and the traceback of an exception."""
        return _message(err, test), self._exc_info_to_string(err, test)

    # What unittest calls.

    def startTest(self, test: "TestCase") -> None:
        """Put `started` on the wire before the test runs."""
        self.testsRun += 1
        if self.buffer:
            self._setupStdout()  # type: ignore[attr-defined]
        position = self._take_expected(id(test)) if id(test) in self._expected else self._claim(test)
        state = _State(position, 0.0)
        self._states[id(test)] = (test, state)
        self._send(f'["s",{state.position}]')
        if self._seeding is not None:
            state.seed = self._seeding.apply(test_id(test))
        state.begun = self._clock()

    def stopTest(self, test: "TestCase") -> None:
        """End the test, unless an exception is on its way through the test's own run(): the driver meets it."""
        if self.buffer:
            self._restoreStdout()
        entry = self._states.get(id(test))
        if entry is not None and (entry[1].outcome is not None or sys.exc_info()[0] is None):
            self._finish(test, entry[1])

    def addDuration(self, test: "TestCase", elapsed: float) -> None:
        """Take unittest's own measurement (3.12 and later)."""
        entry = self._states.get(id(test))
        if entry is not None:
            entry[1].duration = elapsed

    def addSuccess(self, test: "TestCase") -> None:
        """Take a passed test."""
        self._report(test, "passed")

    def addFailure(self, test: "TestCase", err: "ExcInfo") -> None:  # type: ignore[override]
        """Take a failed assertion."""
        message, text = self._problem(err, test)
        self.failures.append((test, text))
        self._report(test, "failed", message, text)

    def addError(self, test: "TestCase", err: "ExcInfo") -> None:  # type: ignore[override]
        """Take an error of a test, or of a class or module fixture."""
        message, text = self._problem(err, test)
        self.errors.append((test, text))
        self._report(test, "errored", message, text)

    def addSkip(self, test: "TestCase", reason: str) -> None:
        """Take a skipped test, subtest or fixture."""
        self.skipped.append((test, reason))
        reason = one_line(_safe_str(reason))
        parent = getattr(test, "test_case", None)
        if parent is None:
            self._report(test, "skipped", reason)
        else:
            self._report_subtest(parent, test, "skipped", reason, None)

    def addExpectedFailure(self, test: "TestCase", err: "ExcInfo") -> None:  # type: ignore[override]
        """Take a failure that was expected."""
        message, text = self.describe(err, test)
        self.expectedFailures.append((test, text))
        self._report(test, "expected_failure", message, text)

    def addUnexpectedSuccess(self, test: "TestCase") -> None:
        """Take a test that was expected to fail and did not."""
        if self.failfast:
            self.stop()
        self.unexpectedSuccesses.append(test)
        self._report(test, "unexpected_success", "the test was expected to fail and passed")

    def addSubTest(self, test: "TestCase", subtest: "TestCase", err: "ExcInfo | None") -> None:  # type: ignore[override]
        """Count a subtest that passed, list one that did not."""
        if err is None:
            entry = self._states.get(id(test))
            if entry is not None:
                entry[1].subtests_passed += 1
            return
        message, text = self._problem(err, test)
        failed = issubclass(err[0], test.failureException)
        (self.failures if failed else self.errors).append((subtest, text))
        self._report_subtest(test, subtest, "failed" if failed else "errored", message, text)

    # How reports become events.

    def _problem(self, err: "ExcInfo", test: object) -> tuple[str, str]:
        if self.failfast:
            self.stop()
        # unittest would also write the buffered output to standard output now; ours stands in the traceback alone.
        return self.describe(err, test)

    def _report(self, test: object, outcome: str, message: str | None = None, text: str | None = None) -> None:
        entry = self._states.get(id(test)) or self._late_start(test)
        if entry is None:
            self.fixture(test_id(test), outcome, message, text)
        else:
            entry[1].add(outcome, message, text)

    def _late_start(self, test: object) -> "tuple[object, _State] | None":
        """Take a test that reports without having been started, as skipped ones do on Python 3.12.1."""
        if id(test) not in self._expected:
            return None
        entry = self._states[id(test)] = (test, _State(self._take_expected(id(test)), self._clock()))
        return entry

    def _report_subtest(self, test: object, subtest: object, outcome: str, message: str, text: str | None) -> None:
        params = _params(subtest)
        self._report(test, outcome, f"{params} {message}")
        entry = self._states.get(id(test))
        if entry is not None:
            subtests = entry[1].subtests
            subtests.append([params, outcome, message, text if len(subtests) < _TRACEBACKS_OF_SUBTESTS else None])

    def _finish(self, test: object, state: _State) -> None:
        duration = state.duration if state.duration is not None else self._clock() - state.begun
        del self._states[id(test)]
        outcome = state.outcome or "passed"
        if state.position >= len(self._ids):
            self.extras.append(outcome)
        description = _description(test)
        output = self._take_output()
        if outcome == "passed" and description is None and output is None and state.seed is None and not state.subtests_passed:
            self._send(f'["p",{state.position},{duration:.6f}]')
            return
        text = bounded("\n".join(state.texts)) if state.texts else None
        parts = (state.message, text, description, state.subtests, state.subtests_passed, output, state.seed)
        self._send(array("d", state.position, outcome, round(duration, 6), *parts))

    def _take_expected(self, key: int) -> int:
        """Return the next position of an expected object."""
        positions = self._expected[key]
        if len(positions) == 1:
            del self._expected[key]
        return positions.pop(0)

    def _claim(self, test: object) -> int:
        """Return the position of a test that is not the expected object; one that nobody collected gets a new position."""
        name = test_id(test)
        for key, expected in self._expected.items():
            if self._ids[expected[0]] == name:  # a copy runs in the place of the test that was collected
                return self._take_expected(key)
        self._extra_position += 1
        self._send(array("a", self._extra_position - 1, name))
        return self._extra_position - 1

    # What tests do to the streams must not break the report.

    def _restoreStdout(self) -> None:
        if self.buffer and self._stdout_buffer is not None:
            self._own_streams()
            super()._restoreStdout()  # type: ignore[misc]

    def _exc_info_to_string(self, err: "ExcInfo", test: object) -> str:
        streams = sys.stdout, sys.stderr
        if self.buffer and self._stdout_buffer is not None:
            self._own_streams()
        try:
            return bounded(super()._exc_info_to_string(err, test))  # type: ignore[misc]
        except Exception as problem:  # noqa: BLE001 (a repr or a str of the user's may raise anything)
            return f"{_message(err, test)}\n(the traceback cannot be shown: {type(problem).__name__})\n"
        finally:
            sys.stdout, sys.stderr = streams

    def _own_streams(self) -> None:
        """Make unittest read our buffers, whatever a test put in their place, and even if it closed them."""
        if self._stdout_buffer is None or self._stdout_buffer.closed:
            self._stdout_buffer = io.StringIO()
        if self._stderr_buffer is None or self._stderr_buffer.closed:
            self._stderr_buffer = io.StringIO()
        sys.stdout, sys.stderr = self._stdout_buffer, self._stderr_buffer


def _nothing() -> None:
    """Return no output, where nobody captures it."""


def _message(err: "ExcInfo", test: object) -> str:
    kind, value, _ = err
    text = _safe_str(value)
    line = one_line(text)
    if isinstance(test, loader._FailedTest):  # type: ignore[attr-defined]
        lines = [part for part in text[-4096:].splitlines() if part.strip()]
        return one_line(f"{line}: {lines[-1].strip()}") if len(lines) > 1 else one_line(f"{kind.__name__}: {line}")
    name = kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    return f"{name}: {line}" if line else name


def _safe_str(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 (a user's __str__ may raise anything)
        return f"<{type(value).__name__} that cannot be shown>"


def _params(subtest: object) -> str:
    try:
        return one_line(subtest._subDescription())  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 (a user's __repr__ may raise anything)
        return "(parameters that cannot be shown)"


def _description(test: object) -> str | None:
    try:
        text = test.shortDescription()  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 (a user's shortDescription may raise anything)
        return None
    return one_line(str(text)) if text else None
