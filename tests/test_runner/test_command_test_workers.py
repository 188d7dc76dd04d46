"""`runner test` with several workers, time limits and other interpreters: real processes, real SQLite."""

from __future__ import annotations

import json
import sys
from typing import Any, ClassVar

from .projects import Answer, ProjectCase

SUITE = """
import os, time, unittest

def note_card():
    with open("cards", "a") as file:
        file.write(os.environ["CUDA_VISIBLE_DEVICES"] + "\\n")

class Quick(unittest.TestCase):
    def test_one(self):
        note_card()

class Slow(unittest.TestCase):
    def test_one(self):
        time.sleep(0.4)
        note_card()

class Endless(unittest.TestCase):
    def test_one(self):
        note_card()
        time.sleep(60)
"""


class Workers(ProjectCase):
    """A suite recorded with two workers, and once more."""

    second: ClassVar[list[dict[str, Any]]]
    verbose: ClassVar[Answer]

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_it=SUITE)
        two = ("test", "--record", "-j", "2", "--timeout", "1")
        cls.verbose = cls.home.run(*two, "-v", CUDA_VISIBLE_DEVICES="5,7")
        answer = cls.home.run(*two, "--format", "json", CUDA_VISIBLE_DEVICES="5,7")
        cls.second = [json.loads(line) for line in answer.output.splitlines()]

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.second if event.get("event") == kind]

    def test_how_they_start(self):
        """-v says how many workers there are and how they are started."""
        self.assertIn("2 workers, forked from a process that has loaded the suite\n", self.verbose.output)
        self.assertEqual([event["method"] for event in self.events("workers")], ["fork"])

    def test_whole_lines(self):
        """With -v each test has one whole line, whoever ran beside it."""
        lines = self.verbose.output.splitlines()
        self.assertIn("test_one (test_it.Quick.test_one) ... ok", lines)
        self.assertIn("test_one (test_it.Endless.test_one) ... TIMED OUT", lines)

    def test_time_limit(self):
        """A test that is too slow makes the run red, with its limit and its stack."""
        self.assertEqual(self.verbose.code, 1)
        self.assertEqual(self.verbose.output.splitlines()[-1], "2 passed, 1 failed, 0 skipped")
        self.assertIn("no end within 1 s (--timeout)", self.verbose.output)
        self.assertRegex(self.verbose.output, r'test_it\.py", line \d+ in test_one')

    def test_cards(self):
        """Each worker sees one of the graphics cards that its caller may see."""
        self.assertEqual(set((self.home.root / "cards").read_text().split()), {"5", "7"})

    def test_longest_first(self):
        """What took longest when it was recorded last starts first."""
        started = [event["id"].split(".")[1] for event in self.events("started")]
        self.assertLess(started.index("Slow"), started.index("Quick"))


class Refusals(ProjectCase):
    def test_bad_values(self):
        """A number that is none, a limit of nothing and a missing interpreter are refused before anything runs."""
        home = self.project(test_it=SUITE)
        for flags, words in (
            (("-j", "0"), "--jobs is '0'; it must be a number from 1, or auto"),
            (("-j", "many"), "--jobs is 'many'"),
            (("--timeout", "0"), "--timeout is 0"),
            (("--python", "nowhere/python"), "--python nowhere/python"),
        ):
            with self.subTest(flags=flags):
                self.assert_refused(home.run("test", *flags), 2, "usage", words)

    def test_not_python(self):
        """A program that is no Python is named, with the flag."""
        self.assert_refused(self.project(test_it=SUITE).run("test", "--python", "true"), 3, "worker-failed", "--python")

    def test_this_python(self):
        """The interpreter of the workers can be named."""
        answer = self.project(test_it=SUITE).run("test", "--python", sys.executable, "-k", "Nothing")
        self.assertEqual(answer.code, 5, answer.errors)


class Flags(ProjectCase):
    """What the workers inherit."""

    def test_flags_of_the_interpreter_are_recorded(self):
        """A run under -O keeps that in its configuration; without a flag there is nothing to keep."""
        home = self.project(test_it="import unittest\nclass Quick(unittest.TestCase):\n    def test_one(self): pass\n")
        for variables, expected in (({"PYTHONOPTIMIZE": "1"}, {"python_flags": "-O"}), ({}, {})):
            answer = home.run("test", "--format", "json", **variables)
            self.assertEqual(json.loads(answer.output.splitlines()[-1])["run"]["params"], expected)
