"""What `runner diff` prints: the verdict first, then only what changed."""

from __future__ import annotations

import unittest
from dataclasses import replace
from typing import Any

from registry.answers import Flips
from registry.comparing.determinism import Parting
from registry.comparing.facts import ChangedPair, RunComparison
from registry.comparing.metrics import MetricChange
from registry.comparing.transitions import TestChanges, clusters
from registry.comparing.why import Reason
from registry.diff import CheckpointChange, CoverageChange, Diff, compare_runs
from registry.records import Coverage, FileCoverage, GitState, Outcome, TensorDigest
from registry.regress import Judgement, Verdict
from runner.report.diff_text import diff_text
from runner.report.safe import width_of

from .factories import (
    COMMIT,
    HOSTILE,
    MNIST,
    NAME,
    make_checkpoint,
    make_details,
    make_fixture,
    make_metric,
    make_run,
    make_training,
    mark,
)

TESTS = """\
REGRESSED: run-a -> run-b
  - 1 test newly failing
  - 30 tests not run any more
  - 1 fixture newly failing

A  run-a (run 1, 2026-01-02 03:04 UTC, 01234567, green)
B  run-b (run 2, 2026-01-02 03:04 UTC, 01234567-dirty, red)

fixtures newly failing (1)
  setUpClass (pkg.test_mod.Case)
    errored: OSError: no disk

newly failing (31)
  pkg.test_mod.Case.test_one
    passed -> failed: AssertionError: 1 != 2
  30 tests
    passed -> not run: setUpClass (pkg.test_mod.Case) failed

added (1)
  pkg.test_mod.Case.test_two #1
    absent -> passed

slower (2)
  much
    500 ms -> 2 min 05 s
  little
    500 ms -> 1.50 s
  2 not judged: n = 0 earlier runs on this machine, 5 are needed

1,200 tests unchanged

coverage     91.2 % -> 90.1 % (-1.1 points), missing lines differ in 1 file

what changed
  code         pkg/mod.py  changed
  git          dirty  False -> True
"""
TRAININGS = """\
REGRESSED: train-a -> train-b
  - test_accuracy 0.9933 -> 0.9833: 6.58 standard errors down (n = 10,000 and
    10,000; regressed beyond 3, suspected beyond 2: 0.30 points)

A  train-a (run 1, 2026-01-02 03:04 UTC, 01234567, seed 42, finished)
B  train-b (run 2, 2026-01-02 03:04 UTC, no commit, seed 43, finished)

metric         A       B       B - A
test_accuracy  99.33%  98.33%  -1.00 points  regressed
images_per_s   2,346   2,300   -45.6
train_loss     0.1235  0.2345  +0.111

checkpoint   differs, first in conv1.weight; largest difference overall 0.0234
determinism  not comparable: what decides the bits differs or is unknown

what changed
  git          commit  01234567 -> -
  seed         seed  42 -> 43
"""
SAME = """\
UNCHANGED: run-a -> run-a

A  run-a (run 1, 2026-01-02 03:04 UTC, 01234567, green)
B  run-a (run 1, 2026-01-02 03:04 UTC, 01234567, green)

12 tests unchanged

what changed: nothing that was recorded
"""


def text_of(paint=None, **facts: Any) -> str:
    """Return the text of a diff with only some facts."""
    run = make_run()
    diff = Diff(**({"a": run, "b": run, "verdict": Verdict.UNCHANGED} | facts))
    return diff_text(diff, paint) if paint else diff_text(diff)


def widest(text: str) -> int:
    """Return the columns of the widest line."""
    return max(map(width_of, text.splitlines()))


