"""Revisions: what is refused, how an upgrade keeps every row, and that tables and migrations agree."""

from __future__ import annotations

import re
import shutil
import sqlite3
import unittest
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

import registry
from registry import models, schema
from registry.errors import RegistryDamaged, RegistryError, RegistryUnreachable, SchemaOutOfDate, SchemaTooNew
from registry.records import FixtureRecord, NewRun, Outcome, RunKind, SubtestRecord
from registry.storage.database import locate

from .factories import ENVIRONMENT, RegistryCase, blank_registry, finish, python, result

HEAD = schema.HEAD
LATER = f"{int(HEAD) + 1:04}"
REVISIONS = f'revision, down_revision = "{LATER}", "{HEAD}"'
REBUILD = f"""
import sqlalchemy as sa
from alembic import op

{REVISIONS}


def upgrade():
    with op.batch_alter_table("run", recreate="always") as table:
        table.add_column(sa.Column("colour", sa.Text(), nullable=True))
"""
LOSE = f"""
from alembic import op

{REVISIONS}


def upgrade():
    op.execute("CREATE TABLE half_done (id INTEGER)")
    op.execute("DELETE FROM test_result WHERE test_id = 1")
"""
BREAK = f"""
from alembic import op

{REVISIONS}


def upgrade():
    op.execute("CREATE TABLE half_done (id INTEGER)")
    op.execute("INSERT INTO nowhere VALUES (1)")
"""
UPGRADER = f"""
import sys
from pathlib import Path
from registry import schema
schema.HEAD = "{LATER}"
schema.migrations_folder = lambda: Path(sys.argv[2])
report = schema.upgrade(sys.argv[1])
print(report.from_revision, report.backup_path is not None)
"""


class Agreement(unittest.TestCase):
    """The tables, the migrations and HEAD tell the same story."""

    def setUp(self):
        config = Config()
        config.set_main_option("script_location", str(schema.migrations_folder()))
        self.scripts = ScriptDirectory.from_config(config)

    def test_head_is_the_newest_migration(self):
        """HEAD is the one head of the migrations."""
        self.assertEqual(self.scripts.get_heads(), [schema.HEAD])

    def test_revisions_are_numbered(self):
        """Revisions are 0001, 0002 and so on, each after the one before, so that older is told from newer by number."""
        revisions = [script.revision for script in self.scripts.walk_revisions()][::-1]
        self.assertEqual(revisions, [f"{number:04}" for number in range(1, len(revisions) + 1)])

    def test_migrated_tables_are_the_models(self):
        """SQLite's own text of each migrated table and index is what the models would create."""
        engine = create_engine("sqlite://")
        models.metadata.create_all(engine)
        with engine.connect() as fresh, TemporaryDirectory() as folder:
            Path(folder, "x.db").write_bytes(blank_registry())
            with closing(sqlite3.connect(Path(folder, "x.db"))) as migrated:
                self.assertEqual(definitions(migrated), definitions(fresh.connection.driver_connection))

    def test_tables_suit_postgresql(self):
        """Every table can be written for PostgreSQL, where nothing of SQLite's own appears."""
        for table in models.metadata.sorted_tables:
            text = str(CreateTable(table).compile(dialect=postgresql.dialect()))
            self.assertNotRegex(text, "ROWID|AUTOINCREMENT")
            self.assertLess(max(len(str(constraint.name or "")) for constraint in table.constraints), 64, table.name)

    def test_every_column_has_a_comment(self):
        """Each table and each column says what it means."""
        silent = [str(column) for table in models.metadata.tables.values() for column in table.columns if not column.comment]
        self.assertEqual(silent + [table.name for table in models.metadata.tables.values() if not table.comment], [])

    def test_downgrade_takes_all_back(self):
        """Taken back one after the other, the migrations drop every table."""
        texts = [Path(script.module.__file__).read_text(encoding="utf-8") for script in self.scripts.walk_revisions()]
        dropped = re.findall(r'op\.drop_table\("(\w+)"\)', "".join(texts))
        self.assertEqual(sorted(dropped), sorted(models.metadata.tables))


class Folders(unittest.TestCase):
    """Where the migrations are found."""

    def test_checkout(self):
        """In a checkout they lie at alembic/, whose Python files are no package."""
        folder = schema.migrations_folder()
        self.assertTrue((folder / "versions" / "0001_first_schema.py").is_file())
        self.assertFalse((folder / "__init__.py").exists())

    def test_wheel(self):
        """Beside the module, where the wheel puts them, they go first."""
        with TemporaryDirectory() as folder:
            site = Path(folder).resolve() / "registry"
            shutil.copytree(schema.migrations_folder(), site / "migrations")
            with mock.patch.object(schema, "__file__", str(site / "schema.py")):
                self.assertEqual(schema.migrations_folder(), site / "migrations")

    def test_nowhere(self):
        """Where neither folder is there, both are named."""
        folder = self.enterContext(TemporaryDirectory())
        self.enterContext(mock.patch.object(schema, "__file__", f"{folder}/registry/schema.py"))
        with self.assertRaisesRegex(RegistryError, "registry/migrations nor in .*/alembic"):
            schema.migrations_folder()


