"""What `runner test` writes while tests run, and at the end."""

from __future__ import annotations

import io
import json
import unittest
from unittest import mock

from registry.records import Outcome
from runner.events import Collected, Ended, Event, Polluted, Printed, StateChange, SubtestProblem, TestStarted
from runner.report.live import DOTS, QUIET, VERBOSE, JsonReporter, TextReporter
from runner.report.paint import painter
from runner.report.tally import Tallier, tally_text
from runner.report.text import plain

from .factories import HOSTILE, NAME, TRACEBACK, Terminal, make_finished, make_fixture_event, mark

KEY = (NAME, 0)
NOT_RUN = "setUpClass (pkg.test_mod.Broken) failed"
RED_RUN: tuple[Event, ...] = (
    Collected((KEY, ("pkg.test_mod.Case.test_two", 0), ("pkg.test_mod.Broken.test_never", 0))),
    TestStarted(KEY, 0),
    make_finished("failed", message="AssertionError: 1 != 2", traceback=TRACEBACK, description="One is two."),
    TestStarted(("pkg.test_mod.Case.test_two", 0), 0),
    make_finished("skipped", "pkg.test_mod.Case.test_two", message="no GPU"),
    make_fixture_event(fixture_id="setUpClass (pkg.test_mod.Broken)"),
    make_finished("not_run", "pkg.test_mod.Broken.test_never", message=NOT_RUN, duration_s=None),
    Ended(1.5),
)
DOTTED = """\
FsEn
======================================================================
FAIL: test_one (pkg.test_mod.Case.test_one)
One is two.
----------------------------------------------------------------------
Traceback (most recent call last):
  File "test_mod.py", line 7, in test_one
    self.assertEqual(1, 2)
AssertionError: 1 != 2
======================================================================
ERROR: setUpClass (pkg.test_mod.Broken)
----------------------------------------------------------------------
OSError: no disk
======================================================================
NOT RUN: 1 test
----------------------------------------------------------------------
setUpClass (pkg.test_mod.Broken) failed
----------------------------------------------------------------------
took 1.50 s
"""
LINES = """\
test_one (pkg.test_mod.Case.test_one) ... FAIL
test_two (pkg.test_mod.Case.test_two) ... skipped 'no GPU'
setUpClass (pkg.test_mod.Broken) ... ERROR
test_never (pkg.test_mod.Broken.test_never) ... not run
"""
TALLY = """\
1 failed, 1 skipped, 1 not_run, 1 failed fixture
0 passed, 3 failed, 1 skipped
"""


def written(*events: Event, **options) -> str:
    """Return what the reporter writes for some events."""
    stream = io.StringIO()
    reporter = TextReporter(stream, **options)
    for event in events:
        reporter.emit(event)
    return stream.getvalue()


def tallied(*events: Event):
    """Return the counts of some events."""
    tallier = Tallier()
    for event in events:
        tallier.emit(event)
    return tallier.tally


class Dots(unittest.TestCase):
    """The usual way: one character a test, then what went wrong."""

    def test_a_red_run(self):
        """Failures are told as unittest tells them, and tests that did not run by their reason."""
        self.assertEqual(written(*RED_RUN), DOTTED)

    def test_a_green_run(self):
        """A green run is dots, a rule and the time."""
        self.assertEqual(written(make_finished(), make_finished(), Ended(0.012)), f"..\n{'-' * 70}\ntook 12 ms\n")

    def test_an_empty_run(self):
        """A run without tests is a rule and the time."""
        self.assertEqual(written(Collected(()), Ended(0.0)), f"\n{'-' * 70}\ntook 0 ms\n")

    def test_every_outcome_has_its_mark(self):
        """Each of the nine outcomes has a mark of its own."""
        marks = written(*(make_finished(outcome) for outcome in Outcome))
        self.assertEqual(marks, ".FEsxuCTn")

    def test_quiet(self):
        """With -q there are no dots, but the failures are there."""
        text = written(*RED_RUN, verbosity=QUIET)
        self.assertEqual(text, DOTTED.removeprefix("FsEn\n"))

    def test_an_interrupted_run(self):
        """A run that a signal stopped says so at its end."""
        self.assertTrue(written(Ended(3.0, "SIGINT")).endswith("took 3.00 s, interrupted by SIGINT\n"))

    def test_a_skipped_fixture(self):
        """A fixture that was skipped is a mark, not a failure."""
        text = written(make_fixture_event("skipped", message="no GPU"), Ended(0.0))
        self.assertEqual(text, f"s\n{'-' * 70}\ntook 0 ms\n")

    def test_dots_are_shown_together(self):
        """Dots are shown when no more events wait, not when a buffer is full."""
        stream = mock.Mock(wraps=io.StringIO())
        reporter = TextReporter(stream)
        reporter.emit(make_finished())
        reporter.flush()
        self.assertEqual([call[0] for call in stream.method_calls if call[0] != "isatty"], ["write", "flush"])