class Gold(unittest.TestCase):
    """Whole diffs, as a person sees them."""

    def test_two_test_runs(self):
        """Failures come first, a flood of tests that did not run is one entry, and the cause comes last."""
        passed = Outcome.PASSED
        flood = (ChangedPair(f"pkg.t{n}", 0, passed, Outcome.NOT_RUN, "setUpClass (pkg.test_mod.Case) failed") for n in range(30))
        pairs = (
            *flood,
            ChangedPair(NAME, 0, passed, Outcome.FAILED, "AssertionError: 1 != 2"),
            ChangedPair("pkg.test_mod.Case.test_two", 1, None, passed),
            ChangedPair("little", 0, passed, passed, None, 0.5, 1.5),
            ChangedPair("much", 0, passed, passed, None, 0.5, 125.0),
        )
        a = make_details(make_run(code={"pkg/mod.py": "1"}), coverage=Coverage(91.2, (FileCoverage("a.py", 1, (1,)),)))
        run_b = make_run("run-b", id=2, green=False, code={"pkg/mod.py": "2"}, git=GitState(COMMIT, "main", dirty=True))
        b = make_details(run_b, fixtures=(make_fixture(),), coverage=Coverage(90.1, (FileCoverage("a.py", 1),)))
        self.assertEqual(diff_text(compare_runs(RunComparison(a, b, pairs, 1200))), TESTS)

    def test_two_trainings(self):
        """The accuracy that fell comes first, with its evidence, then the first tensor that differs and the seed."""
        digest = TensorDigest("conv1.weight", "F32", (32, 1, 3, 3), "1" * 64)
        names = ("images_per_s", "test_accuracy", "train_loss")
        a, b = (
            make_details(
                run,
                metrics=tuple(map(make_metric, names, values)),
                checkpoints=(make_checkpoint(content_hash=content, tensors=(replace(digest, sha256=content),)),),
                dataset=MNIST,
            )
            for run, values, content in (
                (make_training(params={}), (2345.6, 0.9933, 0.12345), "b"),
                (make_training("train-b", id=2, seed=43, params={}, git=GitState()), (2300.0, 0.9833, 0.23446), "c"),
            )
        )
        self.assertEqual(diff_text(compare_runs(RunComparison(a, b), max_abs_delta=0.0234)), TRAININGS)

    def test_a_run_and_itself(self):
        """Where nothing changed, that is all that is said."""
        details = make_details()
        self.assertEqual(diff_text(compare_runs(RunComparison(details, details, (), 12))), SAME)

    def test_the_gold_texts_are_narrow(self):
        """No line of the expected texts is wider than 80 columns."""
        self.assertLessEqual(max(widest(text) for text in (TESTS, TRAININGS, SAME)), 80)


