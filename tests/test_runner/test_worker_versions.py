"""The worker runs on every supported version of Python that is at hand, with the same results."""

import unittest
from tempfile import TemporaryDirectory

from tests.conformance.interpreters import other_interpreters

from . import test_worker_fixtures, test_worker_hostile, test_worker_outcomes, test_worker_runs
from .suites import SuiteCase, read_diary, run_suite, write_suite

SUITES: tuple[type[SuiteCase], ...] = (
    test_worker_outcomes.OutcomesTest,
    test_worker_outcomes.SubtestTest,
    test_worker_outcomes.LoadingTest,
    test_worker_runs.OrderTest,
    test_worker_runs.StrangeRunTest,
    test_worker_fixtures.BrokenFixturesTest,
    test_worker_hostile.DyingTestsTest,
    test_worker_hostile.ExecutorTest,
)


class VersionsTest(unittest.TestCase):
    def test_same_results(self) -> None:
        """The same outcomes, fixtures and order of everything on each version as on this one."""
        interpreters = other_interpreters()
        if not interpreters:
            self.skipTest("no other supported version of Python is installed")
        for suite in SUITES:
            with TemporaryDirectory() as folder:
                write_suite(folder, suite.files)
                expected = self.run_with(folder, None)
                for version, path in interpreters.items():
                    with self.subTest(suite=suite.__name__, version=version):
                        self.assertEqual(self.run_with(folder, path), expected)

    def run_with(
        self, folder: str, interpreter: str | None
    ) -> tuple[list[tuple[str, int, str]], list[tuple[str, str]], list[str]]:
        events, _ = run_suite(folder, interpreter=interpreter)
        return events.outcomes, events.fixtures, read_diary(folder)
