"""The live view in real terminals."""

from __future__ import annotations

import os
import re
import signal
import unittest
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import registry
from registry.records import Outcome, TestRecord
from runner.events import Collected, Ended
from runner.report.screen import LiveScreen

from .factories import Terminal, make_finished
from .projects import SLEEPING_SUITE, ProjectCase
from .terminals import Session

PACED_SUITE = """
import pathlib, time, unittest

class Paced(unittest.TestCase):
    def test_0_wrong(self):
        time.sleep(0.3)
        self.fail("wrong")

    def test_1_right(self):
        print("said by a test")

    def test_2_right(self):
        deadline = time.monotonic() + 30
        while not pathlib.Path("go").exists() and time.monotonic() < deadline:
            time.sleep(0.02)

class Many(unittest.TestCase):
    pass

for number in range(200):
    setattr(Many, f"test_{number:03}", lambda self: time.sleep(0.002))
"""
VIEW = re.compile(r"^ +\d+ s  (?:\d+ of 203|loading the tests)", re.MULTILINE)


def without_times(text: str) -> str:
    """Return the text without what differs from run to run."""
    return re.sub(r"took [\d.]+ m?s|test-\d+ \(run \d+\)", "-", text)


class InATerminal(ProjectCase):
    """`runner test` in a terminal of 80 columns."""

    sessions: ClassVar[dict[str, Session]]
    piped: ClassVar[str]

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_paced=PACED_SUITE)
        with registry.open(cls.home.registry).start_run("test") as run:
            run.add_results([TestRecord("test_paced.Paced.test_2_right", Outcome.PASSED, duration_s=60.0)])
            run.add_results([TestRecord(f"test_paced.Many.test_{n:03}", Outcome.PASSED, duration_s=0.01) for n in range(200)])
        lines = {
            "dots": ("test", "--record"),
            "verbose": ("test", "-v", "-k", "Paced"),
            "quiet": ("test", "-q", "-k", "test_1_right"),
        }
        with ThreadPoolExecutor() as pool:
            # Only one of them lets the last test go, or a quicker one would take from it what it is to show.
            acts = {"dots": cls.let_go}
            started = {name: pool.submit(Session, cls.home.root, *line, act=acts.get(name)) for name, line in lines.items()}
            started["dumb"] = pool.submit(Session, cls.home.root, "test", "-k", "test_1_right", TERM="dumb")
        cls.sessions = {name: session.result() for name, session in started.items()}
        cls.piped = cls.home.run("test", "--record").output

    @classmethod
    def let_go(cls, text: str, _process: int) -> bool:
        """Let the last test end once the screen has said how much time is left."""
        if " left" in text:
            cls.home.write("go", "")
        return " left" in text

    def test_it_says_what_runs_and_since_when(self):
        """While a test runs, the screen names it and the seconds that it has run."""
        seen = "\n".join(self.sessions["dots"].screens)
        self.assertRegex(seen, r"(?m)^ +\d+ s  test_2_right \(test_paced\.Paced\)$")

    def test_it_counts(self):
        """The screen says how many of the tests ended, and how many failed."""
        self.assertRegex("\n".join(self.sessions["dots"].screens), r"(?m)^ +\d+ s  \d+ of 203, 1 failed")

    def test_it_says_how_much_time_is_left(self):
        """After a second, history of the recorded runs tells how long it will take."""
        self.assertRegex("\n".join(self.sessions["dots"].screens), r"(?m)^ +\d+ s  \d+ of 203, 1 failed, about [\d:]+( s)? left$")

    def test_what_is_left_is_what_a_pipe_would_hold(self):
        """At the end the screen holds exactly the output of a run without a terminal, and no trace of the view."""
        wrapped = [line[start : start + 80] for line in self.piped.splitlines() for start in range(0, len(line) or 1, 80)]
        self.assertEqual(without_times("\n".join(self.sessions["dots"].lines).rstrip()), without_times("\n".join(wrapped)))
        self.assertNotRegex("\n".join(self.sessions["dots"].lines), VIEW)

    def test_what_tests_print_stays_above_it(self):
        """A line that a test prints stands above the view, where it would stand in a pipe."""
        self.assertEqual(self.sessions["dots"].lines.count("........................................Fsaid by a test"), 1)

    def test_verbose_lines_stay_above_it(self):
        """With -v each test has its line, once, above the view."""
        session = self.sessions["verbose"]
        self.assertTrue(any(VIEW.search(screen) or " of 3" in screen for screen in session.screens))
        ended = [line for line in session.lines if " ... " in line]
        self.assertEqual([line.split(" ", 1)[0] for line in ended], ["test_0_wrong", "test_1_right", "test_2_right"])
        self.assertEqual([session.lines.count("ok"), ended[0][-4:], ended[2][-2:]], [1, "FAIL", "ok"])

    def test_quiet_and_dumb_terminals_have_none(self):
        """With -q, and on a terminal that cannot move its cursor, nothing but text is written."""
        for name in ("quiet", "dumb"):
            with self.subTest(name=name):
                self.assertNotIn("\x1b", self.sessions[name].text)
                self.assertEqual(self.sessions[name].lines[-2], "1 passed, 0 failed, 0 skipped")

    def test_the_cursor_is_back(self):
        """The view hides the cursor, and the end of the run shows it."""
        session = self.sessions["dots"]
        self.assertIn("\x1b[?25l", session.text)
        self.assertTrue(session.screen.has_cursor)

    def test_no_more_than_some_pictures_a_second(self):
        """Two hundred quick tests are not two hundred pictures."""
        self.assertLess(self.sessions["dots"].text.count("of 203"), 30)


class CtrlC(ProjectCase):
    """An interrupt while the view is there."""

    def test_it_leaves_the_terminal_clean(self):
        """After Ctrl-C the cursor is back, the view is gone, the last line is the counts, and the exit code is 130."""
        home = self.project(test_night=SLEEPING_SUITE)

        def interrupt(text: str, process: int) -> bool:
            if "test_b_long" in text:
                os.kill(process, signal.SIGINT)
            return "test_b_long" in text

        session = Session(home.root, "test", act=interrupt)
        self.assertEqual((session.code, session.screen.has_cursor), (130, True))
        self.assertNotRegex("\n".join(session.lines), r"(?m)^ +\d s  ")
        self.assertEqual(session.lines[-2:], ["1 passed, 2 failed, 0 skipped", ""])


class Stream(unittest.TestCase):
    """The view as a stream."""

    def test_a_short_run_needs_no_view(self):
        """A run that is over before the first picture writes its text alone."""
        terminal = Terminal()
        with LiveScreen(terminal, dict) as screen:
            screen.emit(Collected(()))
            screen.write("..")
            screen.emit(make_finished())
            screen.write(".\n")
            screen.emit(Ended(0.1))
            screen.write("took 1 ms\n")
        self.assertEqual(terminal.getvalue(), "...\ntook 1 ms\n")

    def test_an_error_in_between_loses_nothing(self):
        """Where the run breaks, what was written is on the screen."""
        terminal = Terminal()
        with self.assertRaises(ZeroDivisionError), LiveScreen(terminal, dict) as screen:
            screen.write("half a line")
            raise ZeroDivisionError
        self.assertEqual(terminal.getvalue(), "half a line")
