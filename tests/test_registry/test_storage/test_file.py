"""Whether a file is a registry that takes a run, told without SQLAlchemy."""

from __future__ import annotations

import os
import sqlite3
import unittest
from contextlib import chdir, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import registry
from registry.storage.file import is_ready


class Ready(unittest.TestCase):
    """The quick answer, which agrees with what opening says."""

    def setUp(self):
        self.folder = Path(self.enterContext(TemporaryDirectory(prefix="registry-"))).resolve()
        self.enterContext(chdir(self.folder))

    def changed(self, *statements: str) -> Path:
        """Make a registry and change it."""
        path = self.folder / "runs.db"
        path.unlink(missing_ok=True)
        registry.open(path).close()
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)
        return path

    def test_a_registry_is(self):
        """A registry of this release is ready, by path and by plain URL, and nothing is left beside it."""
        path = self.changed()
        with mock.patch.dict(os.environ, {"HOME": str(self.folder)}):
            for target in (path, "runs.db", "~/runs.db", "sqlite:///runs.db", f"sqlite:///{path}"):
                self.assertTrue(is_ready(target), target)
        self.assertEqual([entry.name for entry in self.folder.iterdir()], ["runs.db"])

    def test_what_opening_refuses_is_not(self):
        """Another schema, another format, another program's file, a damaged one, an absent one, and a folder are not ready."""
        for statement in (
            "UPDATE registry_version SET version_num = '9999'",
            "DELETE FROM registry_version",
            "PRAGMA user_version = 99",
            "PRAGMA application_id = 7",
            "DROP TABLE registry_version",
        ):
            self.assertFalse(is_ready(self.changed(statement)), statement)
        path = self.changed()
        path.write_bytes(b"not a database" * 1000)
        for target in (path, "absent.db", self.folder, "/dev/null", ""):
            self.assertFalse(is_ready(target), target)

    def test_what_only_opening_tells_is_not(self):
        """A server, a URL with options, and a registry that another process keeps locked are left to opening."""
        path = self.changed("PRAGMA journal_mode = delete")
        for target in ("postgresql://host/runs", f"sqlite:///{path}?timeout=5", "sqlite://"):
            self.assertFalse(is_ready(target), target)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            self.assertFalse(is_ready(path))
        self.assertTrue(is_ready(path))

    def test_a_place_that_may_not_be_written(self):
        """A registry that may be read and not written, or whose folder may not, is not ready for a run."""
        path = self.changed()
        for closed in (path, path.parent):
            with mock.patch(
                "os.access", lambda asked, _mode, closed=closed: asked != closed
            ):  # the superuser may write everywhere
                self.assertFalse(is_ready(path))


if __name__ == "__main__":
    unittest.main()
