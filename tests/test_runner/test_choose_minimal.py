"""The smallest part that does it."""

from __future__ import annotations

import itertools
import random
import unittest
from collections.abc import Sequence

from runner.choose.minimal import minimal


class Counting:
    """Tells whether all culprits are in a part, and counts how often it was asked."""

    def __init__(self, *culprits: int) -> None:
        self.culprits = culprits
        self.asked = 0

    def __call__(self, part: Sequence[int]) -> bool:
        """Say whether it does it."""
        self.asked += 1
        return set(self.culprits) <= set(part)


class Minimal(unittest.TestCase):
    """Delta debugging."""

    def test_exactly_the_culprits(self):
        """Of any list, one, two or three culprits are found, in order, wherever they stand."""
        for length in (1, 2, 3, 8, 13):
            for number in range(1, min(3, length) + 1):
                for culprits in itertools.combinations(range(length), number):
                    self.assertEqual(minimal(range(length), Counting(*culprits)), list(culprits))

    def test_few_questions_for_one_culprit(self):
        """One culprit among a thousand takes about twice the logarithm of questions."""
        for culprit in random.Random(2).sample(range(1000), 20):
            asks = Counting(culprit)
            minimal(range(1000), asks)
            self.assertLessEqual(asks.asked, 22)

    def test_nothing_can_be_left_out(self):
        """Where different parts do it, what is found does it, and does not any more without one of its items."""
        chance = random.Random(7)
        for _ in range(30):
            ways = [frozenset(chance.sample(range(20), 3)) for _ in range(4)]

            def does_it(part: Sequence[int], ways: list[frozenset[int]] = ways) -> bool:
                return any(way <= set(part) for way in ways)

            found = minimal(range(20), does_it)
            self.assertTrue(does_it(found))
            self.assertFalse(any(does_it([one for one in found if one != left_out]) for left_out in found))
