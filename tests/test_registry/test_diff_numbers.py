"""The comparison of two runs: metrics, the accuracy rule, determinism and checkpoints."""

from __future__ import annotations

import unittest
from dataclasses import replace

from registry.comparing.metrics import MetricChange, judged_by_seeds
from registry.diff import Diff, compare_runs
from registry.records import Direction, RunDetails, RunStatus
from registry.regress import Tolerance, Verdict, judge_accuracy

from .diff_factories import MNIST, make_checkpoint, make_comparison, make_metric, make_run, make_training


class Metrics(unittest.TestCase):
    """Only metrics that changed are told; only accuracies, and what stops being a number, get a verdict."""

    def diff(self, a: dict, b: dict, direction: Direction | None = None, dataset=MNIST) -> Diff:
        sides = [
            RunDetails(make_run(), metrics=tuple(make_metric(*item, direction) for item in side.items()), dataset=dataset)
            for side in (a, b)
        ]
        return compare_runs(make_comparison(a=sides[0], b=sides[1]))

    def changes(self, *sides: dict, **facts) -> tuple[MetricChange, ...]:
        return self.diff(*sides, **facts).metrics

    def verdict(self, a: float, b: float, name="test_accuracy", **facts) -> Verdict | None:
        (change,) = self.changes({name: a}, {name: b}, **facts)
        return change.verdict

    def test_equal_values_are_not_told(self):
        """A metric with equal last values is left out."""
        for value in (0.5, 0.0, -0.0):
            self.assertEqual(self.changes({"m": value}, {"m": value}), ())

    def test_no_number_on_either_side(self):
        """A metric that is no number in B is told even where it was none in A or was not measured there; it breaks nothing."""
        for value in (float("nan"), float("inf")):
            for before in ({"m": value}, {"m": float("nan")}, {}):
                diff = self.diff(before, {"m": value})
                (change,) = diff.metrics
                self.assertEqual((change.verdict, diff.verdict), (Verdict.UNCHANGED, Verdict.UNCHANGED))
                self.assertEqual(len(diff.reasons), 1)
                self.assertRegex(diff.reasons[0], f"^m .* -> {value}: not finite in B, and no number in A to compare it with$")

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
        """A metric that was no number in A and is one in B has nothing to be compared with, which is said."""
        for before, name in ((float("nan"), "train_loss"), (float("inf"), "train_loss"), (float("nan"), "test_accuracy")):
            (change,) = self.changes({name: before}, {name: 0.5})
            self.assertEqual((change.verdict, change.evidence), (Verdict.INSUFFICIENT_DATA, "not finite in A"))

    def test_a_limit_of_a_metric_without_direction(self):
        """A loss is better where it is lower, an accuracy where it is higher; of any other name nobody knows."""
        names = ("f1", "my_loss", "my_accuracy")
        sides = [RunDetails(make_run(), metrics=tuple(make_metric(name, last) for name in names)) for last in (0.5, 0.75)]
        diff = compare_runs(make_comparison(a=sides[0], b=sides[1]), limits=dict.fromkeys(names, Tolerance(0.1)))
        found = {change.name: change.verdict for change in diff.metrics}
        expected = {"f1": Verdict.SUSPECTED, "my_loss": Verdict.REGRESSED, "my_accuracy": Verdict.IMPROVED}
        self.assertEqual(found, expected)

    def test_an_accuracy_in_percent(self):
        """An accuracy outside 0 to 1 is not judged as if it were one."""
        self.assertEqual(self.verdict(99.0, 93.0), Verdict.INSUFFICIENT_DATA)

    def test_accuracies_in_percent_of_several_seeds(self):
        """In percent too the errors of several seeds are compared: a fall from 99.3 to 98.9 is more than one percent of noise."""
        sides = [{seed: middle + seed / 100 for seed in range(5)} for middle in (99.3, 98.9)]
        found = judged_by_seeds(tuple({"test_accuracy": side} for side in sides), {"test_accuracy": Direction.HIGHER})
        self.assertEqual(found["test_accuracy"].verdict, Verdict.REGRESSED)

    def test_accuracies_at_the_ends(self):
        """Accuracies of exactly 0 and 1 are judged, in either place, and so is one example."""
        self.assertEqual(self.verdict(1.0, 0.0), Verdict.REGRESSED)
        self.assertEqual(self.verdict(0.0, 1.0), Verdict.IMPROVED)
        self.assertEqual(self.verdict(1.0, 0.0, dataset=replace(MNIST, test=1)), Verdict.UNCHANGED)

    def test_equal_metrics_are_enough_to_judge(self):
        """Two trainings without tests whose metrics are equal are unchanged."""
        side = RunDetails(make_run(), metrics=(make_metric("loss", 0.5),))
        self.assertEqual(compare_runs(make_comparison(a=side, b=side)).verdict, Verdict.UNCHANGED)

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
        evidence = "5.42 standard errors down (n = 10,000 and 10,000; regressed beyond 3, suspected beyond 2: 0.30 points)"
        self.assertEqual(diff.reasons, (f"test_accuracy 0.9930 -> 0.9850: {evidence}",))
        self.assertEqual(diff.verdict, Verdict.REGRESSED)


