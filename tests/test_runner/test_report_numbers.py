"""Numbers as people read them, and as JSON carries them."""

from __future__ import annotations

import math
import unittest
from types import MappingProxyType

from runner.report.numbers import counted, finite, metric_delta, metric_value, seconds, size

NAN, INF = math.nan, math.inf


class Finite(unittest.TestCase):
    """Numbers that JSON has no word for become strings."""

    def test_not_finite_numbers(self):
        """NaN and the infinities become strings, at any depth."""
        self.assertEqual(finite({"a": [NAN, (INF, -INF)]}), {"a": ["nan", ["inf", "-inf"]]})

    def test_everything_else_stays(self):
        """Other values stay what they are, a boolean and a large integer too."""
        for value in (None, True, 0, 2**80, 0.5, "nan", ""):
            self.assertIs(finite(value), value)

    def test_any_mapping(self):
        """A mapping that is no dict becomes one, with text for keys."""
        self.assertEqual(finite(MappingProxyType({1: INF})), {"1": "inf"})


class Seconds(unittest.TestCase):
    """A duration in the unit that fits, rounded without ever showing 60 seconds."""

    def test_units(self):
        """Each unit begins where the one before it would round up to it."""
        expected = {
            0.0: "0 ms", 0.0123: "12 ms", 0.9994: "999 ms", 0.9996: "1.00 s", 3.214: "3.21 s", 59.994: "59.99 s",
            59.996: "1 min 00 s", 119.6: "2 min 00 s", 245.0: "4 min 05 s", 3599.4: "59 min 59 s", 3599.6: "1 h 00 min",
            7380.0: "2 h 03 min", 90_000.0: "25 h 00 min",
        }  # fmt: skip
        self.assertEqual({duration_s: seconds(duration_s) for duration_s in expected}, expected)

    def test_unknown(self):
        """None and what is not finite is shown as a dash."""
        self.assertEqual([seconds(value) for value in (None, NAN, INF, -INF)], ["-"] * 4)


class MetricValues(unittest.TestCase):
    """Accuracies in percent, others with four digits."""

    def test_values(self):
        """A value is shown with enough digits, large ones in full, huge ones as powers."""
        expected = {
            0.123456: "0.1235",
            12.0: "12",
            0.0: "0",
            1e-7: "1e-07",
            1234.5: "1,234",
            1000.0: "1,000",
            -2e6: "-2,000,000",
            1e20: "1e+20",
        }
        self.assertEqual({value: metric_value("loss", value) for value in expected}, expected)

    def test_accuracies(self):
        """What is called an accuracy is in percent, at its ends too."""
        self.assertEqual([metric_value("test_accuracy", v) for v in (0.0, 0.99325, 1.0)], ["0.00%", "99.33%", "100.00%"])

    def test_unknown(self):
        """An absent value is a dash; what is not finite says so, also where it is called an accuracy."""
        self.assertEqual([metric_value("accuracy", value) for value in (None, NAN, INF, -INF)], ["-", "nan", "inf", "-inf"])

    def test_differences(self):
        """A difference has its sign, that of an accuracy is in percentage points."""
        self.assertEqual(
            [metric_delta("loss", delta) for delta in (0.5, -0.000012345, -12345.6)], ["+0.5", "-1.234e-05", "-12,346"]
        )
        self.assertEqual(metric_delta("test_accuracy", -0.0123), "-1.23 points")

    def test_differences_that_are_none(self):
        """Where there is no difference that could be shown, there is no text."""
        self.assertEqual([metric_delta("loss", delta) for delta in (None, NAN, INF)], ["", "", ""])


class Sizes(unittest.TestCase):
    """Sizes and counts."""

    def test_sizes(self):
        """Each unit begins where the one before it would round up to it."""
        expected = {
            0: "0 bytes", 1: "1 byte", 999: "999 bytes", 1000: "1.0 kB", 999_949: "999.9 kB", 999_951: "1.0 MB",
            1_725_616: "1.7 MB", 5 * 10**9: "5.0 GB", 10**12: "1.0 TB", 10**15: "1,000.0 TB",
        }  # fmt: skip
        self.assertEqual({number: size(number) for number in expected}, expected)

    def test_counts(self):
        """One of a thing is singular, all other numbers are plural."""
        self.assertEqual([counted(number, "test") for number in (0, 1, 12_000)], ["0 tests", "1 test", "12,000 tests"])


if __name__ == "__main__":
    unittest.main()
