"""The registry on a real PostgreSQL: what it stores and compares, the commands, and what goes wrong with a server."""

from __future__ import annotations

import random
import unittest
from datetime import UTC, datetime, timedelta

import registry
from registry import schema
from registry.errors import RegistryUnreachable, SchemaOutOfDate
from registry.records import NewRun, Outcome, RunKind, RunStatus
from registry.storage.database import locate
from registry.store import Registry
from tests.postgresql import PASSWORD, Server, require_postgresql, running_server
from tests.test_registry.factories import result
from tests.test_registry.test_comparison import expected, random_results
from tests.test_registry.test_outcome_matrix import MatrixCase
from tests.test_runner.projects import GREEN_SUITE, ProjectCase
from tests.test_runner.training import FAKE

SERVER: Server
"""Shared by the module: to start one takes a second or two."""


def setUpModule() -> None:
    """Start the server, or skip all with the reason."""
    global SERVER  # noqa: PLW0603 - a fixture of the module has no other place
    SERVER = unittest.enterModuleContext(running_server(require_postgresql()))


class Comparing(MatrixCase):
    """The self-join, whose types and NULLs every database takes otherwise."""

    opened: Registry

    @classmethod
    def setUpClass(cls):
        cls.opened = cls.enterClassContext(registry.open(SERVER.new_database()))

    def test_every_pair_of_outcomes(self):
        """On PostgreSQL each of the 99 pairs of outcomes stands in the one list that the matrix names."""
        self.assert_matrix(self.opened)

    def test_against_the_oracle(self):
        """Random runs, tests tried again among them, are compared as plain Python compares them."""
        chance, runs = random.Random(12), []
        for number in range(4):
            records = random_results(chance)
            with self.opened.start(NewRun(RunKind.TEST, f"random-{number}")) as run:
                run.add_results(records)
                run.finish(RunStatus.FINISHED)
            runs.append((records, self.opened.find_run(f"random-{number}")))
        for a, run_a in runs:
            for b, run_b in runs:
                found = self.opened.compare(run_a, run_b)
                self.assertEqual((found.changed, found.unchanged), expected(a, b))

    def test_numbers_and_texts(self):
        """NaN, infinities, the largest step, NUL and other odd characters come back as on SQLite."""
        values = [float("nan"), float("inf"), float("-inf"), 5e-324, -0.0, 1.7e308]
        with self.opened.start(NewRun(RunKind.TRAIN, "odd", seed=2**64 - 1, tags={"a\0b": "\ud800 \U0001f600"})) as run:
            for value in values:
                run.log_metric("loss", value, step=2**63 - 1)
            run.add_results([result("t", Outcome.FAILED, message="nul \0, half \ud800, bidi \u202e")])
        found = self.opened.details(self.opened.find_run("odd"), with_points=True)
        self.assertEqual(repr([value for _, value in found.points["loss"]]), repr(values))
        self.assertEqual((found.run.seed, found.points["loss"][0][0]), (2**64 - 1, 2**63 - 1))
        self.assertTrue(found.results[0].message.startswith("nul "), found.results[0].message)