class Lines(unittest.TestCase):
    """With -v: one line a test."""

    def test_a_red_run(self):
        """Each test, and each fixture that failed, has its line."""
        self.assertEqual(written(*RED_RUN, verbosity=VERBOSE), LINES + DOTTED.removeprefix("FsEn\n"))

    def test_the_gold_texts_are_narrow(self):
        """No line of the expected texts is wider than 80 columns."""
        self.assertLessEqual(max(map(len, (DOTTED + LINES + TALLY).splitlines())), 80)

    def test_a_line_that_waits_is_ended(self):
        """A second test that starts, a fixture or the end do not write into the line of a test that still runs."""
        one, two = TestStarted(("m.one", 0), 0), TestStarted(("m.two", 0), 1)
        first, second = make_finished("passed", "m.one"), make_finished("crashed", "m.two")
        text = written(one, two, second, first, one, make_fixture_event(), one, Ended(0.0), verbosity=VERBOSE)
        self.assertEqual(text.split("=" * 70)[0], (
            "one (m.one) ... \ntwo (m.two) ... CRASHED\none (m.one) ... ok\n"
            "one (m.one) ... \nsetUpClass (pkg.test_mod.Case) ... ERROR\none (m.one) ... \n"
        ))  # fmt: skip

    def test_every_outcome_has_its_words(self):
        """Each outcome is named, in unittest's words where it has some."""
        text = written(*(make_finished(outcome, "t") for outcome in Outcome), verbosity=VERBOSE)
        words = ["ok", "FAIL", "ERROR", "skipped", "expected failure", "unexpected success", "CRASHED", "TIMED OUT", "not run"]
        self.assertEqual(text.splitlines(), [f"t ... {word}" for word in words])

    def test_tests_of_one_id(self):
        """The second test of an id has its number."""
        text = written(make_finished(ordinal=0), make_finished(ordinal=1), verbosity=VERBOSE)
        self.assertEqual(text.splitlines()[1], f"test_one ({NAME}) #1 ... ok")


