"""Hostile tests, each before our own runner: exact states, nothing hangs, and nothing is left.

With two workers, where they have most to destroy; `make nightly` runs them in every other way.
"""

import unittest

from .catalogue import ZOO
from .judging import faults
from .running import run_ours


class ZooTest(unittest.TestCase):
    def test_every_animal_is_tamed(self) -> None:
        """With two workers every hostile test ends in exactly the state that it names, in time, and leaves no process."""
        found = run_ours(ZOO, ("-j", "2"))
        for case in ZOO:
            with self.subTest(case.name, why=case.why):
                self.assertEqual(faults(case, found[case.name]), [])