class Revisions(RegistryCase):
    """Registries of other releases."""

    def set_revision(self, revision: str):
        """Make the registry say that another release wrote it, in a file without a log beside it."""
        self.registry.close()
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("PRAGMA journal_mode = delete")
            connection.execute("UPDATE registry_version SET version_num = ?", (revision,))
            connection.commit()

    def test_older(self):
        """An older registry is refused with the command to type, and not changed by a byte."""
        self.set_revision("0000")
        before = self.path.read_bytes()
        for must_exist in (True, False):
            with self.assertRaisesRegex(SchemaOutOfDate, "schema 0000.*runner db upgrade"):
                registry.open(self.path, must_exist=must_exist)
        self.assertEqual(self.path.read_bytes(), before)

    def test_newer(self):
        """A newer registry, or one of an unknown revision, is refused by every way in, and not changed by a byte."""
        for revision in (LATER, "9999", "00010", "ffffffffffff", ""):
            with self.subTest(revision=revision):
                self.set_revision(revision)
                before = self.path.read_bytes()
                for enter in (registry.open, schema.upgrade):
                    with self.assertRaises(SchemaTooNew):
                        enter(self.path)
                self.assertEqual(self.path.read_bytes(), before)

    def test_info_of_a_newer_one(self):
        """What is known without the tables can be told of any revision."""
        self.set_revision(LATER)
        info = schema.inspect(self.path)
        self.assertEqual((info.revision, info.head, info.runs), (LATER, HEAD, None))

    def test_a_lost_revision(self):
        """A registry without its revision is damaged."""
        self.set_revision(HEAD)
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("DELETE FROM registry_version")
            connection.commit()
        with self.assertRaisesRegex(RegistryDamaged, "lost its revision"):
            registry.open(self.path)

    def test_nothing_to_upgrade(self):
        """An upgrade of a registry at HEAD does nothing and makes no backup."""
        report = schema.upgrade(self.path)
        self.assertEqual((report.from_revision, report.to_revision, report.backup_path), (HEAD, HEAD, None))
        self.assertEqual([entry.name for entry in self.folder.glob("*backup*")], [])

    def test_upgrade_of_nothing(self):
        """An upgrade makes no registry."""
        with self.assertRaisesRegex(RegistryUnreachable, "there is no registry"):
            schema.upgrade(self.folder / "none.db")
        self.assertFalse((self.folder / "none.db").exists())


