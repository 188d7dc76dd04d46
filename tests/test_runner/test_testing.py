"""What a suite may say to the tool that runs it."""

import unittest
from typing import ClassVar

from runner.testing import exclusive

from .suites import Files, SuiteCase


class Exclusive(SuiteCase):
    """A decorated class beside one that takes a while."""

    files: ClassVar[Files] = {
        "test_it.py": """
            import os, time, unittest
            from diary import note
            from runner.testing import exclusive

            @exclusive
            class Alone(unittest.TestCase):
                def test_one(self): note(f"beside: {os.path.exists('busy')}")

            class Busy(unittest.TestCase):
                def test_one(self):
                    open("busy", "w").close()
                    time.sleep(0.2)
                    os.remove("busy")
        """,
    }
    changes: ClassVar = {"jobs": 2}

    def test_alone(self):
        """A class that is decorated with `exclusive` runs while no other class does."""
        self.assertEqual(self.events.by_name, {"Alone.test_one": "passed", "Busy.test_one": "passed"})
        self.assertEqual(self.diary, ["beside: False"])

    def test_the_class_stays_itself(self):
        """The decorator returns the class."""

        class Case(unittest.TestCase): ...

        self.assertIs(exclusive(Case), Case)
