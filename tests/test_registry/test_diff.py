"""The comparison of two runs: where each test lands, what is judged and how, and what the verdict is."""

from __future__ import annotations

import unittest
from dataclasses import fields, replace

from registry.diff import MetricChange, TestChanges, Verdict, classify, compare_runs, judge_accuracy
from registry.records import Coverage, Direction, FileCoverage, Outcome, RunDetails, RunStatus

from .diff_factories import (
    MNIST,
    make_checkpoint,
    make_comparison,
    make_fixture,
    make_metric,
    make_pair,
    make_run,
    make_training,
)

LISTS = tuple(field.name for field in fields(TestChanges) if field.name != "unchanged")
SIDES = (None, *Outcome)
SHORT = {
    "nf": "newly_failing", "sf": "still_failing", "nc": "still_failing_new_cause", "fx": "fixed", "ad": "added",
    "rm": "removed", "ns": "newly_skipped", "nl": "no_longer_skipped", "xf": "expected_to_fail", "==": "unchanged",
}  # fmt: skip
# A row is A, a column is B, both in the order of SIDES: absent and then the outcomes as `Outcome` lists them.
MATRIX = """
absent              == ad nf nf ad ad nf nf nf nf
passed              rm == nf nf ns xf nf nf nf nf
failed              rm fx sf nc ns xf nc nc nc nc
errored             rm fx nc sf ns xf nc nc nc nc
skipped             rm nl nf nf == nl nf nf nf nf
expected_failure    rm fx nf nf ns == nf nf nf nf
unexpected_success  rm fx nc nc ns xf sf nc nc nc
crashed             rm fx nc nc ns xf nc sf nc nc
timed_out           rm fx nc nc ns xf nc nc sf nc
not_run             rm fx nc nc ns xf nc nc nc sf
"""


def places(changes: TestChanges) -> list[str]:
    """Return the name of the list of each pair, and "unchanged" for each of those."""
    return [name for name in LISTS for _ in getattr(changes, name)] + ["unchanged"] * changes.unchanged


class Transitions(unittest.TestCase):
    """Every pair of {absent, nine outcomes} x {absent, nine outcomes} lands in exactly one list."""

    def test_the_table_is_complete(self):
        """The expected table names every outcome on both sides, in the order of the enum."""
        rows = [line.split() for line in MATRIX.split("\n") if line]
        self.assertEqual([row[0] for row in rows], ["absent" if side is None else str(side) for side in SIDES])
        self.assertEqual({len(row) for row in rows}, {1 + len(SIDES)})

    def test_every_pair_lands_where_the_table_says(self):
        """Each of the hundred pairs lands in the one list that the table gives it, and in no other."""
        for a, line in zip(SIDES, MATRIX.strip().split("\n"), strict=True):
            for b, short in zip(SIDES, line.split()[1:], strict=True):
                with self.subTest(a=a, b=b):
                    self.assertEqual(places(classify([make_pair(a, b)])), [SHORT[short]])

    def test_a_pair_is_kept_as_it_is(self):
        """A list holds the very pair that it was given."""
        pair = make_pair(Outcome.PASSED, Outcome.FAILED, message="AssertionError: 1 != 2")
        self.assertEqual(classify([pair]).newly_failing, (pair,))

    def test_lists_are_in_order_of_test_id(self):
        """Whatever the order of the rows was, a list is sorted by test id and ordinal."""
        given = [("b", 0), ("a", 1), ("a", 0)]
        changes = classify(make_pair(Outcome.PASSED, Outcome.FAILED, name, ordinal=ordinal) for name, ordinal in given)
        self.assertEqual([(pair.test_id, pair.ordinal) for pair in changes.newly_failing], [("a", 0), ("a", 1), ("b", 0)])

    def test_unchanged_pairs_are_added_to_the_count(self):
        """Pairs that turn out to be unchanged are counted with those that the database left out."""
        self.assertEqual(classify([make_pair(Outcome.SKIPPED, Outcome.SKIPPED)], unchanged=7).unchanged, 8)


