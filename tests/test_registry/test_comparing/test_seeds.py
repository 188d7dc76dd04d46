"""Metrics of several seeds a side."""

from __future__ import annotations

import math
import unittest

from registry.comparing.seeds import Samples, judge_seeds
from registry.records import Direction
from registry.regress import Judgement, Tolerance, Verdict

NOISE = (0.0, 0.4, -0.3, 0.2, -0.4, 0.1, -0.1)


def values(middle: float, spread: float = 0.0, seeds=range(6)) -> dict[int, float]:
    """Return a value a seed, around a middle."""
    return {seed: middle + spread * NOISE[seed % len(NOISE)] for seed in seeds}


def judge(a, b, direction=Direction.LOWER, **facts) -> Judgement:
    """Judge one metric."""
    (judgement,) = judge_seeds([Samples(a, b, direction, **facts)])
    return judgement


class Seeds(unittest.TestCase):
    def test_fewer_than_five(self):
        """With fewer than five seeds on a side nothing is judged, and the numbers are said."""
        found = judge(values(1.0, seeds=range(4)), values(9.0))
        self.assertEqual((found.verdict, found.evidence), (Verdict.INSUFFICIENT_DATA, "4 and 6 seeds, 5 a side are needed"))

    def test_paired_by_seed(self):
        """The same seeds on both sides are compared seed by seed, which sees what is smaller than the spread of the seeds."""
        a = values(1.0, 0.5)
        b = {seed: value + 0.05 + 0.01 * NOISE[seed] for seed, value in a.items()}
        found = judge(a, b)
        self.assertEqual(found.verdict, Verdict.REGRESSED)
        self.assertRegex(found.evidence, r"^6 pairs of seeds: mean 1 -> 1\.05, p = \S+ \(regressed to 0\.01")
        others = {seed + 100: value for seed, value in b.items()}
        self.assertEqual(judge(a, others).verdict, Verdict.UNCHANGED)
        self.assertIn("6 and 6 seeds, Welch", judge(a, others).evidence)

    def test_noise(self):
        """Other seeds of the same recipe are unchanged."""
        self.assertEqual(judge(values(1.0, 0.5), values(1.0, 0.5, range(3, 9))).verdict, Verdict.UNCHANGED)

    def test_direction(self):
        """The same change is worse for a loss and better for a speed."""
        a, b = values(100.0, 1.0), values(110.0, 1.2, range(10, 16))
        self.assertEqual(judge(a, b).verdict, Verdict.REGRESSED)
        self.assertEqual(judge(a, b, Direction.HIGHER).verdict, Verdict.IMPROVED)

    def test_accuracies(self):
        """Of accuracies the errors are compared: 99.3 % -> 98.5 % doubles them, whatever one percent of 0.99 is."""
        a, b = values(0.993, 0.001), values(0.985, 0.002, range(10, 16))
        found = judge(a, b, Direction.HIGHER, is_accuracy=True)
        self.assertEqual(found.verdict, Verdict.REGRESSED)
        self.assertRegex(found.evidence, r"\d+% more errors could be seen$")
        self.assertEqual(judge(b, a, Direction.HIGHER, is_accuracy=True).verdict, Verdict.IMPROVED)
        perfect = judge(values(1.0), values(0.99, 0.001), Direction.HIGHER, is_accuracy=True)
        self.assertEqual(perfect.verdict, Verdict.REGRESSED)

    def test_errors_on_a_logarithmic_scale(self):
        """A third more errors with every seed is one and the same change, for good seeds and for bad ones."""
        errors = (0.005, 0.01, 0.02, 0.04, 0.08)
        a, b = ({seed: 1 - more * share for seed, share in enumerate(errors)} for more in (1, 1.33))
        self.assertEqual(judge(a, b, Direction.HIGHER, is_accuracy=True).verdict, Verdict.REGRESSED)
        self.assertEqual(judge(a, b, Direction.HIGHER).verdict, Verdict.SUSPECTED)

    def test_no_number_any_more(self):
        """One seed that does not end with a number is regressed; where A had such seeds nothing can be said."""
        lost = {**values(1.0), 3: math.nan}
        found = judge(values(1.0), lost)
        self.assertEqual(found.evidence, "finite with every seed in A, not with 1 of 6 in B")
        self.assertEqual(found.verdict, Verdict.REGRESSED)
        self.assertEqual(judge(lost, values(1.0)).verdict, Verdict.INSUFFICIENT_DATA)
        self.assertEqual(judge(lost, lost).verdict, Verdict.INSUFFICIENT_DATA)

    def test_without_any_spread(self):
        """Values that are the same for every seed leave nothing to chance, in both directions and from zero."""
        self.assertEqual(judge(values(0.0), values(1.0)).verdict, Verdict.REGRESSED)
        self.assertEqual(judge(values(5.0), values(4.0)).verdict, Verdict.IMPROVED)
        self.assertEqual(judge(values(5.0), values(5.0)).verdict, Verdict.UNCHANGED)

    def test_tolerance(self):
        """A change within the tolerance is unchanged however sure it is."""
        found = judge(values(100.0), values(100.5), tolerance=Tolerance(relative=0.01))
        self.assertEqual(found.verdict, Verdict.UNCHANGED)
        self.assertTrue(found.evidence.endswith("within the tolerance"))

    def test_many_metrics(self):
        """What one metric alone would be told for is not told among many that did not change."""
        doubtful = Samples(values(1.0, 0.5), values(1.2, 0.5, range(10, 16)), Direction.LOWER)
        quiet = Samples(values(1.0, 0.5), values(1.0, 0.5, range(3, 9)), Direction.LOWER)
        self.assertEqual(judge_seeds([doubtful])[0].verdict, Verdict.SUSPECTED)
        self.assertEqual(judge_seeds([doubtful, *[quiet] * 30])[0].verdict, Verdict.UNCHANGED)


if __name__ == "__main__":
    unittest.main()
