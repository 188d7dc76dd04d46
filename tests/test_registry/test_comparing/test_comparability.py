"""What of two runs cannot be compared."""

from __future__ import annotations

import math
import unittest
from dataclasses import replace

from registry.comparing.comparability import comparability
from registry.records import RunDetails
from tests.test_registry.diff_factories import MNIST, make_environment, make_training


class Guard(unittest.TestCase):
    def told(self, a: RunDetails, b: RunDetails) -> list[str]:
        """Return the sentences about two runs."""
        return list(comparability(a, b))

    def sides(self, a: dict, b: dict) -> list[str]:
        """Return the sentences about two trainings."""
        return self.told(*(RunDetails(make_training(**facts)) for facts in (a, b)))

    def test_equal_conditions(self):
        """Two runs under the same conditions have nothing to say, whatever their code and seed."""
        facts = {"environment": make_environment(machine={"cpu": "x"}), "params": {"lr": math.nan}}
        self.assertEqual(self.sides(facts, facts | {"seed": 7, "code_fingerprint": "e" * 64}), [])

    def test_another_order(self):
        """A random order that was drawn anew is no other configuration; that the order was random is one."""
        plain, *drawn = ({"params": params} for params in ({}, *({"shuffle": True, "shuffle_seed": seed} for seed in (7, 8))))
        self.assertEqual(self.sides(*drawn), [])
        self.assertEqual(self.sides(plain, drawn[0]), ["other configuration: shuffle unset -> True"])

    def test_another_machine(self):
        """Another processor is named, and that durations are not compared."""
        a, b = ({"environment": make_environment(machine={"cpu": cpu, "cores": "2"})} for cpu in ("x", "y"))
        self.assertEqual(self.sides(a, b), ["other machine (cpu): durations are not compared"])

    def test_another_python(self):
        """Another Python is told with both versions."""
        a, b = ({"environment": make_environment(python=version)} for version in ("3.11.7", "3.12.1"))
        self.assertEqual(self.sides(a, b), ["other Python: 3.11.7 -> 3.12.1"])

    def test_another_configuration(self):
        """Each parameter that differs is told with both values."""
        found = self.sides({"params": {"epochs": 2}}, {"params": {"epochs": 3, "jobs": 2}})
        self.assertEqual(found, ["other configuration: epochs 2 -> 3, jobs unset -> 2"])

    def test_other_data(self):
        """Another data set, another split and other bytes are told apart."""
        run = make_training()
        for other, words in (
            (replace(MNIST, name="cifar"), "other data set: mnist -> cifar"),
            (replace(MNIST, train=1, fingerprint="e" * 64), "other split of mnist: train 54,000 -> 1 examples"),
            (replace(MNIST, fingerprint="e" * 64), "other data in mnist, or another split: fingerprint dddddddd -> eeeeeeee"),
        ):
            with self.subTest(words=words):
                (sentence,) = self.told(RunDetails(run, dataset=MNIST), RunDetails(run, dataset=other))
                self.assertIn(words, sentence)

    def test_what_was_not_recorded_is_unknown(self):
        """A side without an environment or data is not called different."""
        run = make_training()
        known = RunDetails(replace(run, environment=make_environment()), dataset=MNIST)
        self.assertEqual(self.told(RunDetails(run), known), [])
