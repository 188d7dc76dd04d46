"""Whether an entry point is declared, told from files."""

from __future__ import annotations

import importlib.metadata
import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock
from zipfile import ZipFile

from runner.entry_points import may_be_declared

GROUP = "runner.tests.nobody-else"


class Declared(unittest.TestCase):
    """The quick answer is never no where importlib.metadata finds something."""

    def setUp(self):
        self.folder = Path(self.enterContext(TemporaryDirectory()))
        self.enterContext(mock.patch.object(sys, "path", [*sys.path, str(self.folder)]))

    def declare(self, place: str, group: str = GROUP) -> None:
        """Write the metadata of a distribution with one entry point."""
        path = self.folder / place
        path.mkdir(parents=True)
        (path / "entry_points.txt").write_text(f"[console_scripts]\nx = x:x\n\n[{group}]\none = json:dumps\n")
        (path / "METADATA").write_text("Metadata-Version: 2.1\nName: demo\nVersion: 1\n")

    def test_nobody_declares_it(self):
        """Without a declaration the answer is no, whatever else is installed or missing on the path."""
        self.declare("demo-1.dist-info", "another.group")
        sys.path.append("/no/such/folder")
        self.assertFalse(may_be_declared(GROUP))

    def test_somebody_does(self):
        """A distribution that is installed declares it, which importlib.metadata finds too."""
        for place in ("demo-1.dist-info", "demo.egg-info"):
            with self.subTest(place=place):
                self.declare(place)
                self.assertTrue(may_be_declared(GROUP))
                self.assertTrue(importlib.metadata.entry_points(group=GROUP))

    def test_what_only_the_library_can_read(self):
        """Archives, eggs and other finders are left to importlib.metadata."""
        with ZipFile(self.folder / "demo.zip", "w") as archive:
            archive.writestr("x.py", "")
        with mock.patch.object(sys, "path", [*sys.path, str(self.folder / "demo.zip")]):
            self.assertTrue(may_be_declared(GROUP))
        with mock.patch.object(sys, "meta_path", [*sys.meta_path, importlib.metadata.MetadataPathFinder()]):
            self.assertTrue(may_be_declared(GROUP))
        self.declare("demo.egg/EGG-INFO")
        with mock.patch.object(sys, "path", [*sys.path, str(self.folder / "demo.egg")]):
            self.assertTrue(may_be_declared(GROUP))


if __name__ == "__main__":
    unittest.main()
