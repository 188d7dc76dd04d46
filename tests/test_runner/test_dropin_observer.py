from __future__ import annotations

import io
import json
import subprocess
import sys
import unittest
import weakref
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import runner
from registry.records import RunStatus
from runner.commands.dropin import ToldTests
from runner.dropin.unittest_registry.observing import Observer
from runner.events import FixtureFinished, TestFinished

from .dropins import ROOT, write_project
from .suites import Events
from .test_dropin import MAIN
from .test_worker_versions import other_interpreters


class Sample(unittest.TestCase):
    """Made by the tests below; none of its methods is found by discovery."""

    def passes(self) -> None:
        pass

    def fails(self) -> None:
        self.fail("no")

    def fails_twice(self) -> None:
        self.addCleanup(self.fail, "again")
        raise ValueError

    def runs_another(self) -> None:
        Sample("passes").run(self.result)

    def run(self, result: Any = None) -> Any:
        self.result = result
        return super().run(result)


class Silent(unittest.TestCase):
    """Its tests start nothing."""

    def run(self, result: Any = None) -> Any:
        return result

    def sleeps(self) -> None:
        pass


class Forgetful(unittest.TestSuite):
    """Runs nothing."""

    def run(self, result: Any, *_: Any) -> Any:
        return result


def observed(suite: unittest.TestSuite | unittest.TestCase, call: Any = None) -> tuple[Events, unittest.TestResult]:
    """Run a suite, or do something else with a result, and return what was told about it."""
    lines: list[str] = []
    result = unittest.TestResult()
    observer = Observer(suite, lines.append)
    observer.watch(result)
    (call or suite)(result)
    observer.finish("", "", 1.0)
    return replayed(lines), result


def replayed(lines: list[str]) -> Events:
    """Return the events that lines of a run that came to its end stand for."""
    events = Events()
    told = ToldTests(events, begun=0.0, is_timed=True)
    for line in lines:
        told.take(json.loads(line))
    if told.conclude() is not RunStatus.FINISHED:
        raise AssertionError(lines)
    return events


def endings(events: Events) -> list[tuple[str, int, str, str | None]]:
    """Return method, ordinal, outcome and message of each test that ended."""
    return [(one.key[0].rpartition(".")[2], one.key[1], one.outcome, one.message) for one in events.of(TestFinished)]


class Observing(unittest.TestCase):
    """What is made of the calls that a result gets."""

    def test_skip_without_a_start(self):
        """A test that is skipped without having been started, as by Python 3.12.1, ends as skipped at once."""
        tests = [Sample("passes"), Sample("fails")]

        def call(result: unittest.TestResult) -> None:
            result.addSkip(tests[0], "later")
            tests[1](result)

        events, _ = observed(unittest.TestSuite(tests), call)
        self.assertEqual(endings(events), [("passes", 0, "skipped", "later"), ("fails", 0, "failed", "AssertionError: no")])

    def test_the_same_object_twice(self):
        """A test that stands in the suite twice runs twice, under two ordinals, each with the worst that was reported."""
        for method, ending in (("passes", ("passed", None)), ("fails_twice", ("errored", "ValueError"))):
            with self.subTest(method):
                test = Sample(method)
                events, _ = observed(unittest.TestSuite([test, test]))
                self.assertEqual(endings(events), [(method, 0, *ending), (method, 1, *ending)])
                self.assertEqual(events.fixtures, [])

    def test_a_test_that_nobody_collected(self):
        """A test that another one runs with the same result is recorded as well."""
        events, _ = observed(Sample("runs_another"))
        self.assertEqual({ending[:3] for ending in endings(events)}, {("runs_another", 0, "passed"), ("passes", 0, "passed")})

    def test_what_starts_nothing(self):
        """A test whose run() starts nothing is skipped; one that its suite leaves out did not run."""
        events, _ = observed(unittest.TestSuite([Silent("sleeps"), Forgetful([Sample("passes")])]))
        self.assertEqual(
            endings(events),
            [
                ("sleeps", 0, "skipped", "its run() method started no test"),
                ("passes", 0, "not_run", "its suite did not run it"),
            ],
        )

    def test_tests_are_freed(self):
        """A test that has run is freed, as unittest frees it; only its id is kept."""
        test = Sample("passes")
        found = weakref.ref(test)
        suite = unittest.TestSuite([test])
        del test
        gone: list[bool] = []

        def call(result: unittest.TestResult) -> None:
            suite(result)
            gone.append(found() is None)

        observed(suite, call)
        self.assertEqual(gone, [True])

    def test_the_result_is_given_back(self):
        """The result is afterwards as if nobody had watched it."""
        _, result = observed(Sample("fails"))
        self.assertEqual(set(vars(result)), set(vars(unittest.TestResult())))
        self.assertEqual([str(test) for test, _ in result.failures], [str(Sample("fails"))])

    def test_an_error_of_ours(self):
        """An error of the recording reaches no test; it is told at the end, which then is no usual one."""
        result, lines = unittest.TestResult(), []

        def send(line: str) -> None:
            if line.startswith('["s"'):
                raise RuntimeError("planted")
            lines.append(line)

        suite = unittest.TestSuite([Sample("passes"), Sample("passes")])
        observer = Observer(suite, send)
        observer.watch(result)
        suite(result)
        self.assertEqual((result.testsRun, result.wasSuccessful()), (2, True))
        observer.finish("", "", 1.0)
        problem = "an error of the recording itself, RuntimeError: planted"
        self.assertEqual((observer.problem, json.loads(lines[-1])), (problem, ["e", "raised", 1.0, problem]))


