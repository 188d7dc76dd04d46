from __future__ import annotations

import re
import subprocess
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from registry.records import RunDetails, RunStatus

from .dropins import ended, message, outcomes, recorded, start, write_project

MAIN = """
    import atexit, os, signal, sys, time, unittest, unittest.mock

    class Outcomes(unittest.TestCase):
        def test_pass(self):
            print("a line of a test")

        def test_fail(self):
            print("said before it failed")
            self.assertEqual(1, 2)

        def test_error(self):
            raise ValueError("broken")

        def test_subtests(self):
            for number in range(3):
                with self.subTest(number=number):
                    self.assertNotEqual(number, 1)

        @unittest.skip("no GPU")
        def test_skip(self):
            self.fail()

        @unittest.expectedFailure
        def test_expected_failure(self):
            self.fail()

        @unittest.expectedFailure
        def test_unexpected_success(self):
            pass

    class Prevented(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            raise OSError("no data")

        def test_one(self):
            pass

        def test_two(self):
            pass

    class Skipped(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            raise unittest.SkipTest("not today")

        def test_one(self):
            pass

    class Replaced(unittest.TestCase):
        def test_replaced_functions(self):
            for name in ("os.write", "os.getpid"):
                patch = unittest.mock.patch(name, side_effect=OSError)
                patch.start()
                self.addClassCleanup(patch.stop)

    class Surroundings(unittest.TestCase):
        def test_at_first_no_child_is_ours(self):
            with self.assertRaises(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)

        def test_closing_descriptors(self):
            os.closerange(3, 256)

        def test_fork_that_comes_back(self):
            child = os.fork()
            if child:
                os.waitpid(child, 0)
            else:
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, 1)
                os.dup2(null, 2)
                self.fail("this is the child")

        def test_fork_that_stays(self):
            child = os.fork()
            if child:
                atexit.register(os.kill, child, signal.SIGKILL)
            else:
                os.closerange(0, 3)
                time.sleep(100)

    if __name__ == "__main__":
        if os.environ.get("RECORDED"):
            import runner
            unittest.main(testRunner=runner.RecordingTestRunner)
        unittest.main()
"""
# None of them can be imported.
SHADOWS = {f"{name}/__init__.py": "raise SystemExit('the wrong one')\n" for name in ("registry", "mnist")}


class Recording(unittest.TestCase):
    """`unittest.main(testRunner=runner.RecordingTestRunner)`, beside packages `registry` and `mnist` of the project's own."""

    folder: ClassVar[Path]
    plain: ClassVar[subprocess.CompletedProcess[str]]
    ours: ClassVar[subprocess.CompletedProcess[str]]
    details: ClassVar[RunDetails]

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(TemporaryDirectory()))
        write_project(cls.folder, {"main.py": MAIN, **SHADOWS})
        flags = ("-v", "-b", "--locals")
        processes = (
            start(cls.folder, "main.py", *flags),
            start(cls.folder, "main.py", *flags, RECORDED="1", PYTHONPATH=str(cls.folder)),
        )
        cls.plain, cls.ours = map(ended, processes)
        cls.details = recorded(cls.folder)

    def test_same_output(self):
        """It prints what unittest prints, times apart, and nothing else."""
        self.assertIn("FAILED (failures=2, errors=2", self.plain.stderr)
        for name in ("stdout", "stderr"):
            with self.subTest(stream=name):
                self.assertEqual(without_times(getattr(self.ours, name)), without_times(getattr(self.plain, name)))

    def test_same_exit_code(self):
        """It ends with unittest's exit code."""
        self.assertEqual((self.ours.returncode, self.plain.returncode), (1, 1))

    def test_every_outcome(self):
        """Each collected test is recorded once, with the outcome that `runner test` would give it."""
        self.assertEqual(
            outcomes(self.details),
            {
                "Outcomes.test_error": "errored",
                "Outcomes.test_expected_failure": "expected_failure",
                "Outcomes.test_fail": "failed",
                "Outcomes.test_pass": "passed",
                "Outcomes.test_skip": "skipped",
                "Outcomes.test_subtests": "failed",
                "Outcomes.test_unexpected_success": "unexpected_success",
                "Prevented.test_one": "not_run",
                "Prevented.test_two": "not_run",
                "Replaced.test_replaced_functions": "passed",
                "Skipped.test_one": "skipped",
                "Surroundings.test_closing_descriptors": "passed",
                "Surroundings.test_fork_that_comes_back": "passed",
                "Surroundings.test_fork_that_stays": "passed",
                "Surroundings.test_at_first_no_child_is_ours": "passed",
            },
        )
        self.assertEqual(len(self.details.results), 15)

    def test_causes(self):
        """A test that a fixture prevented has the fixture's error, or the reason of its skip, for a message."""
        self.assertEqual(message(self.details, "Prevented.test_two"), "setUpClass (__main__.Prevented) failed: OSError: no data")
        self.assertEqual(message(self.details, "Skipped.test_one"), "not today")
        self.assertEqual(
            [(one.fixture_id, str(one.outcome)) for one in self.details.fixtures],
            [("setUpClass (__main__.Prevented)", "errored"), ("setUpClass (__main__.Skipped)", "skipped")],
        )

    def test_tracebacks(self):
        """A failure has the traceback that is on the screen, with --locals its variables and with -b what was printed."""
        texts = {one.test_id.partition(".")[2]: one.traceback or "" for one in self.details.results if one.traceback}
        self.assertRegex(texts["Outcomes.test_fail"], r"(?s)^Traceback .* self = <.*1 != 2\n\nStdout:\nsaid before it failed\n$")
        self.assertIn("ValueError: broken", texts["Outcomes.test_error"])
        for name in ("Outcomes.test_fail", "Outcomes.test_error"):
            with self.subTest(name):
                self.assertIn(texts[name], self.plain.stderr)

    def test_subtests(self):
        """The subtests that did not pass are listed, the others counted."""
        (result,) = (one for one in self.details.results if one.test_id.endswith("test_subtests"))
        self.assertEqual([(one.params, str(one.outcome)) for one in result.subtests], [("(number=1)", "failed")])
        self.assertEqual(result.subtests_passed, 2)

    def test_the_run(self):
        """The run is red and finished, with the command line, the environment and the code that took part."""
        run = self.details.run
        self.assertEqual((run.status, run.green), (RunStatus.FINISHED, False))
        self.assertEqual(run.argv, ("main.py", "-v", "-b", "--locals"))
        self.assertIsNotNone(run.environment)
        self.assertIsNotNone(run.code_fingerprint)

    def test_durations(self):
        """Tests that ran have their duration, those that did not have none."""
        times = {one.test_id.partition(".")[2]: one.duration_s for one in self.details.results}
        self.assertGreater(times["Surroundings.test_fork_that_comes_back"] or 0, 0)
        self.assertIsNone(times["Prevented.test_one"])


def without_times(text: str) -> str:
    """Return the text with the duration of the run made equal."""
    return re.sub(r"(?<=tests in )[\d.]+s", "0.000s", text)
