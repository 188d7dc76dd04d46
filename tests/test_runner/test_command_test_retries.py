"""`runner test --retries N`: real processes, real SQLite."""

from __future__ import annotations

from typing import Any, ClassVar

from .projects import ProjectCase

FLAKY_SUITE = """
import os, pathlib, unittest

def times(name):
    \"\"\"Count the calls over all processes.\"\"\"
    path = pathlib.Path(name)
    path.write_text((path.read_text() if path.exists() else "") + f"{os.getpid()}\\n")
    return len(path.read_text().split())

class Flaky(unittest.TestCase):
    def test_a_steady(self):
        times("steady")

    def test_b_second_time(self):
        self.assertGreater(times("second"), 1, "not yet")

    def test_c_third_time_after_a_crash(self):
        if times("third") < 3:
            os._exit(3)

    def test_d_never(self):
        for part in range(2):
            with self.subTest(part=part):
                self.assertEqual((times("never"), part), (0, 0))

    def test_e_polluted(self):
        os.environ["POLLUTED"] = "1"

    def test_f_only_alone(self):
        self.assertNotIn("POLLUTED", os.environ)

class Broken(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        times("fixture")
        raise OSError("no disk")

    def test_never(self):
        pass
"""
TEARDOWN_SUITE = """
import pathlib, unittest

class Once(unittest.TestCase):
    @classmethod
    def tearDownClass(cls):
        if pathlib.Path("tried").exists():
            raise OSError("cannot tidy up")

    def test_second_time(self):
        self.assertTrue(pathlib.Path("once").exists() or pathlib.Path("once").touch())
        pathlib.Path("tried").touch()
"""


class Retries(ProjectCase):
    """A recorded run with two retries, and what every reader makes of it."""

    shown: ClassVar[Any]

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(__init__="", test_flaky=FLAKY_SUITE, test_gone="import not_there")
        cls.home.write("pyproject.toml", "[tool.runner]\nstart-directory = 'tests'\ntop-level-directory = '.'\n")
        cls.answer = cls.home.run("test", "--record", "--name", "flaky", "--retries", "2")
        cls.shown = cls.home.run("show", "flaky", "--format", "json").document
        cls.answers = cls.home.together(show=("show", "flaky"), diff=("diff", "flaky", "flaky"))

    def attempts(self, name: str) -> list[str]:
        """Return the outcomes of a test, the first attempt first."""
        found = [result for result in self.shown["results"] if result["id"].endswith(name)]
        return [result["outcome"] for result in sorted(found, key=lambda result: result["attempt"])]

    def test_each_attempt_is_recorded(self):
        """A test is tried again until it is green or no attempt is left, and each attempt is recorded."""
        self.assertEqual(self.attempts("test_a_steady"), ["passed"])
        self.assertEqual(self.attempts("test_b_second_time"), ["failed", "passed"])
        self.assertEqual(self.attempts("test_c_third_time_after_a_crash"), ["crashed", "crashed", "passed"])
        self.assertEqual(self.attempts("test_d_never"), ["failed"] * 3)

    def test_alone_in_a_fresh_process(self):
        """Each attempt has a process of its own in which no other test ran."""
        self.assertEqual(len(set((self.home.root / "third").read_text().split())), 3)
        self.assertEqual(self.attempts("test_f_only_alone"), ["failed", "passed"])
        self.assertEqual(len((self.home.root / "steady").read_text().split()), 1)

    def test_a_broken_fixture_is_not_tried_again(self):
        """A fixture that failed, the test that it prevented and a module that cannot be imported are left as they are."""
        self.assertEqual((self.attempts("test_never"), self.attempts("test_gone")), (["not_run"], ["errored"]))
        self.assertEqual(len((self.home.root / "fixture").read_text().split()), 1)
        self.assertEqual(len(self.shown["fixtures"]), 1)

    def test_the_last_attempt_counts(self):
        """The counts hold each test once, by its last attempt; the flaky ones are counted and named beside that."""
        self.assertEqual((self.answer.code, self.answer.lines[-1]), (1, "5 passed, 4 failed, 0 skipped"))
        self.assertIn("3 flaky", self.answer.lines[-2])
        self.assertEqual(self.shown["counts"], {"passed": 5, "failed": 1, "errored": 1, "not_run": 1})
        flaky = [(one["id"].rpartition(".")[2], one["attempts"]) for one in self.shown["flaky"]]
        self.assertEqual(flaky, [("test_b_second_time", 2), ("test_c_third_time_after_a_crash", 3), ("test_f_only_alone", 2)])

    def test_flaky_tests_are_told(self):
        """Each flaky test has a section with what its earlier attempt said, and one that never passed has one failure."""
        titles = [line for line in self.answer.lines if line.startswith(("FLAKY: ", "FAIL: test"))]
        self.assertEqual([title.split(" ")[1] for title in titles], ["test_d_never", *self.names_of_flaky()])
        self.assertIn("ok on attempt 2, FAIL before", self.answer.output)
        self.assertIn("AssertionError: 1 not greater than 1 : not yet", self.answer.output)

    def test_show_tells_them_too(self):
        """`runner show` has one problem for each test, and names the flaky ones."""
        output = self.answers["show"].output
        self.assertEqual(output.count("FLAKY, passed on attempt"), 3)
        self.assertEqual(output.count("FAILED: "), 1)
        self.assertIn("test_d_never, attempt 3", output)

    def test_diff_tells_them_too(self):
        """`runner diff` lists flaky tests, and nothing of them as fixed or failing."""
        self.assertIn("flaky (3)", self.answers["diff"].output)
        self.assertIn("passed -> passed on attempt 3", self.answers["diff"].output)

    def names_of_flaky(self) -> list[str]:
        """Return the names of the flaky tests."""
        return [one["id"].rpartition(".")[2] for one in self.shown["flaky"]]


class Green(ProjectCase):
    """Runs in which all is green at last."""

    def test_flaky_ends_with_0_and_is_named(self):
        """Where every failing test passes on a retry the exit code is 0; retries may stand in the settings, and JSON says so."""
        home = self.project(__init__="", test_flaky=FLAKY_SUITE)
        home.write("pyproject.toml", "[tool.runner]\nretries = 1\n")
        answer = home.run("test", "tests.test_flaky.Flaky.test_b_second_time", "--format", "json")
        attempts = [(line["attempt"], line["outcome"]) for line in answer.documents if line.get("event") == "finished"]
        self.assertEqual((answer.code, attempts), (0, [(1, "failed"), (2, "passed")]), answer.errors)
        self.assertEqual([document.get("event") for document in answer.documents].count("ended"), 1)
        self.assertEqual([one["attempts"] for one in answer.documents[-1]["flaky"]], [2])

    def test_a_teardown_that_fails_only_now(self):
        """A fixture that fails in a retry makes the run red although its test passed there."""
        home = self.project(__init__="", test_teardown=TEARDOWN_SUITE)
        answer = home.run("test", "tests/test_teardown.py", "--retries", "1")
        self.assertEqual((answer.code, answer.lines[-1]), (1, "1 passed, 1 failed, 0 skipped"), answer.output)
