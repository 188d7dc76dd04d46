"""The rules for durations, limits and single values: what is told, what is noise, and what nobody can know."""

from __future__ import annotations

import math
import unittest

from registry.records import Direction
from registry.regress import LEVEL, MINIMUM, Timing, Tolerance, Verdict, judge_durations, judge_finiteness, judge_limit

USUAL = (1.0, 1.02, 0.98, 1.01, 0.99, 1.03, 0.97, 1.0)


def judge(duration_s: float, before=USUAL, *, tested: int = 1, **facts):
    """Judge one test."""
    (judgement,) = judge_durations([Timing(before, duration_s, **facts)], tested=tested)
    return judgement


class Durations(unittest.TestCase):
    def test_too_few_nights(self):
        """With fewer than five earlier runs nothing is judged, however long the test took, and the number is said."""
        for number in range(MINIMUM):
            found = judge(1000.0, USUAL[:number])
            self.assertEqual(found.verdict, Verdict.INSUFFICIENT_DATA)
            self.assertRegex(found.evidence, rf"^n = {number} earlier runs? on this machine, 5 are needed$")

    def test_one_night(self):
        """One night past the limit is suspected, not regressed."""
        self.assertEqual(judge(2.0).verdict, Verdict.SUSPECTED)

    def test_confirmed(self):
        """A second night, or a second measurement of this one, makes it regressed; a quick night between does not."""
        self.assertEqual(judge(2.0, between_s=2.1).verdict, Verdict.REGRESSED)
        self.assertEqual(judge(2.0, is_confirmed=True).verdict, Verdict.REGRESSED)
        self.assertEqual(judge(2.0, between_s=1.0).verdict, Verdict.SUSPECTED)
        self.assertEqual(judge(1.0, between_s=2.1).verdict, Verdict.UNCHANGED)

    def test_floors(self):
        """Less than 0.2 s or 25 % more than usual is unchanged, however sure it is."""
        self.assertEqual(judge(1.24, is_confirmed=True).verdict, Verdict.UNCHANGED)
        self.assertEqual(judge(0.25, [0.1] * 20, is_confirmed=True).verdict, Verdict.UNCHANGED)
        self.assertEqual(judge(120.0, [100.0] * 20, is_confirmed=True).verdict, Verdict.UNCHANGED)

    def test_noisy_tests(self):
        """What is far beyond a steady test is within the noise of an unsteady one."""
        unsteady = [1.0, 2.1, 0.8, 1.6, 2.4, 0.9]
        self.assertEqual(judge(2.2, unsteady).verdict, Verdict.UNCHANGED)
        self.assertEqual(judge(2.2).verdict, Verdict.SUSPECTED)

    def test_equal_and_zero_durations(self):
        """Durations that are all equal, or zero, are not believed to be exact."""
        self.assertEqual(judge(1.26, [1.0] * 5, tested=1_000_000).verdict, Verdict.UNCHANGED)
        self.assertEqual(judge(5.0, [0.0] * 5).verdict, Verdict.SUSPECTED)
        self.assertEqual(judge(0.0, [1.0] * 5).verdict, Verdict.UNCHANGED)

    def test_many_tests(self):
        """The more tests were timed, the further out the limit lies; several at once support each other."""
        before = (1.0, 1.2, 0.85, 1.1, 0.95, 1.05)
        self.assertEqual(judge(1.8, before).verdict, Verdict.SUSPECTED)
        self.assertEqual(judge(1.8, before, tested=10_000).verdict, Verdict.UNCHANGED)
        together = judge_durations([Timing(before, 1.8)] * 5_000, tested=10_000)
        self.assertEqual({judgement.verdict for judgement in together}, {Verdict.SUSPECTED})

    def test_order_and_short_histories(self):
        """Each judgement stands in the place of its test, those without enough history too."""
        found = judge_durations([Timing((), 2.0), Timing(USUAL, 2.0), Timing(USUAL[:2], 2.0), Timing(USUAL, 1.0)], tested=4)
        verdicts = [Verdict.INSUFFICIENT_DATA, Verdict.SUSPECTED, Verdict.INSUFFICIENT_DATA, Verdict.UNCHANGED]
        self.assertEqual([judgement.verdict for judgement in found], verdicts)

    def test_evidence(self):
        """The line has n, the usual duration, p, its corrected value, the threshold, and what would have been told."""
        evidence = judge(2.0, tested=300).evidence
        self.assertRegex(
            evidence,
            r"^n = 8, usually 1 s, p = \S+, \S+ among 300 timed tests \(0\.05 is told\); "
            r"told from 1\.\d+ s \(\+\d+%\) on; one night only$",
        )

    def test_the_smallest_effect_is_the_limit(self):
        """What the line calls the shortest that is told is told, and 2 % less is not."""
        for before in (USUAL, (1.0, 1.5, 0.8, 1.2, 1.1)):
            evidence = judge(1.3, before).evidence
            told_from = float(evidence.split("told from ")[1].split(" s")[0])
            self.assertEqual(judge(told_from * 1.01, before).verdict, Verdict.SUSPECTED, evidence)
            self.assertEqual(judge(told_from * 0.98, before).verdict, Verdict.UNCHANGED, evidence)
        self.assertEqual(LEVEL, 0.05)