class Tests(unittest.TestCase):
    """The lists of tests."""

    def test_every_list_has_a_heading(self):
        """Each list of changes is shown, with its number."""
        pair = ChangedPair(NAME, 0, Outcome.PASSED, Outcome.PASSED)
        for name in TestChanges.__slots__:
            if name != "unchanged":
                with self.subTest(name=name):
                    text = text_of(tests=TestChanges(**{name: (pair,)}))
                    self.assertRegex(text, rf"(?m)^[a-z ]+ \(1\)\n  {NAME}$")

    def test_long_lists_are_cut(self):
        """Twenty rows are shown, then how many more there are."""
        pairs = tuple(ChangedPair(f"t{number:04}", 0, Outcome.PASSED, Outcome.FAILED) for number in range(1500))
        text = text_of(tests=TestChanges(newly_failing=pairs))
        self.assertIn("newly failing (1,500)\n  t0000\n    passed -> failed\n", text)
        self.assertIn("  t0019\n    passed -> failed\n  ... and 1,480 more; --format json lists them all\n", text)
        self.assertNotIn("more", text_of(tests=TestChanges(newly_failing=pairs[:20])))

    def test_failures_of_one_cause(self):
        """Tests that fail for one cause stand together, three of them by name, with its message once; causes are counted."""
        pairs = tuple(
            ChangedPair(f"t{n}", 0, Outcome.PASSED, Outcome.FAILED, f"m {n}", cause_b="2" if n == 1 else "1") for n in range(6)
        )
        tests, found = TestChanges(newly_failing=pairs), clusters(pairs)
        text = text_of(tests=tests, clusters=found)
        self.assertIn("UNCHANGED: run-a -> run-a\n  - 6 failures, 2 causes, 2 new\n\n", text)
        together = "  t0\n  t2\n  t3\n  ... and 2 more for the same cause\n    passed -> failed: m 0\n"
        self.assertIn(f"newly failing (6)\n{together}  t1\n    passed -> failed: m 1\n", text)

    def test_unknown_causes_in_a(self):
        """Where A does not know its causes, none is called new."""
        pairs = (ChangedPair("t", 0, Outcome.FAILED, Outcome.FAILED, cause_b="1"),)
        self.assertIn("\n  - 1 failure, 1 cause\n", text_of(clusters=clusters(pairs)))

    def test_a_renamed_test(self):
        """A test that probably had another name tells it, whatever list it stands in."""
        pair = ChangedPair("m.new", 0, Outcome.PASSED, Outcome.FAILED, "no", renamed_from="m.old")
        for name in ("renamed", "newly_failing"):
            text = text_of(tests=TestChanges(**{name: (pair,)}))
            self.assertIn("(1)\n  m.new\n    probably called m.old before\n    passed -> failed: no\n", text)

    def test_slower_tests(self):
        """What is slower by its rule comes first with its evidence; what was not judged is counted by the reason."""
        passed = Outcome.PASSED
        names = ("a", "b", "c", "d", "e")
        pairs = tuple(ChangedPair(name, 0, passed, passed, None, 1.0, 2.0 + index) for index, name in enumerate(names))
        verdicts = (Verdict.INSUFFICIENT_DATA, Verdict.INSUFFICIENT_DATA, Verdict.UNCHANGED, Verdict.SUSPECTED, Verdict.REGRESSED)
        evidence = ("n = 3", "n = 3", "n = 8, p = 0.2", "n = 9, " + "p " * 40, "n = 9")
        paces = {(name, 0): Judgement(*one) for name, *one in zip(names, verdicts, evidence, strict=True)}
        text = text_of(mark, tests=TestChanges(slower=pairs), paces=paces)
        self.assertIn("  e\n    1.00 s -> 6.00 s  <red>regressed</>\n    n = 9\n  d\n", text)
        self.assertIn("  d\n    1.00 s -> 5.00 s  <yellow>suspected</>\n    n = 9, p", text)
        self.assertRegex(
            text, r"  c\n    1.00 s -> 4.00 s  .*unchanged.*\n  b\n    1.00 s -> 3.00 s\n  a\n    1.00 s -> 2.00 s\n"
        )
        self.assertIn("\n  2 not judged: n = 3\n", text)
        self.assertLessEqual(widest(text_of(tests=TestChanges(slower=pairs), paces=paces)), 80)

    def test_one_test_that_did_not_run(self):
        """A test that alone did not run, such as the one that an interrupt met, is named."""
        met = ChangedPair("pkg.met", 0, Outcome.PASSED, Outcome.NOT_RUN, "interrupted while it was running")
        self.assertIn(f"  pkg.met\n    passed -> not run: {met.message}\n", text_of(tests=TestChanges(newly_failing=(met,))))

    def test_a_flood_never_hides_a_failure(self):
        """However many tests did not run, and for however many reasons, a test that ran and failed is shown first."""
        flood = [ChangedPair(f"a{n}", 0, Outcome.PASSED, Outcome.NOT_RUN, f"reason {n % 30}") for n in range(3000)]
        failed = ChangedPair("zz", 0, Outcome.PASSED, Outcome.FAILED, "m")
        text = text_of(tests=TestChanges(newly_failing=(*flood, failed)))
        self.assertIn(
            "newly failing (3,001)\n  zz\n    passed -> failed: m\n  100 tests\n    passed -> not run: reason 0\n", text
        )
        self.assertIn("  ... and 10 more; --format json lists them all\n", text)

    def test_messages_are_cut_to_the_line(self):
        """A long or hostile message stays on its line of 80 columns; only a long test id may be wider."""
        for message in ("x" * 2**20, HOSTILE * 20, "日本" * 80):
            pair = ChangedPair("t", 0, Outcome.UNEXPECTED_SUCCESS, Outcome.EXPECTED_FAILURE, message)
            text = text_of(tests=TestChanges(newly_failing=(pair,)), fixtures=(make_fixture("f", message=message),))
            self.assertLessEqual(widest(text), 80)

    def test_an_endless_id_is_cut(self):
        """A test id is shown whole, but not when it is a megabyte."""
        for length, shown in ((300, 300), (2**20, 500)):
            text = text_of(tests=TestChanges(added=(ChangedPair("x" * length, 0, None, Outcome.PASSED),)))
            self.assertEqual(widest(text), shown + 2)

    def test_hostile_text_never_reaches_the_terminal(self):
        """Names, messages, reasons and keys of any kind come out without an active character."""
        run = make_run(HOSTILE, git=GitState(COMMIT, HOSTILE))
        text = text_of(
            a=run, b=run, reasons=(HOSTILE,), fixtures=(make_fixture(HOSTILE, message=HOSTILE),),
            tests=TestChanges(fixed=(ChangedPair(HOSTILE, 0, None, None, HOSTILE),)),
            metrics=(MetricChange(HOSTILE, 1.0, None, None),), why=(Reason("config", HOSTILE, HOSTILE, None),),
            checkpoints=CheckpointChange(same=False, first_difference=HOSTILE),
        )  # fmt: skip
        self.assertFalse(set(text) & set("\x1b\x00\r\u202e\u2028\ud800\x9b"))

    def test_colours(self):
        """The verdict and the headings are painted; without a painter nothing is."""
        pair = ChangedPair(NAME, 0, Outcome.PASSED, Outcome.FAILED)
        text = text_of(mark, verdict=Verdict.REGRESSED, tests=TestChanges(newly_failing=(pair,)))
        self.assertTrue(text.startswith("<red>REGRESSED</>: run-a -> run-a\n"))
        self.assertIn("\n<red>newly failing (1)</>\n", text)


