"""What `runner show` and `runner runs` print."""

from __future__ import annotations

import unittest

from registry.records import (
    Coverage,
    Dataset,
    FileCoverage,
    GitState,
    Outcome,
    PollutionRecord,
    RunKind,
    RunStatus,
    SubtestRecord,
)
from runner.report.safe import width_of
from runner.report.text import colour_of, columns, counts_lines, problem_text, runs_text, show_text, wrapped

from .factories import (
    HOSTILE,
    MNIST,
    NAME,
    TRACEBACK,
    make_checkpoint,
    make_details,
    make_fixture,
    make_metric,
    make_record,
    make_run,
    make_training,
    mark,
)

TEST_RUN = """\
run-a (run 1, test): red
  started      2026-01-02 03:04:05 UTC, took 3.21 s
  command      runner test --record --name run-a
  git          0123456789ab on main
  environment  Python 3.11.7, Linux 6.1 x86_64
  coverage     91.2 % of 1 file

  3 passed, 1 failed, 2 not_run

ERRORED: setUpClass (pkg.test_mod.Case)
    OSError: no disk

FAILED: pkg.test_mod.Case.test_one
    Traceback (most recent call last):
      File "test_mod.py", line 7, in test_one
        self.assertEqual(1, 2)
    AssertionError: 1 != 2

NOT RUN: 2 tests
    setUpClass (pkg.test_mod.Case) failed
"""
TRAINING = """\
train-a (run 1, train): finished
  started      2026-01-02 03:04:05 UTC, took 3.21 s
  command      runner train --seed 42 --name train-a
  seed         42
  git          0123456789ab on main, with uncommitted changes
  config       batch_size=128, device=cpu, epochs=2, learning_rate=None,
               task=mnist, threads=2
  tags         who=me
  environment  Python 3.11.7, Linux 6.1 x86_64
  data         mnist: 54,000 training, 6,000 validation, 10,000 test examples

  metric         last    min     max     points
  test_accuracy  99.33%  99.33%  99.33%  1
  train_loss     nan     0.1235  0.5     2

  checkpoint           size    content hash
  epoch-2.safetensors  1.7 MB  bbbbbbbbbbbb
"""
RUNS = """\
id  name                  kind     status       seed  started (UTC)     duration
12  train-a               train    finished     42    2026-01-02 03:04  3.21 s
11  run-a                 test     red          -     2026-01-02 03:04  3.21 s
10  a-name-that-is-far-…  nightly  interrupted  0     2026-01-02 03:04  -
9   run-b                 test     green        -     2026-01-02 03:04  3.21 s
"""


def widest(text: str) -> int:
    """Return the columns of the widest line."""
    return max(map(width_of, text.splitlines()))


class Show(unittest.TestCase):
    """`runner show`: what the run was, and only what a reader looks for."""

    def test_a_test_run(self):
        """A red run tells its surroundings, its counts, its failures, and the tests that did not run by their reason."""
        not_run = (make_record(Outcome.NOT_RUN, name, message="setUpClass (pkg.test_mod.Case) failed") for name in "xy")
        details = make_details(
            make_run(green=False),
            counts={Outcome.NOT_RUN: 2, Outcome.FAILED: 1, Outcome.PASSED: 3, Outcome.SKIPPED: 0},
            results=(make_record(traceback=TRACEBACK), make_record(Outcome.PASSED, "p"), *not_run),
            fixtures=(make_fixture(),),
            coverage=Coverage(91.23, (FileCoverage("a.py", 10),)),
        )
        self.assertEqual(show_text(details), TEST_RUN)

    def test_a_training(self):
        """A training tells its seed, configuration, data, metrics and checkpoints."""
        details = make_details(
            make_training(tags={"who": "me"}, git=GitState("0123456789abcdef", "main", dirty=True)),
            metrics=(
                make_metric("test_accuracy", 0.99325, count=1),
                make_metric("train_loss", float("nan"), minimum=0.12345, maximum=0.5),
            ),
            checkpoints=(make_checkpoint(),),
            dataset=MNIST,
        )
        self.assertEqual(show_text(details), TRAINING)

    def test_the_gold_texts_are_narrow(self):
        """No line of the expected texts is wider than 80 columns."""
        self.assertLessEqual(max(widest(text) for text in (TEST_RUN, TRAINING, RUNS)), 80)

    def test_a_run_of_which_little_is_known(self):
        """A run without environment, commit, command, duration or results has a short text."""
        run = make_run(
            status=RunStatus.RUNNING, green=None, duration_s=None, argv=(), environment=None, git=GitState(reason="no git")
        )
        expected = "run-a (run 1, test): running\n  started      2026-01-02 03:04:05 UTC\n  git          no git\n"
        self.assertEqual(show_text(make_details(run)), expected)

    def test_metrics_without_any_number(self):
        """A metric whose values were all NaN has neither a minimum nor a maximum."""
        text = show_text(make_details(metrics=(make_metric("loss", float("nan"), minimum=None, maximum=None),)))
        self.assertIn("  loss    nan   -    -    2\n", text)

    def test_long_facts_are_wrapped_and_cut(self):
        """A long command, configuration or metric name never makes a line wider than 80 columns."""
        run = make_run(
            argv=("runner", *["--tag", "k=v"] * 500), params={f"p{n}": n for n in range(200)}, tags={"t": "日本 " * 200}
        )
        metrics = (make_metric("m" * 2**20, -5e11), make_metric("short", 1.0))
        checkpoints = (make_checkpoint("/tmp/" + "c" * 300), make_checkpoint("c", content_hash=None))
        text = show_text(make_details(run, metrics=metrics, checkpoints=checkpoints, dataset=Dataset("d", "f", 1, 1, 1)))
        self.assertLessEqual(widest(text), 80)
        self.assertLess(len(text), 4000)

    def test_a_command_can_be_pasted(self):
        """Arguments with spaces are quoted."""
        self.assertIn("runner test -k 'a b'\n", show_text(make_details(make_run(argv=("runner", "test", "-k", "a b")))))

    def test_one_test_that_did_not_run(self):
        """A test that alone did not run, such as the one that an interrupt met, is named."""
        text = show_text(
            make_details(results=(make_record(Outcome.NOT_RUN, "pkg.met", message="interrupted while it was running"),))
        )
        self.assertIn("NOT RUN: pkg.met\n    interrupted while it was running\n", text)

    def test_thousands_of_tests_not_run(self):
        """A flood of tests that did not run is told in one block a reason."""
        results = tuple(make_record(Outcome.NOT_RUN, f"t{number}", message="stopped") for number in range(5000))
        text = show_text(make_details(results=results))
        self.assertIn("\nNOT RUN: 5,000 tests\n    stopped\n", text)
        self.assertLess(text.count("\n"), 12)

    def test_a_skipped_fixture(self):
        """A fixture that was skipped is told in another colour than one that failed."""
        text = show_text(make_details(fixtures=(make_fixture(outcome=Outcome.SKIPPED, message="no GPU"),)), mark)
        self.assertIn("<yellow>SKIPPED: setUpClass (pkg.test_mod.Case)</>\n    no GPU\n", text)


