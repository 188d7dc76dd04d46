"""The command under a failure."""

from __future__ import annotations

import io
import shlex
import unittest

from runner.commands._test_randomness import reproduction
from runner.commands._test_request import TestRequest
from runner.events import Ended
from runner.execute import Selection
from runner.report.live import TextReporter
from runner.report.reproduction import Reproduction

from .factories import HOSTILE, NAME, TRACEBACK, make_finished, make_fixture_event


class Commands(unittest.TestCase):
    """What is to be typed."""

    def test_a_test_that_can_be_imported(self):
        """A test is named by its id where that can be imported."""
        self.assertEqual(Reproduction().of_test(NAME), f"runner test {NAME}")

    def test_a_test_that_is_discovered(self):
        """Elsewhere discovery is told to keep that one test, with the flags that were typed."""
        typed = Reproduction(("-s", "my tests", "-p", "check*.py"))
        self.assertEqual(typed.of_test(NAME), f"runner test -s 'my tests' -p 'check*.py' -k '*{NAME}'")

    def test_what_it_needs(self):
        """Seed and order stand where the run had them."""
        self.assertEqual(Reproduction(seed=0).of_test("m.A.test"), "runner test m.A.test --seed 0")
        self.assertEqual(Reproduction((), 7, order_seed=7).of_test("m.A.test"), "runner test -k '*m.A.test' --seed 7 --shuffle")
        self.assertEqual(Reproduction(order_seed=9).of_test("m.A.test"), "runner test m.A.test --shuffle-seed 9")

    def test_names_with_a_meaning_for_patterns(self):
        """Brackets and stars in a name mean themselves."""
        self.assertEqual(shlex.split(Reproduction(()).of_test("m.A.test[1]"))[-1], "*m.A.test[[]1]")

    def test_tests_that_only_their_module_makes(self):
        """What load_tests makes, and what has no name in its class or module, is repeated by what can be loaded."""
        sources = {"pkg.plain": "class A: ...", "pkg.makes": "def load_tests(loader, tests, pattern): ..."}
        for test_id, name in {
            "pkg.plain.A.test": "pkg.plain.A.test",
            "pkg.plain.A.test (1, 2.5)": "pkg.plain.A",
            "pkg.plain.make.<locals>.A.test": "pkg.plain",
            "pkg.makes.A.test": "pkg.makes",
            "pkg.makes.doctest": "pkg.makes",
            "installed.A.test": "installed.A.test",
        }.items():
            with self.subTest(test_id=test_id):
                self.assertEqual(Reproduction(source=sources.get).of_test(test_id), f"runner test {name}")
                pattern = f"*{name}" if name == test_id else f"*{name}.*"
                self.assertEqual(Reproduction((), source=sources.get).of_test(test_id), f"runner test -k '{pattern}'")

    def test_names_of_nothing(self):
        """An id without any module is repeated by the command as it was typed."""
        self.assertEqual(Reproduction(names=("pkg.x",), source={}.get, seed=1).of_test("bare"), "runner test pkg.x --seed 1")
        self.assertEqual(Reproduction(("-s", "my tests"), source={}.get).of_test("bare"), "runner test -s 'my tests'")

    def test_ids_that_are_no_names(self):
        """A test may call itself by a path: no module is looked for under such an id."""
        suite = reproduction(TestRequest(), Selection())
        for test_id in ("./specs/a.yaml: case", "/specs/a.yaml", "..", "a\0b.c"):
            with self.subTest(test_id=test_id):
                self.assertTrue(suite.of_test(test_id).startswith("runner test "))

    def test_modules_that_could_not_be_loaded(self):
        """A module that could not be imported is named itself, not unittest's stand-in for it."""
        self.assertEqual(Reproduction().of_test("unittest.loader._FailedTest.pkg.test_mod"), "runner test pkg.test_mod")

    def test_names_that_lead_nowhere(self):
        """Of a name that leads nowhere unittest keeps the missing part; the command has the whole name."""
        asked = Reproduction(names=("pkg.other", "pkg.mod.Case.test_gone", "pkg.gone.Case"))
        for missing, name in {"test_gone": "pkg.mod.Case.test_gone", "gone": "pkg.gone.Case", "elsewhere": "elsewhere"}.items():
            with self.subTest(missing=missing):
                self.assertEqual(asked.of_test(f"unittest.loader._FailedTest.{missing}"), f"runner test {name}")

    def test_fixtures(self):
        """A fixture is repeated by the tests of its class or module."""
        self.assertEqual(Reproduction().of_fixture("setUpClass (pkg.mod.A)"), "runner test pkg.mod.A")
        self.assertEqual(Reproduction(()).of_fixture("setUpModule (pkg.mod)"), "runner test -k '*pkg.mod.*'")
        self.assertIsNone(Reproduction().of_fixture("between tests (after pkg.mod.A.test_one)"))

    def test_hostile_names(self):
        """A name that is no name stays one word of the command, and harmless."""
        words = shlex.split(Reproduction().of_test("a'; rm -rf ~ #"))
        self.assertEqual(words, ["runner", "test", "a'; rm -rf ~ #"])
        self.assertFalse(set(Reproduction().of_test(HOSTILE)) & set("\x1b\n\r"))


class Report(unittest.TestCase):
    """Where it stands."""

    def test_under_each_failure(self):
        """Under each test and each fixture that failed stands its command, and none under what only did not run."""
        stream = io.StringIO()
        reporter = TextReporter(stream, reproduction=Reproduction(seed=3))
        events = (
            make_finished("failed", traceback=TRACEBACK),
            make_fixture_event(),
            make_finished("not_run", "m.never", message="x"),
        )
        for event in (*events, Ended(0.0)):
            reporter.emit(event)
        again = [line for line in stream.getvalue().splitlines() if line.startswith("again: ")]
        expected = [f"again: runner test {name} --seed 3" for name in (NAME, "pkg.test_mod.Case")]
        self.assertEqual(again, expected)