class Numbers(unittest.TestCase):
    """Metrics, checkpoints and coverage."""

    def test_odd_metrics(self):
        """Metrics on one side, not finite, or with endless names keep a narrow table."""
        metrics = (
            MetricChange("gone", 1.0, None, None),
            MetricChange("loss", 0.5, float("inf"), float("inf"), verdict=Verdict.REGRESSED),
            MetricChange("m" * 2**20, -5e11, 5e11, 1e12),
        )
        text = text_of(metrics=metrics)
        self.assertRegex(text, r"(?m)^loss +0\.5 +inf +regressed$")
        self.assertRegex(text, r"(?m)^gone +1 +-$")
        self.assertLessEqual(widest(text), 80)

    def test_judged_metrics_come_first(self):
        """Of thousands of metrics those with a verdict are shown, and how many are not."""
        metrics = [MetricChange(f"a{number}", 1.0, 2.0, 1.0) for number in range(99)]
        metrics.append(MetricChange("z_accuracy", 0.9, 0.8, -0.1, verdict=Verdict.INSUFFICIENT_DATA))
        text = text_of(mark, metrics=tuple(metrics))
        self.assertIn("z_accuracy  90.00%  80.00%  -10.00 points  <yellow>insufficient data</>\n", text)
        self.assertIn("  ... and 80 more;", text)

    def test_checkpoints(self):
        """What is known of the checkpoints is said in two lines; nothing where they cannot be compared."""
        expected = (
            (CheckpointChange(same=True, determinism="held"), "checkpoint   the same content\ndeterminism  held: "),
            (CheckpointChange(same=False, determinism="lost"), "checkpoint   differs\ndeterminism  LOST: "),
            (
                CheckpointChange(same=False, first_difference="w"),
                "checkpoint   differs, first in w\ndeterminism  not comparable: ",
            ),
        )
        for change, lines in expected:
            self.assertIn(f"\n\n{lines}", text_of(checkpoints=change))
            self.assertLessEqual(widest(text_of(checkpoints=change)), 80)
        self.assertNotIn("checkpoint", text_of(checkpoints=CheckpointChange()))

    def test_noise_comes_last(self):
        """A metric that only the evaluation's noise changed stands after all others, and is called noise."""
        noise = MetricChange("a_loss", 1.0, 2.0, 1.0, verdict=Verdict.UNCHANGED, is_noise=True)
        text = text_of(metrics=(noise, MetricChange("speed", 1.0, 2.0, 1.0)))
        self.assertRegex(text, r"(?m)^speed .*\na_loss +1 +2 .* noise$")

    def test_parting(self):
        """Where two trainings parted is told below, in lines of 80 columns."""
        parting = Parting(2, random_state=False, weights=True, tensor="layer." * 20)
        change = CheckpointChange(same=False, determinism="lost", parting=parting)
        text = text_of(checkpoints=change)
        self.assertIn("\nparted       the weights (first\n             layer.", text)
        short = replace(change, parting=replace(parting, tensor="w"))
        self.assertIn(
            "\nparted       the weights (first w) parted in epoch 2, the random numbers did not\n", text_of(checkpoints=short)
        )
        self.assertLessEqual(widest(text_of(checkpoints=short)), 80)

    def test_flips(self):
        """Flipped examples are named by their places, twenty of a kind at most, in lines of 80 columns."""
        text = text_of(flips=(Flips("test", 10_000, tuple(range(9_000, 9_030)), (7, 9)), Flips("validation", 10)))
        self.assertIn("\n\nflipped in test (n = 10,000)\n  right in A alone (30): 9000, 9001, ", text)
        self.assertIn(" 9019,\n    and 10 more\n  right in B alone (2): 7, 9\n\n", text)
        self.assertNotIn("validation", text)
        self.assertLessEqual(widest(text), 80)

    def test_coverage(self):
        """Coverage is told where it changed or was measured on one side only, without a negative zero."""
        expected = (
            (CoverageChange(90.0, 90.0, 0.0), None),
            (CoverageChange(90.0, None, None), "coverage     90.0 % -> not measured\n"),
            (CoverageChange(90.01, 90.0, -0.01, ("a", "b")), "(+0.0 points), missing lines differ in 2 files\n"),
        )
        for change, line in expected:
            with self.subTest(change=change):
                text = text_of(coverage=change)
                self.assertIn(line or "UNCHANGED", text)
                self.assertEqual("coverage" in text, line is not None)


