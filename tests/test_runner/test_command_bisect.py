"""`runner bisect`, end to end, in real repositories."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import mnist
import registry
from registry.records import GitState, NewRun, RunKind
from runner.commands._bisect_subject import discovery_flags, interpreter_variables, module_of

from .projects import CONSOLE_SCRIPT, Answer, Project, ProjectCase, strict_json
from .repositories import Repository

SHOP = "def total(prices):\n    return sum(prices){0}\n"
SUITE = """
import unittest

from shop import total

class Shop(unittest.TestCase):
    def test_total(self):
        self.assertEqual(total([1, 2]), 3)

    def test_other(self):
        pass
"""
TEST = "test_shop.Shop.test_total"


def recorded(project: Project, name: str, *flags: str) -> Answer:
    """Record a run of the suite."""
    return project.run("test", "--record", "--name", name, *flags)


class Tests(ProjectCase):
    """Six commits, of which the fourth breaks a test and the third cannot be imported."""

    hashes: list[str]
    before: tuple[str, ...]

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project()
        cls.repository = Repository(cls.home)
        cls.home.write("tests/conftest_free.txt", "")
        texts = (
            SHOP.format(""),
            SHOP.format(" # a"),
            "import nothing_of_that_name\n",
            *(SHOP.format(f" + {n}") for n in (1, 1, 1)),
        )
        cls.home.write("pyproject.toml", "[tool.runner]\nstart-directory = 'tests'\n")
        suite = f"import pathlib, sys\nsys.path.insert(0, str(pathlib.Path(__file__).parents[1]))\n{SUITE}"
        cls.hashes = []
        for number, text in enumerate(texts):
            cls.hashes.append(
                cls.repository.commit(f"Commit {number}", {"shop.py": text, "tests/test_shop.py": suite, "n": str(number)})
            )
            if number in (0, 5):
                recorded(cls.home, f"run-{number}", "--seed", "7")
        cls.home.write("n", "not committed")
        cls.before = cls.state()
        with TemporaryDirectory(prefix="runner-empty-") as cls.temporary:
            cls.answer = cls.home.run("bisect", "test_total", "--good", "run-0", "--bad", "run-5", TMPDIR=cls.temporary)
            cls.left = sorted(path.name for path in Path(cls.temporary).iterdir())
        cls.answers = cls.home.together(
            backwards=("bisect", TEST, "--good", "run-5", "--bad", "run-0"),
            typing=("bisect", "test_totol", "--good", "run-0", "--bad", "run-5"),
            green=("bisect", "test_other", "--good", "run-0", "--bad", "run-5"),
            same=("bisect", TEST, "--good", "run-5", "--bad", "run-5"),
            json=("bisect", TEST, "--good", "run-0", "--bad", "run-5", "--format", "json"),
        )

    @classmethod
    def state(cls) -> tuple[str, ...]:
        """Return what a bisection must leave alone."""
        questions = (("status", "--porcelain"), ("rev-parse", "HEAD"), ("branch",), ("worktree", "list"), ("for-each-ref",))
        return tuple(cls.repository.git(*question) for question in questions)

    def test_the_first_bad_commit(self):
        """Only the commits that could not be told apart are left: the one that cannot be imported and the one that breaks it."""
        self.assertEqual(self.answer.code, 5, self.answer.output + self.answer.errors)
        self.assertIn("the first bad commit is one of these 2; the others", self.answer.output)
        self.assertIn(f"  {self.hashes[3][:8]} Commit 3\n", self.answer.output)

    def test_both_ends_are_tried_first(self):
        """The good end passes and the bad one fails, each told with its commit, before a step is made."""
        lines = self.answer.lines
        self.assertEqual(lines[0], "run-0 -> run-5: 5 commits between")
        self.assertEqual(lines[1:3], [f"good     {self.hashes[0][:8]} Commit 0", "         good: passed"])
        self.assertEqual(lines[3:5], [f"bad      {self.hashes[5][:8]} Commit 5", "         BAD: failed: AssertionError: 4 != 3"])

    def test_a_commit_that_cannot_be_imported(self):
        """It is passed over, and the line says why."""
        self.assertIn("Commit 2 (about 1 step left)\n         skipped: the test is not there or cannot be", self.answer.output)

    def test_the_line_by_hand(self):
        """The last line does the same by hand, with the recorded seed."""
        self.assertRegex(
            self.answer.lines[-1], rf"^by hand: git bisect start {self.hashes[5]} {self.hashes[0]} && git bisect run sh"
        )
        self.assertIn("--seed 7", self.answer.lines[-1])

    def test_a_document(self):
        """With --format json standard output is one document with each trial and what is left."""
        answer = self.answers["json"]
        document = strict_json(answer.output)
        self.assertEqual((answer.code, document["schema"], document["target"]), (5, 1, TEST))
        self.assertEqual((document["good"]["name"], document["bad"]["name"]), ("run-0", "run-5"))
        trials = [(trial["subject"], trial["answer"]) for trial in document["trials"]]
        self.assertEqual(trials[:2], [("Commit 0", "good"), ("Commit 5", "bad")])
        self.assertIn(("Commit 2", "skip"), trials)
        self.assertEqual({one["commit"] for one in document["first_bad"]}, set(self.hashes[2:4]))
        self.assertEqual(f"by hand: {document['by_hand']}", self.answer.lines[-1])
        self.assertIn("run-0 -> run-5: 5 commits between\n", answer.errors)

    def test_nothing_of_the_users_is_touched(self):
        """Work tree, branch, references and temporary folder are afterwards what they were."""
        self.assertEqual((self.state(), self.left), (self.before, []))

    def test_what_was_not_bad(self):
        """A test that does not fail in the bad run, or not in the right order, is refused with 5 and the cure."""
        self.assert_refused(self.answers["green"], 5, "nothing-to-bisect", "is passed in run-5", "--bad takes a run")
        self.assert_refused(self.answers["backwards"], 5, "nothing-to-bisect", "is passed in run-0")

    def test_an_unknown_name(self):
        """A name that no test has is refused with 2 and the nearest one."""
        self.assert_refused(self.answers["typing"], 2, "usage", "'test_totol'")

    def test_the_same_run(self):
        """A run is not good and bad at once."""
        self.assert_refused(self.answers["same"], 5, "nothing-to-bisect", "is failed in run-5; --good takes")


class Found(ProjectCase):
    """A bug among commits that can all be tested, in a package below the repository's top, installed editable."""

    def test_one_commit(self):
        """The commit is found with subject and files, although Python's path leads to the user's own tree; by hand as well."""
        home = self.project()
        repository = Repository(home)
        for number in range(5):
            files = {
                "app/pyproject.toml": "[tool.runner]\nstart-directory = 'tests'\n",
                "app/tests/test_shop.py": SUITE,
                "app/src/shop.py": SHOP.format(" + 1" if number >= 3 else ""),
                "n": str(number),
            }
            repository.commit(f"Commit \x1b[31m{number}", files)
            if number in (0, 4):
                source = {"PYTHONPATH": str(home.root / "app" / "src")}
                home.run("test", "--record", "--name", f"run-{number}", cwd="app", **source)
        answer = home.run("bisect", TEST, "--good", "run-0", "--bad", "run-4", cwd="app", **source)
        self.assertEqual((answer.code, answer.errors), (0, ""), answer.output)
        first = repository.git("rev-parse", "HEAD~1")
        self.assertRegex(answer.output, rf"first bad commit: {first}\n  Commit .*3\n    app/src/shop.py\n    n\n")
        self.assertNotIn("\x1b", answer.output)
        by_hand = answer.lines[-1].removeprefix("by hand: ")
        path = f"{Path(CONSOLE_SCRIPT).parent}{os.pathsep}{os.environ['PATH']}"
        variables = {**os.environ, "PATH": path, **source}
        done = subprocess.run(
            by_hand, shell=True, check=True, cwd=home.root / "app", env=variables, capture_output=True, text=True
        )
        self.assertIn(f"{first} is the first bad commit", done.stdout, done.stderr)


