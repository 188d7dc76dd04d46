"""The silent-bug gallery: its patches still fit, and its page tells of each; `make nightly` sees what a night makes of them."""

from __future__ import annotations

import ast
import importlib.util
import shutil
import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
LEAST_BUGS, LEAST_REFACTORINGS = 12, 10


class Gallery(unittest.TestCase):
    """examples/silent_bugs, as tools/silent_bugs.py reads it."""

    @classmethod
    def setUpClass(cls):
        spec = importlib.util.spec_from_file_location("silent_bugs", ROOT / "tools" / "silent_bugs.py")
        cls.tool = importlib.util.module_from_spec(spec)
        # A dataclass looks its module up while it is made.
        sys.modules["silent_bugs"] = cls.tool
        cls.addClassCleanup(sys.modules.pop, "silent_bugs")
        spec.loader.exec_module(cls.tool)
        cls.changes = cls.tool.changes()

    def test_numbers(self):
        """There are at least twelve bugs and ten refactorings."""
        bugs = sum(change.is_bug for change in self.changes)
        self.assertGreaterEqual(bugs, LEAST_BUGS)
        self.assertGreaterEqual(len(self.changes) - bugs, LEAST_REFACTORINGS)

    def test_every_patch_fits(self):
        """Each patch applies to the package as it is, changes it, and leaves Python that parses."""
        with TemporaryDirectory() as home:
            for change in self.changes:
                with self.subTest(change.name):
                    copy = Path(home, change.name)
                    shutil.copytree(ROOT / "mnist", copy / "mnist", ignore=shutil.ignore_patterns("dataset", "__pycache__"))
                    self.tool.plant(change, copy)
                    sources = {path.name: path.read_text(encoding="utf-8") for path in (copy / "mnist").glob("*.py")}
                    before = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "mnist").glob("*.py")}
                    self.assertNotEqual(sources, before)
                    for name, source in sources.items():
                        ast.parse(source, name)

    def test_every_patch_tells_what_it_is(self):
        """Each patch begins with a title and one sentence."""
        for change in self.changes:
            with self.subTest(change.name):
                self.assertRegex(change.title, r"^[A-Z][^\n]+[^.]$")
                self.assertRegex(change.sentence, r"^[A-Z].+\.$")

    def test_the_page_tells_of_each(self):
        """docs/silent-bugs.md has a row for each bug, which is regressed, and for each refactoring, which is not."""
        rows = self.tool.PAGE.read_text(encoding="utf-8").splitlines()
        for change in self.changes:
            with self.subTest(change.name):
                (row,) = (row for row in rows if row.startswith(f"| {self.tool.link(change)} |"))
                self.assertIn(change.sentence, row)
                self.assertRegex(row, r"\| regressed \|$" if change.is_bug else r"\| (unchanged|improved) \|$")


if __name__ == "__main__":
    unittest.main()
