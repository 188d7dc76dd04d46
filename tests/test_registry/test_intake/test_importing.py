"""Runs that come from other registries."""

from __future__ import annotations

import random
import sqlite3

import registry
from registry.answers import Answers
from registry.errors import (
    InvalidName,
    NameInUse,
    RegistryDamaged,
    RegistryUnreachable,
    SchemaTooNew,
)
from registry.intake import foreign
from registry.intake.importing import ImportReport
from registry.records import (
    Checkpoint,
    Coverage,
    Dataset,
    Direction,
    FileCoverage,
    FixtureRecord,
    GitState,
    NewRun,
    Outcome,
    PollutionRecord,
    RunDetails,
    RunKind,
    RunStatus,
    SubtestRecord,
    TensorDigest,
)
from registry.store import Registry
from tests.test_registry.factories import ENVIRONMENT, RegistryCase, blank_registry, result

CODE = {"a.py": "1" * 64}


class ImportCase(RegistryCase):
    """A test case with other registries to import from."""

    def other(self, name: str = "other.db") -> Registry:
        """Make another registry."""
        (self.folder / name).write_bytes(blank_registry())
        return self.enterContext(registry.open(self.folder / name))

    def take(self, *names: str, name: str | None = None) -> ImportReport:
        """Import the files of these names."""
        return self.registry.import_runs([self.folder / one for one in names or ("other.db",)], name)

    def shard(self, index: int, count: int, *tests: str, name: str | None = None) -> str:
        """Record one shard in a registry of its own, and return the name of its file."""
        file = f"shard{index}.db"
        new = NewRun(RunKind.TEST, name, tags={"shard": f"{index}/{count}"}, params={"shard_plan": "p"}, code=CODE)
        with self.other(file).start(new) as run:
            run.add_results(result(test) for test in tests)
            run.finish(RunStatus.FINISHED, green=True)
        return file