class Refused(ProjectCase):
    """What cannot be bisected."""

    def test_no_repository(self):
        """Outside every repository that is said, with 2."""
        home = self.project(test_shop=SUITE.replace("from shop import total", "total = sum"))
        recorded(home, "run-a")
        home.write("tests/test_shop.py", SUITE.replace("from shop import total", "total = len"))
        recorded(home, "run-b")
        answer = home.run("bisect", TEST, "--good", "run-a", "--bad", "run-b")
        self.assert_refused(answer, 2, "usage", "no git repository")

    def test_uncommitted_changes_are_the_reason(self):
        """Where the bug was never committed, the bad end is good, and the sentence tells of the uncommitted changes."""
        home = self.project(test_shop=SUITE.replace("from shop import total", "from operator import add\ntotal = sum"))
        repository = Repository(home)
        repository.commit("First", {})
        recorded(home, "run-a")
        repository.commit("Second", {"n": "1"})
        home.write("tests/test_shop.py", SUITE.replace("from shop import total", "total = len"))
        recorded(home, "run-b")
        answer = home.run("bisect", TEST, "--good", "run-a", "--bad", "run-b")
        self.assertIn("note: run-b was recorded with uncommitted changes", answer.output)
        self.assert_refused(answer, 5, "nothing-to-bisect", "is good at the commit of run-b", "recorded as bad", "commit them")

    def test_a_commit_of_another_clone(self):
        """A commit that this clone lacks is named, with what may bring it."""
        home = self.project(test_shop=SUITE.replace("from shop import total", "total = sum"))
        Repository(home).commit("First", {})
        recorded(home, "run-a")
        Repository(home).commit("Second", {"tests/test_shop.py": SUITE.replace("from shop import total", "total = len")})
        recorded(home, "run-b")
        other = self.project()
        Repository(other).commit("Another", {})
        answer = other.run("bisect", TEST, "--good", "run-a", "--bad", "run-b", "--registry", str(home.registry))
        self.assert_refused(answer, 5, "nothing-to-bisect", "not in this clone", "git fetch")

    def test_flags_of_discovery(self):
        """They are read from a recorded command line in each of their forms."""
        argv = ("runner", "test", "-s", "a", "--pattern=x*.py", "--top-level-directory", "t", "--seed", "1")
        self.assertEqual(discovery_flags(argv), {"-s": "a", "-p": "x*.py", "-t": "t"})

    def test_the_module_of_a_test(self):
        """A line for the shell imports a module only by a name that can be one, whatever a test calls itself."""
        names = ("tests.test_a.Case.test_x", "test_ü.Case.test_x", "Case.test_x", "a.$(touch x).Case.test_x", "test")
        self.assertEqual([module_of(name) for name in names], ["tests.test_a", "test_ü", None, None, None])

    def test_flags_of_the_interpreter(self):
        """Recorded flags become the variables that mean the same."""
        expected = {"PYTHONOPTIMIZE": "1", "PYTHONWARNINGS": "error,ignore:a b", "PYTHONDEVMODE": "1"}
        self.assertEqual(interpreter_variables("-O -Werror '-Wignore:a b' -X dev"), expected)
        self.assertEqual(interpreter_variables("-OO -b"), {"PYTHONOPTIMIZE": "2"})
        self.assertEqual(interpreter_variables(""), {})


