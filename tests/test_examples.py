"""Each suite of examples/ does what its page says, under plain unittest and under `runner test`, in every form of discovery."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import unittest
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
DISCOVERY = EXAMPLES / "discovery"
SECONDS = 60


def run_python(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run this interpreter in a folder, without byte code: the tree stays as it is."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "80", "NO_COLOR": "1"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)


class Suites:
    """What holds for the examples whoever runs them; a subclass says how a suite is started and how its green end looks."""

    def assert_green(self, count: int, *arguments: str, folder: Path = ROOT) -> None:
        """Run a suite and compare the number of its tests, all of which must pass."""
        raise NotImplementedError

    def test_assert_statement(self):
        """The suite about assert has 12 tests, among them those under python -O."""
        self.assert_green(12, "-s", "examples/assert_statement")

    def test_basic_test_case(self):
        """The suite about TestCase and the order of its pieces has 9 tests."""
        self.assert_green(9, "-s", "examples/basic_test_case")

    def test_file_fixture(self):
        """The suite about files has 6 tests."""
        self.assert_green(6, "-s", "examples/file_fixture")

    def test_tokenizer(self):
        """The tokenizer's suite has 16 tests."""
        self.assert_green(16, "-s", "examples/tokenizer")

    def test_assertion_table(self):
        """The table of assertions has 36 rows."""
        self.assert_green(36, "-s", "examples/assertion_table")

    def test_entry_point(self):
        """The suite beside main.py has 6 tests."""
        self.assert_green(6, "-s", "examples/entry_point")

    def test_recorded_program(self):
        """The suite of the program that records itself has 3 tests."""
        self.assert_green(3, "-s", "examples/recorded_program")

    def test_same_module_by_pattern(self):
        """A module that holds code and tests is discovered where the pattern fits its name."""
        self.assert_green(4, "-s", "examples/same_module", "-p", "model.py")

    def test_discovery_from_the_root(self):
        """From the project's root, discovery without a word finds all 7 tests."""
        self.assert_green(7, folder=DISCOVERY)

    def test_discovery_from_tests(self):
        """From tests/ all 7 are found."""
        self.assert_green(7, "-s", "tests", folder=DISCOVERY)

    def test_discovery_from_tests_with_top_level(self):
        """From tests/, named from the root, all 7 are found."""
        self.assert_green(7, "-s", "tests", "-t", ".", folder=DISCOVERY)

    def test_discovery_from_a_deep_folder(self):
        """From a deep folder only its 3 tests are found."""
        self.assert_green(3, "-s", "tests/unit/deep", folder=DISCOVERY)

    def test_discovery_from_a_deep_folder_with_top_level(self):
        """From a deep folder, named from the root, only its 3 tests are found."""
        self.assert_green(3, "-s", "tests/unit/deep", "-t", ".", folder=DISCOVERY)

    def test_discovery_from_outside(self):
        """From another folder it works where -t names the project's root."""
        self.assert_green(7, "-s", "examples/discovery/tests", "-t", "examples/discovery")


class WithUnittest(Suites, unittest.TestCase):
    """`python -m unittest discover`."""

    def assert_green(self, count: int, *arguments: str, folder: Path = ROOT) -> None:
        """Compare unittest's last lines."""
        self.assert_ended(count, run_python("-m", "unittest", "discover", *arguments, folder=folder))

    def assert_ended(self, count: int, result: subprocess.CompletedProcess[str]) -> None:
        """Compare what unittest wrote at its end."""
        self.assertRegex(result.stderr, rf"(?s)\nRan {count} tests in [\d.]+s\n\nOK\n\Z")
        self.assertEqual(result.returncode, 0)

    def test_same_module_by_name(self):
        """`python -m unittest model` runs the tests of a module."""
        self.assert_ended(4, run_python("-m", "unittest", "model", folder=EXAMPLES / "same_module"))

    def test_same_module_by_file(self):
        """`python -m unittest examples/same_module/model.py` runs the tests of a file."""
        self.assert_ended(4, run_python("-m", "unittest", "examples/same_module/model.py"))

    def test_same_module_as_a_program(self):
        """`python model.py` runs the tests of the module."""
        self.assert_ended(4, run_python("model.py", folder=EXAMPLES / "same_module"))

    def test_same_module_in_use(self):
        """The program that imports the module runs none of its tests."""
        result = run_python("main.py", folder=EXAMPLES / "same_module")

        self.assertEqual((result.stdout, result.stderr), ("class of (1, 1): 0\n", ""))

    def test_entry_point_as_a_program(self):
        """`python main.py` runs the tests that lie beside it."""
        self.assert_ended(6, run_python("examples/entry_point/main.py"))

    def test_recorded_program_as_a_program(self):
        """`python test_softmax.py` prints what unittest prints, and the run is in the registry of the current folder."""
        with TemporaryDirectory() as name:
            program = EXAMPLES / "recorded_program" / "test_softmax.py"
            self.assert_ended(3, run_python(str(program), folder=Path(name)))
            shown = run_python("-m", "runner", "show", "latest", folder=Path(name)).stdout

        self.assertIn("test-1 (run 1, test): green", shown)
        self.assertIn("3 passed", shown)