class Pace(unittest.TestCase):
    """Tests that pass on both sides are slower, faster or unchanged, without a verdict."""

    def place(self, a: float | None, b: float | None, outcome: Outcome = Outcome.PASSED) -> list[str]:
        return places(classify([make_pair(outcome, outcome, duration_a_s=a, duration_b_s=b)]))

    def test_slower_and_faster(self):
        """A longer duration in B is slower, a shorter one faster, for expected failures too."""
        self.assertEqual(self.place(1.0, 2.0), ["slower"])
        self.assertEqual(self.place(2.0, 1.0), ["faster"])
        self.assertEqual(self.place(2.0, 1.0, Outcome.EXPECTED_FAILURE), ["faster"])

    def test_unknown_durations_are_unchanged(self):
        """Without two durations that can be compared there is no change."""
        for a, b in ((None, 1.0), (1.0, None), (None, None), (1.0, 1.0), (float("nan"), 1.0), (1.0, float("nan"))):
            with self.subTest(a=a, b=b):
                self.assertEqual(self.place(a, b), ["unchanged"])

    def test_pace_of_a_red_or_skipped_test_is_not_told(self):
        """A test that fails or is skipped on both sides is not called slower."""
        self.assertEqual(self.place(1.0, 9.0, Outcome.FAILED), ["still_failing"])
        self.assertEqual(self.place(1.0, 9.0, Outcome.SKIPPED), ["unchanged"])

    def test_slower_is_no_finding(self):
        """A slower test changes neither the verdict nor the reasons."""
        diff = compare_runs(make_comparison(make_pair(Outcome.PASSED, Outcome.PASSED, duration_a_s=1.0, duration_b_s=9.0)))
        self.assertEqual((diff.verdict, diff.reasons, len(diff.tests.slower)), (Verdict.UNCHANGED, (), 1))


class VerdictOfTests(unittest.TestCase):
    """The worst finding decides, and each finding is a sentence."""

    def test_each_kind_of_change(self):
        """Each list gives its verdict and its sentence."""
        passed, failed, skipped = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED
        expected = (
            (passed, failed, Verdict.REGRESSED, ("1 test newly failing",)),
            (passed, Outcome.NOT_RUN, Verdict.REGRESSED, ("1 test not run any more",)),
            (failed, Outcome.ERRORED, Verdict.SUSPECTED, ("1 test still failing in another way",)),
            (failed, failed, Verdict.UNCHANGED, ()),
            (passed, None, Verdict.SUSPECTED, ("1 test removed",)),
            (None, passed, Verdict.UNCHANGED, ()),
            (passed, skipped, Verdict.SUSPECTED, ("1 test newly skipped",)),
            (skipped, passed, Verdict.UNCHANGED, ()),
            (failed, Outcome.EXPECTED_FAILURE, Verdict.SUSPECTED, ("1 test now expected to fail",)),
            (failed, passed, Verdict.IMPROVED, ("1 test fixed",)),
        )
        for a, b, verdict, reasons in expected:
            with self.subTest(a=a, b=b):
                diff = compare_runs(make_comparison(make_pair(a, b)))
                self.assertEqual((diff.verdict, diff.reasons), (verdict, reasons))

    def test_the_worst_finding_decides(self):
        """One newly failing test outweighs any number of fixed ones, and all are told."""
        fixed = [make_pair(Outcome.FAILED, Outcome.PASSED, f"t{number}") for number in range(1200)]
        diff = compare_runs(make_comparison(*fixed, make_pair(Outcome.PASSED, Outcome.CRASHED, "u")))
        self.assertEqual(diff.verdict, Verdict.REGRESSED)
        self.assertEqual(diff.reasons, ("1 test newly failing", "1,200 tests fixed"))

    def test_two_empty_runs(self):
        """Where there is nothing on either side, there is nothing to judge."""
        self.assertEqual(compare_runs(make_comparison()).verdict, Verdict.INSUFFICIENT_DATA)

    def test_nothing_changed(self):
        """Tests that are all unchanged give the verdict unchanged, and no reasons."""
        diff = compare_runs(make_comparison(unchanged=3))
        self.assertEqual((diff.verdict, diff.reasons, diff.tests.unchanged), (Verdict.UNCHANGED, (), 3))


