"""Coverage measured in the worker, combined into one record and one table."""

import os
import shlex
import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from registry.records import Coverage
from runner import execute
from runner.coverage import combine
from runner.errors import UsageError

from .suites import Events, Files, run_suite, write_suite

FILES = {
    "lib/__init__.py": "",
    "lib/calc.py": """
        def add(a, b):
            return a + b

        def divide(a, b):
            if b == 0:
                raise ValueError
            return a / b
    """,
    "lib/unused.py": "VALUE = 1\n",
    "test_a.py": """
        import unittest
        from lib.calc import add, divide
        class Add(unittest.TestCase):
            def test_add(self): self.assertEqual(add(1, 2), 3)
        class Divide(unittest.TestCase):
            def test_divide(self): self.assertEqual(divide(4, 2), 2)
    """,
    "test_b.py": """
        import os, unittest
        class Dies(unittest.TestCase):
            def test_dies(self): os._exit(0)
    """,
}


class CoverageTest(unittest.TestCase):
    events: Events

    def measure(self, files: Files, source: tuple[str, ...], selection: execute.Selection | None = None) -> tuple[Coverage, str]:
        folder = self.enterContext(TemporaryDirectory())
        data = Path(self.enterContext(TemporaryDirectory()))
        write_suite(folder, files)
        self.events, _ = run_suite(folder, selection, coverage_source=source, coverage_data=data)
        # The outer run may itself be measured; what it hands down is not for this combination.
        with mock.patch.dict(os.environ), CurrentFolder(folder):
            os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
            return combine(data, source, Path(folder))

    def test_record(self) -> None:
        """The record has each file of the source with its statements and missing lines, never imported ones too."""
        coverage, _ = self.measure(FILES, ("lib",))
        files = {file.path: (file.statements, file.missing) for file in coverage.files}
        self.assertEqual(files["lib/calc.py"], (6, (7,)))
        self.assertEqual(files["lib/unused.py"], (1, (1,)))
        self.assertAlmostEqual(coverage.percent, 100 * 5 / 7, delta=0.01)

    def test_table(self) -> None:
        """The table is coverage's own, with the numbers of the missing lines."""
        _, table = self.measure(FILES, ("lib",))
        row = next(line for line in table.splitlines() if "calc.py" in line)
        self.assertEqual(row.split()[1:], ["6", "1", "83%", "7"])
        self.assertTrue(table.endswith("\n"))

    def test_killed_worker(self) -> None:
        """A worker that is killed loses the unit that was running and no more."""
        coverage, _ = self.measure(FILES, ("lib",))
        self.assertEqual([row[2] for row in self.events.outcomes], ["passed", "passed", "crashed"])
        self.assertGreater(coverage.percent, 70)

    def test_configuration_of_the_user(self) -> None:
        """[tool.coverage] of the user holds: its source, its excluded lines and what it omits."""
        pyproject = """
            [tool.coverage.run]
            source = ["lib"]
            branch = true
            [tool.coverage.report]
            exclude_also = ["raise ValueError"]
            omit = ["*/unused.py"]
        """
        coverage, table = self.measure({**FILES, "pyproject.toml": pyproject}, ())
        self.assertEqual([file.path for file in coverage.files], ["lib/__init__.py", "lib/calc.py"])
        self.assertEqual(coverage.files[1].missing, ())
        self.assertIn("BrPart", table)

    def test_own_code_is_left_out(self) -> None:
        """Without a source, the worker's own code does not appear in the user's table."""
        selection = execute.Selection(names=("test_a",))
        coverage, _ = self.measure(FILES, (), selection)
        self.assertEqual({Path(file.path).name for file in coverage.files}, {"__init__.py", "calc.py", "test_a.py"})

    def test_nothing_measured(self) -> None:
        """A source that no test imports gives a sentence in the place of the table."""
        coverage, table = self.measure({"test_a.py": "import unittest"}, ("elsewhere",))
        self.assertEqual((coverage.percent, coverage.files), (0.0, ()))
        self.assertIn("nothing of elsewhere was imported", table)

    def test_without_the_library(self) -> None:
        """--coverage without the library is refused in one sentence."""
        with (
            mock.patch("importlib.util.find_spec", return_value=None),
            TemporaryDirectory() as folder,
            self.assertRaisesRegex(UsageError, "pip install coverage"),
        ):
            run_suite(folder, coverage_data=Path(folder))

    def test_another_interpreter_without_the_library(self) -> None:
        """--coverage with an interpreter that lacks the library is refused, and the interpreter named."""
        with TemporaryDirectory() as folder:
            bare = Path(folder, "bare-python")
            bare.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I -S "$@"\n')
            bare.chmod(0o755)
            with self.assertRaisesRegex(UsageError, "bare-python -m pip install coverage"):
                run_suite(folder, coverage_data=Path(folder), interpreter=str(bare))


class CurrentFolder:
    """Changes the current folder, where coverage looks for its configuration."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __enter__(self) -> None:
        self.previous = Path.cwd()
        os.chdir(self.folder)

    def __exit__(self, *_: object) -> None:
        os.chdir(self.previous)
