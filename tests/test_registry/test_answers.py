"""Bitmaps of answers, the examples that flipped between two, and what they say about an accuracy."""

from __future__ import annotations

import random
import unittest
from dataclasses import replace

from registry.answers import Answers, Flips, flips, problem
from registry.comparing.paired import answer_flips, judge_answers
from registry.diff import compare_runs
from registry.records import Direction, RunDetails
from registry.regress import Verdict

from .diff_factories import MNIST, make_comparison, make_metric, make_training


def make_answers(wrong: set[int], examples: int = 10_000, split: str = "test") -> Answers:
    """Return answers that are wrong at these positions."""
    text = "".join("0" if position in wrong else "1" for position in range(examples))
    size = -(-examples // 8)
    return Answers(split, examples, int(text.ljust(8 * size, "0"), 2).to_bytes(size))


def make_side(wrong: set[int] | range, name: str = "train", split: str = "test", examples: int = 10_000, **facts) -> RunDetails:
    """Return a training that answered wrongly at these positions, with the accuracy that follows."""
    accuracy = make_metric(f"{split}_accuracy", 1 - len(wrong) / examples, Direction.HIGHER)
    answers = (make_answers(set(wrong), examples, split),)
    return RunDetails(make_training(name), metrics=(accuracy,), **({"dataset": MNIST, "answers": answers} | facts))


class Bitmaps(unittest.TestCase):
    def test_flips(self):
        """What was right on one side alone is told by its position, whatever the number of examples."""
        chance = random.Random(1)
        for examples in (1, 7, 8, 9, 64, 1_001):
            a, b = ({place for place in range(examples) if chance.random() < 0.4} for _ in range(2))
            found = flips(make_answers(a, examples), make_answers(b, examples))
            self.assertEqual(found, Flips("test", examples, tuple(sorted(b - a)), tuple(sorted(a - b))))

    def test_right_ones_are_counted(self):
        """The number of right answers is that of the bits."""
        self.assertEqual(make_answers({0, 3}, 11).right, 9)

    def test_sound(self):
        """A bitmap with a bit for each example has no problem."""
        self.assertEqual([problem(make_answers(set(), examples)) for examples in (1, 8, 9)], [None] * 3)

    def test_unsound(self):
        """Too few bytes, too many, bits past the examples, and no examples at all are told in words."""
        for answers in (
            Answers("test", 9, b"\xff"),
            Answers("test", 8, b"\xff\0"),
            Answers("test", 7, b"\xff"),
            Answers("test", 0, b""),
        ):
            self.assertRegex(problem(answers) or "", "the answers of test (have|go past)")


class Paired(unittest.TestCase):
    """The verdict that flipped examples give."""

    def verdict(self, before: set[int] | range, after: set[int] | range) -> Verdict:
        a, b = make_side(before), make_side(after)
        (change,) = compare_runs(make_comparison(a=a, b=b)).metrics
        return change.verdict

    def test_many_lost(self):
        """Half as many errors again, all on examples that were right before, are a regression; the other way they are better."""
        self.assertEqual(self.verdict(range(60), range(100)), Verdict.REGRESSED)
        self.assertEqual(self.verdict(range(100), range(60)), Verdict.IMPROVED)

    def test_as_many_gained_as_lost(self):
        """Another hundred errors in the place of a hundred are no worse, though two hundred answers flipped."""
        self.assertEqual(self.verdict(range(100), range(90, 200)), Verdict.UNCHANGED)

    def test_sure_but_small(self):
        """A difference that is no chance but under a quarter of the errors is unchanged: rounding alone makes as much."""
        self.assertEqual(self.verdict(range(200), range(240)), Verdict.UNCHANGED)

    def test_sure_and_half_as_small(self):
        """A third more errors, surely, are suspected."""
        self.assertEqual(self.verdict(range(150), range(200)), Verdict.SUSPECTED)

    def test_large_but_unsure(self):
        """Twice the errors are unchanged where five flips could be chance."""
        self.assertEqual(self.verdict(range(5), range(10)), Verdict.UNCHANGED)

    def test_points_count_where_there_are_many_errors(self):
        """Of a weak model, whose errors never double, a point of accuracy is enough."""
        self.assertEqual(self.verdict(range(2000), range(2100)), Verdict.REGRESSED)
        self.assertEqual(self.verdict(range(2000), range(2060)), Verdict.SUSPECTED)
        self.assertEqual(self.verdict(range(2000), range(2040)), Verdict.UNCHANGED)

    def test_evidence(self):
        """The line tells examples, flips, p, the levels and the least that could be seen."""
        (change,) = compare_runs(make_comparison(a=make_side(range(60)), b=make_side(range(10, 100)))).metrics
        expected = (
            "n = 10,000, 40 lost and 10 gained, p = 2.4e-05 (McNemar; regressed to 0.001 and x1.5 errors, "
            "suspected to 0.005 and x1.25); 60 -> 90 errors, 22 more could be seen"
        )
        self.assertEqual((change.verdict, change.evidence), (Verdict.REGRESSED, expected))
        self.assertAlmostEqual(change.p or 0.0, 2.4e-05, delta=1e-06)

    def test_what_could_be_seen_is_told(self):
        """With as many flips, as many more errors as the line says are told, and two fewer are not."""
        for flipped in (20, 50, 200):
            half, sides = flipped // 2, [make_side({*range(1_000, 1_020), *range(flipped // 2)}) for _ in range(2)]
            sides[1] = make_side({*range(1_000, 1_020), *range(half, flipped)})
            accuracy = sides[0].metrics[0].last
            judgement = judge_answers(*sides, "test", (accuracy, accuracy))
            least = int(judgement.evidence.split()[-5])
            told = [
                self.verdict({*range(1_000, 1_020), *range(lost)}, {*range(1_000, 1_020), *range(lost, flipped)})
                for lost in ((flipped - least) // 2, (flipped - least) // 2 + 1)
            ]
            with self.subTest(flipped=flipped, least=least):
                self.assertIs(judgement.verdict, Verdict.UNCHANGED)
                self.assertIn(told[0], (Verdict.SUSPECTED, Verdict.REGRESSED))
                self.assertIs(told[1], Verdict.UNCHANGED)

    def test_each_part_by_its_own_answers(self):
        """Validation is judged by the answers of the validation."""
        a, b = (make_side(range(wrong), split="validation", examples=6_000) for wrong in (30, 80))
        (change,) = compare_runs(make_comparison(a=a, b=b)).metrics
        self.assertRegex(change.evidence, "^n = 6,000, 50 lost and 0 gained")

    def test_without_answers_the_noise_decides(self):
        """Where one side has none, has them of other data, of another number, or not those of its accuracy, the noise decides."""
        a, b = make_side(range(60)), make_side(range(200))
        other = replace(MNIST, fingerprint="e" * 64)
        fewer = (make_answers(set(range(60)), 9_000),)
        for unpaired in (
            replace(a, answers=()), replace(a, dataset=other), replace(a, answers=fewer), replace(a, answers=b.answers),
        ):  # fmt: skip
            (change,) = compare_runs(make_comparison(a=unpaired, b=b)).metrics
            self.assertRegex(change.evidence, "standard errors down")

    def test_an_accuracy_in_percent(self):
        """Accuracies of several seeds that are not from 0 to 1 have no errors to compare, and are judged as any other metric."""
        a, b = (
            RunDetails(make_training(), metrics=(make_metric("test_accuracy", value, Direction.HIGHER),))
            for value in (98.0, 40.0)
        )
        seeds = [{"test_accuracy": {seed: value + seed / 10 for seed in range(5)}} for value in (98.0, 40.0)]
        (change,) = compare_runs(replace(make_comparison(a=a, b=b), seeds_a=seeds[0], seeds_b=seeds[1])).metrics
        self.assertEqual(change.verdict, Verdict.REGRESSED, change.evidence)

    def test_seeds_beat_a_pair(self):
        """Where there are five seeds a side, they decide, whatever the two runs answered."""
        seeds = {"test_accuracy": {seed: 0.99 + seed / 10_000 for seed in range(5)}}
        comparison = replace(
            make_comparison(a=make_side(range(60)), b=make_side(range(200))),
            seeds_a=seeds,
            seeds_b={"test_accuracy": {seed: 0.99 + seed / 9_999 for seed in range(5)}},
        )
        (change,) = compare_runs(comparison).metrics
        self.assertEqual((change.verdict, change.evidence[:16]), (Verdict.UNCHANGED, "5 pairs of seeds"))


class FlippedExamples(unittest.TestCase):
    """Which examples flipped is on the diff."""

    def test_listed(self):
        """The diff names the examples that were lost and gained, for each part that both sides hold."""
        a, b = make_side({1, 2}), make_side({2, 9})
        self.assertEqual(compare_runs(make_comparison(a=a, b=b)).flips, (Flips("test", 10_000, (9,), (1,)),))

    def test_none(self):
        """Equal answers have no flips, and answers to other data are not compared."""
        a = make_side({1, 2})
        self.assertEqual(answer_flips(a, a), (Flips("test", 10_000),))
        self.assertEqual(answer_flips(a, replace(a, dataset=None)), ())
        self.assertEqual(answer_flips(a, replace(a, answers=(make_answers({1}, split="validation"),))), ())


if __name__ == "__main__":
    unittest.main()