class IncompleteRuns(unittest.TestCase):
    """A run that did not come to its end is never taken for a whole one."""

    def compare(self, status_a: str, status_b: str, *pairs) -> tuple[Verdict, tuple[str, ...]]:
        a, b = (RunDetails(make_run(name, status=RunStatus(status))) for name, status in (("a", status_a), ("b", status_b)))
        diff = compare_runs(make_comparison(*pairs, a=a, b=b, unchanged=1))
        return diff.verdict, diff.reasons

    def test_b_broke(self):
        """A run B that failed or crashed where A did not is regressed."""
        for status in ("failed", "crashed"):
            self.assertEqual(
                self.compare("finished", status), (Verdict.REGRESSED, (f"b did not come to its end: {status}",))
            )

    def test_b_was_stopped(self):
        """A run B that was interrupted, or still runs, is suspected, even though many tests were not run."""
        pairs = [make_pair(Outcome.PASSED, Outcome.NOT_RUN, f"t{number}") for number in range(3)]
        for status in ("interrupted", "running"):
            reasons = (f"b is incomplete: {status}", "3 tests not run any more")
            self.assertEqual(self.compare("finished", status, *pairs), (Verdict.SUSPECTED, reasons))

    def test_a_failure_before_the_interruption_counts(self):
        """A test that failed before B was interrupted is a regression."""
        verdict, _ = self.compare("finished", "interrupted", make_pair(Outcome.PASSED, Outcome.FAILED))
        self.assertEqual(verdict, Verdict.REGRESSED)

    def test_an_incomplete_reference(self):
        """Tests that an interrupted A did not come to are no improvement of B."""
        verdict, reasons = self.compare("interrupted", "finished", make_pair(Outcome.NOT_RUN, Outcome.PASSED))
        self.assertEqual(verdict, Verdict.INSUFFICIENT_DATA)
        self.assertEqual(reasons[0], "a, the reference, is incomplete: interrupted")

    def test_both_broke(self):
        """Where A broke too, B is suspected, not regressed."""
        self.assertEqual(self.compare("crashed", "crashed")[0], Verdict.SUSPECTED)


class Fixtures(unittest.TestCase):
    """Fixtures are compared by their id; only those that fail are known."""

    def compare(self, a: list, b: list):
        sides = (RunDetails(make_run(), fixtures=tuple(fixtures)) for fixtures in (a, b))
        return compare_runs(make_comparison(a=next(sides), b=next(sides), unchanged=1))

    def test_a_newly_failing_fixture(self):
        """A fixture that fails in B only is regressed, also where it was skipped in A."""
        for before in ([], [make_fixture(outcome=Outcome.SKIPPED)]):
            diff = self.compare(before, [make_fixture()])
            self.assertEqual((diff.verdict, diff.reasons), (Verdict.REGRESSED, ("1 fixture newly failing",)))
            self.assertEqual(diff.fixtures, (make_fixture(),))

    def test_a_fixture_that_fails_in_both(self):
        """A fixture that failed in A already is no news."""
        diff = self.compare([make_fixture()], [make_fixture(outcome=Outcome.CRASHED)])
        self.assertEqual((diff.verdict, diff.fixtures), (Verdict.UNCHANGED, ()))

    def test_a_fixture_that_fails_no_longer(self):
        """A fixture that failed in A only is an improvement."""
        diff = self.compare([make_fixture()], [make_fixture(outcome=Outcome.SKIPPED)])
        self.assertEqual((diff.verdict, diff.reasons), (Verdict.IMPROVED, ("1 fixture no longer failing",)))


class CoverageChanges(unittest.TestCase):
    """Coverage is compared by percentage and by the missing lines of each file."""

    def compare(self, a: Coverage | None, b: Coverage | None):
        sides = (RunDetails(make_run(), coverage=coverage) for coverage in (a, b))
        return compare_runs(make_comparison(a=next(sides), b=next(sides))).coverage

    def test_no_coverage(self):
        """Where neither side was measured there is no change of coverage."""
        self.assertIsNone(self.compare(None, None))

    def test_one_side(self):
        """Where only one side was measured, the other is None and so is the difference."""
        change = self.compare(Coverage(90.0), None)
        self.assertEqual((change.a, change.b, change.delta, change.files), (90.0, None, None, ()))
        self.assertEqual(self.compare(None, Coverage(90.0)).b, 90.0)

    def test_files_whose_missing_lines_differ(self):
        """Files are named whose missing lines differ, or that are on one side only, in order."""
        same = FileCoverage("same.py", 10, (1, 2))
        a = Coverage(90.0, (same, FileCoverage("z.py", 10, (3,)), FileCoverage("gone.py", 5)))
        b = Coverage(92.5, (same, FileCoverage("z.py", 10)))
        change = self.compare(a, b)
        self.assertEqual((change.delta, change.files), (2.5, ("gone.py", "z.py")))