class WithRunner(Suites, unittest.TestCase):
    """`python -m runner test`."""

    def assert_green(self, count: int, *arguments: str, folder: Path = ROOT) -> None:
        """Compare the last line and the exit code."""
        result = run_python("-m", "runner", "test", *arguments, folder=folder)

        last = (result.stdout.splitlines() or [""])[-1]
        self.assertEqual(last, f"{count} passed, 0 failed, 0 skipped", result.stdout + result.stderr)
        self.assertEqual(result.returncode, 0)

    def test_same_module_by_name(self):
        """`runner test model` runs the tests of a module."""
        self.assert_green(4, "model", folder=EXAMPLES / "same_module")

    def test_same_module_by_file(self):
        """`runner test model.py` runs the tests of a file beside us, and of one further down."""
        self.assert_green(4, "model.py", folder=EXAMPLES / "same_module")
        self.assert_green(4, "examples/same_module/model.py")


class TheFolder(unittest.TestCase):
    """The examples as files."""

    def test_every_suite_is_listed(self):
        """Each folder of examples/ has a row in its README, and each row a folder."""
        rows = re.findall(r"^\| \[(\w+)\]", (EXAMPLES / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
        folders = [path.name for path in EXAMPLES.iterdir() if path.is_dir() and path.name != "__pycache__"]

        self.assertCountEqual(rows, folders)

    def test_table_of_assertions_is_complete(self):
        """Each assert method of Python 3.11 that is not deprecated has a row in the table."""
        text = (EXAMPLES / "assertion_table" / "test_assertions.py").read_text(encoding="utf-8")
        shown = set(re.findall(r"self\.(assert\w+)\(", text))

        self.assertEqual(set(methods_of_python_3_11()) - shown, set())

    def test_suites_leave_nothing_behind(self):
        """A run of the file fixture leaves the current folder and its own as they were."""
        before = sorted(files(EXAMPLES))
        run_python("-m", "unittest", "discover", "-s", ".", folder=EXAMPLES / "file_fixture")

        self.assertEqual(sorted(files(EXAMPLES)), before)


class TestsInClasses(unittest.TestCase):
    """A function is no test for unittest, whatever its name."""

    def test_no_test_stands_outside_a_class(self):
        """No function called test_... stands at the top of a module of tests/ or examples/, where it would never be run."""
        self.assertEqual([place for folder in ("tests", "examples") for place in lonely_tests(ROOT / folder)], [])

    def test_the_rule_finds_one(self):
        """The rule finds a test that stands one indentation too far to the left."""
        with TemporaryDirectory() as name:
            module = Path(name) / "test_model.py"
            module.write_text("class TestModel:\n    def test_cpu(self): ...\ndef test_cuda(self): ...\n", encoding="utf-8")

            self.assertEqual(list(lonely_tests(Path(name))), [f"{module}:3 test_cuda"])


def lonely_tests(folder: Path) -> Iterator[str]:
    """Yield the functions that look like tests and are methods of no class."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield f"{path}:{node.lineno} {node.name}"


def methods_of_python_3_11() -> Iterator[str]:
    """Yield the assert methods that 3.11 has, without deprecated aliases and without those of later releases."""
    deprecated = {"assert_", "assertDictContainsSubset", "assertRegexpMatches", "assertNotRegexpMatches", "assertRaisesRegexp"}
    deprecated |= {"assertEquals", "assertNotEquals", "assertAlmostEquals", "assertNotAlmostEquals"}
    later = ("HasAttr", "NotHasAttr", "IsSubclass", "NotIsSubclass", "StartsWith", "NotStartsWith", "EndsWith", "NotEndsWith")
    for name in dir(unittest.TestCase):
        if name.startswith("assert") and name not in deprecated and name.removeprefix("assert") not in later:
            yield name


def files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, byte code left out: another process may be writing it."""
    return (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