# What the suite of test_dropin reports, seen by the drop-in alone: its recorder needs SQLAlchemy, which other interpreters lack.
WATCH = """
import json, sys, unittest
sys.path[:0] = sys.argv[1:]
import main
from unittest_registry.observing import Observer
suite, result, lines = unittest.defaultTestLoader.loadTestsFromModule(main), unittest.TestResult(), []
observer = Observer(suite, lines.append)
observer.watch(result)
suite(result)
observer.finish("", "", 1.0)
print(json.dumps([observer.problem, lines]))
"""


class Versions(unittest.TestCase):
    def test_same_events(self):
        """The same outcomes and fixtures are told on each supported version of Python that is at hand."""
        interpreters = other_interpreters()
        if not interpreters:
            self.skipTest("no other supported version of Python is installed")
        with TemporaryDirectory() as name:
            write_project(Path(name), {"main.py": MAIN})
            expected = told_by(sys.executable, name)
            self.assertEqual(len(expected), 17, expected)
            for version, path in interpreters.items():
                with self.subTest(version=version):
                    self.assertEqual(told_by(path, name), expected)


def told_by(interpreter: str, folder: str) -> list[tuple[object, ...]]:
    """Run the suite in the folder with an interpreter, and return tests and fixtures with their outcomes and messages."""
    command = [interpreter, "-c", WATCH, folder, str(ROOT / "runner" / "dropin")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    problem, lines = json.loads(done.stdout.splitlines()[-1])
    if problem is not None:
        raise AssertionError(problem)
    events = replayed(lines)
    fixtures = [(one.fixture_id, one.outcome, one.message) for one in events.of(FixtureFinished)]
    return [*sorted((*one.key, one.outcome, one.message or "") for one in events.of(TestFinished)), *fixtures]


class TheRunner(unittest.TestCase):
    """The class as those see it who make runners."""

    def test_it_takes_what_its_base_takes(self):
        """Positional and named arguments of unittest's runner arrive there."""
        stream = io.StringIO()
        made = runner.RecordingTestRunner(stream, False, 2, failfast=True, tb_locals=True, name="mine")
        self.assertEqual((made.descriptions, made.verbosity, made.failfast, made.tb_locals), (False, 2, True, True))
        self.assertEqual((made.run_name, made.registry, made.strict), ("mine", None, False))

    def test_with_options(self):
        """Options become the defaults of a class; arguments still win."""
        kind = runner.RecordingTestRunner.with_options(name="nightly", tags={"branch": "main"}, strict=True)
        self.assertTrue(issubclass(kind, runner.RecordingTestRunner))
        self.assertEqual((kind().run_name, kind().tags, kind().strict), ("nightly", {"branch": "main"}, True))
        self.assertEqual((kind(name="other", strict=False).run_name, kind(strict=False).strict), ("other", False))

    def test_unknown_names_of_the_package(self):
        """The package has no attribute but those that it names."""
        with self.assertRaisesRegex(AttributeError, "has no attribute 'RecordingRunner'"):
            _ = runner.RecordingRunner
