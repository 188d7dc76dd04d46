"""What is handed to a run comes back from the registry."""

from __future__ import annotations

import math
import os
import threading
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import event

import registry
from registry.errors import CheckpointUnreadable, InvalidValue, RegistryError, RegistryLocked, RunClosed
from registry.records import (
    Checkpoint,
    Coverage,
    Dataset,
    Direction,
    FileCoverage,
    FixtureRecord,
    GitState,
    Metric,
    NewRun,
    Outcome,
    PollutionRecord,
    RunKind,
    RunStatus,
    SubtestRecord,
    TensorDigest,
    TestRecord,
)
from registry.storage.database import Database

from .factories import ENVIRONMENT, RegistryCase, result, write_safetensors


class RoundTrip(RegistryCase):
    """Every record comes back equal."""

    def test_a_run(self):
        """What is known before the start comes back with id, uid, times and fingerprints."""
        new = NewRun(
            kind=RunKind.TRAIN,
            name="größe",
            seed=2**70,
            argv=("runner", "train", "a\0\udc80"),
            tags={"why": "later"},
            params={"lr": 0.1, "layers": [1, 2], "amp": None},
            git=GitState("c" * 40, "main", dirty=True),
            environment=ENVIRONMENT,
            code={"a.py": "1" * 64, "b/c.py": "2" * 64},
        )
        with self.registry.start(new):
            pass
        run = self.registry.find_run("größe")
        for field in ("kind", "name", "seed", "argv", "tags", "params", "git", "environment", "code"):
            self.assertEqual(getattr(run, field), getattr(new, field), field)
        self.assertRegex(f"{run.uid} {run.fingerprint} {run.code_fingerprint}", "^[0-9a-f]{32} [0-9a-f]{64} [0-9a-f]{64}$")
        self.assertLess(abs(datetime.now(UTC) - run.started_at), timedelta(minutes=1))

    def test_what_is_not_given_is_not_invented(self):
        """A run of which nothing was told has no environment, no code and no fingerprints."""
        with self.registry.start(NewRun(RunKind.TEST)) as active:
            self.assertEqual((active.run.status, active.run.duration_s), (RunStatus.RUNNING, None))
        run = self.registry.find_run("1")
        self.assertEqual((run.environment, run.code, run.fingerprint, run.code_fingerprint), (None, {}, None, None))
        self.assertEqual((run.git, run.seed, run.green), (GitState(), None, None))

    def test_results(self):
        """Attempts, ordinals, subtests and texts come back, and the last attempts are counted."""
        records = (
            result("t.a", Outcome.FAILED, duration_s=0.25, message="0 != 1", traceback="Trace\nback", worker=3, seed=2**64),
            result("t.a", attempt=2, subtests_passed=7),
            result("t.a", Outcome.SKIPPED, ordinal=1, message="no GPU"),
            result(
                "t.b",
                Outcome.FAILED,
                subtests=(SubtestRecord("(i=1)", Outcome.FAILED, "no", "Trace"), SubtestRecord("(i=2)", Outcome.ERRORED)),
            ),
        )
        details = self.registry.details(self.recorded(records))
        self.assertEqual(details.results, records)
        self.assertEqual(details.counts, {Outcome.PASSED: 1, Outcome.FAILED: 1, Outcome.SKIPPED: 1})

    def test_fixtures_dataset_and_coverage(self):
        """Failed fixtures, the data set and the coverage come back."""
        fixtures = (
            FixtureRecord("setUpClass (a.B)", Outcome.CRASHED, "died", "Trace"),
            FixtureRecord("setUpModule (a)", Outcome.SKIPPED),
        )
        dataset = Dataset("MNIST", "f" * 64, 54_000, 6_000, 10_000)
        coverage = Coverage(87.5, (FileCoverage("a.py", 40, (3, 4, 5, 9)), FileCoverage("b.py", 2)))
        with self.registry.start(NewRun(RunKind.TEST, "x")) as run:
            run.add_fixtures(fixtures)
            run.log_dataset(dataset)
            run.set_coverage(coverage)
        details = self.registry.details(self.registry.find_run("x"))
        self.assertEqual((details.fixtures, details.dataset, details.coverage), (fixtures, dataset, coverage))

    def test_output(self):
        """What tests and fixtures printed comes back, apart from their tracebacks, and in the history of a test too."""
        records = (
            result("t.a", Outcome.FAILED, traceback="Trace", output="printed\n"),
            result("t.b", Outcome.CRASHED, output="printed\n"),
        )
        fixture = FixtureRecord("setUpClass (a.B)", Outcome.ERRORED, "no", "Trace", "before the end")
        with self.registry.start(NewRun(RunKind.TEST, "x")) as run:
            run.add_results(records)
            run.add_fixtures([fixture])
        details = self.registry.details(self.registry.find_run("x"))
        self.assertEqual((details.results, details.fixtures), (records, (fixture,)))
        self.assertEqual([entry.result for entry in self.registry.history("t.a")], [records[0]])

    def test_pollution(self):
        """What tests left changed comes back in order, also what was handed over later."""
        changes = [PollutionRecord("m.A", "working directory", "now /tmp"), PollutionRecord("m.A", "sys.path", "2 entries more")]
        with self.registry.start(NewRun(RunKind.TEST, "x")) as run:
            run.add_pollution(changes)
            run.flush()
            run.add_pollution([PollutionRecord("m.B", "environment", "A added\nand more")])
        found = self.registry.details(self.registry.find_run("x")).pollution
        self.assertEqual(found, (*changes, PollutionRecord("m.B", "environment", "A added")))

    def test_texts_are_stored_once(self):
        """A thousand equal tracebacks, and the same packages in two runs, take one row each."""
        for name in ("x", "y"):
            with self.registry.start(NewRun(RunKind.TEST, name, environment=ENVIRONMENT, code={"a.py": "0"})) as run:
                run.add_results(result(f"t{i}", Outcome.FAILED, traceback="same") for i in range(1_000))
        with Database.reading(self.registry._database) as connection:
            counts = [
                connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar()
                for name in ("long_text", "environment", "test")
            ]
        self.assertEqual(counts, [3, 1, 1_000])

    def test_hostile_texts(self):
        """NUL, lone surrogates and megabytes are stored visibly or bounded, never refused."""
        bad = result("t\0\udc80" + "x" * 1_000_000, Outcome.ERRORED, message="m\0" * 10_000, traceback="\ud800" * 1_000_000)
        found = self.registry.details(self.recorded([bad])).results[0]
        self.assertTrue(found.test_id.startswith("t\\x00\\udc80xxx"))
        self.assertLess(max(len(found.test_id), len(found.message)), 20_000)
        self.assertIn("characters left out", found.traceback)