class Runs(unittest.TestCase):
    """`runner runs`: one line a run."""

    def test_runs(self):
        """Each run has its line, long names are cut, and nothing is wider than 80 columns."""
        runs = [
            make_training(id=12),
            make_run(id=11, green=False),
            make_run(
                "a-name-that-is-far-too-long", id=10, kind=RunKind.NIGHTLY, status=RunStatus.INTERRUPTED, seed=0, duration_s=None
            ),
            make_run("run-b", id=9),
        ]
        self.assertEqual(runs_text(runs), RUNS)

    def test_extreme_runs(self):
        """The largest seed and id and a hostile name keep one line of at most 80 columns."""
        run = make_run(
            HOSTILE * 9, id=10**6, kind=RunKind.NIGHTLY, status=RunStatus.INTERRUPTED, seed=2**63 - 1, duration_s=3599.0
        )
        lines = runs_text([run, make_run()]).splitlines()
        self.assertEqual(len(lines), 3)
        self.assertLessEqual(max(map(width_of, lines)), 80)

    def test_colours_do_not_move_the_columns(self):
        """With colour, the columns stand where they stand without."""
        runs = [make_run(id=1, green=False), make_run(id=2, status=RunStatus.RUNNING, green=None), make_run(id=3)]
        styled = runs_text(runs, lambda text, _: f"\x1b[1;31m{text}\x1b[0m")
        self.assertEqual(styled.replace("\x1b[1;31m", "").replace("\x1b[0m", ""), runs_text(runs))

    def test_no_colour_leaks(self):
        """Without a painter no text holds an escape, whatever was recorded."""
        run = make_run(HOSTILE, argv=(HOSTILE,), tags={HOSTILE: HOSTILE}, params={HOSTILE: HOSTILE}, git=GitState("c", HOSTILE))
        record = make_record(test_id=HOSTILE, message=HOSTILE, subtests=(SubtestRecord(HOSTILE, Outcome.FAILED, HOSTILE),))
        details = make_details(run, results=(record,), fixtures=(make_fixture(HOSTILE, message=HOSTILE),))
        for text in (show_text(details), runs_text([run])):
            self.assertFalse(set(text) & set("\x1b\x00\r\u202e\u2028\ud800\x9b"))