WAITING = """
import os, pathlib, time
if "ASLEEP" in os.environ:
    pathlib.Path(os.environ["ASLEEP"]).touch()
    time.sleep(60)
"""


class Interrupted(ProjectCase):
    """Ctrl-C while a trial runs."""

    def test_the_work_tree_is_gone(self):
        """The exit code is 130, and neither the folder nor git's knowledge of it is left."""
        home = self.project()
        repository = Repository(home)
        for name, text in (("run-a", "total = sum"), ("run-b", "total = len")):
            repository.commit(name, {"tests/test_shop.py": WAITING + SUITE.replace("from shop import total", text)})
            recorded(home, name)
        asleep = home.root / ".runner" / "asleep"
        with TemporaryDirectory(prefix="runner-empty-") as temporary:
            variables = {"TMPDIR": temporary, "ASLEEP": str(asleep)}
            process = home.start("bisect", TEST, "--good", "run-a", "--bad", "run-b", **variables)
            home.wait_for(".runner/asleep")
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=30)
            self.assertEqual((process.returncode, list(Path(temporary).iterdir())), (130, []), output + errors)
        self.assertIn("[interrupted]", errors)
        self.assertEqual(len(repository.git("worktree", "list").splitlines()), 1)


TASK = """
import pathlib

from mnist.events import DatasetFacts, TrainingFinished, TrainingStarted


def train(config, data_dir, checkpoint_dir, sink):
    assert config.seed == 5 and config.epochs == 1, config
    {0}
    sink.emit(TrainingStarted(DatasetFacts("fake", "f" * 64, 1, 1, 1), {{"device": "cpu"}}, 1, 1))
    sink.emit(TrainingFinished({1}, 0.5, 1.5))
"""


class Metrics(ProjectCase):
    """A metric that became worse in steps, of a task whose code is in the repository."""

    def test_the_midpoint_decides(self):
        """What is nearer to the bad value is bad, trained again with the recorded seed; a commit that breaks is passed over."""
        home = self.project()
        repository = Repository(home)
        own = Path(str(mnist.__file__)).parent
        parts = {f"mnist/{name}.py": (own / f"{name}.py").read_text() for name in ("__init__", "config", "events", "errors")}
        losses = (("", "0.1"), ("1 / 0", "0.2"), ("", "0.8"), ("", "0.9"))
        hashes = [
            repository.commit(f"Commit {number}", {**parts, "mnist/train.py": TASK.format(*loss)})
            for number, loss in enumerate(losses)
        ]
        with registry.open(home.registry) as opened:
            for name, commit, loss in (("a", hashes[0], 0.1), ("b", hashes[-1], 0.9)):
                known = {"params": {"task": "mnist", "epochs": 1}, "git": GitState(commit, "main", dirty=False)}
                with opened.start(NewRun(RunKind.TRAIN, name, 5, **known)) as run:
                    run.log_metric("test_loss", loss)
        answer = home.run("bisect", "test_loss", "--good", "a", "--bad", "b")
        self.assertEqual(answer.code, 5, answer.output + answer.errors)
        self.assertIn("Commit 0\n         good: test_loss 0.1\n", answer.output)
        self.assertIn("         skipped: the training broke: ZeroDivisionError", answer.output)
        self.assertIn("         BAD: test_loss 0.8\n", answer.output)
        self.assertTrue(all(f"\n  {one[:8]} Commit" in answer.output for one in hashes[1:3]), answer.output)
        self.assertIn("runner train --seed 5 --epochs 1 || exit 125; runner diff a latest:train", answer.output)
