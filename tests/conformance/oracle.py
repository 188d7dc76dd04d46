"""Plain unittest, with a result that writes down what it was told.

Usage: `python oracle.py LOG ARGUMENTS-OF-UNITTEST...`

Standard library only, and no part of the runner: it is what the runner is compared with. Each line of the log is the JSON of
[id, ordinal, outcome] for a test, or of [id, null, outcome] for a fixture.
"""

# The names of unittest are not those of PEP 8.
# ruff: noqa: N802

import json
import os
import sys
import unittest
from pathlib import Path

_RANK = {
    outcome: rank
    for rank, outcome in enumerate(("passed", "expected_failure", "skipped", "unexpected_success", "failed", "errored"))
}


class Log:
    """A file to which each result is added as soon as it is known, for the process may die.

    It is written through functions that are kept from before the tests, which may replace the module os by another.
    """

    def __init__(self, path: str) -> None:
        self._path = str(Path(path).absolute())
        self._open, self._write, self._close = os.open, os.write, os.close
        self._flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        Path(path).write_text("")
        self._waiting: dict[int, list[tuple[str, int]]] = {}
        self._numbers: dict[str, int] = {}

    def number(self, suite: object) -> None:
        """Number the tests of each id in load order."""
        for item in suite:
            if hasattr(item, "__iter__"):
                self.number(item)
            else:
                self._waiting.setdefault(id(item), []).append(self._next(item.id()))

    def _next(self, name: str) -> tuple[str, int]:
        ordinal = self._numbers.get(name, 0)
        self._numbers[name] = ordinal + 1
        return name, ordinal

    def write(self, test: unittest.TestCase, outcome: str, *, is_fixture: bool) -> None:
        """Add a line; a test that comes again, or that nobody collected, gets the next number of its id."""
        waiting = self._waiting.get(id(test))
        number = None if is_fixture else waiting.pop(0)[1] if waiting else self._next(test.id())[1]
        key = test.id(), number
        file = self._open(self._path, self._flags)
        self._write(file, (json.dumps([*key, outcome]) + "\n").encode())
        self._close(file)


class Recording(unittest.TextTestResult):
    """Takes the worst that is reported between a test's start and its stop."""

    log: Log

    def __init__(self, *arguments: object, **keywords: object) -> None:
        super().__init__(*arguments, **keywords)
        self._open: dict[int, str | None] = {}

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._open[id(test)] = None

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        if id(test) in self._open:
            self.log.write(test, self._open.pop(id(test)) or "passed", is_fixture=False)

    def _report(self, test: object, outcome: str) -> None:
        if isinstance(test, unittest.suite._ErrorHolder):
            self.log.write(test, outcome, is_fixture=True)
        elif _RANK[outcome] >= _RANK[self._open.get(id(test)) or "passed"]:  # 3.12.1 does not start what a decorator skips
            self._open[id(test)] = outcome

    def addSuccess(self, test: unittest.TestCase) -> None:
        super().addSuccess(test)
        self._report(test, "passed")

    def addFailure(self, test: unittest.TestCase, err: object) -> None:
        self._report(test, "failed")
        super().addFailure(test, err)

    def addError(self, test: unittest.TestCase, err: object) -> None:
        self._report(test, "errored")
        super().addError(test, err)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        self._report(getattr(test, "test_case", test), "skipped")
        super().addSkip(test, reason)

    def addExpectedFailure(self, test: unittest.TestCase, err: object) -> None:
        self._report(test, "expected_failure")
        super().addExpectedFailure(test, err)

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        self._report(test, "unexpected_success")
        super().addUnexpectedSuccess(test)

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: tuple | None) -> None:
        if err is not None:
            self._report(test, "failed" if issubclass(err[0], test.failureException) else "errored")
        super().addSubTest(test, subtest, err)


class Runner(unittest.TextTestRunner):
    """The usual runner, which numbers the tests before it runs them."""

    resultclass = Recording

    def run(self, test: unittest.TestSuite) -> unittest.TestResult:
        Recording.log.number(test)
        return super().run(test)


def main() -> None:
    """Be `python -m unittest`."""
    Recording.log = Log(sys.argv.pop(1))
    sys.path[0] = str(Path.cwd())
    sys.argv[0] = "python -m unittest"
    unittest.main(module=None, testRunner=Runner)


if __name__ == "__main__":
    main()
