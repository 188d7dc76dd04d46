"""`runner test --bisect-order TEST`: real processes."""

from __future__ import annotations

import shlex

from .projects import ProjectCase

POLLUTING = """
import unittest

class Before(unittest.TestCase):
{tests}

    def test_c_does_nothing(self):
        pass

    def test_k_pollutes(self):
        unittest.polluted = True
"""
TESTS = "\n".join(f"    def test_{letter}(self):\n        pass\n" for letter in "abdefghij")
VICTIM = """
import unittest

class Victim(unittest.TestCase):
    def test_a_after_it(self):
        self.assertFalse(hasattr(unittest, "polluted"), "left behind")

    def test_b_never(self):
        pass

    def test_c_always(self):
        self.fail("of itself")
"""


SEED = "2"
"""With it the polluting module comes first."""


class BisectOrder(ProjectCase):
    """A suite in which a test fails after another one."""

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(__init__="", test_before=POLLUTING.format(tests=TESTS), test_victim=VICTIM)
        found = ("test", "-s", "tests", "-t", ".", "--bisect-order")
        cls.answers = cls.home.together(
            found=(*found, "tests/test_victim.py::Victim::test_a_after_it"),
            elsewhere=("test", "-s", "tests", "--bisect-order", "test_a_after_it"),
            never=(*found, "Victim.test_b_never"),
            always=(*found, "tests.test_victim.Victim.test_c_always"),
            missing=(*found, "tests.test_victim.Victim.test_d"),
            shuffled=("test", "tests/", "--shuffle", "--seed", SEED, "--bisect-order", "test_a_after_it"),
            contradiction=(*found, "test_a_after_it", "--record"),
        )

    def test_the_culprit(self):
        """The one earlier test that makes it fail is named, with the trials that led there."""
        answer = self.answers["found"]
        self.assertEqual(answer.code, 1, answer.errors)
        self.assertEqual(answer.lines[0], "trial 1: alone: passes")
        self.assertEqual(answer.lines[1], "trial 2: after 11 tests: fails")
        self.assertIn("tests.test_victim.Victim.test_a_after_it fails after 1 test:", answer.lines)
        self.assertIn("  tests.test_before.Before.test_k_pollutes", answer.lines)
        self.assertLessEqual(len([line for line in answer.lines if line.startswith("trial")]), 10)

    def test_the_command_shows_it(self):
        """The command that is printed makes the test fail; where ids are no names to import by, it selects with -k."""
        for name, flag in (("found", "tests.test_before"), ("elsewhere", "-k"), ("shuffled", f"--seed {SEED}")):
            with self.subTest(name=name):
                line = next(line for line in self.answers[name].lines if line.startswith("reproduce it with: runner "))
                words = shlex.split(line.removeprefix("reproduce it with: runner "))
                self.assertIn(flag, line)
                answer = self.home.run(*words)
                self.assertEqual((answer.code, answer.lines[-1]), (1, "1 passed, 1 failed, 0 skipped"), answer.output)

    def test_one_that_never_fails(self):
        """A test that passes after all others too gives 5 and says so."""
        answer = self.answers["never"]
        self.assertEqual((answer.code, len(answer.lines)), (5, 3), answer.output)
        self.assertIn("passes alone and after the 12 tests that run before it", answer.lines[-1])

    def test_one_that_fails_alone(self):
        """A test that fails alone gives 1 after one trial, with its message."""
        answer = self.answers["always"]
        self.assertEqual((answer.code, len(answer.lines)), (1, 2))
        self.assertIn("fails alone, so the order is not the reason: AssertionError: of itself", answer.lines[-1])

    def test_refusals(self):
        """A test that is not there, and flags that make no sense beside it, are refused."""
        self.assert_refused(self.answers["missing"], 2, "usage", "test_d", "did you mean")
        self.assert_refused(self.answers["contradiction"], 2, "usage", "--record")
