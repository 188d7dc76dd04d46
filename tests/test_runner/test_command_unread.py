"""What becomes of a run whose output nobody reads to its end, as behind `| head -1`."""

from __future__ import annotations

from dataclasses import replace

from .projects import Answer, Project, ProjectCase, finish
from .training import FAKE

LOUD_SUITE = """
import unittest

class Loud(unittest.TestCase):
    def test_a_loud(self):
        print("x" * 200_000)

    def test_b_red(self):
        self.fail("red")

    def test_c_green(self):
        pass
"""


def unread(home: Project, *arguments: str, script: str | None = None, **variables: str) -> Answer:
    """Run `runner` with a standard output that is a pipe without a reader."""
    process = home.start(*arguments, script=script, **variables)
    assert process.stdout is not None, "its output is a pipe"
    process.stdout.close()
    process.stdout = None
    return replace(finish(process), output="")


class Unread(ProjectCase):
    """The pipe has no reader from the start."""

    def test_a_recorded_suite(self):
        """A recorded suite runs and is recorded to its end; that its output was not taken is said by 3."""
        home = self.project(test_loud=LOUD_SUITE)
        self.assert_refused(unread(home, "test", "--record", "--name", "unread"), 3, "stdout-closed")
        shown = home.run("show", "unread", "--format", "json").document
        self.assertEqual((shown["run"]["status"], shown["run"]["green"]), ("finished", False))
        self.assertEqual((shown["counts"]["passed"], shown["counts"]["failed"]), (2, 1))
        self.assertEqual(len(shown["results"]), 3)

    def test_a_stream_of_events(self):
        """So it is where the output is a stream of JSON."""
        home = self.project(test_loud=LOUD_SUITE)
        self.assert_refused(unread(home, "test", "--record", "--name", "unread", "--format", "json"), 3, "stdout-closed")
        self.assertEqual(len(home.run("show", "unread", "--format", "json").document["results"]), 3)

    def test_output_that_is_not_buffered(self):
        """So it is where already the first line finds no reader, as with PYTHONUNBUFFERED."""
        home = self.project(test_loud=LOUD_SUITE)
        answer = unread(home, "test", "--record", "--name", "unread", "--seed", "1", PYTHONUNBUFFERED="1")
        self.assert_refused(answer, 3, "stdout-closed")
        self.assertEqual(len(home.run("show", "unread", "--format", "json").document["results"]), 3)

    def test_a_suite_that_nobody_records(self):
        """A suite of which nothing is kept stops: nobody would learn what came of it."""
        home = self.project(test_loud=LOUD_SUITE)
        self.assert_refused(unread(home, "test"), 3, "stdout-closed")

    def test_a_recorded_training(self):
        """A recorded training comes to its end with its checkpoint; that its output was not taken is said by 3."""
        home = self.project()
        script = str(home.write("fake.py", FAKE))
        self.assert_refused(unread(home, "train", "--epochs", "1", "--name", "unread", script=script), 3, "stdout-closed")
        shown = home.run("show", "unread", "--format", "json").document
        self.assertEqual((shown["run"]["status"], len(shown["checkpoints"])), ("finished", 1))
