"""Processes that are killed, that write at once, that fork: real ones, on a real file."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from contextlib import closing

import registry
from registry.records import NewRun, RunKind, RunStatus
from registry.storage.process import HEARTBEAT_LIMIT_S, Process, has_ended, this_process

from .factories import RegistryCase, finish, python, result

KILLS = 25
# Each line that it reads is a writer, forked so that none has to import anything anew.
WRITERS = """
import os, sys
import registry.store
from registry.records import NewRun, RunKind, Outcome, TestRecord
while sys.stdin.readline():
    if not os.fork():
        run = registry.open(sys.argv[1]).start(NewRun(RunKind.TEST))
        print(os.getpid(), run.run.id, flush=True)
        for number in range(100_000):
            run.add_results([TestRecord(f"t{number}", Outcome.PASSED, traceback=f"text {number}")])
            run.log_metric("loss", number)
            run.flush()
            print(number, flush=True)
    os.wait()
    print("dead", flush=True)
"""
WRITER = """
import sys, registry
from registry.records import NewRun, RunKind, Outcome, TestRecord
run = registry.open(sys.argv[1]).start(NewRun(RunKind.TEST))
print(run.run.id, flush=True)
for number in range(100_000):
    run.add_results([TestRecord(f"t{number}", Outcome.PASSED, traceback=f"text {number}")])
    run.log_metric("loss", number)
    run.flush()
    print(number, flush=True)
"""
BUFFERING = """
import sys, time, registry
run = registry.open(sys.argv[1]).start_run("train", "buffered", code={}, environment=None, git=None)
run.log_metric("loss", 1.0)
print("logged", flush=True)
time.sleep(60)
"""
CREATOR = """
import sys, registry
with registry.open(sys.argv[1]) as opened, opened.start_run("test", code={}) as run:
    run.log_metric("x", 1)
"""
RECORDER = """
import sys, registry
from registry.records import Outcome, TestRecord
with registry.open(sys.argv[1]) as opened:
    for turn in range(10):
        with opened.start_run("test", code={}) as run:
            run.add_results(TestRecord(f"t{turn}.{number}", Outcome.PASSED) for number in range(20))
            run.log_metric("x", turn)
"""
FORGETFUL = """
import sys, registry
run = registry.open(sys.argv[1]).start_run("train", "forgotten", code={})
run.log_metric("loss", 1.0)
"""


# A limit on the size of files is a full disk that needs no other file system.
FULL = """
import os, resource, sys, registry
from registry.records import Outcome, TestRecord
run = registry.open(sys.argv[1]).start_run("test", "full", code={})
run.add_results(TestRecord(f"t{number}", Outcome.FAILED, traceback="x" * 5000 + str(number)) for number in range(400))
resource.setrlimit(resource.RLIMIT_FSIZE, (os.path.getsize(sys.argv[1]), resource.RLIM_INFINITY))
if sys.argv[2] == "finish":
    try:
        run.finish("finished")
    except registry.RegistryError as error:
        print("told:", error)
