"""`runner test` with flags that choose: real processes, real SQLite."""

from __future__ import annotations

from .projects import GREEN_SUITE, ProjectCase

CHANGING_SUITE = """
import pathlib, unittest

class First(unittest.TestCase):
    def test_a(self):
        pass

    def test_b(self):
        self.assertTrue(pathlib.Path("mended").exists())

class Second(unittest.TestCase):
    def test_c(self):
        self.assertTrue(pathlib.Path("mended").exists())

    def test_d(self):
        pass
"""


class LastFailed(ProjectCase):
    """--last-failed and --failed-first over a recorded run."""

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(__init__="", test_changing=CHANGING_SUITE, test_green=GREEN_SUITE)
        cls.before = cls.home.run("test", "--last-failed")
        cls.home.run("test", "--record", "-s", "tests")
        cls.answers = cls.home.together(
            last=("test", "-s", "tests", "--last-failed", "-v"),
            narrowed=("test", "-s", "tests", "--last-failed", "-k", "First"),
            elsewhere=("test", "tests.test_changing", "--last-failed"),
            first=("test", "-s", "tests", "--failed-first", "-v"),
        )
        cls.home.write("mended", "")
        cls.mended = cls.home.run("test", "-s", "tests", "--last-failed", "--record")
        cls.after = cls.home.run("test", "-s", "tests", "--last-failed")

    def test_nothing_is_recorded_yet(self):
        """Without a recorded run it ends with 5, says how to record one, and makes no registry."""
        self.assert_refused(self.before, 5, "nothing-to-run", "--record", ".runner/registry.db")

    def test_only_those_that_failed(self):
        """Only the tests that failed run, and a line says of how many."""
        answer = self.answers["last"]
        self.assertEqual((answer.code, answer.lines[-1]), (1, "0 passed, 2 failed, 0 skipped"))
        self.assertIn("last failed: 2 of 6 tests", answer.lines)

    def test_with_a_pattern(self):
        """-k narrows what failed."""
        self.assertEqual(self.answers["narrowed"].lines[-1], "0 passed, 1 failed, 0 skipped")

    def test_under_another_name(self):
        """Tests that were recorded under other ids are not found, which gives 5 and a sentence that shows such an id."""
        answer = self.answers["elsewhere"]
        self.assert_refused(answer, 5, "no-tests", "test_changing.First.test_b")

    def test_failed_first(self):
        """All tests run, those that failed and their classes before the others."""
        answer = self.answers["first"]
        names = [line.split(" ")[0] for line in answer.lines if " ... " in line]
        self.assertEqual(names, ["test_b", "test_a", "test_c", "test_d", "test_product", "test_sum"])

    def test_when_they_are_mended(self):
        """Those that failed are run and pass; after that nothing is left to run, which gives 5 and a sentence."""
        self.assertEqual((self.mended.code, self.mended.lines[-1]), (0, "2 passed, 0 failed, 0 skipped"))
        self.assert_refused(self.after, 5, "nothing-to-run", "nothing failed last time")


class Places(ProjectCase):
    """TESTS that name a place."""

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(__init__="", test_changing=CHANGING_SUITE, test_green=GREEN_SUITE)
        cls.answers = cls.home.together(
            mixed=("test", "tests/test_changing.py::First::test_a", "tests.test_green", "tests/test_changing.py::Second"),
            folder=("test", "tests/"),
            missing=("test", "tests/test_changing.py::First::test_z"),
        )

    def test_mixed_with_dotted_names(self):
        """Files with :: and dotted names run together."""
        self.assertEqual(self.answers["mixed"].lines[-1], "4 passed, 1 failed, 0 skipped", self.answers["mixed"].output)

    def test_a_folder(self):
        """A folder runs the files in it."""
        self.assertEqual(self.answers["folder"].lines[-1], "4 passed, 2 failed, 0 skipped")

    def test_a_test_that_is_not_there(self):
        """A test that its class does not hold is refused with 2 before anything runs."""
        self.assert_refused(self.answers["missing"], 2, "usage", "tests/test_changing.py::First", "'test_z'")
