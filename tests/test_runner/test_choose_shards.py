"""Cutting a suite into shards."""

from __future__ import annotations

import random
import unittest

from runner.choose.chain import Chain
from runner.choose.shards import OneShard, Shard, parse_shard, plan_of
from runner.errors import UsageError
from runner.events import TestKey
from runner.execute.schedule import keys_of

IDS = tuple(f"pkg.m{module}.C{owner}.t{test}" for module in range(5) for owner in range(4) for test in range(1 + owner))
KEYS = keys_of((*IDS, "pkg.m0.C0.t0", "unittest.loader._FailedTest.broken", "odd"))


def cut(count: int, durations: dict[TestKey, float], keys: list[TestKey] = KEYS) -> list[list[int]]:
    """Return the positions of each shard."""
    return [Chain([OneShard(Shard(index + 1, count), durations)])(keys) for index in range(count)]


def durations_of(keys: list[TestKey]) -> dict[TestKey, float]:
    """Return a duration for most tests."""
    chance = random.Random(5)
    return {key: chance.expovariate(1) for key in keys if chance.random() < 0.9}


class Cuts(unittest.TestCase):
    """The parts together."""

    def test_each_test_is_in_exactly_one(self):
        """The shards together are the suite, each test once, in load order, with durations and without."""
        for durations in ({}, durations_of(KEYS), dict.fromkeys(KEYS, 0.0)):
            for count in (1, 2, 3, 7, 40):
                with self.subTest(count=count, known=len(durations)):
                    parts = cut(count, durations)
                    self.assertEqual(sorted(position for part in parts for position in part), list(range(len(KEYS))))
                    self.assertEqual([sorted(part) for part in parts], parts)

    def test_classes_stay_whole(self):
        """The tests of a class are in one shard, equal ids too."""
        for durations in ({}, durations_of(KEYS)):
            owners = [{KEYS[position][0].rpartition(".")[0] for position in part} for part in cut(3, durations)]
            self.assertEqual(sum(map(len, owners)), len(set().union(*owners)))

    def test_balanced_by_durations(self):
        """The shards take about the same time; where nothing takes any, they hold about as many classes."""
        durations = durations_of(KEYS)
        loads = [sum(durations.get(KEYS[position], 0.7) for position in part) for part in cut(4, durations)]
        self.assertLess(max(loads) / min(loads), 1.2)
        self.assertGreater(min(map(len, cut(4, dict.fromkeys(KEYS, 0.0)))), 5)

    def test_stable_without_durations(self):
        """Without durations a class stays in its shard when others come and go."""
        fewer = [key for key in KEYS if ".m3." not in key[0]]
        for before, after in zip(cut(3, {}), cut(3, {}, fewer), strict=True):
            self.assertEqual([fewer[p] for p in after], [KEYS[p] for p in before if KEYS[p] in fewer])


class Plans(unittest.TestCase):
    """What tells that shards belong together."""

    def plan(self, index: int, durations: dict[TestKey, float], keys: list[TestKey] = KEYS) -> str | None:
        """Return the plan that a shard's chain found."""
        chain = Chain([OneShard(Shard(index, 3), durations)])
        chain(keys)
        return plan_of(chain)

    def test_equal_for_shards_of_one_cut(self):
        """All shards of a cut have its plan, and a cut by other durations has another."""
        durations = durations_of(KEYS)
        self.assertEqual(self.plan(1, durations), self.plan(3, dict(reversed(durations.items()))))
        self.assertNotEqual(self.plan(1, durations), self.plan(1, {}))
        self.assertNotEqual(self.plan(1, {}), self.plan(1, {}, KEYS[:5]))

    def test_there_is_none(self):
        """Without a shard, or before the suite was loaded, there is no plan."""
        self.assertIsNone(plan_of(None))
        self.assertIsNone(plan_of(Chain([])))
        self.assertIsNone(plan_of(Chain([OneShard(Shard(1, 2), {})])))


class Form(unittest.TestCase):
    """I/N."""

    def test_what_is_meant(self):
        """I of N is read."""
        self.assertEqual(parse_shard("2/3"), Shard(2, 3))

    def test_what_is_refused(self):
        """Anything else is refused with an example."""
        for text in ("", "2", "0/3", "4/3", "1/0", "a/b", "1/2/3", "-1/2", "1/2 "):
            with self.subTest(text=text), self.assertRaisesRegex(UsageError, "--shard 2/3"):
                parse_shard(text)
