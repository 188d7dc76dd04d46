"""`runner runs`, end to end."""

from __future__ import annotations

import subprocess

from .projects import CONSOLE_SCRIPT, GREEN_SUITE, ProjectCase, finish
from .training import FAKE


class Runs(ProjectCase):
    """Two test runs and a training between them."""

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_green=GREEN_SUITE)
        cls.home.run("test", "--record", "--name", "first")
        cls.home.run("train", "--seed", "5", script=str(cls.home.write("fake.py", FAKE)))
        cls.home.run("test", "--record")
        listed = ("runs", "--format", "json")
        cls.answers = cls.home.together(
            text=("runs",),
            every=listed,
            kind=(*listed, "--kind", "train"),
            limit=(*listed, "--limit", "1"),
            zero=("runs", "--limit", "0"),
        )
        cls.answer = cls.answers["text"]

    def names(self, answer: str) -> list[str]:
        """Return the names in one of the documents."""
        return [run["name"] for run in self.answers[answer].document["runs"]]

    def test_newest_first(self):
        """The document lists all runs, newest first; one without a name is called after its kind and id."""
        self.assertEqual(self.names("every"), ["test-3", "train-2", "first"])

    def test_of_one_kind(self):
        """--kind leaves the runs of one kind."""
        self.assertEqual(self.names("kind"), ["train-2"])

    def test_at_most_so_many(self):
        """--limit leaves the newest."""
        self.assertEqual(self.names("limit"), ["test-3"])

    def test_text_is_a_line_a_run(self):
        """The text is a heading and a line a run with id, name, kind, state and seed."""
        self.assertEqual(self.answer.code, 0, self.answer.errors)
        self.assertEqual(
            [line.split()[:4] for line in self.answer.lines],
            [
                ["id", "name", "kind", "status"],
                ["3", "test-3", "test", "green"],
                ["2", "train-2", "train", "finished"],
                ["1", "first", "test", "green"],
            ],
        )
        self.assertEqual(self.answer.lines[2].split()[4], "5")

    def test_text_fits_a_terminal(self):
        """No line is longer than 80 columns."""
        self.assertLessEqual(max(len(line) for line in self.answer.lines), 80)

    def test_a_closed_pipe_is_no_traceback(self):
        """`runner runs | true` ends with 3 and a sentence."""
        process = self.home.start("runs")
        assert process.stdout is not None, "its output is a pipe"
        process.stdout.close()
        answer = finish(process)
        self.assert_refused(answer, 3, "stdout-closed")

    def test_no_output_at_all(self):
        """Started without a standard output, as by some schedulers, it does its work and complains of nothing."""
        command = ("sh", "-c", 'exec "$0" runs >&-', CONSOLE_SCRIPT)
        done = subprocess.run(command, cwd=self.home.root, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_no_limit_below_one(self):
        """--limit 0 is refused with 2."""
        self.assertEqual(self.answers["zero"].code, 2)
        self.assertIn("--limit", self.answers["zero"].errors)