"""


class FullDisk(RegistryCase):
    """A run that cannot be written at its end."""

    def test_who_was_told_is_not_told_again(self):
        """After finish() has raised, the process ends in silence, although the run is tried once more at its end."""
        code, output, errors = finish(python(FULL, str(self.path), "finish"))
        self.assertRegex(output, r"^told: the registry .* cannot be read or written")
        self.assertEqual((code, errors), (0, ""))

    def test_who_was_not_told_gets_a_sentence(self):
        """A program that forgot to finish its run is told in one line, without a traceback, that it was not written."""
        code, output, errors = finish(python(FULL, str(self.path), "forget"))
        self.assertRegex(errors, r"^registry: the end of the run full is lost: the registry .* cannot be read or written.*\n$")
        self.assertEqual((code, output), (0, ""))


class Kills(RegistryCase):
    """What was acknowledged survives SIGKILL at any moment."""

    def test_acknowledged_results_survive(self):
        """In 25 kills at random moments no acknowledged result or metric is lost, and the file stays sound."""
        chance = random.Random(7)
        writers = python(WRITERS, self.path)
        for _ in range(KILLS):
            print(file=writers.stdin, flush=True)
            pid, run_id = writers.stdout.readline().split()
            time.sleep(chance.uniform(0, 0.12))
            os.kill(int(pid), signal.SIGKILL)
            acknowledged = sum(1 for _ in iter(writers.stdout.readline, "dead\n"))
            details = self.registry.details(self.registry.find_run(run_id))
            stored = (len(details.results), sum(metric.count for metric in details.metrics))
            self.assertIn(stored, [(acknowledged, acknowledged), (acknowledged + 1, acknowledged + 1)])
        self.assertEqual(finish(writers), (0, "", ""))
        self.assertEqual(self.registry.check(), [])

    def test_what_waits_is_committed_within_two_seconds(self):
        """A value that was only logged is in the registry within two seconds, and so survives a kill."""
        process = python(BUFFERING, self.path)
        self.assertEqual(process.stdout.readline(), "logged\n")
        time.sleep(2)
        process.kill()
        finish(process)
        found = self.registry.details(self.registry.find_run("buffered"), with_points=True)
        self.assertEqual((found.points, found.run.status), ({"loss": ((None, 1.0),)}, RunStatus.CRASHED))

    def test_a_killed_run_reads_as_crashed(self):
        """A run is running while its process lives, and crashed as soon as it was killed, before it is even waited for."""
        process = python(WRITER, self.path)
        run_id = process.stdout.readline().strip()
        self.assertIs(self.registry.find_run(run_id).status, RunStatus.RUNNING)
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        self.assertIs(self.registry.find_run(run_id).status, RunStatus.CRASHED)
        finish(process)
        self.assertEqual([run.status for run in self.registry.runs()], [RunStatus.CRASHED])

    def test_a_program_that_never_finishes_its_run(self):
        """What a program logged that ends without finishing its run is kept, and the run reads as crashed."""
        self.assertEqual(finish(python(FORGETFUL, self.path)), (0, "", ""))
        details = self.registry.details(self.registry.find_run("forgotten"))
        self.assertEqual((details.run.status, [metric.name for metric in details.metrics]), (RunStatus.CRASHED, ["loss"]))


class ManyProcesses(RegistryCase):
    """Processes that use one registry at once."""

    def test_eight_creators(self):
        """Eight processes that open an absent registry at once all record in it, and leave nothing beside it."""
        path = self.folder / "new" / "runs.db"
        path.parent.mkdir()
        processes = [python(CREATOR, path) for _ in range(8)]
        self.assertEqual([finish(process) for process in processes], [(0, "", "")] * 8)
        with registry.open(path, must_exist=True) as opened:
            self.assertEqual([run.id for run in opened.runs()], [8, 7, 6, 5, 4, 3, 2, 1])
            self.assertEqual(opened.check(), [])
        self.assertEqual([entry.name for entry in path.parent.iterdir()], ["runs.db"])

    def test_concurrent_writers(self):
        """Four processes that record forty runs at once lose none of their 800 results."""
        processes = [python(RECORDER, self.path) for _ in range(4)]
        self.assertEqual([finish(process) for process in processes], [(0, "", "")] * 4)
        info = self.registry.info()
        self.assertEqual((info.runs, info.results, info.metric_points), (40, 800, 40))
        self.assertEqual({run.status for run in self.registry.runs()}, {RunStatus.FINISHED})

    def test_a_reader_does_not_wait_for_a_writer(self):
        """Runs can be read while another process holds the write lock."""
        self.recorded([result()])
        with self.registry._database.writing(), registry.open(f"sqlite:///{self.path}?timeout=0.1") as reader:
            self.assertEqual(len(reader.runs()), 1)

    def test_a_forked_reader(self):
        """A forked process reads through a connection of its own, and the parent goes on writing."""
        self.recorded([result()])
        child = os.fork()
        if child == 0:
            os._exit(len(self.registry.runs()))
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 1)
        self.recorded([result()])
        self.assertEqual((len(self.registry.runs()), self.registry.check()), (2, []))


class SignsOfLife(RegistryCase):
    """When a run counts as crashed."""

    def test_this_process_lives(self):
        """The process that asks is alive, however old its heartbeat."""
        self.assertFalse(has_ended(this_process(), 0))

    def test_an_id_that_is_used_again(self):
        """A process of the same id that started at another time is another process."""
        me = this_process()
        self.assertIsNotNone(me.started, "this system tells no start times")
        self.assertTrue(has_ended(Process(me.space, me.pid, me.started + 1), time.time_ns()))

    def test_another_machine(self):
        """Of another machine's process only the age of the heartbeat tells."""
        now_us = time.time_ns() // 1_000
        elsewhere = Process("other boot pid:[1]", 1, 1)
        self.assertFalse(has_ended(elsewhere, now_us))
        self.assertTrue(has_ended(elsewhere, now_us - int((HEARTBEAT_LIMIT_S + 1) * 1e6)))

    def test_the_heartbeat_goes_on(self):
        """A run that records nothing gives a sign of life within two seconds."""
        with self.registry.start(NewRun(RunKind.TRAIN)), closing(sqlite3.connect(self.path)) as connection:
            before = connection.execute("SELECT heartbeat_us FROM run").fetchone()[0]
            time.sleep(2)
            self.assertGreater(connection.execute("SELECT heartbeat_us FROM run").fetchone()[0], before)

    def test_a_silent_run_of_another_machine(self):
        """A run that another machine records reads as crashed once it is silent for a minute."""
        with self.registry.start(NewRun(RunKind.TRAIN, "far")):
            with self.registry._database.writing() as connection:
                connection.exec_driver_sql("UPDATE run SET process_space = 'elsewhere', heartbeat_us = heartbeat_us - 70000000")
                silent = connection.exec_driver_sql("SELECT heartbeat_us FROM run").scalar()
            self.assertLess(silent, (time.time() - HEARTBEAT_LIMIT_S) * 1e6)
            self.assertIs(self.registry.find_run("far").status, RunStatus.CRASHED)
