"""The planted-regression self-test: the rules see what was planted, and cry wolf less often than their peers."""

from __future__ import annotations

import importlib.util
import unittest
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
OURS = "runner: suspected or regressed"
CONFIRMED = "runner: regressed (two nights)"


class Simulation(unittest.TestCase):
    """benchmarks/regression_rules.py, with few nights."""

    @classmethod
    def setUpClass(cls):
        spec = importlib.util.spec_from_file_location("regression_rules", ROOT / "benchmarks" / "regression_rules.py")
        cls.rules = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(cls.rules)
        cls.alarms, cls.seen = defaultdict(dict), defaultdict(dict)
        for noise, rule, alarms, seen in cls.rules.durations(draws=12, history=10):
            cls.alarms[noise][rule], cls.seen[noise][rule] = alarms, seen

    def test_every_noise_and_rule(self):
        """Every rule is put before every kind of noise."""
        self.assertEqual(set(self.alarms), set(self.rules.NOISES))
        self.assertEqual({frozenset(rules) for rules in self.alarms.values()}, {frozenset(self.rules.RULES)})

    def test_false_alarms(self):
        """In every noise there are fewer false alarms than with the three others, and hardly any that a second night confirms."""
        for noise, alarms in self.alarms.items():
            with self.subTest(noise=noise):
                self.assertLess(alarms[OURS], min(alarms[rule] for rule in ("LNT", "asv continuous", "mean + 2 sigma")))
                self.assertLessEqual(alarms[CONFIRMED], min(alarms[OURS], 1.0))

    def test_detection(self):
        """Of steady tests, half as much again is seen; the more a test is slower, the surer it is seen."""
        self.assertGreater(self.seen["5 % noise"][CONFIRMED][0], 0.9)
        for noise, seen in self.seen.items():
            self.assertEqual(sorted(seen[OURS]), seen[OURS], noise)

    def test_metrics(self):
        """Twice the errors are seen with five seeds and with one run; LNT does not see them."""
        told = self.rules.metrics(draws=30)
        five, one = told["runner: regressed (5 seeds a side)"], told["runner: regressed (one run a side)"]
        self.assertLess(max(five[0], one[0]), 0.15)
        self.assertGreater(min(five[-1], one[-1]), 0.8)
        self.assertLess(told["LNT"][-1], 0.2)

    def test_flipped_examples(self):
        """Of recorded trainings that differ in rounding alone none is told, and twice the errors nearly always are."""
        for kind, rules in self.rules.answers().items():
            told = rules["runner: suspected or regressed (flipped examples)"]
            with self.subTest(kind=kind):
                self.assertLessEqual(told[0], 0 if "rounding" in kind else 0.02)
                self.assertGreater(told[-1], 0.95)
                self.assertLessEqual(told[0], rules["McNemar alone, p <= .05"][0])

    def test_the_page_has_the_tables(self):
        """docs/verdicts.md has a row for every noise and rule, and writing replaces what stands between the marks alone."""
        text = self.rules.PAGE.read_text(encoding="utf-8")
        rows = [f"| {noise} | {rule} |" for noise in self.rules.NOISES for rule in self.rules.RULES]
        self.assertEqual([row for row in rows if text.count(row) != 2], [])
        with TemporaryDirectory() as folder:
            page = Path(folder, "page.md")
            page.write_text("a\n<!-- table: x -->\nold\n<!-- end -->\nb\n", encoding="utf-8")
            for _ in range(2):
                self.rules.write({"x": "new"}, page)
            self.assertEqual(page.read_text(encoding="utf-8"), "a\n<!-- table: x -->\nnew\n<!-- end -->\nb\n")


if __name__ == "__main__":
    unittest.main()