class Metrics(unittest.TestCase):
    """Only metrics that changed are told; only accuracies, and what stops being a number, get a verdict."""

    def changes(self, a: dict, b: dict, direction: Direction | None = None, dataset=MNIST) -> tuple[MetricChange, ...]:
        sides = [
            RunDetails(make_run(), metrics=tuple(make_metric(*item, direction) for item in side.items()), dataset=dataset)
            for side in (a, b)
        ]
        return compare_runs(make_comparison(a=sides[0], b=sides[1])).metrics

    def verdict(self, a: float, b: float, name: str = "test_accuracy", **facts) -> Verdict | None:
        (change,) = self.changes({name: a}, {name: b}, **facts)
        return change.verdict

    def test_equal_values_are_not_told(self):
        """A metric with equal last values is left out, NaN and infinities included."""
        for value in (0.5, 0.0, float("nan"), float("inf")):
            self.assertEqual(self.changes({"m": value}, {"m": value}), ())

    def test_a_loss_has_no_verdict(self):
        """The change of a loss is shown with its difference and direction, without a verdict."""
        self.assertEqual(
            self.changes({"loss": 0.25}, {"loss": 0.75}, Direction.LOWER),
            (MetricChange("loss", 0.25, 0.75, 0.5, Direction.LOWER),),
        )

    def test_metrics_on_one_side(self):
        """A metric on one side only is shown without a difference or a verdict."""
        changes = self.changes({"old": 1.0}, {"new": 2.0})
        self.assertEqual(changes, (MetricChange("new", None, 2.0, None), MetricChange("old", 1.0, None, None)))

    def test_an_accuracy_that_is_gone(self):
        """An accuracy that B did not measure cannot be judged, which is said."""
        (change,) = self.changes({"test_accuracy": 0.99}, {})
        self.assertEqual((change.verdict, change.evidence), (Verdict.INSUFFICIENT_DATA, "not measured in B"))

    def test_a_loss_that_is_not_finite_any_more(self):
        """A metric that was finite in A and is not in B is regressed, whatever it is."""
        for value in (float("nan"), float("inf"), float("-inf")):
            self.assertEqual(self.verdict(0.5, value, "train_loss"), Verdict.REGRESSED)

    def test_an_infinity_in_the_better_direction(self):
        """An infinity in the direction in which the metric is better is no regression."""
        self.assertIsNone(self.verdict(100.0, float("inf"), "images_per_s", direction=Direction.HIGHER))
        self.assertIsNone(self.verdict(0.5, float("-inf"), "log_loss", direction=Direction.LOWER))
        self.assertEqual(self.verdict(0.5, float("inf"), "loss", direction=Direction.LOWER), Verdict.REGRESSED)

    def test_a_metric_that_was_not_finite_in_a(self):
        """A metric that was not finite in A gets no verdict, but an accuracy is said to be unknown."""
        self.assertIsNone(self.verdict(float("nan"), 0.5, "train_loss"))
        self.assertIsNone(self.verdict(float("inf"), float("nan"), "train_loss"))
        self.assertEqual(self.verdict(float("nan"), 0.99), Verdict.INSUFFICIENT_DATA)

    def test_an_accuracy_in_percent(self):
        """An accuracy outside 0 to 1 is not judged as if it were one."""
        self.assertEqual(self.verdict(99.0, 93.0), Verdict.INSUFFICIENT_DATA)

    def test_sizes_come_from_the_right_split(self):
        """The test accuracy is judged with the 10,000 test images, the validation accuracy with its 6,000."""
        names = {"test_accuracy": "n = 10,000 and 10,000", "validation_accuracy": "n = 6,000 and 6,000"}
        for change in self.changes(dict.fromkeys(names, 0.99), dict.fromkeys(names, 0.98)):
            self.assertIn(names[change.name], change.evidence)

    def test_missing_sizes(self):
        """Without the number of examples, or with none, there is not enough to judge an accuracy."""
        for dataset in (None, replace(MNIST, test=0)):
            self.assertEqual(self.verdict(0.99, 0.10, dataset=dataset), Verdict.INSUFFICIENT_DATA)

    def test_the_finding_names_the_metric_and_the_evidence(self):
        """A regressed accuracy gives one sentence with both values and the evidence."""
        a, b = (RunDetails(make_run(), metrics=(make_metric("test_accuracy", last),), dataset=MNIST) for last in (0.993, 0.985))
        diff = compare_runs(make_comparison(a=a, b=b))
        evidence = "5.38 standard errors down (n = 10,000 and 10,000; regressed beyond 3, suspected beyond 2)"
        self.assertEqual(diff.reasons, (f"test_accuracy 0.9930 -> 0.9850: {evidence}",))
        self.assertEqual(diff.verdict, Verdict.REGRESSED)


