"""What cannot be stored is refused at the call, and the rest of the run is kept."""

from __future__ import annotations

import math
import os
import signal
import threading
from datetime import UTC, datetime

import registry
from registry.answers import Answers
from registry.errors import InvalidValue, RegistryDamaged, RegistryError, RegistryLocked, RunClosed
from registry.expected.known import KnownFailure
from registry.records import Checkpoint, Coverage, Dataset, NewRun, Outcome, RunKind, RunStatus

from .factories import RegistryCase, result, write_safetensors


class Index:
    """A whole number of another type, as numpy has them."""

    def __init__(self, number: int):
        self.number = number

    def __index__(self) -> int:
        return self.number


class BadValues(RegistryCase):
    """One bad value never costs the others."""

    def setUp(self):
        super().setUp()
        self.active = self.registry.start(NewRun(RunKind.TRAIN, "x"))
        self.addCleanup(lambda: self.active._closed or self.active.finish(RunStatus.FAILED))

    def details(self):
        """Finish the run and read it."""
        self.active.finish(RunStatus.FINISHED)
        return self.registry.details(self.active.run)

    def test_refused_at_the_call(self):
        """Numbers past 64 bits, not finite, or missing are refused at once, and what is logged later is stored."""
        weights = write_safetensors(self.folder / "m.safetensors", {"w": ("F32", [1], bytes(4))})
        for number, call in enumerate(
            (
                lambda: self.active.log_checkpoint(weights, epoch=2**70),
                lambda: self.active.set_coverage(Coverage(math.nan)),
                lambda: self.active.log_dataset(Dataset("d", "f", None, 0, 0)),
                lambda: self.active.log_dataset(Dataset("d", "f", 2**70, 0, 0)),
                lambda: self.active.add_results([result(worker=2**70)]),
                lambda: self.active.add_results([result(attempt=1.5)]),
                lambda: self.active.log_metric("loss", 1, direction="sideways"),
                lambda: self.active.finish("bogus"),
            )
        ):
            with self.subTest(number=number), self.assertRaises(InvalidValue):
                call()
        self.active.log_metric("loss", 2)
        self.assertEqual([metric.last for metric in self.details().metrics], [2.0])

    def test_surrogates_in_hashes(self):
        """Hashes and fingerprints that no encoding takes are stored visibly."""
        self.active.log_checkpoint(Checkpoint("p", 1, "\udcff", "\udcff"))
        self.active.log_dataset(Dataset("d", "\udcff", 1, 0, 0))
        details = self.details()
        self.assertEqual((details.checkpoints[0].content_hash, details.dataset.fingerprint), ("\\udcff", "\\udcff"))

    def test_other_integer_types(self):
        """Whole numbers of other types are stored as whole numbers."""
        self.active.log_dataset(Dataset("d", "f", Index(54), Index(6), Index(10)))
        self.active.log_checkpoint(Checkpoint("p", Index(9), "a", epoch=Index(3)))
        self.active.add_results([result(worker=Index(2))])
        details = self.details()
        self.assertEqual(details.dataset, Dataset("d", "f", 54, 6, 10))
        self.assertEqual((details.checkpoints[0].epoch, details.results[0].worker), (3, 2))

    def test_unknown_words(self):
        """Unknown kinds and impossible limits are refused with the known values."""
        for call in (lambda: self.registry.start_run("foo"), lambda: self.registry.runs("foo")):
            with self.assertRaisesRegex(InvalidValue, "'foo'.*test, train, nightly"):
                call()
        with self.assertRaisesRegex(InvalidValue, "limit"):
            self.registry.runs(limit=2**70)

    def test_a_misspelt_fact(self):
        """A keyword that start_run does not know is refused as Python refuses it."""
        with self.assertRaisesRegex(TypeError, "'sead'"):
            self.registry.start_run("train", sead=42)

    def test_the_command_line_is_the_default(self):
        """A run that is told no command line keeps that of the program."""
        with self.registry.start_run("train", "y", code={}) as run:
            self.assertTrue(run.run.argv)


class SafetyNet(RegistryCase):
    """Raw errors of Python never leave the database's module."""

    def test_python_errors_become_sentences(self):
        """Overflows and broken texts become errors of the registry."""
        broken = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid")
        for error, kind in ((OverflowError("big"), RegistryError), (broken, RegistryDamaged)):
            with self.assertRaises(kind), self.registry._database.translated():
                raise error

    def test_a_forked_child_does_not_wait_for_the_lock(self):
        """A child that was forked while another thread held the lock is refused at once."""
        run, held, done = self.registry.start(NewRun(RunKind.TRAIN)), threading.Event(), threading.Event()

        def hold():
            with run._lock:
                held.set()
                done.wait()

        thread = threading.Thread(target=hold)
        thread.start()
        held.wait()
        child = os.fork()
        if child == 0:
            signal.alarm(5)
            try:
                run.log_metric("x", 1)
            except RunClosed:
                os._exit(7)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        done.set()
        thread.join()
        run.finish(RunStatus.FINISHED)
        self.assertEqual(code, 7)

    def test_a_failed_finish_ends_nothing_later(self):
        """After a finish that could not be written the flushing thread does not end the run."""
        with registry.open(f"sqlite:///{self.path}?timeout=0.1") as impatient:
            run = impatient.start(NewRun(RunKind.TRAIN, "x"))
            with self.registry._database.writing(), self.assertRaises(RegistryLocked):
                run.finish(RunStatus.FINISHED)
            run.flush()
            self.assertIs(self.registry.find_run("x").status, RunStatus.RUNNING)
            run.finish(RunStatus.FAILED)
        self.assertIs(self.registry.find_run("x").status, RunStatus.FAILED)