class Why(unittest.TestCase):
    """What was recorded differently."""

    def line(self, *reason: str | None) -> str:
        return text_of(why=(Reason(*reason),)).split("what changed\n")[1]

    def test_code(self):
        """Of a file only its path and what happened to it is shown."""
        sides = {("1", "2"): "changed", (None, "2"): "added", ("1", None): "removed"}
        for (a, b), word in sides.items():
            self.assertEqual(self.line("code", "m.py", a, b), f"  code         m.py  {word}\n")

    def test_hashes_are_shortened(self):
        """A sha256 or a commit is shown by its first digits."""
        self.assertEqual(
            self.line("dataset", "fingerprint", "a" * 64, "b" * 64), "  dataset      fingerprint  aaaaaaaa -> bbbbbbbb\n"
        )
        self.assertEqual(self.line("git", "commit", COMMIT, None), "  git          commit  01234567 -> -\n")

    def test_long_values_differ_where_they_are_cut(self):
        """Two long values that begin alike are shown from just before their difference."""
        a, b = (f"Linux-6.1.0-13-amd64-x86_64-with-glibc{version}" for version in ("2.36", "2.37"))
        self.assertEqual(self.line("environment", "platform", a, b), "  environment  platform  …glibc2.36 -> …glibc2.37\n")

    def test_long_keys_and_values(self):
        """A long key keeps its line, its values follow on the next; other lines stay where they are."""
        text = self.line("package", "k" * 90, "x" * 99, "y" * 99)
        self.assertEqual(text.count("\n"), 2)
        self.assertLessEqual(widest(text.splitlines()[1]), 80)
        self.assertLessEqual(widest(self.line("config", "k", "日本" * 99, "x" * 99)), 80)

    def test_a_line_that_just_fits(self):
        """A key and its values share a line of exactly 80 columns, and no wider one."""
        for length, lines in ((57, 1), (58, 2)):
            text = self.line("package", "k" * length, "1", "2")
            self.assertEqual(text.count("\n"), lines)
        self.assertTrue(text.endswith("\n               1 -> 2\n"))

    def test_many_reasons(self):
        """Of each group twenty are shown."""
        why = tuple(Reason(what, f"k{number}", "1", "2") for what in ("package", "config") for number in range(25))
        self.assertEqual(text_of(why=why).count("  ... and 5 more; --format json lists them all\n"), 2)

    def test_long_reasons_of_the_verdict_are_wrapped(self):
        """A sentence of the verdict is wrapped, and one of a megabyte is cut."""
        text = text_of(reasons=("word " * 2**18, "A run named " + "n" * 40 + " is incomplete: interrupted"))
        self.assertLessEqual(widest(text), 80)
        self.assertLess(text.count("\n"), 20)


if __name__ == "__main__":
    unittest.main()