class Limits(unittest.TestCase):
    """A tolerance that somebody set: the mistakes of other tools do not happen."""

    def verdict(self, a: float, b: float, direction=Direction.HIGHER, **tolerance) -> Verdict:
        return judge_limit(a, b, direction, Tolerance(**tolerance)).verdict

    def test_an_accuracy_of_zero(self):
        """A fall to 0.0 is the worst of all, not a value that is missing."""
        self.assertEqual(self.verdict(0.95, 0.0, absolute=0.01), Verdict.REGRESSED)

    def test_small_accuracies(self):
        """0.993 -> 0.985 is regressed where 0.001 is tolerated: no floor of one percent hides it."""
        self.assertEqual(self.verdict(0.993, 0.985, absolute=0.001), Verdict.REGRESSED)

    def test_direction(self):
        """A loss of accuracy is worse, a loss of loss is better."""
        self.assertEqual(self.verdict(0.95, 0.90, absolute=0.01), Verdict.REGRESSED)
        self.assertEqual(self.verdict(0.95, 0.90, Direction.LOWER, absolute=0.01), Verdict.IMPROVED)

    def test_an_unknown_direction(self):
        """Where nobody said what is better, a change past the limit is suspected either way, and the line says how to tell."""
        for value in (0.5, 1.5):
            found = judge_limit(1.0, value, None, Tolerance(0.25))
            self.assertEqual(found.verdict, Verdict.SUSPECTED)
            self.assertRegex(
                found.evidence, r"^differs by 0.5, 0.25 is tolerated .*; log it with a direction, to tell worse from better$"
            )
        self.assertEqual(self.verdict(1.0, 1.2, None, absolute=0.25), Verdict.UNCHANGED)

    def test_both_parts(self):
        """Absolute and relative tolerance add up; of a zero only the absolute one is left."""
        both = {"absolute": 1.0, "relative": 0.1}
        self.assertEqual(self.verdict(100.0, 110.9, Direction.LOWER, **both), Verdict.UNCHANGED)
        self.assertEqual(self.verdict(100.0, 111.1, Direction.LOWER, **both), Verdict.REGRESSED)
        self.assertEqual(self.verdict(0.0, 0.5, Direction.LOWER, **both), Verdict.UNCHANGED)
        self.assertEqual(self.verdict(0.0, 1e-9, Direction.LOWER, relative=0.1), Verdict.REGRESSED)

    def test_evidence(self):
        """The line says by how much, and what is tolerated."""
        found = judge_limit(0.5, 0.25, Direction.HIGHER, Tolerance(0.125, 0.25))
        self.assertEqual(found.evidence, "worse by 0.25, 0.25 is tolerated (0.125 + 0.25 of A)")


class Finiteness(unittest.TestCase):
    def test_no_number_any_more(self):
        """NaN and the worse infinity after a number are regressed; two numbers and the better infinity are not judged here."""
        for b in (math.nan, math.inf):
            self.assertEqual(judge_finiteness(0.5, b, Direction.LOWER).verdict, Verdict.REGRESSED)
        for a, b in ((0.5, -math.inf), (-math.inf, -math.inf), (-math.inf, 0.5), (math.nan, -math.inf), (0.5, 0.6)):
            self.assertIsNone(judge_finiteness(a, b, Direction.LOWER))

    def test_no_number_before(self):
        """After NaN or the worse infinity a number cannot be judged, and another that is none is no worse."""
        self.assertEqual(judge_finiteness(math.nan, 0.5, Direction.LOWER).verdict, Verdict.INSUFFICIENT_DATA)
        for a, b in ((math.inf, math.nan), (math.nan, math.nan), (math.inf, math.inf)):
            self.assertEqual(judge_finiteness(a, b, Direction.LOWER).verdict, Verdict.UNCHANGED)


if __name__ == "__main__":
    unittest.main()