class WholeRuns(ImportCase):
    """Runs that are copied as they are."""

    def full_run(self, other: Registry) -> RunDetails:
        """Record a run with something in every table."""
        git = GitState("c" * 40, "main", True)
        new = NewRun(RunKind.TRAIN, "full", 2**70, ("runner",), {"k": "v"}, {"epochs": 2}, git, ENVIRONMENT, CODE)
        with other.start(new) as run:
            subtest = SubtestRecord("(n=1)", Outcome.FAILED, "1 != 2", "Traceback\n")
            run.add_results([result(outcome=Outcome.FAILED, traceback="T", output="O", subtests=(subtest,), seed=3)])
            run.add_results([result(attempt=2, duration_s=0.5, worker=1), result("x" * 3000), result(ordinal=1)])
            run.add_fixtures([FixtureRecord("setUpClass (m.C)", Outcome.ERRORED, "no disk", "T", "O")])
            run.add_pollution([PollutionRecord("m.C", "environment", "A was added")])
            for step, value in enumerate((float("nan"), -0.0, float("inf"), 0.1)):
                run.log_metric("loss", value, step=-step, unit="nats", direction=Direction.LOWER)
            run.log_metric("accuracy", 0.5)
            run.log_dataset(Dataset("mnist", "f" * 64, 3, 2, 1))
            run.log_checkpoint(
                Checkpoint("a.safetensors", 10, "s" * 64, "h" * 64, 1, (TensorDigest("w", "F32", (2, 3), "t" * 64),), "r" * 64)
            )
            run.log_answers(Answers("test", 9, b"\xff\x80"))
            run.set_coverage(Coverage(50.0, (FileCoverage("a.py", 4, (1, 3)),)))
            run.finish(RunStatus.FINISHED, green=False, duration_s=1.25)
        return other.details(other.find_run("full"), with_points=True)

    def test_everything_is_kept(self):
        """A run with something in every table reads the same, but for its number, and the registry is sound."""
        original = self.full_run(self.other())
        self.recorded()  # so that the numbers differ
        (imported,) = self.take().imported
        copy = self.registry.details(imported.run, with_points=True)
        same = {name: getattr(copy.run, name) for name in type(copy.run).__slots__} | {"id": original.run.id}
        self.assertEqual(repr(type(copy.run)(**same)), repr(original.run))
        for part in RunDetails.__slots__:
            if part != "run":
                self.assertEqual(repr(getattr(copy, part)), repr(getattr(original, part)), part)
        self.assertEqual(self.registry.check(), [])

    def test_each_run_once(self):
        """A second import finds nothing new, and one more run is all that a third brings."""
        other = self.other()
        other.start(NewRun(RunKind.TEST)).finish(RunStatus.FINISHED)
        self.assertEqual((len(self.take().imported), len(self.take().imported), self.take().known), (1, 0, 1))
        other.start(NewRun(RunKind.TEST)).finish(RunStatus.FINISHED)
        report = self.take("other.db", "other.db")
        self.assertEqual((len(report.imported), report.known), (1, 1))

    def test_names(self):
        """A default name becomes that of the number here; a name that is taken here gets a part of the uid."""
        self.recorded(name="night")
        other = self.other()
        for name in (None, "night", "day"):
            other.start(NewRun(RunKind.TEST, name)).finish(RunStatus.FINISHED)
        uid = other.find_run("night").uid
        self.assertEqual([one.run.name for one in self.take().imported], ["test-2", f"night-{uid[:8]}", "day"])

    def test_a_name_for_it(self):
        """A name is given to a single run, and is checked first."""
        other = self.other()
        other.start(NewRun(RunKind.TEST, "theirs")).finish(RunStatus.FINISHED)
        self.recorded(name="taken")
        for name, error in (("latest", InvalidName), ("taken", NameInUse)):
            with self.subTest(name=name), self.assertRaises(error):
                self.take(name=name)
        self.assertEqual(self.take(name="ours").imported[0].run.name, "ours")
        other.start(NewRun(RunKind.TEST)).finish(RunStatus.FINISHED)
        other.start(NewRun(RunKind.TEST)).finish(RunStatus.FINISHED)
        with self.assertRaisesRegex(NameInUse, "2 runs"):
            self.take(name="both")

    def test_one_that_is_still_recorded(self):
        """A run that is being recorded is left out and named; one whose recorder is gone comes as crashed."""
        other = self.other()
        run = other.start(NewRun(RunKind.TEST, "going"))
        self.addCleanup(run.finish, RunStatus.FINISHED)
        report = self.take()
        self.assertEqual((report.imported, report.running), ((), ("going",)))
        with other._database.writing() as connection:
            connection.exec_driver_sql("UPDATE run SET heartbeat_us = 0, process_space = 'elsewhere'")
        self.assertEqual(self.take().imported[0].run.status, RunStatus.CRASHED)

    def test_not_into_itself(self):
        """A registry cannot be imported into itself, not even through a link."""
        (self.folder / "link.db").symlink_to(self.path)
        with self.assertRaisesRegex(RegistryUnreachable, "itself"):
            self.take("link.db")


class Shards(ImportCase):
    """Shards that become one run."""

    def test_one_run(self):
        """The shards of a run, in registries of their own, become one run with all results, however often they are imported."""
        files = [self.shard(index, 3, f"m.C{index}.t", name="night") for index in (1, 2, 3)]
        (imported,) = self.take(*files).imported
        self.assertEqual((imported.run.name, imported.results, imported.shards), ("night", 3, ("1/3", "2/3", "3/3")))
        self.assertEqual((imported.missing, imported.run.green, imported.run.tags), ((), True, {"shards": "3"}))
        self.assertEqual(self.take(*reversed(files)).known, 1)
        self.assertEqual(len(self.registry.runs()), 1)

    def test_a_missing_one(self):
        """A shard that is not there is told, and the run is not green; with all of them a whole run comes beside it."""
        files = [self.shard(index, 2, f"m.C{index}.t") for index in (1, 2)]
        (imported,) = self.take(files[1]).imported
        self.assertEqual((imported.missing, imported.run.green, imported.run.status), (("1/2",), None, RunStatus.INTERRUPTED))
        (whole,) = self.take(*files).imported
        self.assertEqual((whole.missing, whole.run.green), ((), True))

    def test_shards_that_overlap(self):
        """Where two shards hold the same test nothing is imported."""
        with self.assertRaisesRegex(registry.RegistryError, "not parts of one cut"):
            self.take(self.shard(1, 2, "m.C.t"), self.shard(2, 2, "m.C.t"))
        self.assertEqual(self.registry.runs(), [])