class Problems(unittest.TestCase):
    """The blocks at the end."""

    def test_subtests(self):
        """Each subtest that did not pass has its part, and the test's own message is not told again."""
        problems = (
            SubtestProblem("(n=1)", "failed", "1 != 2", TRACEBACK),
            SubtestProblem("(n=2)", "skipped", "no GPU"),
            SubtestProblem("(n=3)", "errored"),
        )
        text = written(make_finished("failed", message="(n=1) 1 != 2", subtests=problems), Ended(0.0), verbosity=QUIET)
        rule = "-" * 70
        expected = (
            f"FAIL: test_one ({NAME})\n{rule}\nFAIL: (n=1)\n{TRACEBACK}{rule}\nskipped: (n=2)\nno GPU\n{rule}\nERROR: (n=3)\n"
        )
        self.assertIn(expected, text)

    def test_a_failure_beside_a_skipped_subtest(self):
        """A test that fails by itself keeps its traceback although a subtest was skipped."""
        event = make_finished("failed", traceback=TRACEBACK, subtests=(SubtestProblem("(n=1)", "skipped", "no GPU"),))
        self.assertIn("AssertionError: 1 != 2\n", written(event, Ended(0.0)))

    def test_output_of_a_failure(self):
        """What a test or a fixture printed is passed on before its mark, and shown again under what failed."""
        rule = "-" * 70
        events = (make_finished("failed", traceback=TRACEBACK, output="a\nb\n"), make_fixture_event(output="c\n"), Ended(0.0))
        text = written(*events)
        self.assertTrue(text.startswith("a\nb\nFc\nE\n"), text)
        self.assertIn(f"1 != 2\n{rule}\ncaptured output:\na\nb\n=", text)
        self.assertIn(f"OSError: no disk\n{rule}\ncaptured output:\nc\n{rule}", text)

    def test_output_of_tests_that_pass(self):
        """What tests and fixtures print is passed on as it comes, with the dots or the lines; --buffer hides it."""
        events = (Printed("setUpModule (m)", "first\n"), TestStarted(KEY, 0), make_finished(output="second\n"), Ended(0.0))
        self.assertTrue(written(*events).startswith("first\nsecond\n."))
        self.assertIn("test_one) ... second\nok\n", written(*events, verbosity=VERBOSE))
        self.assertNotIn("second", written(*events, hide_output=True))

    def test_pollution(self):
        """What tests left changed is listed, a line a change, up to twenty classes."""
        events = [Polluted(f"m.A{number}", (StateChange("sys.path", "one more"),)) for number in range(22)]
        text = written(*events, Ended(0.0))
        self.assertIn("left changed by tests, and put right:\n  m.A0: sys.path, one more\n", text)
        self.assertIn("  m.A19: sys.path, one more\n  and 2 more\n---", text)

    def test_how_a_worker_died_stands_above_its_stack(self):
        """A crash of a test and one of a fixture show the signal's name and then the stack."""
        facts = {"message": "worker killed by SIGSEGV while the test was running", "traceback": "Fatal Python error\n"}
        for event in (make_finished("crashed", **facts), make_fixture_event("crashed", **facts)):
            text = written(event, Ended(0.0), verbosity=QUIET)
            self.assertIn(f"{facts['message']}\n{facts['traceback']}", text)

    def test_a_flood_of_tests_that_did_not_run(self):
        """Tests that did not run are one block a reason."""
        flood = (make_finished("not_run", f"t{number}", message=("a", "b", None)[number % 3]) for number in range(3000))
        text = written(*flood, Ended(0.0), verbosity=QUIET)
        self.assertEqual(text.count("NOT RUN: 1,000 tests\n"), 3)
        self.assertIn("no reason is known\n", text)
        self.assertLess(text.count("\n"), 20)

    def test_nothing_hostile_reaches_the_terminal(self):
        """Ids, messages, tracebacks, descriptions and parameters come out without an active character."""
        subtest = SubtestProblem(HOSTILE, "failed", HOSTILE, HOSTILE)
        facts = {
            "message": HOSTILE,
            "traceback": HOSTILE + "own",
            "description": HOSTILE,
            "subtests": (subtest,),
            "output": HOSTILE,
        }
        events = [make_finished(outcome, HOSTILE, **facts) for outcome in Outcome]
        fixture = make_fixture_event("skipped", fixture_id=HOSTILE, message=HOSTILE)
        other = (fixture, Printed(None, HOSTILE), Polluted(HOSTILE, (StateChange(HOSTILE, HOSTILE),)))
        text = written(*events, *other, Ended(0.0), verbosity=VERBOSE)
        self.assertFalse(set(text) & set("\x1b\x00\r\u202e\u2028\ud800\x9b"))

    def test_an_endless_id_is_cut(self):
        """An id of a megabyte does not fill the screen."""
        self.assertLess(len(written(make_finished("failed", "x" * 2**20), Ended(0.0), verbosity=VERBOSE)), 4000)


class Durations(unittest.TestCase):
    """--durations, with its meaning in unittest."""

    def slowest(self, *durations_s: float | None, **options) -> list[str]:
        events = (make_finished(test_id=f"t{number}", duration_s=one) for number, one in enumerate(durations_s))
        return written(*events, Ended(0.0), **options).split("-" * 70 + "\n")[2:-1]

    def test_the_slowest(self):
        """The N slowest are listed, the slowest first; 0 lists all that took a millisecond."""
        self.assertEqual(self.slowest(0.1, 0.3, 0.2, durations=2), ["0.300s     t1\n0.200s     t2\n"])
        self.assertEqual(len(self.slowest(0.1, 0.3, 0.2, durations=0)[0].splitlines()), 3)

    def test_quick_tests_are_hidden(self):
        """What took less than a millisecond is listed with -v only."""
        hidden = "(durations < 0.001s were hidden; use -v to show these durations)\n"
        self.assertEqual(self.slowest(0.0001, 0.5, durations=0), [f"0.500s     t1\n{hidden}"])
        self.assertEqual(self.slowest(0.0001, durations=0, verbosity=VERBOSE), ["0.000s     t0\n"])

    def test_no_durations(self):
        """Without the flag, or where no test has a duration, there is no list."""
        self.assertEqual(self.slowest(0.5), [])
        self.assertEqual(self.slowest(None, durations=0), [])


