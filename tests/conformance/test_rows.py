"""Every row before our own runner, and before plain unittest."""

import sys
import unittest

from .case import Case
from .catalogue import ROWS
from .judging import faults, plain_faults
from .running import run_ours, run_plain


class RowsTest(unittest.TestCase):
    def assert_right(self, *flags: str) -> None:
        """Run every row with these flags, and fail with each that is wrong."""
        found = run_ours(ROWS, flags)
        for case in ROWS:
            with self.subTest(case.name, why=case.why):
                self.assertEqual(faults(case, found[case.name]), [])

    def test_one_worker(self) -> None:
        """With one worker every row ends in exactly the outcomes, fixtures, notes and exit code that it names."""
        self.assert_right()

    def test_two_workers(self) -> None:
        """With two workers every row ends in exactly the same, fixtures as often as with one."""
        self.assert_right("-j", "2")


class OracleTest(unittest.TestCase):
    """The expectations themselves, against plain unittest."""

    def test_unittest_agrees(self) -> None:
        """Plain unittest says of every row what the row says of it, and what differs is written there with its reason."""
        found = run_plain(ROWS)
        for case in ROWS:
            if case.name in found:
                with self.subTest(case.name, why=case.why):
                    self.assertEqual(plain_faults(case, found[case.name], sys.version_info[:3]), [])


class RealSuiteTest(unittest.TestCase):
    def test_of_json(self) -> None:
        """The suite of CPython's own json has the outcomes that plain unittest gives it, test by test."""
        case = Case(
            name="json",
            why="a suite that was not made for us",
            files={},
            beside_fine=False,
            arguments=("test.test_json",),
            outcomes={},
            exit_code=0,
        )
        plain = run_plain([case])["json"]
        self.assertGreater(len(plain.results), 100)
        for flags in ((), ("-j", "2")):
            with self.subTest(flags=flags):
                ours = run_ours([case], flags)["json"]
                self.assertEqual((ours.results, ours.exit_code, ours.left), (plain.results, plain.exit_code, ()))