class FilesFromElsewhere(ImportCase):
    """Files that nobody vouches for."""

    def assert_refused(self, error: type[Exception], words: str, statement: str | None = None, name: str = "other.db") -> None:
        """Assert that a file, changed by a statement, is refused, stays as it is, and leaves nothing here."""
        path = self.folder / name
        if statement is not None:
            self.other(name).start(NewRun(RunKind.TEST)).finish(RunStatus.FINISHED)
            with sqlite3.connect(path) as connection:
                connection.executescript(statement)
            connection.close()
        before = path.read_bytes() if path.is_file() else b""
        with self.assertRaisesRegex(error, words):
            self.take(name)
        self.assertEqual((path.read_bytes() if path.is_file() else b""), before)
        self.assertEqual(self.registry.runs(), [])

    def test_what_no_registry_holds(self):
        """Views, triggers, other tables and other columns are refused by name."""
        cases = {
            "view 'spy'": "CREATE VIEW spy AS SELECT 1",
            "trigger 'act'": "CREATE TRIGGER act AFTER INSERT ON run BEGIN DELETE FROM run; END",
            "table 'more'": "CREATE TABLE more (a)",
            "run has other columns": "ALTER TABLE run ADD COLUMN spy TEXT",
            "view 'coverage'": "DROP TABLE coverage; CREATE VIEW coverage AS SELECT 1 AS run_id, 1 AS percent, 1 AS files_id",
        }
        for number, (words, statement) in enumerate(cases.items()):
            with self.subTest(words=words):
                self.assert_refused(RegistryDamaged, words, statement, f"{number}.db")

    def test_values_that_cannot_be(self):
        """A value that no registry writes is refused with the run it belongs to."""
        self.assert_refused(RegistryDamaged, "damaged value", "UPDATE run SET kind = 'spy'")

    def test_rows_that_refer_to_nothing(self):
        """A dangling row is refused."""
        self.assert_refused(RegistryDamaged, "missing row of", "INSERT INTO run_tag VALUES (77, 'a', 'b')")

    def test_another_release(self):
        """A registry of a later schema is refused."""
        self.assert_refused(SchemaTooNew, "schema 9999", "UPDATE registry_version SET version_num = '9999'")

    def test_no_registry(self):
        """A missing file, a folder and a file of another kind are refused."""
        self.assert_refused(RegistryUnreachable, "no registry at")
        (self.folder / "other.db").write_text("no database at all, but long enough for a header\n" * 30)
        self.assert_refused(RegistryDamaged, "other.db")

    def test_it_is_only_read(self):
        """Nothing is written into the file or beside it, whether its last writer closed it or is still there."""
        with self.other().start(NewRun(RunKind.TEST)) as run:
            run.flush()
            self.take()
        self.assertEqual(len(self.take().imported), 1)
        self.registry_of("other.db").close()
        before = {path.name: path.read_bytes() for path in self.folder.iterdir() if path.name.startswith("other")}
        self.take()
        after = {path.name: path.read_bytes() for path in self.folder.iterdir() if path.name.startswith("other")}
        self.assertEqual(after, before)

    def test_it_cannot_be_written(self):
        """The connection itself refuses to write, while another process has the file open and when none has."""
        with self.other().start(NewRun(RunKind.TEST)) as run:
            run.flush()
            self.assert_read_only()
        self.registry_of("other.db").close()
        self.assert_read_only()

    def assert_read_only(self) -> None:
        """Assert that nothing can be deleted through a connection to the foreign file."""
        with foreign.reading(self.folder / "other.db") as connection, self.assertRaisesRegex(Exception, "readonly"):
            connection.exec_driver_sql("DELETE FROM run")

    def registry_of(self, name: str) -> Registry:
        """Open a registry once more: its last connection to close leaves one file."""
        return registry.open(self.folder / name)

    def test_broken_bytes(self):
        """Of many registries with flipped bytes each is refused with a sentence or read: never another exception."""
        self.other().start(NewRun(RunKind.TEST, "theirs")).finish(RunStatus.FINISHED)
        self.registry_of("other.db").close()
        path, whole = self.folder / "other.db", (self.folder / "other.db").read_bytes()
        chance, refused = random.Random(3), 0
        for _ in range(60):
            broken = bytearray(whole)
            for _ in range(chance.choice((1, 4, 64))):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            path.write_bytes(broken)
            try:
                self.take()
            except registry.RegistryError:
                refused += 1
        self.assertGreater(refused, 10)
        self.assertEqual(self.registry.check(), [])
