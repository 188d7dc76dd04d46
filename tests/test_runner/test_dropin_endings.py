from __future__ import annotations

import os
import signal
import subprocess
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from registry.records import RunDetails, RunStatus

from .dropins import ended, message, outcomes, recorded, start, write_project

MAIN = """
    import ctypes, os, signal, sys, time, unittest
    import runner

    HOW = os.environ["HOW"]

    class A(unittest.TestCase):
        def test_before(self):
            pass

    class B(unittest.TestCase):
        def test_ends_it(self):
            if HOW == "exit":
                os._exit(0)
            elif HOW == "kill":
                os.killpg(os.getpgrp(), signal.SIGKILL)
            elif HOW == "Ctrl-C":
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(5)
            elif HOW == "Ctrl-C, caught":
                os.kill(os.getpid(), signal.SIGINT)
            elif HOW == "stray":
                child = ctypes.CDLL(None).fork()  # Python is not told of it, and closes nothing
                if child:
                    with open("stray", "w") as file:
                        file.write(str(child))
                    os._exit(0)
                os.close(1)
                os.close(2)
                time.sleep(600)
            elif HOW == "fail":
                self.fail()

    class C(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            if HOW == "between":
                os._exit(0)
            if HOW == "raise":
                sys.exit("out of here")

        def test_after(self):
            pass

    if __name__ == "__main__":
        unittest.main(testRunner=runner.RecordingTestRunner.with_options(name="this", tags={"how": HOW}))
"""
FLAGS = {"Ctrl-C, caught": ("-c",), "fail": ("-f",)}

# Where the system has no descriptor of a process, its strays are waited for.
STRAY = ("stray",) if hasattr(os, "pidfd_open") else ()


class Endings(unittest.TestCase):
    """Runs that do not come to their end; they are started together, each in a project of its own."""

    ended: ClassVar[dict[str, subprocess.CompletedProcess[str]]]
    runs: ClassVar[dict[str, RunDetails]]

    @classmethod
    def setUpClass(cls):
        top = Path(cls.enterClassContext(TemporaryDirectory()))
        hows = (*STRAY, "exit", "kill", "between", "raise", "Ctrl-C", "Ctrl-C, caught", "fail")
        folders = {how: top / str(number) for number, how in enumerate(hows)}
        for folder in folders.values():
            write_project(folder, {"main.py": MAIN})
        processes = {how: start(folder, "main.py", *FLAGS.get(how, ()), HOW=how) for how, folder in folders.items()}
        cls.ended = {how: ended(process) for how, process in processes.items()}
        for how in STRAY:
            cls.addClassCleanup(os.kill, int((folders[how] / "stray").read_text()), signal.SIGKILL)
        cls.runs = {how: recorded(folder, "this") for how, folder in folders.items()}

    def assert_ended(self, how: str, status: RunStatus, code: int, last: tuple[str, str, str]) -> RunDetails:
        """Compare exit code, status and the outcomes of the three tests; no run of these is green."""
        details = self.runs[how]
        self.assertEqual(self.ended[how].returncode, code, self.ended[how].stderr)
        self.assertEqual((details.run.status, details.run.green), (status, False))
        names = ("A.test_before", "B.test_ends_it", "C.test_after")
        self.assertEqual(outcomes(details), dict(zip(names, last, strict=True)))
        return details

    def test_exit(self):
        """A test that ends the process with exit code 0 has crashed, and the tests behind it did not run."""
        details = self.assert_ended("exit", RunStatus.CRASHED, 0, ("passed", "crashed", "not_run"))
        self.assertEqual(message(details, "test_ends_it"), "the process that ran the tests died while the test was running")
        self.assertEqual(message(details, "test_after"), "the process that ran the tests died")
        self.assertEqual(details.run.tags, {"how": "exit"})

    def test_kill(self):
        """So has one that was killed, which no process can tell of itself, even with all of its group."""
        self.assert_ended("kill", RunStatus.CRASHED, -signal.SIGKILL, ("passed", "crashed", "not_run"))

    @unittest.skipUnless(STRAY, "the system has no descriptors of processes")
    def test_stray(self):
        """The death is noticed although a process that the test left behind, and that still lives, keeps the pipe open."""
        self.assert_ended("stray", RunStatus.CRASHED, 0, ("passed", "crashed", "not_run"))

    def test_between(self):
        """A process that ends between two tests leaves a crashed fixture that names the last test."""
        details = self.assert_ended("between", RunStatus.CRASHED, 0, ("passed", "passed", "not_run"))
        (fixture,) = details.fixtures
        self.assertEqual((fixture.fixture_id, str(fixture.outcome)), ("between tests (after __main__.B.test_ends_it)", "crashed"))

    def test_raise(self):
        """An exception that ends unittest itself fails the run and is told with it."""
        details = self.assert_ended("raise", RunStatus.FAILED, 1, ("passed", "passed", "not_run"))
        self.assertEqual([(one.fixture_id, one.message) for one in details.fixtures], [("run", "SystemExit: out of here")])
        self.assertEqual(message(details, "test_after"), "SystemExit: out of here ended the run")

    def test_interrupt(self):
        """Ctrl-C ends the run as interrupted, and the test that was running with it."""
        details = self.assert_ended("Ctrl-C", RunStatus.INTERRUPTED, -signal.SIGINT, ("passed", "not_run", "not_run"))
        self.assertEqual({message(details, name) for name in ("test_ends_it", "test_after")}, {"interrupted"})

    def test_interrupt_that_is_caught(self):
        """With -c the running test is finished; the run is interrupted all the same."""
        details = self.assert_ended("Ctrl-C, caught", RunStatus.INTERRUPTED, 0, ("passed", "passed", "not_run"))
        self.assertEqual(message(details, "test_after"), "interrupted")

    def test_failfast(self):
        """After a failure with -f the rest did not run, and says why."""
        details = self.assert_ended("fail", RunStatus.FINISHED, 1, ("passed", "failed", "not_run"))
        self.assertEqual(message(details, "test_after"), "the run stopped at the first failure (failfast)")

    def test_nothing_is_said(self):
        """Where the run is recorded, nothing is printed about it."""
        self.assertEqual([how for how, process in self.ended.items() if "runner:" in process.stderr], [])


