"""Which tests depend on a change, from imports alone."""

from __future__ import annotations

import subprocess
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from runner.choose.changes import Changes, OnlyChanged
from runner.choose.imports import Project
from runner.execute.schedule import keys_of

from .projects import ProjectCase
from .suites import write_suite

LIBRARY = {
    "src/pkg/__init__.py": "",
    "src/pkg/leaf.py": "",
    "src/pkg/middle.py": "from .leaf import something\n",
    "src/pkg/deep/__init__.py": "from .. import middle\n",
    "src/pkg/deep/other.py": "import json\n",
    "src/pkg/lazy.py": "import importlib\ndef load(name): return importlib.import_module(_TABLE[name])\n",
    "src/pkg/data/table.csv": "",
    "src/far/__init__.py": "",
    "src/far/alone.py": "",
    "README.md": "",
    "pyproject.toml": "",
    "tests/support.py": "import pkg.leaf\n",
    "tests/broken.py": "def (\n",
}


class GraphCase(unittest.TestCase):
    """A test case with a project, in which one test file imports in some way."""

    folder: Path

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(TemporaryDirectory()))
        write_suite(cls.folder, LIBRARY)

    def is_chosen(self, text: str, *changed: str, gone: str | None = None) -> bool:
        """Tell whether a test file of this text runs when these files changed."""
        (self.folder / "tests" / "test_it.py").write_text(text, encoding="utf-8")
        python = [path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*.py")]
        step = OnlyChanged(Changes(self.folder, "HEAD", (*changed, *([gone] if gone else [])), tuple(python)))
        keys = keys_of(["tests.test_it.Case.test_one"])
        return bool(step(keys, [0])[0])


class Imports(GraphCase):
    """Ways to import."""

    def test_ways_to_a_file(self):
        """Each of these lines reaches src/pkg/leaf.py, directly or through others."""
        for line in (
            "import pkg.leaf",
            "import src.pkg.leaf as x",
            "from pkg import leaf",
            "from pkg.leaf import thing",
            "from pkg import middle",
            "import pkg.deep.other",
            "def f():\n    import pkg.middle",
            "try:\n    import nothing\nexcept ImportError:\n    import pkg.leaf",
            "from tests import support",
            "from . import support",
            "from .support import *",
            "import support",
            "from pkg import *",
            "import importlib\nimportlib.import_module('pkg.leaf')",
            "__import__('pkg.leaf')",
            "import importlib\nimportlib.import_module(f'pkg.{name}')",
            "import importlib\nimportlib.import_module('pkg.' + name)",
            "import importlib\nimportlib.import_module(name)",
            "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pkg'])",
            "import pkg.lazy",
            "import pkgutil\npkgutil.walk_packages()",
            "from . import broken",
        ):
            with self.subTest(line=line):
                self.assertTrue(self.is_chosen(line, "src/pkg/leaf.py"))
                self.assertFalse(self.is_chosen("import unittest", "src/pkg/leaf.py"))

    def test_ways_past_it(self):
        """None of these reaches src/far/alone.py."""
        for line in (
            "import pkg.leaf",
            "import far",
            "from far import something",
            "import pkg.lazy",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import far.alone",
            "import importlib\nimportlib.import_module(f'pkg.{name}')",
            "import importlib\nimportlib.import_module('outside')",
        ):
            with self.subTest(line=line):
                self.assertFalse(self.is_chosen(line, "src/far/alone.py"))

    def test_packages_around(self):
        """Importing a module runs the __init__.py of each package around it."""
        self.assertTrue(self.is_chosen("import pkg.deep.other", "src/pkg/__init__.py"))
        self.assertTrue(self.is_chosen("from pkg.deep import other", "src/pkg/deep/__init__.py"))

    def test_its_own_file(self):
        """A test file that changed runs, whatever it imports."""
        self.assertTrue(self.is_chosen("", "tests/test_it.py"))

    def test_a_file_that_is_gone(self):
        """A test that imports a file that was removed runs, to fail."""
        self.assertTrue(self.is_chosen("from pkg import removed", gone="src/pkg/removed.py"))
        self.assertFalse(self.is_chosen("from pkg import leaf", gone="src/pkg/removed.py"))


class Data(GraphCase):
    """Changed files that are no Python."""

    def test_they_count_for_their_package(self):
        """A data file counts for all of the nearest folder with Python above it, a project's file for everything."""
        self.assertTrue(self.is_chosen("import pkg.deep.other", "src/pkg/data/table.csv"))
        self.assertFalse(self.is_chosen("import far.alone", "src/pkg/data/table.csv"))
        self.assertTrue(self.is_chosen("import far.alone", "pyproject.toml"))

    def test_prose_counts_for_nothing(self):
        """A page of documentation makes no test run."""
        self.assertFalse(self.is_chosen("import pkg.leaf", "README.md", "src/pkg/notes.rst"))


class Ids(unittest.TestCase):
    """From a test's id to its file."""

    def test_the_longest_part_that_is_a_module(self):
        """Nested classes are left off; a name that is no file of the project means none."""
        project = Project(Path(), ["tests/test_it.py", "tests/__init__.py", "other/test_it.py"])
        self.assertEqual(project.files_of("tests.test_it.Outer.Inner"), {"tests/test_it.py"})
        self.assertEqual(project.files_of("test_it.Case"), {"tests/test_it.py", "other/test_it.py"})
        self.assertEqual(project.files_of("elsewhere.Case"), set())

    def test_what_is_never_left_out(self):
        """Tests outside of the project, and modules that cannot be imported, run."""
        step = OnlyChanged(Changes(Path(), "HEAD", ("a.py",), ("a.py", "test_b.py")))
        keys = keys_of(["installed.Case.test_one", "unittest.loader._FailedTest.test_b", "test_b.Case.test_one"])
        self.assertEqual(step(keys, [0, 1, 2])[0], [0, 1])


class ByGit(ProjectCase):
    """`runner test --changed` in a git work tree."""

    @classmethod
    def setUpClass(cls):
        suite = "import unittest\nimport {0}\nclass {0}_case(unittest.TestCase):\n    def test_it(self):\n        pass\n"
        cls.home = cls.class_project(**{f"test_{name}": suite.format(name) for name in ("one", "two")}, one="", two="")
        cls.outside = cls.home.run("test", "--changed")
        for words in (("init", "-q", "-b", "trunk"), ("add", "."), ("commit", "-qm", "first")):
            identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
            subprocess.run(["git", *identity, *words], cwd=cls.home.root, check=True)
        cls.home.write(".git/info/exclude", "__pycache__\n")
        cls.unchanged = cls.home.run("test", "-s", "tests", "--changed")
        cls.home.write("tests/two.py", "NEW = 1\n")
        cls.home.write("tests/test_three.py", suite.format("two").replace("two_case", "Three"))
        cls.answers = cls.home.together(
            changed=("test", "-s", "tests", "--changed", "-v"),
            since=("test", "-s", "tests", "--since", "trunk", "-k", "one"),
            wrong=("test", "-s", "tests", "--since", "-q"),
        )

    def test_those_that_import_a_changed_file(self):
        """The tests whose imports reach a changed or new file run, and a line says of how many."""
        answer = self.answers["changed"]
        self.assertEqual((answer.code, answer.lines[-1]), (0, "2 passed, 0 failed, 0 skipped"), answer.output + answer.errors)
        self.assertIn("changed: 2 of 3 tests may depend on 2 files changed since HEAD", answer.lines)

    def test_with_a_pattern(self):
        """Where -k leaves none of them, the exit code is 5."""
        self.assert_refused(self.answers["since"], 5, "no-tests", "since trunk")

    def test_nothing_changed(self):
        """Where the work tree is equal to the commit nothing is loaded, and the exit code is 5."""
        self.assert_refused(self.unchanged, 5, "nothing-to-run", "since HEAD")

    def test_no_work_tree_and_no_commit(self):
        """Outside a work tree, and with a commit that is none, it is refused with git's words."""
        self.assert_refused(self.outside, 2, "usage", "not a git repository")
        self.assert_refused(self.answers["wrong"], 2, "usage", "since -q")
