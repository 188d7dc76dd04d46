from __future__ import annotations

import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from .dropins import ended, outcomes, recorded, run_names, start, write_project

# It starts the command and the drop-in in projects of their own, and tells what such a process finds.
OUTER = """
    import json, os, subprocess, sys, unittest

    HERE = os.path.dirname(os.path.abspath(__file__))

    class Outer(unittest.TestCase):
        def in_project(self, name, *arguments):
            done = subprocess.run([sys.executable, *arguments], cwd=os.path.join(HERE, name), capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            return done.stdout

        def test_command(self):
            self.in_project("command", "-m", "runner", "test", "--record", "--name", "inner")

        def test_drop_in(self):
            self.in_project("dropin", "main.py")

        def test_what_a_child_inherits(self):
            variables = [name for name in os.environ if name.startswith("RUNNER_")]
            script = "import os; print(sorted(map(int, os.listdir('/dev/fd'))))"
            inherited = json.loads(self.in_project("command", "-c", script))
            self.assertEqual((variables, inherited[:3], len(inherited)), ([], [0, 1, 2], 4))  # one for the folder itself

        def test_that_would_show_a_double(self):
            pass

    if __name__ == "__main__":
        import runner
        unittest.main(testRunner=runner.RecordingTestRunner)
"""
INNER = """
    import unittest

    class Inner(unittest.TestCase):
        def test_inner(self):
            pass

    if __name__ == "__main__":
        import runner
        unittest.main(testRunner=runner.RecordingTestRunner.with_options(name="inner"))
"""


class Nested(unittest.TestCase):
    """A test that itself runs tests, whose outer run is recorded where RUNNER_REGISTRY says."""

    top: ClassVar[Path]

    @classmethod
    def setUpClass(cls):
        cls.top = Path(cls.enterClassContext(TemporaryDirectory()))
        folders = {"main.py": cls.top / "by_dropin", "-m": cls.top / "by_command"}
        for folder in folders.values():
            inner = {"command/pyproject.toml": "", "command/test_inner.py": INNER}
            inner |= {"dropin/pyproject.toml": "", "dropin/main.py": INNER}
            write_project(folder, {"main.py": OUTER, **inner})
        lines = {"main.py": ("main.py",), "-m": ("-m", "runner", "test", "main", "--record")}
        processes = [
            start(folder, *lines[how], RUNNER_REGISTRY=str(folder / ".runner" / "registry.db")) for how, folder in folders.items()
        ]
        cls.ended = [ended(process) for process in processes]

    def test_the_outer_run(self):
        """The outer run holds its own tests alone, all of them passed, whoever recorded it."""
        for folder in ("by_dropin", "by_command"):
            with self.subTest(folder):
                self.assertEqual(run_names(self.top / folder), ["test-1"])
                details = recorded(self.top / folder)
                self.assertEqual(set(outcomes(details).values()), {"passed"}, [one.traceback for one in details.results])
                self.assertEqual(len(details.results), 4)

    def test_the_inner_runs(self):
        """Each inner run is recorded in its own project."""
        for folder in ("by_dropin/command", "by_dropin/dropin", "by_command/command", "by_command/dropin"):
            with self.subTest(folder):
                self.assertEqual(run_names(self.top / folder), ["inner"])
                self.assertEqual(outcomes(recorded(self.top / folder)), {"Inner.test_inner": "passed"})