class Problems(unittest.TestCase):
    """One red result with what explains it."""

    def test_which_attempt_of_which_test(self):
        """A second test of the same id and a second attempt are told apart."""
        self.assertEqual(problem_text(make_record(Outcome.TIMED_OUT, ordinal=1, attempt=2)), f"TIMED OUT: {NAME} #1, attempt 2")

    def test_seed_and_output(self):
        """The seed of a test stands beside its name, what it printed below its traceback, and likewise of a fixture."""
        text = problem_text(make_record(traceback=TRACEBACK, seed=7, output="50%\r100%\n\x1b[31mred\n"))
        self.assertTrue(text.startswith(f"FAILED: {NAME} (seed 7)\n"), text)
        self.assertTrue(text.endswith("  captured output:\n    100%\n    \u241b[31mred"), text)
        fixture = make_fixture(output="x\n")
        self.assertIn("  captured output:\n    x\n", show_text(make_details(fixtures=(fixture,))))

    def test_pollution(self):
        """What tests left changed is listed, a line a change."""
        details = make_details(pollution=(PollutionRecord("m.A", "sys.path", "one more\n"),))
        self.assertIn("\nleft changed by tests, and put right:\n  m.A: sys.path, one more", show_text(details))

    def test_subtests(self):
        """The failures of subtests are told once, not again as that of the test."""
        subtest = SubtestRecord("(n=1)", Outcome.FAILED, "AssertionError: 1 != 2", TRACEBACK)
        record = make_record(message="(n=1) AssertionError: 1 != 2", subtests=(subtest,))
        text = problem_text(record)
        self.assertTrue(text.startswith(f"FAILED: {NAME}\n  failed: (n=1)\n    Traceback"), text)
        self.assertEqual(text.count("1 != 2"), 1)

    def test_a_failure_beside_a_skipped_subtest(self):
        """A test that fails by itself keeps its traceback although a subtest was skipped."""
        record = make_record(traceback=TRACEBACK, subtests=(SubtestRecord("(n=1)", Outcome.SKIPPED, "no GPU"),))
        text = problem_text(record)
        self.assertIn("    AssertionError: 1 != 2\n", text)
        self.assertTrue(text.endswith("  skipped: (n=1)\n    no GPU"), text)

    def test_a_crash_with_subtests(self):
        """The message of a crash is shown beside the subtests that failed before it."""
        record = make_record(Outcome.CRASHED, message="SIGSEGV", subtests=(SubtestRecord("(n=1)", Outcome.FAILED, "m"),))
        self.assertIn("    SIGSEGV\n", problem_text(record))

    def test_how_a_worker_died_stands_above_its_stack(self):
        """A crash shows the signal's name and the stack, and so does a fixture that crashed."""
        message, stack = "worker killed by SIGSEGV while the test was running", "Fatal Python error: Segmentation fault\n"
        record = make_record(Outcome.CRASHED, message=message, traceback=stack)
        self.assertEqual(problem_text(record).splitlines()[1:], [f"    {message}", f"    {stack.strip()}"])
        fixture = make_fixture(outcome=Outcome.CRASHED, message=message, traceback=stack)
        self.assertIn(f"    {message}\n    {stack}", show_text(make_details(fixtures=(fixture,))))

    def test_a_failure_does_not_repeat_its_message(self):
        """A traceback ends in the message, which is not told again above it."""
        record = make_record(message="AssertionError: 1 != 2", traceback=TRACEBACK)
        self.assertEqual(problem_text(record).count("1 != 2"), 1)

    def test_an_endless_name(self):
        """A name of a megabyte is cut."""
        self.assertLess(len(problem_text(make_record(test_id="x" * 2**20))), 600)


class Layout(unittest.TestCase):
    """Columns, wrapped words and colours."""

    def test_no_rows(self):
        """No rows make no lines, and empty cells no spaces at the end."""
        self.assertEqual(columns([]), [])
        self.assertEqual(columns([("a", ""), ("bb", "")]), ["  a", "  bb"])

    def test_wide_characters_are_aligned(self):
        """A cell of wide characters is padded by its columns."""
        self.assertEqual(columns([("日本", "x"), ("abcde", "y")], indent=0), ["日本   x", "abcde  y"])

    def test_wrapped_words(self):
        """Words fill lines of 80 columns; a longer word stands alone and whole."""
        lines = wrapped(["x" * 30, "y" * 100, "z"], "- ", "  ")
        self.assertEqual(lines, ["- " + "x" * 30, "  " + "y" * 100, "  z"])
        self.assertEqual(wrapped([]), [])
        self.assertEqual(len(wrapped(["x" * 39, "y" * 40])), 1)
        self.assertEqual(len(wrapped(["x" * 39, "y" * 41])), 2)

    def test_counts_are_wrapped(self):
        """Nine counts do not fit into one line; none of them is broken."""
        lines = counts_lines(dict.fromkeys(Outcome, 12_345))
        self.assertEqual(len(lines), 3)
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertEqual(" ".join(lines), ", ".join(f"12345 {outcome}" for outcome in Outcome))

    def test_colours(self):
        """Red is bad, yellow is to be looked at, green is good."""
        expected = {
            "failed": "red", "not_run": "red", "interrupted": "red", "crashed": "red", "regressed": "red",
            "skipped": "yellow", "suspected": "yellow", "insufficient_data": "yellow",
            "passed": "green", "expected_failure": "green", "finished": "green", "improved": "green", "running": "cyan",
        }  # fmt: skip
        self.assertEqual({word: colour_of(word) for word in expected}, expected)


if __name__ == "__main__":
    unittest.main()