class Metrics(RegistryCase):
    """Values per step and their summaries."""

    def setUp(self):
        super().setUp()
        self.active = self.registry.start(NewRun(RunKind.TRAIN, "train"))

    def details(self):
        """Finish the run and read it with its points."""
        self.active.finish(RunStatus.FINISHED)
        return self.registry.details(self.registry.find_run("train"), with_points=True)

    def test_points_come_in_the_order_of_logging(self):
        """Steps may be missing, repeat and go back; the order of logging is kept."""
        points = ((5, 1.0), (None, 2.0), (5, 3.0), (-1, 4.0), (2**63 - 1, 5.0))
        for step, value in points:
            self.active.log_metric("loss", value, step=step)
        self.assertEqual(self.details().points, {"loss": points})

    def test_summary(self):
        """The summary holds last, extremes over what is not NaN, count, unit and direction."""
        for step, value in enumerate((3.0, math.nan, -math.inf, 7.0)):
            self.active.log_metric("speed", value, step=step)
        self.active.flush()
        self.active.log_metrics([Metric("speed", 5.0, None, "1/s", Direction.HIGHER)])
        (summary,) = self.details().metrics
        self.assertEqual((summary.last, summary.minimum, summary.maximum, summary.count), (5.0, -math.inf, 7.0, 5))
        self.assertEqual((summary.last_step, summary.unit, summary.direction), (None, "1/s", Direction.HIGHER))

    def test_numbers_that_are_not_finite(self):
        """NaN, infinities and minus zero come back as they were."""
        for value in (math.nan, math.inf, -math.inf, -0.0, 0.1):
            self.active.log_metric("odd", value)
        details = self.details()
        self.assertEqual([str(value) for _, value in details.points["odd"]], ["nan", "inf", "-inf", "-0.0", "0.1"])
        self.assertEqual((details.metrics[0].minimum, details.metrics[0].maximum), (-math.inf, math.inf))

    def test_only_nan(self):
        """A metric that was never a number has no extremes."""
        self.active.log_metric("loss", math.nan)
        (summary,) = self.details().metrics
        self.assertTrue(math.isnan(summary.last))
        self.assertEqual((summary.minimum, summary.maximum, summary.count), (None, None, 1))

    def test_a_bad_value_leaves_the_run_usable(self):
        """A value that is no number is refused at the call; earlier and later ones are recorded."""
        self.active.log_metric("loss", 1.0)
        with self.assertRaises(InvalidValue):
            self.active.log_metric("loss", "high")
        self.active.log_metric("loss", 2.0)
        self.assertEqual([value for _, value in self.details().points["loss"]], [1.0, 2.0])

    def test_points_are_read_only_where_asked_for(self):
        """Details without points read no row of metric_point."""
        self.active.log_metric("loss", 1.0)
        self.active.finish(RunStatus.FINISHED)
        statements = []
        event.listen(self.registry._database.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
        self.assertEqual(self.registry.details(self.active.run).points, {})
        self.assertEqual([text for text in statements if "metric_point" in text], [])


class Additions(RegistryCase):
    """What becomes known while a run goes on."""

    def test_params_seed_code_and_numerics(self):
        """Later parameters, seed, code and numerics stand, and the fingerprint follows the numerics."""
        with self.registry.start(NewRun(RunKind.TRAIN, "x", params={"a": 1, "b": 2}, environment=ENVIRONMENT)) as run:
            run.log_params({"b": 3})
            run.log_seed(7)
            run.log_code({"late.py": "0" * 64})
            run.log_numerics({"torch": "2.14"})
        found = self.registry.find_run("x")
        self.assertEqual((found.params, found.seed, found.code), ({"a": 1, "b": 3}, 7, {"late.py": "0" * 64}))
        self.assertEqual(found.environment.numerics, {"threads": "2", "torch": "2.14"})
        self.assertNotEqual(found.fingerprint, run.run.fingerprint)

    def test_numerics_without_an_environment(self):
        """Numerics of a run that was told no environment are kept beside Python and platform."""
        with self.registry.start(NewRun(RunKind.TRAIN, "x")) as run:
            run.log_numerics({"threads": "2"})
        found = self.registry.find_run("x").environment
        self.assertEqual((found.numerics, found.packages), ({"threads": "2"}, {}))

    def test_equal_numerics_have_equal_fingerprints(self):
        """The fingerprint depends on the numerics alone, whatever else surrounds the run."""
        runs = [self.registry.start(NewRun(RunKind.TRAIN, environment=environment)) for environment in (ENVIRONMENT, None)]
        for run in runs:
            run.log_numerics({"threads": "2"})
            run.finish(RunStatus.FINISHED)
        self.assertEqual(len({run.fingerprint for run in self.registry.runs()}), 1)

    def test_checkpoint_by_path(self):
        """A safetensors file is recorded with its hashes and a digest per tensor."""
        path = write_safetensors(self.folder / "m.safetensors", {"w": ("F32", [2], bytes(8)), "b": ("F32", [], bytes(4))})
        with self.registry.start(NewRun(RunKind.TRAIN, "x")) as run:
            described = run.log_checkpoint(path, epoch=1)
        (found,) = self.registry.details(self.registry.find_run("x")).checkpoints
        self.assertEqual(found, described)
        self.assertEqual(([tensor.name for tensor in found.tensors], found.epoch), (["b", "w"], 1))

    def test_checkpoint_by_record(self):
        """A checkpoint that was hashed elsewhere is stored as it is, tensors in their order."""
        tensors = tuple(TensorDigest(name, "F32", shape, "a" * 64) for name, shape in (("z", (1, 2)), ("a", ())))
        records = [Checkpoint(f"/m/{epoch}", 10, "b" * 64, "c" * 64, epoch, tensors) for epoch in range(2)]
        with self.registry.start(NewRun(RunKind.TRAIN, "x")) as run:
            for record in records:
                run.log_checkpoint(record)
        self.assertEqual(self.registry.details(self.registry.find_run("x")).checkpoints, tuple(records))

    def test_a_missing_checkpoint(self):
        """A file that is not there is refused at the call, and the run goes on."""
        with self.registry.start(NewRun(RunKind.TRAIN, "x")) as run:
            with self.assertRaises(CheckpointUnreadable):
                run.log_checkpoint(self.folder / "none.safetensors")
            run.log_metric("loss", 1)
        self.assertEqual(len(self.registry.details(self.registry.find_run("x")).metrics), 1)


class Endings(RegistryCase):
    """How a run ends."""

    def ended_by(self, error: BaseException) -> RunStatus:
        """Return the status of a run whose block was left by an exception."""
        with self.assertRaises(type(error)), self.registry.start(NewRun(RunKind.TRAIN)) as run:
            run.log_metric("loss", 1)
            raise error
        return self.registry.find_run("latest").status

    def test_status_by_exception(self):
        """Ctrl-C interrupts a run, another exception fails it, an exit without a code ends it well."""
        self.assertIs(self.ended_by(KeyboardInterrupt()), RunStatus.INTERRUPTED)
        self.assertIs(self.ended_by(ValueError()), RunStatus.FAILED)
        self.assertIs(self.ended_by(SystemExit(3)), RunStatus.FAILED)
        self.assertIs(self.ended_by(SystemExit(0)), RunStatus.FINISHED)
        self.assertEqual([len(self.registry.details(run).metrics) for run in self.registry.runs()], [1] * 4)

    def test_finish_says_green_and_duration(self):
        """A verdict and a duration that are given are stored, and leaving the block changes nothing."""
        with self.registry.start(NewRun(RunKind.TEST)) as run:
            run.finish(RunStatus.FAILED, green=False, duration_s=12.5)
        found = self.registry.find_run("1")
        self.assertEqual((found.status, found.green, found.duration_s), (RunStatus.FAILED, False, 12.5))

    def test_the_duration_is_measured(self):
        """Without a duration, the seconds since the start are stored."""
        with self.registry.start(NewRun(RunKind.TEST)):
            time.sleep(0.05)
        self.assertTrue(0.05 <= self.registry.find_run("1").duration_s < 10)

    def test_a_closed_run(self):
        """Nothing can be added to a finished run, and it cannot be finished twice."""
        run = self.registry.start(NewRun(RunKind.TEST))
        run.finish(RunStatus.FINISHED)
        for call in (lambda: run.log_metric("x", 1), lambda: run.add_results([result()]), lambda: run.finish(RunStatus.FAILED)):
            with self.assertRaisesRegex(RunClosed, "test-1 is finished"):
                call()

    def test_a_result_twice(self):
        """The same attempt at the same test is refused at the call, and other results are kept."""
        run = self.registry.start(NewRun(RunKind.TEST))
        run.add_results([result()])
        with self.assertRaisesRegex(InvalidValue, "attempt 1 .*test_one.* is recorded"):
            run.add_results([result()])
        run.finish(RunStatus.FINISHED)
        self.assertEqual(len(self.registry.details(run.run).results), 1)

    def test_passed_tests(self):
        """Tests that passed are recorded in a row as they are one by one, in the order of both."""
        with self.registry.start(NewRun(RunKind.TEST, "rows")) as run:
            run.add_results([result("m.A.test_z", Outcome.FAILED, traceback="t")])
            run.add_passed([("m.A.test_b", 0), ("m.A.test_a", 1)], [0.5, 0.25], 3)
            run.add_results([result("m.A.test_0")])
        rows = self.registry.details(self.registry.find_run("rows")).results
        self.assertEqual([row.test_id for row in rows], ["m.A.test_z", "m.A.test_b", "m.A.test_a", "m.A.test_0"])
        self.assertEqual(rows[2], TestRecord("m.A.test_a", Outcome.PASSED, 1, duration_s=0.25, worker=3))

    def test_a_passed_test_twice(self):
        """A first attempt that is recorded already is refused also among tests that passed in a row."""
        run = self.registry.start(NewRun(RunKind.TEST))
        run.add_results([result("m.A.test_a")])
        with self.assertRaisesRegex(InvalidValue, "attempt 1 .*m.A.test_a.* is recorded"):
            run.add_passed([("m.A.test_a", 0)], [0.5], 0)
        run.finish(RunStatus.FINISHED)

    def test_many_threads(self):
        """Values that eight threads log at once are all recorded."""
        with self.registry.start(NewRun(RunKind.TRAIN, "x")) as run:
            threads = [threading.Thread(target=lambda: [run.log_metric("x", i) for i in range(500)]) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(self.registry.details(self.registry.find_run("x")).metrics[0].count, 4_000)

    def test_another_process(self):
        """A forked process cannot record in its parent's run, and leaving the block there ends nothing."""
        with self.registry.start(NewRun(RunKind.TRAIN, "x")) as run:
            child = os.fork()
            if child == 0:
                try:
                    run.log_metric("x", 1)
                except RunClosed:
                    os._exit(7)
                os._exit(0)
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 7)
            self.assertIs(self.registry.find_run("x").status, RunStatus.RUNNING)


class FailuresToWrite(RegistryCase):
    """A registry that cannot be written says so, and loses nothing."""

    def setUp(self):
        super().setUp()
        self.impatient = self.enterContext(registry.open(f"sqlite:///{self.path}?timeout=0.1"))
        self.active = self.impatient.start(NewRun(RunKind.TRAIN, "x"))
        self.addCleanup(lambda: self.active._closed or self.active.finish(RunStatus.FAILED))

    def wait_for_error(self) -> RegistryError:
        """Log until a call raises."""
        for _ in range(100):
            try:
                self.active.log_metric("late", 1)
            except RegistryError as error:
                return error
            time.sleep(0.05)
        raise AssertionError("no call raised within five seconds")

    def test_a_locked_registry_is_told_and_nothing_is_lost(self):
        """While another process holds the lock the next call raises; after it, all that was accepted is stored."""
        self.active.log_metric("early", 1)
        with self.registry._database.writing():
            self.assertIsInstance(self.wait_for_error(), RegistryLocked)
        self.active.finish(RunStatus.FINISHED)
        found = self.registry.details(self.registry.find_run("x"))
        self.assertEqual([metric.name for metric in found.metrics if metric.name == "early"], ["early"])
        self.assertIs(found.run.status, RunStatus.FINISHED)

    def test_finish_can_be_called_again(self):
        """A finish that could not be written leaves the run open for another."""
        with self.registry._database.writing(), self.assertRaisesRegex(RegistryLocked, "0.1 s"):
            self.active.finish(RunStatus.FINISHED, green=True)
        self.assertIs(self.registry.find_run("x").status, RunStatus.RUNNING)
        self.active.finish(RunStatus.FINISHED, green=True)
        self.assertIs(self.registry.find_run("x").status, RunStatus.FINISHED)

    def test_a_vanished_file(self):
        """A registry whose table is gone raises a sentence that names the file."""
        with self.registry._database.writing() as connection:
            connection.exec_driver_sql("ALTER TABLE metric_point RENAME TO gone")
        self.active.log_metric("x", 1)
        with self.assertRaisesRegex(RegistryError, str(self.path)):
            self.active.flush()
        with self.registry._database.writing() as connection:
            connection.exec_driver_sql("ALTER TABLE gone RENAME TO metric_point")
