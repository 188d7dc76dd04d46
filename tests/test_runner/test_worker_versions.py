"""The worker runs on every supported version of Python that is at hand, with the same results."""

import shutil
import subprocess
import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

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
)
SUPPORTED = ((3, 11), (3, 12), (3, 13))


def other_interpreters() -> dict[tuple[int, ...], str]:
    """Find interpreters on the path and beside this one, one per supported version other than ours."""
    named = [path for minor in (11, 12, 13) if (path := shutil.which(f"python3.{minor}"))]
    beside = sorted(map(str, Path(sys.base_prefix).parent.glob("*/bin/python3")))
    found: dict[tuple[int, ...], str] = {}
    for path in [*named, *beside]:
        code = "import sys; print(*sys.version_info[:2])"
        answer = subprocess.run([path, "-c", code], capture_output=True, text=True, check=False).stdout.split()
        version = tuple(map(int, answer))
        if version in SUPPORTED and version != sys.version_info[:2]:
            found.setdefault(version, path)
    return found


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
