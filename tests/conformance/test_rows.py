"""Every row before our own runner, and before plain unittest."""

import sys
import unittest

from .catalogue import ROWS
from .judging import faults, plain_faults
from .running import run_ours, run_plain


class RowsTest(unittest.TestCase):
    """Each row with one worker."""

    def test_every_row_is_right(self) -> None:
        """With one worker every row ends in exactly the outcomes, fixtures, notes and exit code that it names."""
        found = run_ours(ROWS)
        for case in ROWS:
            with self.subTest(case.name, why=case.why):
                self.assertEqual(faults(case, found[case.name]), [])


class OracleTest(unittest.TestCase):
    """The expectations themselves, against plain unittest."""

    def test_unittest_agrees(self) -> None:
        """Plain unittest says of every row what the row says of it, and what differs is written there with its reason."""
        found = run_plain(ROWS)
        for case in ROWS:
            if case.name in found:
                with self.subTest(case.name, why=case.why):
                    self.assertEqual(plain_faults(case, found[case.name], sys.version_info[:3]), [])
