"""Registries that earlier revisions wrote: refused as they are, and upgraded without losing a row."""

from __future__ import annotations

import shutil
import sqlite3
import unittest
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command

import registry
from registry import schema
from registry.errors import SchemaOutOfDate
from registry.records import Outcome
from registry.storage.database import locate

KEPT = Path(__file__).resolve().parent.parent / "databases"
OURS = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('registry_version', 'sqlite_sequence')"

Rows = dict[str, list[dict[str, object]]]


class KeptDatabases(unittest.TestCase):
    """Each file in tests/databases/, in a copy."""

    def setUp(self):
        folder = Path(self.enterContext(TemporaryDirectory(prefix="registry-"))).resolve()
        self.copies = [Path(shutil.copy(kept, folder)) for kept in sorted(KEPT.glob("*.db"))]

    def test_one_a_revision(self):
        """Each revision before the newest has its file."""
        kept = {path.stem for path in KEPT.glob("*.db")}
        self.assertEqual(kept, {f"{number:04}" for number in range(1, int(schema.HEAD))})

    def test_something_of_every_kind(self):
        """The files hold rows in every table that they have, so that a loss would be seen."""
        for path in self.copies:
            self.assertEqual([name for name, rows in rows_of(path).items() if not rows], [])

    def test_refused_as_they_are(self):
        """An older registry is refused with the command to type, which names it, and not changed by a byte."""
        for path in self.copies:
            before, command = path.read_bytes(), f"`runner db upgrade --registry {path}`"
            with self.assertRaisesRegex(SchemaOutOfDate, f"schema {path.stem}.*type {command}, which makes a backup"):
                registry.open(path)
            self.assertEqual(path.read_bytes(), before)

    def test_every_row_is_kept(self):
        """At the newest revision each row is there with what it held, and what was added is empty."""
        for path in self.copies:
            before = rows_of(path)
            report = schema.upgrade(path)
            self.assertEqual((report.from_revision, report.to_revision), (path.stem, schema.HEAD))
            after = rows_of(path)
            self.assertEqual({name: shared(after[name], rows) for name, rows in before.items()}, before)
            self.assertEqual(rows_of(Path(report.backup_path)), before)

    def test_taken_back(self):
        """The later migrations can be taken back one by one, which leaves the registry as it was."""
        for path in self.copies:
            before = rows_of(path)
            schema.upgrade(path)
            database = locate(path)
            self.addCleanup(database.close)
            with database.migrating() as connection:
                command.downgrade(schema.alembic_config(schema.migrations_folder(), connection), path.stem)
            self.assertEqual(rows_of(path), before)

    def test_sound_afterwards(self):
        """An upgraded registry has no problems, and all of it can be read, and written again."""
        for path in self.copies:
            schema.upgrade(path)
            with registry.open(path) as opened:
                self.assertEqual(opened.check(), [])
                everything = [opened.details(run, with_points=True) for run in opened.runs()]
                self.assertEqual({result.outcome for details in everything for result in details.results}, set(Outcome))
                with opened.start_run("test", "later"):
                    pass
                self.assertEqual(opened.find_run("latest").id, len(everything) + 1)


def rows_of(path: Path) -> Rows:
    """Return the rows of each table, as column to value, in an order of their own."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        names = [row["name"] for row in connection.execute(OURS)]
        return {name: sorted(map(dict, connection.execute(f"SELECT * FROM {name}")), key=repr) for name in names}


def shared(rows: list[dict[str, object]], like: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return the rows without their later columns, which must be empty."""
    columns = like[0].keys() if like else ()
    for row in rows:
        if any(value is not None for name, value in row.items() if name not in columns):
            raise AssertionError(row)
    return [{name: row[name] for name in columns} for row in rows]