class Tallies(unittest.TestCase):
    """The counts, and the last line that programs read."""

    def test_a_red_run(self):
        """The last line counts as failed all that makes the run red, a failed fixture too."""
        tally = tallied(*RED_RUN)
        self.assertEqual(tally_text(tally), TALLY)
        self.assertEqual((tally.green, tally.empty, tally.failed), (False, False, 3))

    def test_expected_failures_pass(self):
        """An expected failure counts as passed, an unexpected success as failed."""
        tally = tallied(make_finished("expected_failure"), make_finished("unexpected_success"), make_finished("passed"))
        self.assertEqual(tally.last_line, "2 passed, 1 failed, 0 skipped")

    def test_a_green_run_says_that_all_ran(self):
        """The count of tests that did not run is there also when it is 0."""
        self.assertEqual(tally_text(tallied(make_finished())), "1 passed, 0 not_run\n1 passed, 0 failed, 0 skipped\n")

    def test_an_empty_run(self):
        """Nothing at all is empty and green; a skipped fixture alone changes neither, a failed one both."""
        self.assertEqual(tally_text(tallied()), "0 not_run\n0 passed, 0 failed, 0 skipped\n")
        for events, empty, green in (
            ((), True, True),
            ((make_fixture_event("skipped"),), True, True),
            ((make_fixture_event(),), False, False),
        ):
            tally = tallied(*events)
            self.assertEqual((tally.empty, tally.green), (empty, green))

    def test_the_last_line_is_alone_and_plain(self):
        """However many counts there are, the last line is alone, without thousands separators and colours."""
        text = tally_text(tallied(*(make_finished(outcome) for outcome in Outcome for _ in range(1200))), mark)
        self.assertEqual(text.splitlines()[-1], "2400 passed, 7200 failed, 1200 skipped")
        self.assertIn("<red>1200 not_run</>", text)

    def test_a_tally_does_not_change_afterwards(self):
        """The counts so far stay what they were when more tests end."""
        tallier = Tallier()
        before = tallier.tally
        tallier.emit(make_finished())
        self.assertEqual((before.empty, tallier.tally.empty), (True, False))


class Json(unittest.TestCase):
    """--format json: one line an event."""

    def test_one_line_an_event(self):
        """Each event is one line of JSON, whatever its text holds."""
        stream = io.StringIO()
        reporter = JsonReporter(stream)
        for event in (*RED_RUN, make_finished("failed", HOSTILE, message=HOSTILE)):
            reporter.emit(event)
        documents = [json.loads(line) for line in stream.getvalue().splitlines()]
        names = ["collected", "started", "finished", "started", "finished", "fixture", "finished", "ended", "finished"]
        self.assertEqual([document["event"] for document in documents], names)


class Painter(unittest.TestCase):
    """Colour where the user or the terminal wants it."""

    def test_colour_is_off_unless_wanted(self):
        """A file, `never`, NO_COLOR and a dumb terminal get no colour."""
        cases = (
            ("auto", io.StringIO(), {}), ("never", Terminal(), {}), ("never", io.StringIO(), {}),
            ("auto", Terminal(), {"NO_COLOR": "1"}), ("auto", Terminal(), {"TERM": "dumb"}),
        )  # fmt: skip
        for choice, stream, variables in cases:
            with self.subTest(choice=choice, **variables), mock.patch.dict("os.environ", variables, clear=True):
                self.assertIs(painter(choice, stream), plain)

    def test_colour_is_on_where_wanted(self):
        """A terminal gets colour, `always` gives it to anything; an empty NO_COLOR says nothing."""
        for choice, stream, variables in (("auto", Terminal(), {"NO_COLOR": ""}), ("always", io.StringIO(), {"NO_COLOR": "1"})):
            with mock.patch.dict("os.environ", variables, clear=True):
                self.assertEqual(painter(choice, stream)("F", "red"), "\x1b[31m\x1b[1mF\x1b[0m")

    def test_a_painted_run_is_the_plain_one_with_colour(self):
        """Without its escapes, the painted text is the plain one, in dots and in lines."""
        paint = painter("always", io.StringIO())
        for verbosity in (DOTS, VERBOSE):
            painted = written(*RED_RUN, verbosity=verbosity, paint=paint)
            for escape in ("\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[1m", "\x1b[0m"):
                painted = painted.replace(escape, "")
            self.assertEqual(painted, written(*RED_RUN, verbosity=verbosity))


if __name__ == "__main__":
    unittest.main()