UNRECORDED = """
    import os, signal, sys, time, unittest
    from runner import RecordingTestRunner

    class T(unittest.TestCase):
        def test_pass(self):
            pass

    @unittest.skipUnless(os.environ["HOW"] == "pipe", "one is enough")
    class Pipe(unittest.TestCase):
        def test_after_the_recorder_gave_up(self):
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            time.sleep(2)

    class Elsewhere(RecordingTestRunner):
        run_name = "latest" if os.environ["HOW"] == "name" else None
        strict = os.environ["HOW"] == "strict"

    if __name__ == "__main__":
        sys.executable = {"missing": "/no/such/python", "silent": "/bin/true"}.get(os.environ["HOW"], sys.executable)
        unittest.main(testRunner=Elsewhere)
"""


class Failures(unittest.TestCase):
    """What happens when the run cannot be recorded."""

    ended: ClassVar[dict[str, subprocess.CompletedProcess[str]]]

    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(TemporaryDirectory()))
        write_project(folder, {"main.py": UNRECORDED, "file": "no registry"})
        urls = {
            "pipe": str(folder / "file"),
            "strict": str(folder / "file"),
            "unset": str(folder / "file"),
            "name": str(folder / "runs.db"),
        }
        urls |= dict.fromkeys(("missing", "silent"), str(folder / "runs.db"))
        processes = {how: start(folder, "main.py", HOW=how, RUNNER_REGISTRY=url) for how, url in urls.items()}
        cls.ended = {how: ended(process) for how, process in processes.items()}

    def test_it_is_told_and_costs_nothing(self):
        """One line on standard error, after unittest's, names the reason; the exit code is that of the tests."""
        result = self.ended["unset"]
        self.assertEqual(result.returncode, 0)
        self.assertRegex(
            result.stderr, r"\nOK \(skipped=1\)\nrunner: this run was not recorded: [^\n]*file[^\n]* \[registry-damaged\]\n\Z"
        )

    def test_it_kills_nobody(self):
        """Tests may write into the pipe after the recorder gave up, even where a pipe without a reader would kill them."""
        self.assertEqual(self.ended["pipe"].returncode, 0)
        self.assertIn("this run was not recorded", self.ended["pipe"].stderr)

    def test_strict(self):
        """Where the class says `strict`, the exit code is 3."""
        self.assertEqual(self.ended["strict"].returncode, 3)
        self.assertIn("\nOK (skipped=1)\nrunner: this run was not recorded: ", self.ended["strict"].stderr)

    def test_name(self):
        """A name that no run may have is refused like that."""
        self.assertRegex(self.ended["name"].stderr, r"runner: this run was not recorded: [^\n]*latest[^\n]* \[invalid-name\]\n\Z")

    def test_no_recorder(self):
        """An interpreter that cannot be started, or that ends at once, costs the tests nothing either."""
        for how, reason in (("missing", "the recorder cannot be started: .*/no/such/python"), ("silent", "the recorder .*")):
            with self.subTest(how):
                self.assertRegex(
                    self.ended[how].stderr, rf"\nOK \(skipped=1\)\nrunner: this run was not recorded: {reason}[^\n]*\n\Z"
                )
                self.assertEqual(self.ended[how].returncode, 0)
