"""`runner test --coverage`, end to end."""

from __future__ import annotations

from typing import Any

from .projects import ProjectCase

LIBRARY = """def divide(a, b):
    if b == 0:
        raise ValueError("no divisor")
    return a / b
"""
SUITE = """
import unittest
from lib.calculation import divide

class Divide(unittest.TestCase):
    def test_divide(self):
        self.assertEqual(divide(4, 2), 2)
"""


class Measured(ProjectCase):
    """A recorded run with coverage, and one whose settings name the source."""

    shown: Any

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_divide=SUITE)
        cls.home.write("lib/__init__.py", "")
        cls.home.write("lib/calculation.py", LIBRARY)
        cls.home.write(
            "pyproject.toml", "[tool.runner]\nstart-directory = 'tests'\ntop-level-directory = '.'\nsource = ['lib']\n"
        )
        cls.home.write("tests/__init__.py", "")
        cls.answers = cls.home.together(
            flag=("test", "--coverage", "--source", "lib", "--record", "--name", "measured"),
            settings=("test", "--coverage", "--format", "json"),
        )
        cls.answer = cls.answers["flag"]
        cls.shown = cls.home.run("show", "measured", "--format", "json").document

    def test_the_table_names_the_missing_lines(self):
        """The table of coverage stands above the counts, with the number of the line that no test reached."""
        self.assertEqual((self.answer.code, self.answer.errors), (0, ""))
        self.assertRegex(self.answer.output, r"lib/calculation\.py +4 +1 +75% +3\n")
        self.assertEqual(self.answer.lines[-1], "1 passed, 0 failed, 0 skipped")

    def test_the_percentage_is_recorded(self):
        """The registry holds the percentage, and `runner show` prints it."""
        self.assertEqual(self.shown["coverage"], {"percent": 75.0, "files": 2})
        self.assertIn("75.0 % of 2 files", self.home.run("show", "measured").output)

    def test_the_settings_name_the_source(self):
        """Without --source the settings decide what is measured, and a document holds the percentage and no table."""
        document = self.answers["settings"].documents[-1]
        self.assertEqual(document["coverage"], {"percent": 75.0, "files": 2})

    def test_nothing_is_left_behind(self):
        """The data files of coverage do not stay in the project."""
        self.assertEqual(list(self.home.root.rglob(".coverage*")), [])