class AccuracyRule(unittest.TestCase):
    """A drop is regressed beyond 3 binomial standard errors of the difference, suspected beyond 2."""

    def test_the_borders(self):
        """With 0.5 in the middle and 2 x 5,000 examples the standard error is 0.01, and the borders lie at 2 and 3 of it."""
        expected = (
            (-0.0301, Verdict.REGRESSED), (-0.0299, Verdict.SUSPECTED), (-0.0201, Verdict.SUSPECTED),
            (-0.0199, Verdict.UNCHANGED), (0.0, Verdict.UNCHANGED), (0.0299, Verdict.UNCHANGED), (0.0301, Verdict.IMPROVED),
        )  # fmt: skip
        for delta, verdict in expected:
            with self.subTest(delta=delta):
                self.assertEqual(judge_accuracy(0.5 - delta / 2, 0.5 + delta / 2, 5000, 5000).verdict, verdict)

    def test_exactly_at_the_borders(self):
        """Beyond means beyond: exactly 3 standard errors are suspected, exactly 2 are unchanged."""
        # 8 examples a side around 0.5 have an error of 0.25, 2 have one of 0.5, without any rounding.
        self.assertEqual(judge_accuracy(0.875, 0.125, 8, 8).verdict, Verdict.SUSPECTED)
        self.assertEqual(judge_accuracy(0.125, 0.875, 8, 8).verdict, Verdict.UNCHANGED)
        self.assertEqual(judge_accuracy(1.0, 0.0, 2, 2).verdict, Verdict.UNCHANGED)

    def test_accuracies_of_zero_and_one(self):
        """A fall from 1 to 0 is regressed, a rise improved; equal extremes are unchanged, although their error is 0."""
        self.assertEqual(judge_accuracy(1.0, 0.0, 10_000, 10_000).verdict, Verdict.REGRESSED)
        self.assertEqual(judge_accuracy(0.0, 1.0, 10_000, 10_000).verdict, Verdict.IMPROVED)
        for value in (0.0, 1.0):
            self.assertEqual(judge_accuracy(value, value, 10_000, 10_000).verdict, Verdict.UNCHANGED)

    def test_rounding_at_the_top(self):
        """A difference in the last bit of 1.0 is rounding, not a regression."""
        self.assertEqual(judge_accuracy(1.0, 1.0 - 2**-53, 10_000, 10_000).verdict, Verdict.UNCHANGED)

    def test_the_first_mistake(self):
        """From no mistake in 10,000 to one is within the noise, to ten is regressed."""
        self.assertEqual(judge_accuracy(1.0, 0.9999, 10_000, 10_000).verdict, Verdict.UNCHANGED)
        self.assertEqual(judge_accuracy(1.0, 0.9990, 10_000, 10_000).verdict, Verdict.REGRESSED)

    def test_one_example(self):
        """A single example on each side proves nothing."""
        self.assertEqual(judge_accuracy(1.0, 0.0, 1, 1).verdict, Verdict.UNCHANGED)

    def test_the_evidence_says_which_way(self):
        """The evidence gives the distance with its direction and both sizes."""
        self.assertEqual(
            judge_accuracy(0.51, 0.49, 5000, 2500).evidence,
            "1.63 standard errors down (n = 5,000 and 2,500; regressed beyond 3, suspected beyond 2: 2.45 points)",
        )
        self.assertIn(" up ", judge_accuracy(0.49, 0.51, 5000, 5000).evidence)


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