class AccuracyRule(unittest.TestCase):
    """A drop is regressed beyond 3 binomial standard errors of the difference, suspected beyond 2."""

    def test_the_borders(self):
        """With 0.5 in the middle and 2 x 5,000 examples the standard error is 0.01, and the borders lie at 2 and 3 of it."""
        expected = (
            (-0.0301, Verdict.REGRESSED), (-0.0299, Verdict.SUSPECTED), (-0.0201, Verdict.SUSPECTED), (-0.0199, Verdict.UNCHANGED),
            (0.0299, Verdict.UNCHANGED), (0.0301, Verdict.IMPROVED), (0.0, Verdict.UNCHANGED),
        )  # fmt: skip
        for delta, verdict in expected:
            with self.subTest(delta=delta):
                self.assertEqual(judge_accuracy(0.5 - delta / 2, 0.5 + delta / 2, 5000, 5000)[0], verdict)

    def test_exactly_at_the_borders(self):
        """Beyond means beyond: exactly 3 standard errors are suspected, exactly 2 are unchanged."""
        # With n = 2 on both sides and a mean of 0.5, the standard error is 0.5.
        self.assertEqual(judge_accuracy(1.0, 0.0, 2, 2)[0], Verdict.UNCHANGED)
        # With n = 9/2 it would be 1/3: 9 examples against 3 give a pooled 0.75 and exactly 3 errors of 1/3 with 16 and 16 / 3.
        self.assertEqual(judge_accuracy(1.0, 0.0, 12, 4)[0], Verdict.REGRESSED)

    def test_accuracies_of_zero_and_one(self):
        """A fall from 1 to 0 is regressed, a rise improved; equal extremes are unchanged, although their error is 0."""
        self.assertEqual(judge_accuracy(1.0, 0.0, 10_000, 10_000)[0], Verdict.REGRESSED)
        self.assertEqual(judge_accuracy(0.0, 1.0, 10_000, 10_000)[0], Verdict.IMPROVED)
        for value in (0.0, 1.0):
            self.assertEqual(judge_accuracy(value, value, 10_000, 10_000)[0], Verdict.UNCHANGED)

    def test_rounding_at_the_top(self):
        """A difference in the last bit of 1.0 is rounding, not a regression."""
        self.assertEqual(judge_accuracy(1.0, 1.0 - 2**-53, 10_000, 10_000)[0], Verdict.UNCHANGED)

    def test_the_first_mistake(self):
        """From no mistake in 10,000 to one is within the noise, to ten is regressed."""
        self.assertEqual(judge_accuracy(1.0, 0.9999, 10_000, 10_000)[0], Verdict.UNCHANGED)
        self.assertEqual(judge_accuracy(1.0, 0.9990, 10_000, 10_000)[0], Verdict.REGRESSED)

    def test_one_example(self):
        """A single example on each side proves nothing."""
        self.assertEqual(judge_accuracy(1.0, 0.0, 1, 1)[0], Verdict.UNCHANGED)

    def test_the_evidence_says_which_way(self):
        """The evidence gives the distance with its direction and both sizes."""
        self.assertEqual(
            judge_accuracy(0.51, 0.49, 5000, 2500)[1],
            "1.63 standard errors down (n = 5,000 and 2,500; regressed beyond 3, suspected beyond 2)",
        )
        self.assertIn(" up ", judge_accuracy(0.49, 0.51, 5000, 5000)[1])