class Upgrades(RegistryCase):
    """A migration of a later release, made up here."""

    def setUp(self):
        super().setUp()
        with self.registry.start(NewRun(RunKind.TEST, "x", environment=ENVIRONMENT, code={"a.py": "0"}, tags={"a": "b"})) as run:
            run.add_results(
                result(f"t{i}", Outcome.FAILED, traceback="T", subtests=(SubtestRecord("i", Outcome.FAILED),)) for i in range(9)
            )
            run.add_fixtures([FixtureRecord("setUpModule (m)", Outcome.ERRORED)])
            run.log_metric("loss", 1.0)
        self.before = self.registry.details(self.registry.find_run("x"), with_points=True)
        self.registry.close()
        self.scripts = self.folder / "scripts"
        shutil.copytree(schema.migrations_folder(), self.scripts)

    def later_release(self, migration: str):
        """Let this process be a release that knows one more migration."""
        (self.scripts / "versions" / "later.py").write_text(migration)
        self.enterContext(mock.patch.object(schema, "HEAD", LATER))
        self.enterContext(mock.patch.object(schema, "migrations_folder", lambda: self.scripts))

    def assert_as_before(self):
        """Assert that the registry opens in this release and holds what it held."""
        with mock.patch.object(schema, "HEAD", HEAD), registry.open(self.path, must_exist=True) as opened:
            self.assertEqual(opened.details(opened.find_run("x"), with_points=True), self.before)
            with opened._database.reading() as connection:
                self.assertEqual(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE name = 'half_done'").all(), [])

    def test_a_table_with_children_is_rebuilt(self):
        """Rebuilding the table that all others refer to, with deletes that cascade, loses no row."""
        self.later_release(REBUILD)
        report = schema.upgrade(self.path)
        self.assertEqual((report.from_revision, report.to_revision), (HEAD, LATER))
        with registry.open(self.path, must_exist=True) as opened:
            self.assertEqual(opened.details(opened.find_run("x"), with_points=True), self.before)
            with opened._database.reading() as connection:
                self.assertEqual(connection.exec_driver_sql("SELECT colour FROM run").scalar(), None)
                self.assertEqual(connection.exec_driver_sql("PRAGMA foreign_key_check").all(), [])

    def test_the_same_rebuild_would_lose_rows_with_foreign_keys_on(self):
        """The danger is real: with foreign keys on, the rows of the children vanish, and the upgrade is taken back."""
        self.later_release(REBUILD)
        with (
            mock.patch("registry.storage.database.Database._set_foreign_keys"),
            self.assertRaisesRegex(RegistryError, "taken back.*rows"),
        ):
            schema.upgrade(self.path)
        self.assert_as_before()

    def test_the_backup_is_the_registry_as_it_was(self):
        """Before anything changes, a private copy is made beside the file, and it opens in the old release."""
        self.later_release(REBUILD)
        backup = Path(schema.upgrade(self.path).backup_path)
        self.assertRegex(backup.name, rf"^runs\.db\.backup-{HEAD}-\d{{8}}T\d+Z$")
        self.assertEqual((backup.parent, backup.stat().st_mode & 0o777), (self.folder, 0o600))
        with mock.patch.object(schema, "HEAD", HEAD), registry.open(backup, must_exist=True) as opened:
            self.assertEqual(opened.details(opened.find_run("x"), with_points=True), self.before)

    def test_lost_rows_take_the_upgrade_back(self):
        """A migration that deletes rows is taken back as a whole, and the sentence counts them."""
        self.later_release(LOSE)
        with self.assertRaisesRegex(RegistryError, "test_result had 9 rows and would have 8"):
            schema.upgrade(self.path)
        self.assert_as_before()

    def test_a_failing_migration_leaves_nothing(self):
        """A migration that breaks in the middle leaves no table of its own."""
        self.later_release(BREAK)
        with self.assertRaises(RegistryError):
            schema.upgrade(self.path)
        self.assert_as_before()

    def test_upgrades_at_once(self):
        """Of three processes that upgrade at once one does it, with one backup, and the others find nothing to do."""
        self.later_release(REBUILD)
        processes = [python(UPGRADER, self.path, self.scripts) for _ in range(3)]
        answers = sorted(finish(process)[1].strip() for process in processes)
        self.assertEqual(answers, [f"{HEAD} True", f"{LATER} False", f"{LATER} False"])
        self.assertEqual(len(list(self.folder.glob("*.backup-*"))), 1)


class Checks(RegistryCase):
    """What `check` finds."""

    def alter(self, *statements: str):
        """Change the registry behind its back."""
        self.registry.close()
        with closing(sqlite3.connect(self.path)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    def test_a_sound_registry(self):
        """A registry with runs in it has no problems."""
        self.recorded([result(traceback="x")])
        self.assertEqual(self.registry.check(), [])

    def test_dangling_rows(self):
        """Rows that lost what they refer to are told with both tables."""
        self.recorded([result()])
        self.alter("DELETE FROM test")
        self.assertEqual(self.registry.check(), ["a row of test_result refers to a missing row of test"])

    def test_other_tables(self):
        """A missing index and an unknown column are told."""
        self.alter("DROP INDEX ix_test_result_test_id_run_id", "ALTER TABLE run ADD COLUMN colour TEXT")
        found = " ".join(self.registry.check())
        self.assertIn("ix_test_result_test_id_run_id", found)
        self.assertIn("colour", found)

    def test_damaged_pages(self):
        """Pages that were overwritten are told."""
        self.recorded(result(f"t{i}") for i in range(500))
        self.registry.close()
        size = self.path.stat().st_size
        with self.path.open("r+b") as file:
            file.seek(size - 3 * 4_096)
            file.write(b"\xff" * 2 * 4_096)
        self.assertNotEqual(self.registry.check(), [])

    def test_info(self):
        """The registry tells its place, its size, its revision and its numbers of rows."""
        self.recorded([result("a"), result("b")])
        info = self.registry.info()
        self.assertEqual((info.path, info.url), (str(self.path), f"sqlite:///{self.path}"))
        self.assertEqual((info.runs, info.results, info.metric_points, info.journal_mode), (1, 2, 0, "wal"))
        self.assertEqual((info.revision, info.database), (info.head, f"SQLite {sqlite3.sqlite_version}"))
        self.assertEqual(info, schema.inspect(self.path))

    def test_headers_are_marked(self):
        """The file carries our application id and format."""
        with locate(self.path).reading() as connection:
            marks = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("application_id", "user_version")]
        self.assertEqual(marks, [0x52554E52, 1])


def definitions(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Return the parts of the SQL of each table and index but Alembic's own; their order, quotes and space do not count."""
    rows = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE sql NOT NULL AND name NOT IN ('registry_version', 'sqlite_sequence')"
    )
    # A column that was added stands on the last line, behind the constraints.
    parts = (
        (name, re.split(r",(?![^()]*\))|\n|(?=\) WITHOUT ROWID)", sql.replace('"', "").removesuffix(")"))) for name, sql in rows
    )
    return {name: sorted(" ".join(part.split()) for part in split if part.strip(" \t),")) for name, split in parts}