class RecordedAnswers(RegistryCase):
    """Bitmaps that come back, and those that are none."""

    def test_answers(self):
        """Answers come back by their part of the data set; of two for one part the later stands, whether written or waiting."""
        later = (Answers("test", 10, b"\xff\xc0"), Answers("validation", 3, b"\xa0"))
        with self.registry.start(NewRun(RunKind.TRAIN, "x")) as run:
            run.log_answers(Answers("validation", 8, b"\x00"))
            run.flush()
            run.log_answers(Answers("test", 8, b"\x00"))
            for answers in later:
                run.log_answers(answers)
        self.assertEqual(self.registry.details(self.registry.find_run("x")).answers, later)
        self.assertEqual([answers.right for answers in later], [10, 2])

    def test_answers_that_do_not_fit(self):
        """A bitmap with too many or too few bytes, or with bits past its examples, is refused, and so is one without examples."""
        with self.registry.start(NewRun(RunKind.TRAIN, "x")) as run:
            for examples, bits in ((9, b"\xff"), (9, b"\xff\xff"), (9, b"\xff\x80\0"), (0, b""), (-1, b""), (1.5, b"\0\0")):
                with self.subTest(examples=examples, bits=bits), self.assertRaises(InvalidValue):
                    run.log_answers(Answers("test", examples, bits))
        self.assertEqual(self.registry.details(self.registry.find_run("x")).answers, ())


class DamagedCells(RegistryCase):
    """Values that the registry never wrote."""

    def test_the_run_is_named(self):
        """Each damaged cell of a run is told by a sentence with its id, and check reports it."""
        self.recorded([result()])
        for column, value in (("argv", "'{'"), ("kind", "'zzz'"), ("started_us", "1e300"), ("seed", "'x'")):
            with self.subTest(column=column):
                with self.registry._database.writing() as connection:
                    before = connection.exec_driver_sql(f"SELECT {column} FROM run").scalar()
                    connection.exec_driver_sql(f"UPDATE run SET {column} = {value}")
                with self.assertRaisesRegex(RegistryDamaged, "run 1 "):
                    self.registry.runs()
                self.assertRegex(" ".join(self.registry.check()), "run 1 ")
                with self.registry._database.writing() as connection:
                    connection.exec_driver_sql(f"UPDATE run SET {column} = ?", (before,))
        self.assertEqual(self.registry.check(), [])

    def test_damaged_answers(self):
        """A bitmap that is cut off, or goes past its examples, is told with the run's name, and check reports it."""
        with self.registry.start(NewRun(RunKind.TRAIN, "x")) as run:
            run.log_answers(Answers("test", 9, b"\xff\x80"))
        for damage in ("bits = x'ff'", "bits = x'ffff'", "bits = 'text'", "examples = 90", "examples = 0"):
            with self.subTest(damage):
                with self.registry._database.writing() as connection:
                    connection.exec_driver_sql(f"UPDATE answers SET {damage}")
                self.assertRegex(" ".join(self.registry.check()), "run x holds a damaged value")
                with self.registry._database.writing() as connection:
                    connection.exec_driver_sql("UPDATE answers SET examples = 9, bits = x'ff80'")
        self.assertEqual(self.registry.check(), [])

    def test_damaged_results(self):
        """A result with an impossible outcome is told with the run's name."""
        run = self.recorded([result()])
        with self.registry._database.writing() as connection:
            connection.exec_driver_sql("UPDATE test_result SET outcome = 77")
        with self.assertRaisesRegex(RegistryDamaged, "run test-1 "):
            self.registry.details(run)

    def test_damage_around_runs(self):
        """Damaged baselines, metrics and results of known failures are told as such too, and never as a fault of the tool."""
        run = self.recorded([result(outcome=Outcome.FAILED)], green=False)
        with self.registry.start(NewRun(RunKind.TRAIN, "trained")) as training:
            training.log_metric("loss", 1.0, direction="lower")
            training.finish(RunStatus.FINISHED)
        self.registry.baselines.set("main", run)
        now = datetime.now(UTC)
        self.registry.known_failures.add(KnownFailure(result().test_id, "r", "o", now.date(), now), now.date())
        later = self.recorded([result()])
        reads = {
            "UPDATE baseline SET set_us = 9223372036854775807": self.registry.baselines.listed,
            "UPDATE metric_summary SET direction = 'sideways'": lambda: self.registry.metric_history("loss"),
            "UPDATE run SET started_us = 9223372036854775807": lambda: self.registry.find_run("last-green", like=later),
            "UPDATE test_result SET outcome = 77": lambda: self.registry.expectations("1", run, run),
        }
        for damage, read in reads.items():
            with self.subTest(damage):
                with self.registry._database.writing() as connection:
                    connection.exec_driver_sql(damage)
                self.assertRaises(RegistryDamaged, read)
