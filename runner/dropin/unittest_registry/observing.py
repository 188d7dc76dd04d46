"""See what unittest reports to a result, whatever its class, and turn it into the worker's events.

The result stays the object that it would be without us, and what decides a test's state is the worker's own code. That code is
imported by path under its private name, because the name `runner` may belong to the user.
"""

from __future__ import annotations

import copy
import json
import sys
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import case, suite
from unittest.util import strclass

__unittest = True

_REPORTS = ("addSuccess", "addError", "addFailure", "addSkip", "addExpectedFailure", "addUnexpectedSuccess", "addSubTest")
_CALLS = ("startTest", "stopTest", "addDuration", *_REPORTS)


class Observer:
    """Watches one run of a suite.

    Args:
        test: What will run.
        send: Takes an event, a line of JSON without its end.

    Attributes:
        problem: Why the events are not complete, if they are not.
    """

    def __init__(self, test: unittest.TestSuite | unittest.TestCase, send: Callable[[str], None]) -> None:
        self.problem: str | None = None
        self.send = send
        worker = _worker_package()
        layout = worker.loading.Layout([test])
        self._tests: list[Any] = layout.tests
        self._blocks: list[Any] = list(layout.blocks.values())
        self._events = worker.result.Result(self, layout, _LeftAlone())
        self._watched: Any = None
        self._waiting: dict[int, list[int]] = {}
        self._running: set[int] = set()
        for position, one in enumerate(self._tests):
            self._waiting.setdefault(id(one), []).append(position)
        for positions in self._waiting.values():
            self._events.expect(self._tests[positions[0]], positions[0])
        send(json.dumps(["c", layout.ids]))

    def watch(self, result: Any) -> None:
        """Hear of each report before the result does, until the run is finished."""
        self._watched = result
        for name in _CALLS:
            theirs = getattr(result, name, None)
            if theirs is not None:
                setattr(result, name, self._relay(name, theirs))

    def finish(self, ending: str, why: str, duration_s: float) -> None:
        """Tell how the run ended; the result is then as nobody had watched it.

        Args:
            ending: "" for the usual end, else "failfast", "stopped", "interrupted" or "raised".
            why: The exception that was raised.
            duration_s: How long the tests took.
        """
        for name in _CALLS if self._watched is not None else ():
            vars(self._watched).pop(name, None)
        self._guarded(self._settle, ending, why)
        if self.problem is not None:
            ending, why = "raised", self.problem
        # An interrupt may have torn the line before.
        self.send("\n" + json.dumps(["e", ending, duration_s, why]))

    def _relay(self, name: str, theirs: Callable[..., Any]) -> Callable[..., Any]:
        def relay(*arguments: Any, **keywords: Any) -> Any:
            if self.problem is None:
                self._guarded(self._take, name, arguments, keywords)
            return theirs(*arguments, **keywords)

        return relay

    def _guarded(self, call: Callable[..., None], *arguments: Any) -> None:
        """Keep an error of ours out of the user's tests; the end of the run tells it."""
        try:
            call(*arguments)
        except Exception as error:  # noqa: BLE001 (whatever it is, the tests go on)
            self.problem = self.problem or f"an error of the recording itself, {type(error).__name__}: {error}"

    def _take(self, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        test, events = arguments[0], self._events
        is_report = name in _REPORTS
        # As skipped tests are on Python 3.12.1, and what Django could not set up.
        is_late = is_report and id(test) in self._waiting and id(test) not in self._running
        if is_report:
            events.tb_locals = self._watched.tb_locals
            # With -b unittest puts what a test printed behind its traceback; it stands in these streams.
            events.buffer = self._watched.buffer and all(hasattr(stream, "getvalue") for stream in (sys.stdout, sys.stderr))
        if name == "addSubTest":
            arguments = (test, _with_its_message(arguments[1]), *arguments[2:])
        try:
            getattr(events, name)(*arguments, **keywords)
        finally:
            events.buffer = False
        if is_late:
            events.settle()
        if is_late or name == "startTest":
            self._release(test)
        if name == "startTest":
            self._running.add(id(test))
        elif name == "stopTest":
            self._running.discard(id(test))
        if isinstance(test, suite._ErrorHolder):  # type: ignore[attr-defined]  # noqa: SLF001 (a fixture that failed)
            self._prevent(test.id())

    def _release(self, test: object) -> None:
        """Forget a test that has started, so that it can be freed; the same object may stand in the suite again."""
        positions = self._waiting.get(id(test), [])
        if positions:
            self._tests[positions.pop(0)] = None
        if positions:
            self._events.expect(test, positions[0])
        else:
            self._waiting.pop(id(test), None)

    def _prevent(self, fixture: str) -> None:
        """Tell which tests will not run because of a fixture, should they really not run."""
        outcome, message = self._events.causes[fixture]
        positions = [
            position for position, test in enumerate(self._tests) if test is not None and fixture in _fixtures_before(test)
        ]
        if outcome == "skipped":
            self.send(json.dumps(["w", "skipped", message, positions]))
        else:
            self.send(json.dumps(["w", "not_run", f"{fixture} failed: {message}", positions]))

    def _settle(self, ending: str, why: str) -> None:
        if ending == "interrupted":
            self._events.settle("not_run", "interrupted")
        elif ending == "raised":
            self._events.settle("errored", why)
        else:
            self._events.settle()
        if not ending:
            self._account_for_rest()

    def _account_for_rest(self) -> None:
        """Say why tests did not start although nothing stopped the run; a fixture that was told before stays the cause."""
        rest = {position for position, test in enumerate(self._tests) if test is not None}
        # unittest's own suites leave nothing out.
        blocked = {position for block in self._blocks for position in range(block.start, block.stop)}
        self.send(json.dumps(["w", "not_run", "its suite did not run it", sorted(rest & blocked)]))
        self.send(json.dumps(["w", "skipped", "its run() method started no test", sorted(rest - blocked)]))


class _LeftAlone:
    """Stands where the worker's capture of standard output stands; what tests print goes where unittest lets it go."""

    def take(self) -> None:
        """There is never any output to hand over."""


def _with_its_message(subtest: Any) -> Any:
    """Return a subtest as it was before Django sent it: unittest's sign for "no message" is an object that no copy equals."""
    if type(getattr(subtest, "_message", None)) is not object:
        return subtest
    subtest = copy.copy(subtest)
    subtest._message = case._subtest_msg_sentinel  # type: ignore[attr-defined]  # noqa: SLF001
    return subtest


def _fixtures_before(test: object) -> tuple[str, str]:
    kind = type(test)
    return f"setUpModule ({kind.__module__})", f"setUpClass ({strclass(kind)})"


def _worker_package() -> Any:
    """Import what the worker and we have in common."""
    folder = str(Path(__file__).resolve().parents[2] / "_worker")
    sys.path.insert(0, folder)
    try:
        import _runner_worker.loading  # type: ignore[import-not-found]
        import _runner_worker.result  # type: ignore[import-not-found]
    finally:
        sys.path.remove(folder)
    return _runner_worker