class Commands(ProjectCase):
    """Two test runs and two trainings, and everything that can be asked about them."""

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_suite=GREEN_SUITE)
        cls.url = SERVER.new_database()
        fake, at = str(cls.home.write("fake_task.py", FAKE)), {"RUNNER_REGISTRY": cls.url}
        cls.home.run("test", "--record", "--name", "good", **at)
        cls.home.write("tests/test_suite.py", GREEN_SUITE.replace("2 * 3, 6)", "2 * 3, 7)"))
        cls.recorded = cls.home.run("test", "--record", "--name", "bad", **at)
        for name, rate in (("train-good", "0.1"), ("train-bad", "1")):
            cls.home.run("train", "--name", name, "--lr", rate, script=fake, **at)
        until = str(datetime.now(UTC).date() + timedelta(days=30))
        test = "test_suite.Arithmetic.test_product"
        cls.answers = cls.home.together(
            at,
            text=("diff", "good", "bad"),
            json=("diff", "train-good", "train-bad", "--format", "json"),
            show=("show", "bad", "--format", "json"),
            runs=("runs", "--format", "json"),
            check=("db", "check"),
            info=("db", "info"),
        )
        cls.answers |= cls.home.together(
            at,
            test=("history", test),
            metric=("history", "test_accuracy"),
            flaky=("flaky",),
            baseline=("baseline", "set", "main", "good"),
            known=("known", "add", test, "--reason", "slow", "--owner", "ann", "--until", until),
        )
        cls.answers |= cls.home.together(
            at,
            muted=("diff", "baseline:main", "latest:test"),
            baselines=("baseline", "list"),
            failed=("test", "--last-failed"),
        )

    def test_recorded_without_the_password(self):
        """A run is recorded, and the place is told with its password masked."""
        self.assertEqual(self.recorded.code, 1)
        self.assertIn(f"recorded as bad (run 2) in {self.url.replace(PASSWORD, '***')}", self.recorded.output)

    def test_what_ends_well(self):
        """Every command that finds nothing bad ends with 0 and complains of nothing."""
        bad = {"text": 1, "json": 1, "failed": 1}
        said = {name: (answer.code, answer.errors) for name, answer in self.answers.items()}
        self.assertEqual(said, {name: (bad.get(name, 0), "") for name in self.answers})

    def test_no_answer_tells_the_password(self):
        """The password stands in no output."""
        self.assertEqual([name for name, answer in self.answers.items() if PASSWORD in answer.output + answer.errors], [])

    def test_diffs(self):
        """Tests and metrics are compared, and what is muted or a baseline's is taken for it."""
        self.assertTrue(self.answers["text"].output.startswith("REGRESSED: good -> bad"))
        (metric,) = (metric for metric in self.answers["json"].document["metrics"] if metric["name"] == "test_accuracy")
        self.assertEqual((metric["a"], metric["b"], metric["verdict"]), (0.99, 0.9, "regressed"))
        self.assertIn("1 known failure muted", self.answers["muted"].output)

    def test_reading(self):
        """Runs, histories, baselines, known failures and the registry itself are told."""
        self.assertEqual([run["name"] for run in self.answers["runs"].document["runs"]][2:], ["bad", "good"])
        self.assertEqual(self.answers["show"].document["counts"], {"passed": 1, "failed": 1})
        for name, word in (
            ("test", ".F"),
            ("metric", "train-bad"),
            ("baselines", "good"),
            ("check", "no problems found"),
            ("info", "PostgreSQL 1"),
        ):
            with self.subTest(name):
                self.assertIn(word, self.answers[name].output)


class Failing(unittest.TestCase):
    """A server that does not do what it should gets one sentence, in which no password stands."""

    def assert_unreachable(self, url: str, *words: str) -> None:
        """Assert that a registry cannot be opened, with these words and without a password."""
        with self.assertRaises(RegistryUnreachable) as caught:
            registry.open(url)
        said = str(caught.exception)
        self.assertEqual((len(said.splitlines()), PASSWORD in said, "wrong" in said), (1, False, False), said)
        for word in ("***", "cannot be reached", *words):
            self.assertIn(word, said)

    def test_logging_in(self):
        """Another password, an unknown database and a closed port are told as such."""
        self.assert_unreachable(SERVER.url(password="wrong"), "password authentication failed")
        self.assert_unreachable(SERVER.url("nowhere"), 'database "nowhere" does not exist')
        self.assert_unreachable(SERVER.url().replace(str(SERVER.port), "1"), "port 1 failed")
        self.assert_unreachable(SERVER.url().replace("127.0.0.1", "no-host.invalid"), "no-host.invalid")

    def test_an_empty_database(self):
        """A database without a registry is told by whoever reads, and filled by whoever records."""
        url = SERVER.new_database()
        with self.assertRaisesRegex(RegistryUnreachable, r"there is no registry at .*:\*\*\*@"):
            registry.open(url, must_exist=True)
        with registry.open(url) as opened:
            self.assertEqual((opened.runs(), opened.check()), ([], []))

    def test_an_older_schema(self):
        """An older registry is refused with what to type, a copy by pg_dump first; the upgrade leaves it sound."""
        url = SERVER.new_database()
        database = locate(url)
        self.addCleanup(database.close)
        with database.migrating() as connection:
            schema.run_migrations(connection, schema.migrations_folder(), "0001")
        with self.assertRaisesRegex(SchemaOutOfDate, "has schema 0001 .*pg_dump.*`runner db upgrade`"):
            registry.open(url)
        report = schema.upgrade(url)
        self.assertEqual((report.from_revision, report.to_revision, report.backup_path), ("0001", schema.HEAD, None))
        with registry.open(url) as opened:
            self.assertEqual(opened.check(), [])

    def test_a_server_that_goes_away(self):
        """A server that dies under an open registry is told; back again it is used again, and keeps what was committed."""
        with registry.open(SERVER.new_database()) as opened:
            with opened.start(NewRun(RunKind.TEST, "first")) as run:
                run.add_results([result()])
            SERVER.stop()
            with self.assertRaisesRegex(RegistryUnreachable, r"postgresql\+psycopg://tester:\*\*\*@.* cannot be reached"):
                opened.runs()
            SERVER.start()
            self.assertEqual([run.name for run in opened.runs()], ["first"])


if __name__ == "__main__":
    unittest.main()
