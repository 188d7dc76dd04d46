"""A TestCase that writes down what unittest calls. The file is not named test_*.py, so discovery leaves it alone."""

from __future__ import annotations

import unittest
from typing import ClassVar


class Recorder(unittest.TestCase):
    """Its tests pass, fail or break on purpose; `calls` tells in which order the pieces ran."""

    calls: ClassVar[list[str]] = []

    @classmethod
    def setUpClass(cls) -> None:
        cls.calls.append("setUpClass")

    @classmethod
    def tearDownClass(cls) -> None:
        cls.calls.append("tearDownClass")

    def setUp(self) -> None:
        self.calls.append("setUp")
        self.addCleanup(self.calls.append, "cleanup")
        if self._testMethodName == "broken_set_up":
            raise OSError("the data set is not there")

    def tearDown(self) -> None:
        self.calls.append("tearDown")

    def passing(self) -> None:
        self.calls.append("passing")

    def failing(self) -> None:
        self.calls.append("failing")
        self.fail("on purpose")

    def broken_set_up(self) -> None:
        self.calls.append("broken_set_up")


def calls_of(*names: str) -> list[str]:
    """Run the named methods of Recorder as tests and return what was called, in order."""
    Recorder.calls.clear()
    unittest.TestSuite(Recorder(name) for name in names).run(unittest.TestResult())
    return list(Recorder.calls)