class Determinism(unittest.TestCase):
    """The same code, seed, data, configuration and numerics must give the same checkpoint."""

    def change(self, a: RunDetails, b: RunDetails):
        return compare_runs(make_comparison(a=a, b=b)).checkpoints

    def details(self, content_hash: str | None = "same", **facts) -> RunDetails:
        checkpoints = (make_checkpoint("x", content_hash=content_hash, file_sha256=str(content_hash)),)
        return RunDetails(make_training(**facts), checkpoints=checkpoints, dataset=MNIST)

    def test_held(self):
        """Equal contents under equal conditions: determinism held."""
        change = self.change(self.details(), self.details())
        self.assertEqual((change.same, change.determinism), (True, "held"))

    def test_lost(self):
        """Other contents under equal conditions: determinism lost, which is suspected."""
        diff = compare_runs(make_comparison(a=self.details(), b=self.details("other")))
        self.assertEqual((diff.checkpoints.same, diff.checkpoints.determinism), (False, "lost"))
        self.assertEqual(diff.verdict, Verdict.SUSPECTED)
        self.assertTrue(diff.reasons[0].startswith("determinism lost"))

    def test_not_comparable_when_a_condition_differs(self):
        """Where one thing differs that decides the bits, determinism is not judged, whatever the contents."""
        others = (
            {"seed": 43}, {"params": {"epochs": 3}}, {"fingerprint": "e" * 64}, {"code_fingerprint": "e" * 64},
            {"status": RunStatus.INTERRUPTED},
        )  # fmt: skip
        for other in others:
            for content in ("same", "other"):
                with self.subTest(**other, content=content):
                    self.assertEqual(self.change(self.details(), self.details(content, **other)).determinism, "not_comparable")

    def test_not_comparable_when_a_condition_is_unknown(self):
        """Where a condition is unknown on both sides, determinism is not judged."""
        for name in ("seed", "fingerprint", "code_fingerprint"):
            with self.subTest(unknown=name):
                sides = (self.details(content, **{name: None}) for content in ("same", "other"))
                self.assertEqual(self.change(*sides).determinism, "not_comparable")

    def test_not_comparable_when_both_were_stopped(self):
        """Two interrupted trainings stopped at different steps."""
        sides = (self.details(content, status=RunStatus.INTERRUPTED) for content in ("same", "other"))
        self.assertEqual(self.change(*sides).determinism, "not_comparable")

    def test_not_comparable_without_equal_data(self):
        """Without the data set, or with another one, determinism is not judged."""
        for dataset in (None, replace(MNIST, fingerprint="e" * 64)):
            a, b = self.details(), replace(self.details("other"), dataset=dataset)
            self.assertEqual(self.change(a, b).determinism, "not_comparable")
            self.assertEqual(self.change(replace(a, dataset=dataset), replace(a, dataset=None)).determinism, "not_comparable")


class Checkpoints(unittest.TestCase):
    """The last checkpoints are compared by content, or by file where a content is not known."""

    def change(self, *checkpoints, **options):
        a, b = (RunDetails(make_training(), checkpoints=tuple(side)) for side in checkpoints)
        return compare_runs(make_comparison(a=a, b=b), **options).checkpoints

    def test_one_side(self):
        """Where a side has no checkpoint nothing can be said."""
        for sides in (([], []), ([make_checkpoint()], []), ([], [make_checkpoint()])):
            change = self.change(*sides)
            self.assertEqual((change.same, change.first_difference, change.determinism), (None, None, "not_comparable"))

    def test_the_last_one_counts(self):
        """Earlier checkpoints are not compared."""
        early, late = make_checkpoint(content_hash="early"), make_checkpoint(content_hash="late")
        self.assertTrue(self.change([early, late], [make_checkpoint(content_hash="x"), late]).same)

    def test_without_content_hashes(self):
        """Without content hashes equal files are the same, and other files may still hold the same."""
        a = make_checkpoint(content_hash=None, file_sha256="f1")
        self.assertTrue(self.change([a], [make_checkpoint(content_hash="c", file_sha256="f1")]).same)
        self.assertIsNone(self.change([a], [make_checkpoint(content_hash=None, file_sha256="f2")]).same)

    def test_the_first_tensor_that_differs(self):
        """The first difference is the first tensor of A with another digest, or that B lacks, or that only B has."""
        base = make_checkpoint("x", "y", content_hash="1")
        expected = (
            (make_checkpoint("x", "z", content_hash="2"), "t1"),
            (make_checkpoint("x", content_hash="2"), "t1"),
            (make_checkpoint("x", "y", "z", content_hash="2"), "t2"),
            (make_checkpoint(content_hash="2"), None),
        )
        for other, first in expected:
            with self.subTest(first=first):
                self.assertEqual(self.change([base], [other]).first_difference, first)

    def test_another_dtype_or_shape_differs(self):
        """A tensor with equal bytes but another dtype or shape is another tensor."""
        base = make_checkpoint("x", content_hash="1")
        for other in ({"dtype": "I32"}, {"shape": (4,)}):
            changed = replace(base, content_hash="2", tensors=(replace(base.tensors[0], **other),))
            self.assertEqual(self.change([base], [changed]).first_difference, "t0")

    def test_the_largest_difference_is_passed_on(self):
        """What somebody computed from both files stands in the diff."""
        sides = ([make_checkpoint(content_hash="1")], [make_checkpoint(content_hash="2")])
        self.assertEqual(self.change(*sides, max_abs_delta=0.25).max_abs_delta, 0.25)


if __name__ == "__main__":
    unittest.main()
